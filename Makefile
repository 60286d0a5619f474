# make lab opens the lessons, make test runs every test; setup/setup.py does the work and says what it does.
#   make lab LAB_ARGS="--no-browser --port=8899"     make setup BACKEND=cuda|cpu     eval "$(make -s env)"
PYTHON ?= python3
TARGETS := lab setup test env notebooks data bench parity gpu-check clean

export BACKEND LAB_ARGS TEST_ARGS FORBID_SKIPS RACE

.PHONY: $(TARGETS) watch-kernel
.DEFAULT_GOAL := lab

$(TARGETS):
	@command -v "$(PYTHON)" >/dev/null || { echo "setup: Python 3.10 or newer is needed: apt-get install python3 python3-venv, or dnf install python3" >&2; exit 1; }
	@"$(PYTHON)" setup/setup.py $@

# The long form of a test of the kernel: twenty minutes of an idle and of a busy notebook.
watch-kernel:
	@WATCH=20m $(MAKE) test TEST_ARGS="-v -timeout=40m -run=TestWatchedNotebooks ./internal/kerneltest"
