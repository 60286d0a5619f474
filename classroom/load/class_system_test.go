//go:build system

// Package load holds a class: students of a JupyterHub who work on a lesson at the same time. See load.py.
package load

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/datasets"
	"autoencoders/internal/faults"
	"autoencoders/internal/ipynb"
)

const root = "../.."

// Five students run lesson 1 at once, without an error; and when a hub stops their servers, nothing of them is left after ten
// seconds. The training is replayed, as in a class that has called make pretrain: here the hub is what is tested.
func TestClassOfFive(t *testing.T) {
	pretrained := t.TempDir()
	mnist := datasets.MNIST(datasets.Normalize(0.5, 0.5))
	net := autoencoder.Linear(filepath.Join(pretrained, "linear"), 2)
	for _, err := range net.Train(mnist.Train().Images, mnist.Test().Images, autoencoder.Tutorial()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	class := exec.CommandContext(t.Context(), filepath.Join(top, ".venv-classroom", "bin", "python"), filepath.Join(top, "classroom", "load", "load.py"))
	class.Env = append(os.Environ(), "N=5", "PAUSE=0.5", "LESSON=1", autoencoder.PretrainedVariable+"="+pretrained)
	out, err := class.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	raw, err := os.ReadFile(filepath.Join(top, "artifacts", "class.json"))
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Students, Cells int
		Errors          []string
		Left            []string `json:"left after ten seconds"`
	}
	if err := json.Unmarshal(raw, &report); err != nil {
		t.Fatal(err)
	}
	lesson, err := ipynb.Read(filepath.Join(top, "notebooks", "01-linear-autoencoder.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	code := 0
	for _, c := range lesson.Cells() {
		if c["cell_type"] == "code" {
			code++
		}
	}
	if report.Students != 5 || report.Cells != 5*code || len(report.Errors)+len(report.Left) > 0 {
		t.Errorf("%d students ran %d cells, want 5 times %d; errors %q, left %q", report.Students, report.Cells, code, report.Errors, report.Left)
	}
	faults.Row(t, "a hub stops the servers of five students", "", "all kernels, and all that they have started, are gone within ten seconds")
}

// A class that lacks something says in a line what brings it.
func TestClassNeedsItsEnvironment(t *testing.T) {
	copied := t.TempDir()
	source, err := os.ReadFile("load.py")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(copied, "classroom", "load", "load.py")
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, source, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(root, ".venv-classroom", "bin", "python"), program).CombinedOutput()
	if err == nil || bytes.Count(bytes.TrimSpace(out), []byte("\n")) > 0 || !strings.Contains(string(out), "is missing: make classroom brings it") {
		t.Errorf("%v, %s", err, out)
	}
}
