//go:build system

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/internal/ipynb"
)

// saved is a notebook of one cell as JupyterLab might save it.
func saved(t *testing.T, source string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a.ipynb")
	text := `{"cells": [{"cell_type": "code", "execution_count": 7, "id": "only", "metadata": {"scrolled": true}, "outputs": [], "source": ` + source + `}],
		"metadata": {"kernelspec": {"display_name": "mine", "name": "mine"}}, "nbformat": 4, "nbformat_minor": 5}`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAFailedCellLeavesTheFile(t *testing.T) {
	inRoot(t)
	path := saved(t, `"%%\nfmt.Fprintln(os.Stderr, \"it went wrong\")\nos.Exit(1)"`)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := execute(t.Context(), path); err == nil || err.Error() != "cell 1 failed: it went wrong" {
		t.Errorf("the error is %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file has changed: %v\n%s", err, after)
	}
}

func TestAnExecutedNotebookIsAsCommitted(t *testing.T) {
	inRoot(t)
	path := saved(t, `"%%\nfmt.Println(6 * 7)"`)
	if err := execute(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	n, err := ipynb.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(n.Format())
	for _, want := range []string{`"42\n"`, `"execution_count": 1`, `"name": "autoencoders"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	for _, no := range []string{"iopub", "scrolled", "mine"} {
		if strings.Contains(text, no) {
			t.Errorf("%s in\n%s", no, text)
		}
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != text {
		t.Errorf("the file is not in its layout: %v", err)
	}
}

// What a lesson trains is kept, and is not trained again; the lesson itself stays as it is.
func TestPretrainKeepsTheModels(t *testing.T) {
	inRoot(t)
	t.Setenv(autoencoder.PretrainedVariable, "") // pretrain sets it: put it back afterwards
	path := saved(t, `"import \"autoencoders/autoencoder\"\n%%\nimages := datasets.MNIST().Test().Take(256).Images\nfor e, err := range autoencoder.Linear(\"checkpoints/09/two\", 2).Train(images, images, autoencoder.Config{Epochs: 1, BatchSize: 128, LearningRate: 1e-3}) {\n\tcell.Check(err)\n\t_ = e\n}"`)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pretrained := filepath.Join(t.TempDir(), "pretrained")
	var times []int64
	for range 2 {
		if err := pretrain(t.Context(), path, pretrained); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(pretrained, "09", "two", "*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("nothing is in %s: %v", pretrained, err)
		}
		info, err := os.Stat(files[0])
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, info.ModTime().UnixNano())
	}
	if times[0] != times[1] {
		t.Error("the second run trains again")
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file has changed: %v", err)
	}
}
