package lessons

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// The limits of a code cell. A line must not be cut off at 1366 pixels beside the file browser, or on A4; a projector shows
// some 24 lines at once; and a longer helper is a thing of its own, which belongs into a package.
const (
	mostColumns     = 88 // a tab is four
	mostLines       = 24
	medianLines     = 4
	mostHelperLines = 9
	mostPlumbing    = 0.10 // of the code cells
	mostToWrite     = 8    // lines of an exercise's solution
)

// The lines around what a student writes. In the copies a panic stands in place of the region.
const (
	beginSolution = "// BEGIN SOLUTION"
	endSolution   = "// END SOLUTION"
)

// exercise reports whether a cell is one that students write in, or its check.
func (c *cell) exercise() bool {
	return c.Metadata.Nbgrader.Solution || c.Metadata.Nbgrader.Grade
}

func (c *cell) lines() (lines []string) {
	for line := range strings.Lines(string(c.Source)) {
		line = strings.TrimRight(line, "\n")
		switch strings.TrimSpace(line) {
		case "", "%%", beginSolution, endSolution: // marks of GoNB and nbgrader are no lines of Go
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

func TestCellsAreShort(t *testing.T) {
	for _, name := range names(t) {
		var lengths []int
		for _, c := range committed(t, name).code() {
			for _, line := range c.lines() {
				if width := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    ")); width > mostColumns {
					t.Errorf("%s, cell %s: a line of %d columns: %s", name, c.ID, width, line)
				}
			}
			length := len(c.lines())
			if length > mostLines {
				t.Errorf("%s: cell %s has %d lines", name, c.ID, length)
			}
			if !c.exercise() { // a check of one line would lower the median of the others
				lengths = append(lengths, length)
			}
		}
		slices.Sort(lengths)
		if median := lengths[len(lengths)/2]; median > medianLines {
			t.Errorf("%s: the median cell has %d lines: %v", name, median, lengths)
		}
	}
}

// parse returns a code cell as the Go file that it becomes: what stands below %% is the body of main.
func (c *cell) parse(t *testing.T) *ast.File {
	t.Helper()
	source, end := "package main\n", ""
	for line := range strings.Lines(string(c.Source)) {
		if strings.TrimSpace(line) == "%%" {
			line, end = "func main() {\n", "\n}"
		}
		source += line
	}
	file, err := parser.ParseFile(token.NewFileSet(), "cell.go", source+end, parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("cell %s: %v", c.ID, err)
	}
	return file
}

// declares returns the names that later cells know from this one, with those of the packages that it imports.
func (c *cell) declares(t *testing.T) (declared []string) {
	t.Helper()
	for _, d := range c.parse(t).Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.Name != "main" {
				declared = append(declared, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.ImportSpec:
					path := strings.Trim(spec.Path.Value, `"`)
					declared = append(declared, path[strings.LastIndexByte(path, '/')+1:])
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						declared = append(declared, name.Name)
					}
				case *ast.TypeSpec:
					declared = append(declared, spec.Name.Name)
				}
			}
		}
	}
	return declared
}

// uses reports whether a cell mentions one of some names.
func (c *cell) uses(t *testing.T, names []string) (found bool) {
	t.Helper()
	ast.Inspect(c.parse(t), func(node ast.Node) bool {
		if name, ok := node.(*ast.Ident); ok && slices.Contains(names, name.Name) {
			found = true
		}
		return !found
	})
	return found
}

// A net, a loss, a layer, and a configuration of training are what a lesson is about.
var (
	taughtType = regexp.MustCompile(`^(autoencoder\.Model|nn\.Layer|\*graph\.Node|autoencoder\.Config|func\(\*model\.Scope, \*graph\.Node\) \*graph\.Node)$`)
	taughtCall = regexp.MustCompile(`\b(autoencoder\.(Model\{|Linear|Convolutional|Variational|Denoising)|nn\.[A-Z])`)
	trains     = regexp.MustCompile(`\.Train(Each)?\(`)
)

// written returns the source of a node, from the file that parse made of a cell.
func (c *cell) written(node ast.Node) string {
	source := "package main\n" + strings.Replace(string(c.Source), "%%", "func main() {", 1)
	from, to := int(node.Pos())-1, int(node.End())-1
	return source[from:min(to, len(source))]
}

// teaches reports whether a function builds a net, a loss or a layer.
func (c *cell) teaches(f *ast.FuncDecl) bool {
	if f.Type.Results == nil {
		return false
	}
	for _, result := range f.Type.Results.List {
		if taughtType.MatchString(c.written(result.Type)) {
			return true
		}
	}
	return false
}

func TestHelpersAreShort(t *testing.T) {
	for _, name := range names(t) {
		for _, c := range committed(t, name).code() {
			for _, d := range c.parse(t).Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || f.Name.Name == "main" || c.Metadata.Nbgrader.Solution || c.teaches(f) {
					continue
				}
				if n := strings.Count(c.written(f), "\n") + 1; n > mostHelperLines {
					t.Errorf("%s, cell %s: the helper %s has %d lines: a package is the place for it", name, c.ID, f.Name.Name, n)
				}
			}
		}
	}
}

// An exercise is a function that fits into a student's head: a page that says what to write, the function with its solution
// between the two marks, and the check. Nothing else in the lesson uses the function, so that a copy in which it is not written
// runs from top to bottom.
func TestExercisesHaveTheirForm(t *testing.T) {
	for _, name := range names(t) {
		cells := committed(t, name).Cells
		for i, c := range cells {
			if !c.Metadata.Nbgrader.Solution {
				continue
			}
			declared := c.declares(t)
			if len(declared) != 1 || len(c.parse(t).Decls) != 1 {
				t.Errorf("%s: the exercise %s declares %v, want one function", name, c.ID, declared)
				continue
			}
			if _, ok := c.parse(t).Decls[0].(*ast.FuncDecl); !ok {
				t.Errorf("%s: the exercise %s is no function", name, c.ID)
			} else if n := c.toWrite(); n > mostToWrite {
				t.Errorf("%s: in the exercise %s there are %d lines to write, more than %d", name, c.ID, n, mostToWrite)
			}
			if source := string(c.Source); strings.Count(source, beginSolution) != 1 || strings.Count(source, endSolution) != 1 {
				t.Errorf("%s: the exercise %s has no solution between %q and %q", name, c.ID, beginSolution, endSolution)
			}
			if i == 0 || cells[i-1].ID != "exercise-"+c.ID || !strings.Contains(string(cells[i-1].Source), "<details><summary>Hint</summary>") {
				t.Errorf("%s: before the exercise %s there is no cell exercise-%s with a hint", name, c.ID, c.ID)
			}
			if i+1 == len(cells) || cells[i+1].ID != "check-"+c.ID || !cells[i+1].Metadata.Nbgrader.Grade {
				t.Errorf("%s: after the exercise %s there is no cell check-%s", name, c.ID, c.ID)
			}
			for _, other := range cells {
				if other.Type == "code" && other != c && other.ID != "check-"+c.ID && other.uses(t, declared) {
					t.Errorf("%s: the cell %s uses %s, which a student has yet to write", name, other.ID, declared[0])
				}
			}
		}
	}
}

// toWrite returns how many lines an exercise's solution has.
func (c *cell) toWrite() int {
	_, solution, _ := strings.Cut(string(c.Source), beginSolution)
	solution, _, _ = strings.Cut(solution, endSolution)
	return strings.Count(solution, "\n") - 1
}

// plumbing reports whether a cell shows nothing, declares no net, loss or layer, and trains nothing. builders are the functions
// of the lesson that return one of these.
func (c *cell) plumbing(t *testing.T, builders []string) bool {
	t.Helper()
	if len(c.Outputs) > 0 || trains.MatchString(string(c.Source)) || taughtCall.MatchString(string(c.Source)) {
		return false
	}
	return len(c.builders(t)) == 0 && !c.uses(t, builders)
}

// builders returns the functions of a cell that return a net, a loss or a layer. Exercises do not count: nothing uses them.
func (c *cell) builders(t *testing.T) (names []string) {
	t.Helper()
	if c.exercise() {
		return nil
	}
	for _, d := range c.parse(t).Decls {
		if f, ok := d.(*ast.FuncDecl); ok && c.teaches(f) {
			names = append(names, f.Name.Name)
		}
	}
	return names
}

func TestFewCellsArePlumbing(t *testing.T) {
	for _, name := range names(t) {
		var plumbing, builders []string
		others := 0
		code := committed(t, name).code()
		for _, c := range code {
			builders = append(builders, c.builders(t)...)
		}
		for _, c := range code {
			if c.exercise() {
				continue
			}
			if others++; c.plumbing(t, builders) {
				plumbing = append(plumbing, c.ID)
			}
		}
		if share := float64(len(plumbing)) / float64(others); share > mostPlumbing {
			t.Errorf("%s: %d of %d code cells show nothing, declare no net, loss or layer and train nothing: %v", name, len(plumbing), others, plumbing)
		}
	}
}

func TestProseStandsBetweenCodeCells(t *testing.T) {
	for _, name := range names(t) {
		cells := committed(t, name).Cells
		for i := 1; i < len(cells); i++ {
			first, second := cells[i-1], cells[i]
			if first.Type != "code" || second.Type != "code" {
				continue
			}
			if i+1 < len(cells) && cells[i+1].Type == "code" {
				t.Errorf("%s: three code cells in a row from %s on", name, first.ID)
			}
			if declared := first.declares(t); !second.uses(t, declared) {
				t.Errorf("%s: nothing is said between the cells %s and %s, and the first declares %v, which the second does not use", name, first.ID, second.ID, declared)
			}
		}
	}
}

// A prediction is worth something only before its answer has been seen: it ends its cell, a code cell follows, and what that
// shows has not been shown before.
func TestPredictionsStandBeforeTheirAnswers(t *testing.T) {
	for _, name := range names(t) {
		cells := committed(t, name).Cells
		predictions := 0
		for i, c := range cells {
			question, asked := c.prediction()
			if !asked {
				continue
			}
			predictions++
			if question == "" {
				t.Errorf("%s: in cell %s something stands between **Predict.** and its answer", name, c.ID)
				continue
			}
			answer := i + 1
			for answer < len(cells) && cells[answer].Type == "code" && len(cells[answer].Outputs) == 0 {
				answer++ // a declaration
			}
			if answer == len(cells) || cells[answer].Type != "code" {
				t.Errorf("%s: no cell answers %q", name, question)
				continue
			}
			shown := map[string]bool{}
			for _, before := range cells[:answer] {
				for _, fact := range before.facts() {
					shown[fact] = true
				}
			}
			facts := cells[answer].facts()
			old := 0
			for _, fact := range facts {
				if shown[fact] {
					old++
				}
			}
			if len(facts) == 0 || 2*old > len(facts) {
				t.Errorf("%s: of the %d numbers and pictures that answer %q in cell %s, %d were shown before", name, len(facts), question, cells[answer].ID, old)
			}
		}
		if predictions < 5 {
			t.Errorf("%s asks for %d predictions", name, predictions)
		}
	}
}

// prediction returns the question of a cell that asks for one, "" if it is not the last that the cell says.
func (c *cell) prediction() (question string, asked bool) {
	if c.Type == "code" {
		return "", false
	}
	_, question, asked = strings.Cut(string(c.Source), "**Predict.**")
	if strings.Contains(strings.TrimSpace(question), "\n\n") {
		return "", asked
	}
	return strings.TrimSpace(question), asked
}

// facts returns the numbers with at least two decimals and the pictures that a cell shows.
func (c *cell) facts() (facts []string) {
	if c.Type != "code" {
		return nil
	}
	for _, s := range number.FindAllString(c.said(), -1) {
		if _, decimals, _ := strings.Cut(s, "."); len(decimals) >= 2 {
			facts = append(facts, s)
		}
	}
	if words := strings.TrimSpace(c.said()); len(facts) == 0 && words != "" {
		facts = append(facts, words) // a table of whole numbers, or a message
	}
	for _, o := range c.Outputs {
		if picture, ok := o.Data["image/png"].(string); ok {
			facts = append(facts, picture)
		}
	}
	return facts
}
