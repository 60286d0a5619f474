package copies

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"autoencoders/internal/disk"
	"autoencoders/internal/faults"
	"autoencoders/internal/ipynb"
)

// A student is somebody with a checkout of two lessons.
type student struct {
	Place
	t    *testing.T
	mu   sync.Mutex
	said []string
}

// newStudent returns one with a checkout and a home of his own.
func newStudent(t *testing.T) *student {
	t.Helper()
	s := &student{t: t}
	s.Checkout, s.Home = t.TempDir(), filepath.Join(t.TempDir(), "home", "ann")
	s.Say = func(line string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.said = append(s.said, line)
	}
	for _, name := range []string{"01-first", "02-second"} {
		s.edit(name, name)
	}
	return s
}

// edit gives a lesson of the checkout a title.
func (s *student) edit(lesson, title string) {
	s.t.Helper()
	n, err := ipynb.Read(filepath.Join("testdata", "notebooks", "01-sample.ipynb"))
	if err != nil {
		s.t.Fatal(err)
	}
	ipynb.SetSource(n.Cells()[0], "# "+title)
	err = os.MkdirAll(filepath.Join(s.Checkout, "notebooks"), 0o777)
	if err == nil {
		err = n.Write(filepath.Join(s.Checkout, "notebooks", lesson+".ipynb"))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// start is a start of the server. It returns what it says.
func (s *student) start() string {
	s.t.Helper()
	s.said = nil
	if err := s.Fill(); err != nil {
		s.t.Fatal(err)
	}
	return strings.Join(s.said, "\n")
}

// files returns what work/ holds, by name.
func (s *student) files() map[string]string {
	s.t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(s.work(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		name, _ := filepath.Rel(s.work(), path)
		found[name] = string(raw)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// holds checks the names of what work/ holds.
func (s *student) holds(want ...string) {
	s.t.Helper()
	var names []string
	for name := range s.files() {
		names = append(names, name)
	}
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		s.t.Errorf("work/ has %v, want %v", names, want)
	}
}

// write writes a file of the student's into work/.
func (s *student) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.work(), name)
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o666)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestFirstStart(t *testing.T) {
	s := newStudent(t)
	if said := s.start(); said != "work/01-first.ipynb is new: your copy of the lesson\nwork/02-second.ipynb is new: your copy of the lesson" {
		t.Errorf("it says %q", said)
	}
	s.holds("01-first.ipynb", "02-second.ipynb")
	before := s.files()
	if said := s.start(); said != "" || len(s.files()) != 2 || s.files()["01-first.ipynb"] != before["01-first.ipynb"] {
		t.Errorf("the second start says %q and leaves %v", said, s.files())
	}
	for _, name := range []string{"notebooks", "docs", "README.md"} {
		if to, err := os.Readlink(filepath.Join(s.Home, name)); err != nil || to != filepath.Join(s.Checkout, name) {
			t.Errorf("%s leads to %q: %v", name, to, err)
		}
	}
}

// With a checkout to oneself there is nothing to link.
func TestHomeIsTheCheckout(t *testing.T) {
	s := newStudent(t)
	s.Home = s.Checkout
	s.start()
	s.holds("01-first.ipynb", "02-second.ipynb")
	if info, err := os.Lstat(filepath.Join(s.Home, "notebooks")); err != nil || !info.IsDir() {
		t.Errorf("notebooks/ has become a link: %v", err)
	}
}

// What a student did to a copy stays, and as long as there is a copy of the present edition, there comes no other.
func TestStudentsWorkStays(t *testing.T) {
	s := newStudent(t)
	s.start()
	changed := strings.Replace(s.files()["01-first.ipynb"], "# 01-first", "# Mine", 1)
	s.write("01-first.ipynb", changed)
	s.write("checkpoints/x.ipynb", "not looked at")
	s.write(".ipynb_checkpoints/02-second-checkpoint.ipynb", s.files()["02-second.ipynb"])
	for _, rename := range [][2]string{{"01-first.ipynb", "mine.ipynb"}, {"mine.ipynb", "old/mine.ipynb"}} {
		err := os.MkdirAll(filepath.Join(s.work(), "old"), 0o777)
		if err == nil {
			err = os.Rename(filepath.Join(s.work(), rename[0]), filepath.Join(s.work(), rename[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
		if said := s.start(); said != "" || s.files()[rename[1]] != changed || s.files()["01-first.ipynb"] != "" {
			t.Errorf("renamed to %s: it says %q", rename[1], said)
		}
	}
	os.Remove(filepath.Join(s.work(), "02-second.ipynb")) // JupyterLab's own checkpoint of it is no copy
	if said := s.start(); said != "work/02-second.ipynb is new: your copy of the lesson" {
		t.Errorf("after a copy was deleted: %q", said)
	}
	faults.Row(t, "copies: a student has changed, renamed or moved a copy", "", "the copy, and no second one; a deleted one is written again")
}

func TestNewEditionBeside(t *testing.T) {
	s := newStudent(t)
	s.start()
	old := s.files()["01-first.ipynb"]
	for i := 2; i < 4; i++ {
		s.edit("01-first", fmt.Sprint("edition ", i))
		said := s.start()
		if want := fmt.Sprintf("work/01-first-%d.ipynb is new: a later edition of the lesson; your work/01-first.ipynb stays as it is", i); said != want {
			t.Errorf("it says %q, want %q", said, want)
		}
		if said := s.start(); said != "" {
			t.Errorf("once more it says %q", said)
		}
	}
	s.holds("01-first.ipynb", "01-first-2.ipynb", "01-first-3.ipynb", "02-second.ipynb")
	if s.files()["01-first.ipynb"] != old {
		t.Error("the first copy has changed")
	}
	s.edit("01-first", "01-first") // a checkout of an earlier day
	if said := s.start(); said != "" {
		t.Errorf("back at the first edition it says %q", said)
	}
}

func TestDamagedAndForeignNotebooks(t *testing.T) {
	s := newStudent(t)
	s.start()
	s.write("01-first.ipynb", s.files()["01-first.ipynb"][:300])
	s.write("02-second.ipynb", `{"cells": [], "metadata": {"autoencoders": 7}, "nbformat": 4, "nbformat_minor": 5}`)
	s.write("theirs.ipynb", "[1, 2]")
	before := s.files()
	said := s.start()
	for _, want := range []string{
		"work/01-first.ipynb cannot be read, and is left alone: ",
		"work/theirs.ipynb cannot be read, and is left alone: ",
		"work/01-first-2.ipynb is new: your copy of the lesson; work/01-first.ipynb is something else and stays as it is",
		"work/02-second-2.ipynb is new: your copy of the lesson; work/02-second.ipynb is something else and stays as it is",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q but\n%s", want, said)
		}
	}
	for name, text := range before {
		if s.files()[name] != text {
			t.Errorf("%s has changed", name)
		}
	}
	if said := s.start(); said != "" {
		t.Errorf("once more it says %q", said)
	}
	for line := range strings.SplitSeq(said, "\n") {
		if strings.Contains(line, "01-first.ipynb cannot") {
			faults.Row(t, "copies: a copy is damaged", "lessons: "+line, "the damaged file; a new copy stands beside it")
		}
	}
}

func TestRestore(t *testing.T) {
	s := newStudent(t)
	if err := s.Restore("1"); err != nil { // before there is any
		t.Fatal(err)
	}
	s.start()
	fresh := s.files()["01-first.ipynb"]
	s.write("01-first.ipynb", "damaged")
	s.said = nil
	for _, name := range []string{"1", "work/01-first.ipynb"} {
		if err := s.Restore(name); err != nil {
			t.Fatal(err)
		}
	}
	s.holds("01-first.ipynb", "01-first-kept.ipynb", "01-first-kept-2.ipynb", "02-second.ipynb")
	if files := s.files(); files["01-first-kept.ipynb"] != "damaged" || files["01-first-kept-2.ipynb"] != fresh || files["01-first.ipynb"] != fresh {
		t.Error("the copies are not what they should be")
	}
	if want := "your work/01-first.ipynb is now work/01-first-kept.ipynb"; s.said[0] != want || len(s.said) != 4 {
		t.Errorf("it says %q, want %q", s.said, want)
	}
	for _, none := range []string{"3", "first", "../notebooks"} {
		if err := s.Restore(none); err == nil || !strings.HasSuffix(err.Error(), "the lessons are 01-first, 02-second") {
			t.Errorf("restore %s: %v", none, err)
		}
	}
}

// Servers that start at the same moment write each copy once.
func TestManyStartsAtOnce(t *testing.T) {
	s := newStudent(t)
	for range 10 {
		os.RemoveAll(s.Home)
		s.said = nil
		var starts sync.WaitGroup
		for range 8 {
			starts.Go(func() {
				if err := s.Fill(); err != nil {
					t.Error(err)
				}
			})
		}
		starts.Wait()
		s.holds("01-first.ipynb", "02-second.ipynb")
		if len(s.said) != 2 {
			t.Errorf("they say %q", s.said)
		}
	}
	faults.Row(t, "copies: eight servers start at the same moment", "", "one copy of each lesson")
}

// A start that was killed has left an unfinished file and the name that it had reserved.
func TestStartAfterAKill(t *testing.T) {
	s := newStudent(t)
	s.write("01-first.ipynb", "")
	s.write(".01-first.ipynb.123", "{")
	s.start()
	s.holds("01-first.ipynb", "02-second.ipynb")
	if _, err := ipynb.Read(s.path("01-first")); err != nil {
		t.Error(err)
	}
	faults.Row(t, "copies: a start was killed while it wrote a copy", "", "the next start writes the copy")
}

// Killed at each operation of the disk, a start leaves whole copies or none.
func TestFailsAtEachOperation(t *testing.T) {
	broken := errors.New("broken")
	for n := 1; ; n++ {
		s := newStudent(t)
		count := 0
		restore := disk.Use(failing{disk.Real{}, func() error {
			if count++; count == n {
				return broken
			}
			return nil
		}})
		err := s.Fill()
		restore()
		if count < n {
			if err != nil || n < 4 {
				t.Fatalf("%d operations: %v", n, err)
			}
			break
		}
		if !errors.Is(err, broken) || strings.Contains(err.Error(), "\n") {
			t.Errorf("operation %d: %v", n, err)
		}
		for name := range s.files() {
			if _, err := ipynb.Read(filepath.Join(s.work(), name)); err != nil && filepath.Ext(name) == ".ipynb" {
				t.Errorf("operation %d leaves %s: %v", n, name, err)
			}
		}
		s.start()
		s.holds("01-first.ipynb", "02-second.ipynb")
	}
}

// failing is a disk of which an operation may fail.
type failing struct {
	disk.System
	fails func() error
}

func (f failing) Create(path string) (disk.File, error) {
	if err := f.fails(); err != nil {
		return nil, err
	}
	return f.System.Create(path)
}

func (f failing) Rename(from, to string) error {
	return errors.Join(f.fails(), f.System.Rename(from, to))
}

func TestFullDisk(t *testing.T) {
	folder, inside := faults.SmallDisk(t, 64<<10)
	if !inside {
		return
	}
	s := newStudent(t)
	s.Home = folder
	s.write("big", strings.Repeat("x", 40<<10))
	if err := os.WriteFile(filepath.Join(folder, "rest"), bytes.Repeat([]byte("x"), 20<<10), 0o666); err != nil {
		t.Fatal(err)
	}
	err := s.Fill()
	if err == nil || !strings.Contains(err.Error(), "there is no room left for your copies in") {
		t.Fatalf("on a full disk: %v", err)
	}
	s.holds("big")
	faults.Row(t, "copies: the disk is full", "lessons: "+err.Error(), "what is there; JupyterLab starts")
	os.Remove(filepath.Join(folder, "rest"))
	os.Remove(filepath.Join(s.work(), "big"))
	s.start()
	s.holds("01-first.ipynb", "02-second.ipynb")
}

func TestReadOnlyFolder(t *testing.T) {
	folder, inside := faults.SmallDisk(t, 1<<20)
	if !inside {
		return
	}
	s := newStudent(t)
	s.Home = folder
	s.start()
	readOnly := func() {
		if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
	}
	readOnly()
	if said := s.start(); said != "" { // nothing is missing, so nothing is to be said
		t.Errorf("it says %q", said)
	}
	s.edit("01-first", "a later edition")
	err := s.Fill()
	if err == nil || !strings.Contains(err.Error(), "you may not write into "+s.work()) {
		t.Fatalf("in a folder that is read-only: %v", err)
	}
	faults.Row(t, "copies: work/ is read-only", "lessons: "+err.Error(), "what is there; JupyterLab starts")
}

func TestFileInThePlaceOfAFolder(t *testing.T) {
	s := newStudent(t)
	if err := os.MkdirAll(s.Home, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"work", "notebooks"} {
		if err := os.WriteFile(filepath.Join(s.Home, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Fill(); err == nil || !strings.Contains(err.Error(), s.work()+" is a file: rename it") {
		t.Errorf("work is a file: %v", err)
	}
	os.Remove(s.work())
	if said := s.start(); !strings.Contains(said, filepath.Join(s.Home, "notebooks")+" is not ours and stays as it is") {
		t.Errorf("notebooks is a file: it says %q", said)
	}
}

// The checkout has moved, or the image has it elsewhere.
func TestLinksFollowTheCheckout(t *testing.T) {
	s := newStudent(t)
	s.start()
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(s.Checkout, moved); err != nil {
		t.Fatal(err)
	}
	s.Checkout = moved
	if said := s.start(); said != "" {
		t.Errorf("it says %q", said)
	}
	if to, err := os.Readlink(filepath.Join(s.Home, "notebooks")); err != nil || to != filepath.Join(moved, "notebooks") {
		t.Errorf("notebooks leads to %q: %v", to, err)
	}
}

func TestNoCheckout(t *testing.T) {
	s := newStudent(t)
	s.Checkout = t.TempDir()
	if err := s.Fill(); err == nil || !strings.Contains(err.Error(), "there are no lessons in "+s.Checkout) || !strings.Contains(err.Error(), "-checkout") {
		t.Errorf("without a checkout: %v", err)
	}
}

// Every link of the start page and of the working copies leads to a file, in a home of the student's as well.
func TestLinksOfAHome(t *testing.T) {
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	p := Place{Checkout: checkout, Home: t.TempDir(), Say: func(string) {}}
	if err := p.Fill(); err != nil {
		t.Fatal(err)
	}
	start, err := os.ReadFile(filepath.Join(p.Home, "notebooks", "start.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{"notebooks/start.md": string(start)}
	lessons, err := p.Lessons()
	if err != nil {
		t.Fatal(err)
	}
	for _, lesson := range lessons {
		n, err := ipynb.Read(p.path(lesson))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range n.Cells() {
			if c["cell_type"] == "markdown" {
				pages["work/"+lesson+".ipynb"] += ipynb.Source(c) + "\n"
			}
		}
		for _, link := range []string{"](../work/" + lesson + ".ipynb)", "](" + lesson + ".ipynb)"} {
			if !strings.Contains(pages["notebooks/start.md"], link) {
				t.Errorf("the start page has no link %s", link)
			}
		}
	}
	relative := regexp.MustCompile(`\]\(([\w./-]+\.\w+)(?:#[^)]*)?\)`)
	for page, text := range pages {
		for _, found := range relative.FindAllStringSubmatch(text, -1) {
			// By names, as JupyterLab's server does, and not along symbolic links.
			if _, err := os.Stat(filepath.Join(p.Home, filepath.Dir(page), found[1])); err != nil {
				t.Errorf("%s has a link to %s: %v", page, found[1], err)
			}
		}
	}
}
