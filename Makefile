# make lab opens the lessons, make test runs every test; make alone says what else there is.
# setup/setup.py does the set-up and says what it does. A recipe runs in the environment that it has made: exec.
PYTHON ?= python3
SETUP = @"$(PYTHON)" -I -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null || { echo "setup: Python 3.10 or newer is needed: apt-get install python3 python3-venv, or dnf install python3" >&2; exit 1; }; \
	exec "$(PYTHON)" -I setup/setup.py

export BACKEND SHARED HUB LESSON TEST_ARGS FORBID_SKIPS RACE

.DEFAULT_GOAL := help
.PHONY: help lab setup env check test watch-kernel class-check notebooks data bench parity gpu-check locks clean

help:
	@echo 'make lab          sets up what is missing, then opens the lessons (LAB_ARGS="--no-browser --port=8899")'
	@echo 'make test         sets up what is missing, then runs every test (TEST_ARGS="-run=Name ./plots" runs some)'
	@echo 'make check        the tests that need no browser, no lesson and no other machine: minutes, and seconds after that'
	@echo 'make setup        the set-up alone (BACKEND=cuda or cpu; SHARED=1 for the accounts of a class; HUB=1 for JupyterHub)'
	@echo 'make notebooks    runs every lesson and writes its outputs back'
	@echo 'make student      the lessons to hand out for grading, in class/student; make instructor: those for the teacher'
	@echo 'make pretrain     trains what the lessons train, for a class that skips a training; make grade-check tests the grading'
	@echo 'make data         downloads the optional data sets'
	@echo 'make bench        measures beside JAX and PyTorch; make parity compares the numbers; make gpu-check, with a GPU'
	@echo 'make clean        removes what the set-up made'

lab:
	$(SETUP) exec .venv/bin/python -I -m jupyterlab --config=setup/jupyter_server_config.py $(LAB_ARGS)

setup env:
	$(SETUP) $@

check test:
	$(SETUP) exec go run ./internal/tasks/test $@

# The long form of a test of the kernel: twenty minutes of an idle and of a busy notebook.
watch-kernel:
	$(SETUP) exec env WATCH=20m go run ./internal/tasks/test test -C internal/browser -v -timeout=40m -run=TestWatchedNotebooks ./kernel

# The long form of a test of the set-up: other accounts run cells, by themselves and under a hub.
class-check:
	$(SETUP) exec env TEST_NETWORK=1 go run ./internal/tasks/test test -tags=system,long -run='OfAnotherAccount|OfOtherAccounts' ./setup

notebooks:
	$(SETUP) exec go run ./internal/tasks/notebooks

data:
	$(SETUP) exec go run ./datasets/download

# Our epoch beside JAX's and PyTorch's first, while nothing else runs; then the Go benchmarks of each package.
bench: peers
	$(SETUP) exec sh -c 'mkdir -p artifacts && go build -o artifacts/bench-program ./bench && \
	  artifacts/bench-program -python .venv-peers/bin/python -out artifacts && go test -tags=system -run="^$$" -bench=. -benchmem ./...'

parity: peers
	$(SETUP) exec sh -c 'mkdir -p artifacts && .venv-peers/bin/python parity/check.py artifacts/parity.txt'

# For a class: copies to hand out and copies for the teacher, in class/, by nbgrader; the models that the lessons train, so that
# a class may skip a training; and whether nbgrader gives right, empty and wrong answers their points. LESSON=1 does one lesson.
.PHONY: student instructor pretrain grade-check
student instructor: classroom
	$(SETUP) exec sh classroom/make-copies.sh $@

pretrain:
	$(SETUP) exec go run ./internal/tasks/notebooks -pretrain $(LESSON)

grade-check: classroom
	$(SETUP) exec env LESSON="$${LESSON:-all}" go run ./internal/tasks/test test -tags=system -v -run=TestGrading ./classroom/copies

# Run All of the teacher's copies, in JupyterLab.
.PHONY: copies-check
copies-check: classroom
	$(SETUP) exec go run ./internal/tasks/test test -C internal/browser -tags=long -v -timeout=90m -run=TestTeachersCopies ./lessons

# The load test: N students of a JupyterHub on this machine, who pause PAUSE seconds between two cells.
.PHONY: class
export N PAUSE LESSON
class: HUB = 1
class: classroom
	$(SETUP) exec .venv-classroom/bin/python classroom/load/load.py

.PHONY: hub-values
hub-values: classroom
	$(SETUP) exec .venv-classroom/bin/python classroom/hub/check_values.py "$(CHART)"

# One archive for machines without a network; bundle-check unpacks it on a bare Debian without one, and runs a lesson's first cells.
.PHONY: bundle bundle-check
bundle:
	$(SETUP) exec .venv/bin/python -I classroom/bundle.py

bundle-check:
	$(SETUP) exec bash classroom/bundle-check.sh

# Environments of their own, for what the lessons are measured against and for what a class needs.
.PHONY: peers classroom
peers:
	$(SETUP) $@

classroom:
	$(SETUP) $@
	$(SETUP) exec sh classroom/load/proxy.sh

gpu-check:
	$(SETUP) exec sh setup/gpu-check.sh

# For who changes setup/*.in: the locks anew, for every Python and machine, without the addresses of an index.
locks:
	$(SETUP) exec sh -c 'for f in uv-itself:3.8 requirements:3.10 hub:3.10 peers:3.11 classroom:3.11; do n=setup/$${f%:*}; \
	  case $$f in hub:*) set -- -c setup/requirements.lock;; *) set --;; esac; \
	  { sed -n "/^#/p" $$n.lock; .cache/uv/bin/uv pip compile -q --universal --generate-hashes --only-binary :all: --python-version $${f#*:} \
	    --no-annotate --no-header --no-emit-index-url --no-emit-find-links $$@ $$n.in; } > $$n.part && mv $$n.part $$n.lock || exit 1; done'

# Notebooks and data are never touched; trained models only after a yes.
clean:
	@for d in .venv .venv-peers .venv-classroom .cache .jupyter; do if [ -d $$d ]; then echo "removing $$d"; chmod -R u+w $$d; rm -rf $$d; fi; done
	@find . -type d -name checkpoints -prune | while IFS= read -r d; do \
	  if [ -t 1 ] && printf 'remove the trained models in %s? [y/N] ' "$$d" && read -r yes </dev/tty; then \
	    case $$yes in [yY]*) rm -rf "$$d";; esac; \
	  else echo "kept the trained models in $$d"; fi; done
