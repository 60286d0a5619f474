package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// patches returns the names of our patches of GoNB.
func patches(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("../gonb/*.patch")
	if err != nil || len(names) == 0 {
		t.Fatalf("no patches in setup/gonb: %v", err)
	}
	return names
}

// Each patch is ready to be sent to GoNB: it has a subject, a reason and a test.
func TestPatchesHaveReasonAndTest(t *testing.T) {
	for _, name := range patches(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		message, changes, _ := strings.Cut(string(text), "\n---\n")
		_, why, _ := strings.Cut(message, "\n\n")
		if !strings.HasPrefix(message, "From ") || !strings.Contains(message, "\nSubject: ") || len(strings.TrimSpace(why)) < 80 {
			t.Errorf("%s has no subject or no reason", filepath.Base(name))
		}
		if !strings.Contains(changes, "_test.go") {
			t.Errorf("%s brings no test", filepath.Base(name))
		}
	}
}

// All patches fit the GoNB that go.mod names, and the packages they change pass the tests that they bring.
func TestPatchesOfGoNB(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long, depends on no machine, and -short is given")
	}
	work := t.TempDir()
	copied := filepath.Join(work, "gonb")
	m, err := readModule()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.patchKernel(copied); err != nil {
		t.Fatal(err)
	}
	modified, err := m.write(work)
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]bool{}
	err = filepath.WalkDir(copied, func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, "_test.go") { // the copy has no tests but those of the patches
			packages[kernel+filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), copied))] = true
		}
		return err
	})
	if err != nil || len(packages) < 3 {
		t.Fatalf("packages with tests: %v, %v", packages, err)
	}
	args := append([]string{"test", "-modfile=" + modified}, slices.Sorted(maps.Keys(packages))...)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

const changeTwo = `diff --git a/a.go b/a.go
--- a/a.go
+++ b/a.go
@@ -1,3 +1,3 @@
 one
-two
+TWO
 three
`

const createB = `diff --git a/sub/b.go b/sub/b.go
new file mode 100644
--- /dev/null
+++ b/sub/b.go
@@ -0,0 +1 @@
+new
`

// A patch that does not fit is refused in one line that names the patch, the file and the line, and says what to do.
func TestPatchThatDoesNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		patch, file, text, where string
	}{
		"another line":                     {changeTwo, "a.go", "one\nother\nthree\n", "a.go line 2 "},
		"a line more before it":            {changeTwo, "a.go", "zero\none\ntwo\nthree\n", "a.go line 1 "},
		"too few lines":                    {changeTwo, "a.go", "one\n", "a.go line 2 "},
		"no such file":                     {changeTwo, "b.go", "one\ntwo\nthree\n", "a.go line 1 "},
		"a new file that is there already": {createB, "sub/b.go", "old\n", "sub/b.go line 1 "},
	} {
		t.Run(name, func(t *testing.T) {
			source, target := t.TempDir(), filepath.Join(t.TempDir(), "copy")
			write(t, filepath.Join(source, c.file), c.text)
			patch := filepath.Join(t.TempDir(), "07-it.patch")
			write(t, patch, c.patch)
			err := patchedCopy(source, target, []string{patch})
			if err == nil {
				t.Fatal("the patch is applied")
			}
			said := err.Error()
			if !strings.Contains(said, "07-it.patch does not fit "+c.where) || !strings.Contains(said, "make it again") || strings.Contains(said, "\n") {
				t.Errorf("the error is %q", said)
			}
			if after, _ := os.ReadFile(filepath.Join(target, c.file)); string(after) != c.text {
				t.Errorf("the file has become %q", after)
			}
		})
	}
}

// A module cache is read-only, and its copy can be changed. What no program is built from is not copied.
func TestPatchedCopyOfReadOnlyModule(t *testing.T) {
	source, target := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	for _, name := range []string{"a.go", "a_test.go", "docs/d.go", "examples/e.go", "internal/nbtests/n.go", "internal/docs/d.go"} {
		write(t, filepath.Join(source, name), "one\ntwo\nthree\n")
	}
	for _, name := range []string{"a.go", "internal/docs/d.go", "internal/docs", "."} {
		path := filepath.Join(source, name)
		info, err := os.Stat(path)
		if err == nil {
			err = os.Chmod(path, info.Mode()&^0o222)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { // or the folder cannot be removed
		_ = os.Chmod(source, 0o755)
		_ = os.Chmod(filepath.Join(source, "internal/docs"), 0o755)
	})
	patch := filepath.Join(t.TempDir(), "01-both.patch")
	write(t, patch, changeTwo+createB)
	if err := patchedCopy(source, target, []string{patch}); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	err := filepath.WalkDir(target, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			text, err := os.ReadFile(path)
			name, _ := filepath.Rel(target, path)
			got[name] = string(text)
			return err
		}
		return err
	})
	want := map[string]string{"a.go": "one\nTWO\nthree\n", "sub/b.go": "new\n", "internal/docs/d.go": "one\ntwo\nthree\n"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("the copy has %q, want %q; %v", got, want, err)
	}
	info, err := os.Stat(filepath.Join(target, "a.go"))
	if err != nil || info.Mode()&0o200 == 0 {
		t.Errorf("the copy is read-only: %v, %v", info, err)
	}
}

func TestToolThatIsUnknown(t *testing.T) {
	m, err := readModule()
	if err != nil {
		t.Fatal(err)
	}
	if packages, err := m.packages([]string{"gopls", "gonb"}); err != nil || !slices.Equal(packages, []string{"golang.org/x/tools/gopls", kernel}) {
		t.Errorf("packages %q, %v", packages, err)
	}
	if _, err := m.packages([]string{"gopls", "emacs"}); err == nil || !strings.Contains(err.Error(), "goimports, gonb, gopls") {
		t.Errorf("an unknown tool gives the error %v", err)
	}
}

// The kernel and the package gonbui, through which cells talk to it, come from the same GoNB. All modules name the same Go.
func TestModulesAgree(t *testing.T) {
	read := func(path string) *modfile.File {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		mod, err := modfile.Parse(path, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		return mod
	}
	gonb := func(mod *modfile.File) string {
		for _, r := range mod.Require {
			if r.Mod.Path == kernel {
				return r.Mod.Version
			}
		}
		t.Fatalf("%s does not require %s", mod.Syntax.Name, kernel)
		return ""
	}
	first := read("../../go.mod")
	if ours, theirs := gonb(read("go.mod")), gonb(first); ours != theirs {
		t.Errorf("setup/tools has GoNB %s, the main module %s: run go get %s@<version> in one of them", ours, theirs, kernel)
	}
	for _, path := range []string{"go.mod", "../lint/go.mod", "../../internal/browser/go.mod"} {
		if mod := read(path); mod.Go.Version != first.Go.Version {
			t.Errorf("%s has the line go %s, the main module go %s", path, mod.Go.Version, first.Go.Version)
		}
	}
}

// write writes a text into a file, whose folder it makes.
func write(t *testing.T, path, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
