//go:build system

package autoencoder_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/internal/faults"
)

// Each runs in a process of its own, because a process has one backend.
func TestPluginsThatAreNone(t *testing.T) {
	if os.Getenv("PLUGIN_TRY") != "" {
		epochs, err := run(small(filepath.Join(os.Getenv("PLUGIN_TRY"), "model")), recipe(1))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(epochs[0].Note)
		os.Exit(0)
	}
	folder := t.TempDir()
	garbage, empty, cut := filepath.Join(folder, "garbage.so"), filepath.Join(folder, "empty.so"), filepath.Join(folder, "cut.so")
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{garbage: []byte(strings.Repeat("not a library\n", 1000)), empty: nil, cut: program[:4096]} {
		if err := os.WriteFile(path, data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ fault, backend, says string }{
		{"the plugin's file is missing", "xla:" + folder + "/none.so", "no such file or directory"},
		{"a plugin of garbage", "xla:" + garbage, "invalid ELF header"},
		{"an empty plugin", "xla:" + empty, "file too short"},
		{"a plugin cut off", "xla:" + cut, "cut.so"},
		{"a library that is no plugin", "xla:libm.so.6", "libm.so.6"},
		{"a plugin of a name that nothing has", "xla:tpu9000", "no plugins found"},
		{"a backend of a name that nothing has", "cuda", `can't find backend "cuda"`},
	} {
		if c.backend == "xla:libm.so.6" {
			found, _ := filepath.Glob("/lib*/*/libm.so.6")
			if found = append(found, "/lib64/libm.so.6", "/usr/lib/libm.so.6"); found[0] != "" {
				c.backend, c.says = "xla:"+found[0], "GetPjrtApi"
			}
			if _, err := os.Stat(found[0]); err != nil {
				t.Log("no libm here:", err)
				continue
			}
		}
		out, state := again(t, "PLUGIN_TRY="+folder, "GOMLX_BACKEND="+c.backend)
		if state.ExitCode() != 1 || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: exit code %d, want 1 and one line:\n%.2000s", c.fault, state.ExitCode(), out)
		}
		line := strings.TrimSpace(out)
		wantLine(t, errors.New(line), "GOMLX_BACKEND="+c.backend+" does not open: ", c.says, ": run `make setup` again")
		if _, err := os.Stat(filepath.Join(folder, "model")); !os.IsNotExist(err) {
			t.Errorf("%s: something was trained: %v", c.fault, err)
		}
		faults.Row(t, c.fault, line, "nothing was begun")
	}
	out, state := again(t, "PLUGIN_TRY="+folder, "GOMLX_BACKEND=", "HOME="+folder, "PJRT_PLUGIN_LIBRARY_PATH=", "LD_LIBRARY_PATH=", "GOMLX_NO_AUTO_INSTALL=1")
	line, _, _ := strings.Cut(out, "\n")
	if state.ExitCode() != 0 || line != "no XLA plugin: trained on the pure Go backend, slowly; `make setup` installs the plugin" {
		t.Errorf("no plugin: exit code %d\n%.2000s", state.ExitCode(), out)
	}
	faults.Row(t, "no plugin at all", line, "the training, on the pure Go backend")
}

// Words in the path of the plugin say nothing about the device.
func TestPluginInAFolderNamedCUDA(t *testing.T) {
	if dir := os.Getenv("CUDA_DIR"); dir != "" {
		m := convolutions(dir)
		for e, err := range m.Train(squares(64, 1), squares(16, 2), recipe(1)) {
			fmt.Println(e.Loss, e.TestLoss, err)
		}
		os.Exit(0)
	}
	name, options, _ := strings.Cut(strings.TrimPrefix(os.Getenv("GOMLX_BACKEND"), "xla:"), ",")
	if _, err := os.Stat(name); err != nil {
		t.Skip("GOMLX_BACKEND names no plugin:", err)
	}
	folder := filepath.Join(t.TempDir(), "nvidia-cuda")
	link := filepath.Join(folder, filepath.Base(name))
	if err := errors.Join(os.Mkdir(folder, 0o755), os.Symlink(name, link)); err != nil {
		t.Fatal(err)
	}
	want, _ := again(t, "CUDA_DIR="+filepath.Join(folder, "a"))
	got, _ := again(t, "CUDA_DIR="+filepath.Join(folder, "b"), "GOMLX_BACKEND=xla:"+link+","+options)
	if got != want || !strings.HasSuffix(want, " <nil>\n") {
		t.Errorf("through a folder named CUDA the numbers are %q, otherwise %q", got, want)
	}
}

// convolutions returns a net whose layers give many more numbers than an image has.
func convolutions(dir string) autoencoder.Model {
	return autoencoder.Model{
		Dir:     dir,
		Encoder: nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.Conv2d(6, 16, 5), nn.ReLU()),
		Decoder: nn.Sequential(nn.ConvTranspose2d(16, 6, 5), nn.ReLU(), nn.ConvTranspose2d(6, 1, 5), nn.Tanh()),
	}
}
