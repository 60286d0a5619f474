package copies

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"autoencoders/internal/ipynb"
)

const root = "../.."

// A lesson is one of the repository, or the sample in testdata.
type lesson struct {
	name string
	ipynb.Notebook
	exercises []Exercise
	from      Place
}

// lessons returns the sample, so that there are exercises whatever the lessons have, and the lessons of the repository.
func lessons(t *testing.T) (all []lesson) {
	t.Helper()
	for _, checkout := range []string{"testdata", root} {
		p := Place{Checkout: checkout, Home: t.TempDir(), Say: func(line string) { t.Log(line) }}
		names, err := p.Lessons()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			n, err := p.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			exercises, err := Exercises(n)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			all = append(all, lesson{name, n, exercises, p})
		}
	}
	return all
}

// sources returns the sources of a notebook's cells, by id.
func sources(n ipynb.Notebook) map[string]string {
	found := map[string]string{}
	for _, c := range n.Cells() {
		found[id(c)] = ipynb.Source(c)
	}
	return found
}

// answers returns the lines of the solutions that stand in a text. Lines that any function has, such as a closing brace or
// the return of a named result, tell nothing.
func answers(text string, exercises []Exercise) (found []string) {
	shown := map[string]bool{}
	for line := range strings.Lines(text) {
		shown[strings.Join(strings.Fields(line), " ")] = true
	}
	for _, e := range exercises {
		for line := range strings.Lines(e.Solution()) {
			line = strings.Join(strings.Fields(line), " ")
			if !strings.Contains(e.Empty(), line) && !trivial.MatchString(line) && (shown[line] || strings.Contains(text, line)) {
				found = append(found, line)
			}
		}
	}
	return found
}

var trivial = regexp.MustCompile(`^(\W*|return \w+|for \w+ := range \w+ \{|\} else \{)$`)

// text returns all that a notebook says, as it stands in the file and with JSON's escapes undone.
func text(n ipynb.Notebook) string {
	var all strings.Builder
	all.Write(n.Format())
	for _, c := range n.Cells() {
		all.WriteString(ipynb.Source(c) + "\n")
	}
	return all.String()
}

// outputs returns the ids of the cells that have been executed.
func outputs(n ipynb.Notebook) (ids []string) {
	for _, c := range n.Cells() {
		if list, _ := c["outputs"].([]any); len(list) > 0 || c["execution_count"] != nil {
			ids = append(ids, id(c))
		}
	}
	return ids
}

// after returns the ids of the cells that follow each cell.
func after(n ipynb.Notebook) map[string]string {
	next, last := map[string]string{}, ""
	for _, c := range n.Cells() {
		next[last] = id(c)
		last = id(c)
	}
	return next
}

// predictions returns how many questions ask for one.
func predictions(n ipynb.Notebook) (count int) {
	for _, c := range n.Cells() {
		if c["cell_type"] == "markdown" && strings.Contains(ipynb.Source(c), "**Predict.**") {
			count++
		}
	}
	return count
}

func TestWorkingCopies(t *testing.T) {
	for _, l := range lessons(t) {
		working, err := Working(l.name, l.Notebook)
		if err != nil {
			t.Fatal(err)
		}
		if ran := outputs(working); len(ran) > 0 {
			t.Errorf("%s: the working copy has outputs in %v", l.name, ran)
		}
		next, source := after(working), sources(working)
		for _, e := range l.exercises {
			if source[e.Name] != e.Empty() {
				t.Errorf("%s: the exercise %s is not empty:\n%s", l.name, e.Name, source[e.Name])
			}
			solution := next["check-"+e.Name]
			if folded := source[solution]; solution != "solution-"+e.Name || !strings.HasPrefix(folded, "<details><summary>Solution</summary>\n\n```go\n") ||
				!strings.Contains(folded, strings.TrimSpace(e.Solution())) || !strings.HasSuffix(folded, "\n```\n\n</details>") || strings.Contains(folded, begin) {
				t.Errorf("%s: after the check of %s stands %s:\n%s", l.name, e.Name, solution, source[solution])
			}
		}
		places := 0
		for question, place := range next {
			if place == "prediction-"+question && strings.Contains(source[question], "**Predict.**") {
				places++
			}
		}
		if want := predictions(l.Notebook); places != want {
			t.Errorf("%s: %d of %d questions have a place for the prediction", l.name, places, want)
		}
		if name, edition := marked(working); name != l.name || len(edition) != 16 {
			t.Errorf("%s is marked as %q, edition %q", l.name, name, edition)
		}
		unique(t, l.name, working)
	}
}

// unique checks that no two cells have one id, and that nbformat takes each.
func unique(t *testing.T, name string, n ipynb.Notebook) {
	t.Helper()
	valid := regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
	seen := map[string]bool{}
	for _, c := range n.Cells() {
		if seen[id(c)] || !valid.MatchString(id(c)) {
			t.Errorf("%s: a cell's id is %q", name, id(c))
		}
		seen[id(c)] = true
	}
}

// Nothing of an answer is in what students get to be graded: neither in a cell nor in an output nor in the metadata.
func TestStudentsSeeNoAnswer(t *testing.T) {
	for _, l := range lessons(t) {
		student, err := Student(l.name, l.Notebook)
		if err != nil {
			t.Fatal(err)
		}
		unique(t, l.name, student)
		kept := sources(student)
		for _, e := range l.exercises {
			if kept[e.Name] != e.Source {
				t.Errorf("%s: nbgrader's source has not the solution of %s: autograde would have no full marks", l.name, e.Name)
			}
		}
		for _, c := range student.Cells() { // as nbgrader will: the test with nbgrader holds the two together
			if i := slices.IndexFunc(l.exercises, func(e Exercise) bool { return e.Name == id(c) }); i >= 0 {
				ipynb.SetSource(c, l.exercises[i].Empty())
			}
		}
		noAnswer(t, l, student)
	}
}

// noAnswer checks the copy that a student gets.
func noAnswer(t *testing.T, l lesson, student ipynb.Notebook) {
	t.Helper()
	all := text(student)
	if found := answers(all, l.exercises); len(found) > 0 {
		t.Errorf("%s: the student's copy has these lines of the solutions: %q", l.name, found)
	}
	for _, words := range []string{"<summary>Solution", begin, end, "For the teacher"} {
		if strings.Contains(all, words) {
			t.Errorf("%s: the student's copy has %q", l.name, words)
		}
	}
	if ran := outputs(student); len(ran) > 0 {
		t.Errorf("%s: the student's copy has outputs in %v", l.name, ran)
	}
	if got, want := strings.Count(all, `"id": "prediction-`), predictions(l.Notebook); got != want {
		t.Errorf("%s: the student's copy has %d places for %d predictions", l.name, got, want)
	}
}

// The search finds an answer wherever it is.
func TestAnswersAreFound(t *testing.T) {
	e := Exercise{Name: "f", Source: "func f(x int) int {\n\t// BEGIN SOLUTION\n\ty := x*x + \"a\"\n\treturn y\n\t// END SOLUTION\n}"}
	for source, want := range map[string]int{
		"%%\nf(3)":                             0,
		"return y":                             0,
		"as y := x*x + \"a\" shows":            1,
		"<!--\n\ty  :=  x*x + \"a\"\n-->":      1,
		"func f(x int) int {\n\tpanic(0)\n}":   0,
		"```go\ny := x*x + \"a\"\nreturn y```": 1,
	} {
		n := ipynb.Notebook{"cells": []any{ipynb.Markdown("a", source)}, "nbformat": 4}
		if found := answers(text(n), []Exercise{e}); len(found) != want {
			t.Errorf("in %q are found %q", source, found)
		}
	}
}

// GoNB adds the imports that a cell lacks, so only they may be missing.
func TestStubsCompile(t *testing.T) {
	for _, l := range lessons(t) {
		for _, e := range l.exercises {
			for what, source := range map[string]string{"stub": e.Empty(), "solution": e.Solution()} {
				files := token.NewFileSet()
				file, err := parser.ParseFile(files, e.Name, "package main\n"+source, 0)
				if err != nil {
					t.Errorf("%s: the %s of %s is no Go: %v", l.name, what, e.Name, err)
					continue
				}
				check := types.Config{Error: func(err error) {
					if !strings.Contains(err.Error(), "undefined:") && !strings.Contains(err.Error(), "could not import") {
						t.Errorf("%s: the %s of %s does not compile: %v", l.name, what, e.Name, err)
					}
				}}
				_, _ = check.Check("main", files, []*ast.File{file}, nil)
			}
			if strings.Count(e.Empty(), Stub) != 1 {
				t.Errorf("%s: the stub of %s is\n%s", l.name, e.Name, e.Empty())
			}
			_, solution, _ := strings.Cut(e.Source, begin)
			if solution, _, _ = strings.Cut(solution, end); strings.Count(solution, "\n")-1 > 8 {
				t.Errorf("%s: %s has more than eight lines to write:\n%s", l.name, e.Name, e.Solution())
			}
		}
	}
}

// Each check is a call of one of package exercise's functions, each function checks one exercise, and the exercise's own
// function stands nowhere else, so that a lesson with untouched exercises runs to its end.
func TestChecksCallExercise(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "exercise", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no package exercise", err)
	}
	exported := map[string]bool{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() && !strings.HasSuffix(path, "_test.go") {
				exported[f.Name.Name] = true
			}
		}
	}
	call := regexp.MustCompile(`^%%\nexercise\.(\w+)\((\w+)\)$`)
	for _, l := range lessons(t) {
		for _, e := range l.exercises {
			found := call.FindStringSubmatch(strings.TrimSpace(e.Check))
			if found == nil || !exported[found[1]] {
				t.Errorf("%s: the check of %s is %q, and package exercise has %v", l.name, e.Name, e.Check, slices.Sorted(maps.Keys(exported)))
				continue
			}
			if !strings.Contains(e.Source, "func "+found[2]+"(") {
				t.Errorf("%s: %s does not check the function of its exercise:\n%s", l.name, e.Check, e.Source)
			}
			for _, c := range l.Cells() {
				if c["cell_type"] == "code" && id(c) != e.Name && id(c) != "check-"+e.Name && uses(ipynb.Source(c), found[2]) {
					t.Errorf("%s: the cell %s uses %s, which a student may not have written", l.name, id(c), found[2])
				}
			}
		}
	}
}

// uses reports whether a cell's Go has a name, other than as a field or a method.
func uses(source, name string) bool {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("", files.Base(), len(source)), []byte(source), nil, 0)
	for before := token.ILLEGAL; ; {
		_, kind, text := s.Scan()
		if kind == token.EOF || kind == token.IDENT && text == name && before != token.PERIOD {
			return kind == token.IDENT
		}
		before = kind
	}
}

// What nbgrader or the copies could not use is named, with its cell.
func TestExercisesThatAreNone(t *testing.T) {
	type metadata = map[string]any
	solution := func(id string) metadata { return metadata{"solution": true, "grade": false, "grade_id": id} }
	check := func(id string) metadata { return metadata{"solution": false, "grade": true, "grade_id": id} }
	cell := func(id, source string, grader metadata) any {
		c := map[string]any{"cell_type": "code", "id": id, "metadata": map[string]any{}}
		if grader != nil {
			c["metadata"] = map[string]any{"nbgrader": grader}
		}
		ipynb.SetSource(c, source)
		return c
	}
	good := "func f() {\n\t// BEGIN SOLUTION\n\t// END SOLUTION\n}"
	for want, cells := range map[string][]any{
		"":                            {cell("f", good, solution("f")), cell("check-f", "%%", check("check-f"))},
		"cell f: no END SOLUTION":     {cell("f", "// BEGIN SOLUTION", solution("f"))},
		"END SOLUTION without BEGIN":  {cell("f", "// END SOLUTION", solution("f"))},
		"a second BEGIN SOLUTION":     {cell("f", good+"\n"+good, solution("f"))},
		"needs the lines // BEGIN":    {cell("f", "func f() {}", solution("f"))},
		"no other cell may have them": {cell("f", good, nil)},
		"are two cells":               {cell("f", good, metadata{"solution": true, "grade": true, "grade_id": "f"})},
		"cell f: it has no check":     {cell("f", good, solution("f"))},
		"a check follows":             {cell("check-f", "%%", check("check-f")), cell("f", good, solution("f"))},
		"its id is check-":            {cell("f", good, solution("f")), cell("test-f", "%%", check("test-f"))},
		"grade_id is g":               {cell("f", good, solution("g")), cell("check-f", "%%", check("check-f"))},
	} {
		_, err := Exercises(ipynb.Notebook{"cells": cells})
		if got := fmt.Sprint(err); (want == "") != (err == nil) || !strings.Contains(got, want) && err != nil {
			t.Errorf("the error is %q, want %q", got, want)
		}
	}
}

// The edition changes with what a student sees, and with nothing else.
func TestEdition(t *testing.T) {
	read := func(change func(n ipynb.Notebook)) string {
		l := lessons(t)[0]
		change(l.Notebook)
		working, err := Working(l.name, l.Notebook)
		if err != nil {
			t.Fatal(err)
		}
		_, edition := marked(working)
		return edition
	}
	first := read(func(ipynb.Notebook) {})
	if again := read(func(n ipynb.Notebook) {
		n["metadata"] = map[string]any{"language_info": map[string]any{"name": "go", "version": "go9"}}
		for _, c := range n.Cells() {
			if c["cell_type"] == "code" {
				c["outputs"], c["execution_count"] = []any{map[string]any{"output_type": "stream", "name": "stdout", "text": "7"}}, 7
				c["metadata"].(map[string]any)["execution"] = map[string]any{"a": "b"}
			}
		}
	}); again != first {
		t.Error("another execution of the lesson is another edition")
	}
	if changed := read(func(n ipynb.Notebook) { ipynb.SetSource(n.Cells()[0], "# Another title") }); changed == first {
		t.Error("another text is no other edition")
	}
}

func TestNotes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.md")
	for source, want := range map[string]string{
		"# Notes\n\n## after a\n\nAsk.\n\n### First\n\n- one\n\n## after `b`\nMore.\n": `[{"a" "Ask.\n\n### First\n\n- one"} {"b" "More."}]`,
		"## after a\n```\n## no heading\n```\n":                                        `[{"a" "` + "```\\n## no heading\\n```" + `"}]`,
		"":                                                                             "[]",
		"## before a\nx":                                                               `the heading "## before a" should be "## after" and the id of a cell`,
		"## after\nx":                                                                  "should be",
		"## after a\nx\n## after a\ny":                                                 "two notes after the cell a",
		"## after a\n\n## after b\ny":                                                  "the note after the cell a is empty",
		"# Notes\nThis is lost.\n## after a\nx":                                        `"This is lost." stands before the first`,
	} {
		if err := os.WriteFile(path, []byte(source), 0o666); err != nil {
			t.Fatal(err)
		}
		notes, err := ReadNotes(path)
		got := fmt.Sprintf("%q", notes)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", source, got, want)
		}
	}
	if notes, err := ReadNotes(path + ".missing"); notes != nil || err != nil {
		t.Errorf("without a file: %v, %v", notes, err)
	}
}

// The teacher's copy is the lesson, with outputs and solutions, and each note after its cell. The notes of the repository fit.
func TestInstructorsCopies(t *testing.T) {
	for _, l := range lessons(t) {
		out := t.TempDir()
		if err := l.from.Instructor(out); err != nil {
			t.Fatal(err)
		}
		n, err := ipynb.Read(filepath.Join(out, l.name, l.name+".ipynb"))
		if err != nil {
			t.Fatal(err)
		}
		unique(t, l.name, n)
		if !slices.Equal(outputs(n), outputs(l.Notebook)) {
			t.Errorf("%s: outputs are lost", l.name)
		}
		notes, err := ReadNotes(filepath.Join(l.from.Checkout, "classroom", "notes", l.name+".md"))
		if err != nil {
			t.Fatal(err)
		}
		next, source := after(n), sources(n)
		for _, note := range notes {
			if next[note.After] != "teacher-"+note.After {
				t.Errorf("%s: after %s stands %s", l.name, note.After, next[note.After])
			}
		}
		for _, e := range l.exercises {
			if !strings.Contains(source[e.Name], e.Solution()[:10]) || !strings.Contains(source[e.Name], begin) {
				t.Errorf("%s: the solution of %s is lost", l.name, e.Name)
			}
		}
	}
	sample := lessons(t)[0]
	n, err := Instructor(sample.name, sample.Notebook, []Note{{"question", "Ask.\n\n```go\nx\n```"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sources(n)["teacher-question"], "> **For the teacher**\n>\n> Ask.\n>\n> ```go\n> x\n> ```"; got != want {
		t.Errorf("a note is\n%s\nwant\n%s", got, want)
	}
	if _, err := Instructor(sample.name, sample.Notebook, []Note{{"nowhere", "x"}}); err == nil || !strings.Contains(err.Error(), `01-sample has no cell with the id "nowhere"`) {
		t.Errorf("a note on a cell that is not there: %v", err)
	}
}

// nbgrader wants each lesson in a folder of its own.
func TestLinksBetweenClassCopies(t *testing.T) {
	l := lessons(t)[0]
	student, err := Student(l.name, l.Notebook)
	if err != nil {
		t.Fatal(err)
	}
	if title := sources(student)["title"]; !strings.Contains(title, "[lesson 2](../02-second/02-second.ipynb#loss)") || !strings.Contains(title, "(https://arxiv.org/abs/1312.6114)") {
		t.Errorf("the links are\n%s", title)
	}
}
