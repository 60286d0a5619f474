package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A module with a test of each outcome, as the report tells it: what passed, what failed with its words, what was skipped with
// its reason, and that a skip fails the run where it is forbidden.
func TestReportCountsAndNames(t *testing.T) {
	module := t.TempDir()
	tool := filepath.Join(t.TempDir(), "tool")
	for name, text := range map[string]string{
		"go.mod": "module lesson\n\ngo 1.26\n",
		"lesson_test.go": `package lesson

import ("os"; "testing")

func TestPasses(t *testing.T) { t.Attr("fault", "[\"the disk is full\",\"no room\",\"all\"]") }
func TestFails(t *testing.T) { if _, err := os.Stat("failing"); err == nil { t.Error("it is so") } }
func TestNeedsTool(t *testing.T) { if _, err := os.Stat("` + tool + `"); err != nil { t.Skip("no tool") } }
`,
	} {
		if err := os.WriteFile(filepath.Join(module, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	goTest := func(forbid bool) (string, int) {
		var out bytes.Buffer
		r := newReport(&out)
		r.goTest(module, "-count=1", "./...")
		status := r.close(forbid)
		return out.String(), status
	}
	ends := func(forbid bool, wantStatus int, want string) {
		t.Helper()
		if out, status := goTest(forbid); status != wantStatus || !strings.HasSuffix(out, want) {
			t.Errorf("status %d, and\n%s\nends otherwise than with\n%s", status, out, want)
		}
	}
	t.Setenv("GOFLAGS", "")
	ends(false, 0, "| the disk is full | `no room` | all | ok |\n1 faults, 1 green\n\n2 passed, 0 failed, 1 skipped\n")
	ends(true, 1, "\nFAIL: FORBID_SKIPS is set, and tests were skipped:\nskip TestNeedsTool: lesson_test.go:7: no tool\n2 passed, 0 failed, 1 skipped\n")
	if err := os.WriteFile(tool, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	ends(true, 0, "\n3 passed, 0 failed, 0 skipped\n")
	if err := os.WriteFile(filepath.Join(module, "failing"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if out, status := goTest(false); status != 1 || !strings.Contains(out, "lesson_test.go:6: it is so") || !strings.HasSuffix(out, "\n2 passed, 1 failed, 0 skipped\n") {
		t.Errorf("status %d, a failing test is told as\n%s", status, out)
	}
	if err := os.WriteFile(filepath.Join(module, "broken_test.go"), []byte("package lesson\n\nfunc f() { g() }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, status := goTest(false); status != 1 || !strings.Contains(out, "undefined: g") || !strings.Contains(out, "0 passed, 1 failed, 0 skipped (a package or a check") {
		t.Errorf("status %d, a package that does not build is told as\n%s", status, out)
	}
}

// A check that fails, fails the run.
func TestFailingCheck(t *testing.T) {
	var out bytes.Buffer
	r := newReport(&out)
	r.command([]string{t.TempDir()}, "go", "no-such-command")
	if status := r.close(false); status != 1 || !strings.Contains(out.String(), "FAIL: go no-such-command in ") {
		t.Errorf("status %d, and\n%s", status, out.String())
	}
}
