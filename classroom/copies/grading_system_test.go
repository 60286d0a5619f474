//go:build system

package copies

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"autoencoders/internal/ipynb"
)

// A course is a folder as make student makes it, with nbgrader at work in it.
type course struct {
	t        *testing.T
	folder   string
	nbgrader string
	env      []string
}

// newCourse makes one of the lessons of a checkout.
func newCourse(t *testing.T, from Place) *course {
	t.Helper()
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	c := &course{t: t, folder: t.TempDir(), nbgrader: filepath.Join(top, ".venv-classroom", "bin", "nbgrader")}
	if _, err := os.Stat(c.nbgrader); err != nil {
		t.Fatalf("nbgrader is not here: make classroom brings it (%v)", err)
	}
	if err := os.Symlink(filepath.Join(top, "classroom", "nbgrader_config.py"), filepath.Join(c.folder, "nbgrader_config.py")); err != nil {
		t.Fatal(err)
	}
	if err := from.Student(filepath.Join(c.folder, "source")); err != nil {
		t.Fatal(err)
	}
	if err := from.Instructor(filepath.Join(c.folder, "source-instructor")); err != nil {
		t.Fatal(err)
	}
	return c
}

// run runs a command of nbgrader's in the course's folder, with no network, and returns what it prints.
func (c *course) run(args ...string) string {
	c.t.Helper()
	command := exec.CommandContext(c.t.Context(), c.nbgrader, args...)
	command.Dir = c.folder
	command.Env = append(os.Environ(), append(c.env, "http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9", "GOPROXY=off")...)
	command.WaitDelay = 10 * time.Second
	out, err := command.CombinedOutput()
	if err != nil {
		c.t.Fatalf("nbgrader %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// read reads a notebook of the course.
func (c *course) read(path ...string) ipynb.Notebook {
	c.t.Helper()
	n, err := ipynb.Read(filepath.Join(c.folder, filepath.Join(path...)))
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

// nbgrader empties the exercises as our working copies have them, and leaves no answer in what students get; the teacher's
// copies keep everything.
func TestCopiesByNbgrader(t *testing.T) {
	all := lessons(t)
	courses := map[string]*course{}
	for _, l := range all {
		if courses[l.from.Checkout] == nil {
			courses[l.from.Checkout] = newCourse(t, l.from)
		}
		c := courses[l.from.Checkout]
		c.run("generate_assignment", l.name)
		c.run("generate_solution", "--CourseDirectory.source_directory=source-instructor", l.name)
		student, instructor := c.read("student", l.name, l.name+".ipynb"), c.read("instructor", l.name, l.name+".ipynb")
		noAnswer(t, l, student)
		working, err := Working(l.name, l.Notebook)
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs, teacher := sources(working), sources(student), sources(instructor)
		for _, e := range l.exercises {
			if ours[e.Name] != theirs[e.Name] {
				t.Errorf("%s: nbgrader makes of %s\n%s\nand we\n%s", l.name, e.Name, theirs[e.Name], ours[e.Name])
			}
			if teacher[e.Name] != e.Source || teacher["check-"+e.Name] != e.Check {
				t.Errorf("%s: the teacher's copy has for %s\n%s", l.name, e.Name, teacher[e.Name])
			}
		}
		if !slices.Equal(outputs(instructor), outputs(l.Notebook)) {
			t.Errorf("%s: the teacher's copy has lost outputs", l.name)
		}
		notes, err := ReadNotes(filepath.Join(l.from.Checkout, "classroom", "notes", l.name+".md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, note := range notes {
			if !strings.HasPrefix(teacher["teacher-"+note.After], "> **For the teacher**") {
				t.Errorf("%s: the teacher's copy has no note after %s", l.name, note.After)
			}
		}
	}
}

// nbgrader gives all points for the solutions, and none for exercises that nobody has touched or that return nothing but
// zeros. That is tried with lesson 1; with LESSON set it is tried with the lesson of that number, or with all of them, and
// nbgrader validate says the same.
func TestGrading(t *testing.T) {
	tried := 0
	for _, l := range lessons(t) {
		which := cmp.Or(os.Getenv("LESSON"), "1")
		if l.from.Checkout != root || which != "all" && which != strings.TrimLeft(l.name[:2], "0") {
			continue
		}
		tried++
		t.Run(l.name, func(t *testing.T) {
			if len(l.exercises) == 0 {
				t.Fatalf("%s has no exercises", l.name)
			}
			grade(t, l)
		})
	}
	if tried == 0 {
		t.Errorf("there is no lesson %s", os.Getenv("LESSON"))
	}
}

func grade(t *testing.T, l lesson) {
	c := newCourse(t, l.from)
	c.run("generate_assignment", l.name)
	answers := map[string]func(e Exercise) string{
		"full":  func(e Exercise) string { return e.Source },
		"empty": func(e Exercise) string { return e.Empty() },
		"wrong": func(e Exercise) string { return zero(t, e) },
	}
	for who, answer := range answers {
		n := c.read("student", l.name, l.name+".ipynb")
		for _, cell := range n.Cells() {
			if i := slices.IndexFunc(l.exercises, func(e Exercise) bool { return e.Name == id(cell) }); i >= 0 {
				ipynb.SetSource(cell, answer(l.exercises[i]))
			}
		}
		folder := filepath.Join(c.folder, "submitted", who, l.name)
		if err := os.MkdirAll(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := n.Write(filepath.Join(folder, l.name+".ipynb")); err != nil {
			t.Fatal(err)
		}
	}
	c.run("autograde", l.name, "--student=full")
	// The other submissions take the models that this one has trained.
	if trained := filepath.Join(c.folder, "autograded", "full", l.name, "checkpoints"); exists(trained) {
		c.env = []string{"AUTOENCODERS_PRETRAINED=" + trained}
	}
	for _, who := range []string{"empty", "wrong"} {
		c.run("autograde", l.name, "--student="+who)
	}
	points := c.points()
	all := float64(len(l.exercises))
	for who, want := range map[string]float64{"full": all, "empty": 0, "wrong": 0} {
		if got := points[who]; got != [2]float64{want, all} {
			t.Errorf("%s, %s: %v of %v points, want %v of %v", l.name, who, got[0], got[1], want, all)
			t.Logf("its checks say\n%s", c.said("autograded", who, l.name, l.name+".ipynb"))
		}
		if errors := c.errorsBesideChecks(who, l.name); len(errors) > 0 {
			t.Errorf("%s, %s: cells without points fail: %v", l.name, who, errors)
		}
	}
	if os.Getenv("LESSON") == "" {
		return // nbgrader validate runs the lesson twice more: with LESSON set, as make grade-check does
	}
	for who, want := range map[string]string{"full": "Success! Your notebook passes all the tests.", "empty": fmt.Sprintf("VALIDATION FAILED ON %d CELL(S)", len(l.exercises))} {
		if said := c.run("validate", filepath.Join("submitted", who, l.name, l.name+".ipynb")); !strings.Contains(said, want) {
			t.Errorf("%s, %s: nbgrader validate says\n%s\nwant %s", l.name, who, said, want)
		}
	}
}

// zero returns an exercise whose function returns zeros.
func zero(t *testing.T, e Exercise) string {
	t.Helper()
	const head = "package main\n"
	file, err := parser.ParseFile(token.NewFileSet(), "", head+e.Empty(), parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var zeros []string
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Type.Results == nil {
			continue
		}
		for _, result := range f.Type.Results.List {
			kind := (head + e.Empty())[result.Type.Pos()-1 : result.Type.End()-1]
			for range max(1, len(result.Names)) {
				zeros = append(zeros, "*new("+kind+")")
			}
		}
	}
	return strings.Replace(e.Empty(), Stub, "return "+strings.Join(zeros, ", "), 1)
}

// points returns each student's points and the most that there are.
func (c *course) points() map[string][2]float64 {
	c.t.Helper()
	c.run("export", "--to=grades.csv")
	file, err := os.Open(filepath.Join(c.folder, "grades.csv"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) == 0 {
		c.t.Fatal("no grades", err)
	}
	points := map[string][2]float64{}
	for _, row := range rows[1:] {
		var got [2]float64
		for i, column := range []string{"score", "max_score"} {
			if _, err := fmt.Sscan(row[slices.Index(rows[0], column)], &got[i]); err != nil {
				c.t.Fatal(err)
			}
		}
		points[row[slices.Index(rows[0], "student_id")]] = got
	}
	return points
}

// said returns the outputs of a notebook's checks.
func (c *course) said(path ...string) string {
	var all strings.Builder
	for _, cell := range c.read(path...).Cells() {
		if _, graded := flags(cell); graded {
			raw, _ := json.Marshal(cell["outputs"])
			fmt.Fprintf(&all, "%s: %s\n", id(cell), raw)
		}
	}
	return all.String()
}

// errorsBesideChecks returns the ids of the cells that failed and give no points.
func (c *course) errorsBesideChecks(who, lesson string) (ids []string) {
	for _, cell := range c.read("autograded", who, lesson, lesson+".ipynb").Cells() {
		list, _ := cell["outputs"].([]any)
		_, graded := flags(cell)
		for _, o := range list {
			if output, _ := o.(map[string]any); output["output_type"] == "error" && !graded {
				ids = append(ids, id(cell))
			}
		}
	}
	return ids
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
