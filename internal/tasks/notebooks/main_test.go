package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func inRoot(t *testing.T) {
	t.Helper()
	t.Chdir(filepath.Join("..", "..", ".."))
}

func TestLessonsAreFoundByName(t *testing.T) {
	inRoot(t)
	all, err := find(nil)
	if err != nil || len(all) < 5 {
		t.Fatal(all, err)
	}
	name := filepath.Base(all[0])
	for _, said := range []string{name, strings.TrimSuffix(name, ".ipynb"), all[0]} {
		if one, err := find([]string{said}); err != nil || !slices.Equal(one, all[:1]) {
			t.Errorf("%s is %v, %v", said, one, err)
		}
	}
	if _, err := find([]string{"99-none"}); err == nil || !strings.Contains(err.Error(), "99-none") {
		t.Errorf("a lesson that is not there: %v", err)
	}
}

func TestComparedNotebooks(t *testing.T) {
	inRoot(t)
	paths, err := find(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := compare([]string{paths[0], paths[0]}); err != nil {
		t.Error(err)
	}
	if err := compare(paths[:2]); err == nil || !strings.Contains(err.Error(), "cell 1") {
		t.Errorf("two lessons: %v", err)
	}
	if err := compare(paths[:1]); err == nil {
		t.Error("one notebook is compared with nothing")
	}
}
