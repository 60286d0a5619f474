// Package setup has no Go code: its tests check what setup.py wrote, and what it would write on other machines.
package setup

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"autoencoders/internal/faults"
)

// python runs Python code in which s is setup.py, and returns what it prints.
func python(t *testing.T, env []string, code string) string {
	t.Helper()
	cmd := exec.Command("python3", "-c", "import sys; sys.dont_write_bytecode = True; import setup as s\n"+code)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// The table of variables: what changes a step is neutralised, what is of the network and the disk is honoured.
func TestEnvironment(t *testing.T) {
	given := []string{"GOPROXY=p", "GOCACHE=c", "GOROOT=x", "GOOS=x", "GOFLAGS=x", "PYTHONHOME=x", "PIP_INDEX_URL=x", "UV_PYTHON=x", "UV_DEFAULT_INDEX=i",
		"XLA_FLAGS=x", "LD_LIBRARY_PATH=l", "JUPYTER_TOKEN=t", "JUPYTER_PATH=x", "HTTPS_PROXY=h", "SSL_CERT_FILE=s"}
	out := python(t, []string{"GIVEN=" + strings.Join(given, " ")}, `
import os
print(*sorted(given for given in os.environ["GIVEN"].split() if s.kept(given.split("=")[0])))
print(*[row[1] for row in s.ENVIRONMENT if row[0] not in ("keep", "drop") or len(row[2]) < 20])`)
	if want := "GOCACHE=c GOPROXY=p HTTPS_PROXY=h JUPYTER_TOKEN=t LD_LIBRARY_PATH=l SSL_CERT_FILE=s UV_DEFAULT_INDEX=i"; out != want {
		t.Errorf("kept are\n%s\nwant\n%s", out, want)
	}
}

// SHARED=1 keeps Go's caches in the checkout, and the next set-up without it as well.
func TestSharedCaches(t *testing.T) {
	out := python(t, []string{"SHARED=1"}, `
import os, tempfile
s.CACHE = s.JUPYTER = tempfile.mkdtemp()
for _ in range(2):
    env = s.base_env()
    print(*[os.path.relpath(env[name], s.CACHE) for name in ("GOCACHE", "GOMODCACHE", "GOPATH")])
    os.environ["SHARED"] = ""`)
	if want := "go-build go/pkg/mod go"; out != want+"\n"+want {
		t.Errorf("the caches are in\n%s", out)
	}
}

// The true cause of a failure, from the words of the tool that failed; never one that the words do not tell.
func TestCauses(t *testing.T) {
	causes := map[string]string{
		"error: failed to write to file `/x/y.pyi`: No space left on device (os error 28)": "no room left",
		"write /srv/go/x: disk quota exceeded":                                             "no room left",
		"compile: signal: killed":                                                          "out of memory",
		"error: failed to create directory `v`: Read-only file system (os error 30)":       "you may not write there: error: failed to create directory",
		"mkdir /srv/go: permission denied":                                                 "you may not write there: mkdir /srv/go",
		"  cause: Hash mismatch for `x`":                                                   "not what is pinned",
		"tls: failed to verify certificate: x509: certificate signed by unknown authority for https://proxy.example/":           "the certificate of proxy.example is not trusted",
		"error: HTTP status client error (407 Proxy Authentication Required) for url (https://me:secret@index.example/simple/)": "index.example refuses",
		"  cause: dns error\n  for url (https://pypi.example/simple/)":                                                          "pypi.example cannot be reached",
		"dial tcp 127.0.0.1:9: connect: connection refused":                                                                     "127.0.0.1:9 cannot be reached",
		"hint: pyyaml==6.0.3 has no usable wheels":                                                                              "there is no wheel for Python",
		"error: No interpreter found for Python >=3.10,<3.16":                                                                   "no Python here is one that the lessons take",
		"module lookup disabled by GOPROXY=off":                                                                                 "GOPROXY=off forbids",
		"failed to symlink file: Operation not permitted (os error 1)":                                                          "keeps no symbolic links",
		"undefined: syscall.Mkfifo":                                                                                             "",
	}
	text, err := json.Marshal(slices.Sorted(maps.Keys(causes)))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(python(t, []string{"WORDS=" + string(text)}, "import json, os\nfor words in json.loads(os.environ['WORDS']): print('-', s.cause(words))"), "\n")
	for i, words := range slices.Sorted(maps.Keys(causes)) {
		if got, want := strings.TrimSpace(lines[i][1:]), causes[words]; !strings.Contains(got, want) || want == "" && got != "" || strings.Contains(got, "secret") {
			t.Errorf("%s\nleads to\n%s\nwant\n%s", words, got, want)
		}
	}
}

// BACKEND=cuda on a machine without a driver: one line, and the CPU.
func TestCUDAWithoutDriver(t *testing.T) {
	out := python(t, []string{"BACKEND=cuda"}, `
import tempfile
s.CACHE = tempfile.mkdtemp()
s.has_nvidia_driver = lambda: False
s.platform.machine = lambda: "x86_64"
print(*s.choose_backend())`)
	if lines := strings.Split(out, "\n"); len(lines) != 2 || !strings.Contains(lines[0], "no NVIDIA driver") || lines[1] != "cpu True" {
		t.Errorf("got %q", lines)
	}
}

// nvidia-smi alone does not mean a GPU, and a driver can be too old.
func TestDriverThatCUDATakes(t *testing.T) {
	for said, want := range map[string]string{
		"580.65.06, 9.0":  "True",
		"535.183.01, 8.6": "older than CUDA 13 takes (580): using the CPU\nFalse",
		"580.65.06, 6.1":  "compute capability 6.1 is below what CUDA 13 takes (7.5): using the CPU\nFalse",
		"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver": "False",
	} {
		got := python(t, []string{"SAID=" + said}, `
import os
s.output = lambda argv, env: os.environ["SAID"]
s.os.path.exists = lambda path: False
print(s.has_nvidia_driver())`)
		if !strings.HasSuffix(got, want) || strings.Count(got, "\n") > 1 {
			t.Errorf("nvidia-smi says %q: %q, want %q", said, got, want)
		}
	}
}

// With a driver and nothing asked for, CUDA is taken; BACKEND=cpu is remembered.
func TestBackendChoice(t *testing.T) {
	out := python(t, []string{"BACKEND="}, `
import os, tempfile
s.CACHE = tempfile.mkdtemp()
s.has_nvidia_driver = lambda: True
s.platform.machine = lambda: "x86_64"
print(*s.choose_backend())
os.environ["BACKEND"] = "cpu"
print(*s.choose_backend())
os.environ["BACKEND"] = ""
print(*s.choose_backend())`)
	if out != "cuda True\ncpu False\ncpu False" {
		t.Errorf("got %q", out)
	}
}

// The machine's Go is taken if it is of go.mod's release: the pinned tools do not read what later compilers write. Another
// one fetches the toolchain that go.mod names, and where it does not, the pinned wheel is taken.
func TestGoThatTheToolsTake(t *testing.T) {
	for have, want := range map[string]string{"go1.26.5": "True local", "go1.26.99": "True local", "go1.27.3": "True go1.26.6", "go1.25.9": "True go1.26.6",
		"go1.26.4": "True go1.26.6", "go1.20.1": "False local", "devel": "False local", "": "False local"} {
		for _, fetched := range []string{"go1.26.6", ""} {
			got := python(t, []string{"HAVE=" + have, "FETCHED=" + fetched}, `
import os
s.read = lambda path, default="": "go 1.26.5\n\ntoolchain go1.26.6\n"
s.shutil.which = lambda name, path: "/some/bin/go" if os.environ["HAVE"] else None
s.output = lambda argv, env: os.environ["HAVE" if env["GOTOOLCHAIN"] == "local" else "FETCHED"]
s.say = lambda text: None
env = {"PATH": s.BIN + os.pathsep + "/usr/bin"}
print(s.find_go(env), env["GOTOOLCHAIN"])`)
			want := want
			if fetched == "" && strings.HasSuffix(want, "1.26.6") {
				want = "False local"
			}
			if got != want {
				t.Errorf("with %q here and %q fetched: %s, want %s", have, fetched, got, want)
			}
		}
	}
}

// Every lock has a hash for each of its packages and names no host; none is missing.
func TestLocks(t *testing.T) {
	locks, err := filepath.Glob("*.lock")
	if err != nil || len(locks) == 0 {
		t.Fatal(locks, err)
	}
	hash := regexp.MustCompile(`--hash=sha256:[0-9a-f]{64}`)
	requirement := regexp.MustCompile(`(?m)^[a-z0-9-]+==`)
	for _, lock := range locks {
		text, err := os.ReadFile(lock)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "://") {
			t.Errorf("%s names a host", lock)
		}
		starts := append(requirement.FindAllStringIndex(string(text), -1), []int{len(text), len(text)})
		if len(starts) < 2 {
			t.Errorf("%s is empty", lock)
		}
		for i := range starts[:len(starts)-1] {
			if entry := string(text[starts[i][0]:starts[i+1][0]]); !hash.MatchString(entry) {
				t.Errorf("%s: no hash for %s", lock, strings.SplitN(entry, "\n", 2)[0])
			}
		}
	}
}

// Two runs over the same inputs write nothing, so a second start is quick.
func TestNothingIsWrittenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	out := python(t, []string{"FILE=" + path}, `
import os
for text in ("one", "one", "two"):
    s.write(os.environ["FILE"], text)
    print(os.stat(os.environ["FILE"]).st_ino, sorted(os.listdir(os.path.dirname(os.environ["FILE"]))))`)
	lines := strings.Split(out, "\n")
	if lines[0] != lines[1] || lines[1] == lines[2] || !strings.Contains(lines[2], "['b']") {
		t.Errorf("got %q", lines)
	}
}

// Whatever the moment of the kill, the next run completes the set-up, and to the same files.
func TestKilledAtEachMomentAndRunAgain(t *testing.T) {
	command := exec.Command("python3", "killed.py")
	command.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var moments, files int
	if n, _ := fmt.Sscanf(string(out), "%d moments, %d files\n", &moments, &files); n != 2 || moments < 40 || files < 12 {
		t.Fatalf("%s", out)
	}
	faults.Row(t, fmt.Sprintf("set-up killed at each of %d moments, then run again", moments), "", "what was finished; the second run does the rest, to the same files")
}

// What a cell of a lesson imports is built by the set-up, so that the first cell does not wait for it.
func TestCellsImportWhatIsBuilt(t *testing.T) {
	lessons, err := filepath.Glob("../notebooks/*.ipynb")
	if err != nil || len(lessons) == 0 {
		t.Fatal(lessons, err)
	}
	built := source(t, "cells/main.go")
	imported := regexp.MustCompile(`\\"((?:autoencoders|github\.com|gonum\.org)/[a-z0-9./]+)\\"`)
	for _, lesson := range lessons {
		for _, found := range imported.FindAllStringSubmatch(source(t, lesson), -1) {
			if !strings.Contains(built, `"`+found[1]+`"`) {
				t.Errorf("%s imports %s, and setup/cells does not", lesson, found[1])
			}
		}
	}
}

// The set-up stays small enough to be read: what is none of it goes to recipes and to Go programs.
func TestSetUpStaysSmall(t *testing.T) {
	text := source(t, "setup.py")
	if lines := strings.Count(text, "\n"); lines > 480 {
		t.Errorf("setup.py has %d lines", lines)
	}
	for function := range strings.SplitSeq(text, "\n\n\n") {
		if name, ok := strings.CutPrefix(function, "def "); ok && strings.Count(function, "\n") > 45 {
			t.Errorf("%s is longer than a screen", name[:strings.Index(name, "(")])
		}
	}
}

func source(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
