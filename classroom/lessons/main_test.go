package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checkout returns a checkout with a lesson in it.
func checkout(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("../copies/testdata")); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestRun(t *testing.T) {
	folder, out := checkout(t), t.TempDir()
	for _, args := range [][]string{{}, {"restore", "1"}, {"student", filepath.Join(out, "student")}, {"instructor", filepath.Join(out, "instructor")}} {
		if err := run(folder, "", args); err != nil {
			t.Errorf("lessons %v: %v", args, err)
		}
	}
	home := filepath.Join(out, "home")
	if err := run(folder, home, nil); err != nil {
		t.Error(err)
	}
	for _, path := range []string{
		filepath.Join(folder, "work", "01-sample.ipynb"),
		filepath.Join(folder, "work", "01-sample-kept.ipynb"),
		filepath.Join(out, "student", "01-sample", "01-sample.ipynb"),
		filepath.Join(out, "instructor", "01-sample", "01-sample.ipynb"),
		filepath.Join(home, "work", "01-sample.ipynb"),
		filepath.Join(home, "notebooks", "01-sample.ipynb"),
	} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestWrongArguments(t *testing.T) {
	folder := checkout(t)
	for _, args := range [][]string{{"restore"}, {"1"}, {"restore", "1", "2"}} {
		if err := run(folder, "", args); err == nil || !strings.Contains(err.Error(), "restore and the number of a lesson") {
			t.Errorf("lessons %v: %v", args, err)
		}
	}
	if err := run("", "", nil); err == nil || !strings.Contains(err.Error(), "is in no checkout: name it, as in lessons -checkout") {
		t.Errorf("a program outside a checkout: %v", err)
	}
}
