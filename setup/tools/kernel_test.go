package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// On a machine with an NVIDIA driver the kernel gets CUDA's plugin and libraries, from the folders that uv made.
func TestKernelForCUDA(t *testing.T) {
	s := checkout(t)
	packages := filepath.Join(s.venv(), "lib", "python3.12", "site-packages")
	cuda := filepath.Join(packages, "jax_plugins/xla_cuda13/xla_cuda_plugin.so")
	cpu := filepath.Join(packages, "xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so")
	for _, path := range []string{cuda, cpu, filepath.Join(packages, "nvidia/cu13/lib/a.so"), filepath.Join(packages, "nvidia/cudnn/lib/b.so")} {
		if err := writeFile(path, nil); err != nil {
			t.Fatal(err)
		}
	}
	for backend, want := range map[string]map[string]string{
		"cuda": {
			"GOMLX_BACKEND":   "xla:" + cuda + ",preallocate=false,tf32=false",
			"LD_LIBRARY_PATH": packages + "/nvidia/cu13/lib:" + packages + "/nvidia/cudnn/lib",
			"XLA_FLAGS":       `--xla_gpu_cuda_data_dir="` + packages + `/nvidia/cu13"`,
		},
		"cpu": {"GOMLX_BACKEND": "xla:" + cpu + ",shared_buffers", "LD_LIBRARY_PATH": "", "XLA_FLAGS": ""},
	} {
		env, err := backendEnv(backend, packages)
		if err != nil {
			t.Fatal(err)
		}
		spec, err := s.kernel(env)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range want {
			if got := strings.ReplaceAll(spec.Env[name], "$$", "$"); got != value {
				t.Errorf("%s: %s=%s, want %s", backend, name, got, value)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(packages, "jax_plugins/nvidia/cu13/lib")); err != nil {
		t.Error("go-xla would warn that it does not find the libraries:", err)
	}
}

// What is dropped for our commands is empty in a cell too, whoever starts the kernel; what a cell needs is there, and a $ in a
// folder's name is none of Jupyter's.
func TestKernelSpec(t *testing.T) {
	s := checkout(t)
	s.drop = []string{"GOROOT", "GOFLAGS", "XLA_FLAGS"}
	s.env = map[string]string{"GOCACHE": "/a/$b", "GOROOT": "/x", "HOME": "/home", "PATH": "/bin"}
	spec, err := s.kernel(map[string]string{"GOMLX_BACKEND": "go"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"GOROOT": "", "XLA_FLAGS": "", "GOCACHE": "/a/$$b", "GOPROXY": "off",
		"GOFLAGS": "'-ldflags=-s -w -linkmode=internal'", "GOMLX_BACKEND": "go"} {
		if got, given := spec.Env[name]; !given || got != want {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
	}
	if _, given := spec.Env["HOME"]; given {
		t.Error("the home of who set it up is handed on")
	}
	if !strings.HasPrefix(spec.Env["PATH"], filepath.Join(s.venv(), "bin")) || !strings.HasSuffix(spec.Env["PATH"], ":${PATH}") {
		t.Errorf("PATH=%s", spec.Env["PATH"])
	}
	if got := strings.Join(spec.Argv, " "); strings.Contains(got, "@") || !strings.Contains(got, s.root+"/setup/kernel.sh "+s.venv()+"/bin/gonb --kernel {connection_file} ") ||
		!strings.HasSuffix(got, " -stderrthreshold=FATAL") { // GoNB's log would fill the terminal that make lab runs in
		t.Errorf("the kernel is started with %s", got)
	}
	if spec.InterruptMode != "signal" || spec.DisplayName != "Go (autoencoders)" {
		t.Errorf("interrupt mode %q, name %q", spec.InterruptMode, spec.DisplayName)
	}
}

// checkout is a folder with this kernel's template and nothing else, and a blank in its name.
func checkout(t *testing.T) settings {
	t.Helper()
	s := settings{root: filepath.Join(t.TempDir(), "a checkout"), backend: "cpu"}
	template, err := os.ReadFile("../kernel.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := writeFile(s.setup("kernel.json"), template); err != nil {
		t.Fatal(err)
	}
	return s
}
