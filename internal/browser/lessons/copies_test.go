package lessons

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"autoencoders/internal/browser/lab"
)

// writeCopies runs the program that the set-up has built.
func writeCopies(t *testing.T, args ...string) {
	t.Helper()
	copies := exec.Command(filepath.Join("..", "..", "..", ".venv", "bin", "lessons"), args...)
	if out, err := copies.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// An exercise is what a student has of it in a working copy.
type exercise struct {
	id     string // of the cell to write; its check's is check- and this
	source string // as the student finds it
}

// exercises reads the exercises of a notebook.
func exercises(t *testing.T, path string) (found []exercise) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var n struct {
		Cells []struct {
			ID       string
			Source   json.RawMessage
			Metadata struct {
				Nbgrader struct{ Solution bool }
			}
		}
	}
	if err := json.Unmarshal(raw, &n); err != nil {
		t.Fatal(err)
	}
	for i, c := range n.Cells {
		if c.Metadata.Nbgrader.Solution {
			found = append(found, exercise{c.ID, string(parsed(t, raw).Cells[i].Source)})
		}
	}
	return found
}

// returns finds the result of a function that is to be written, for a body that is wrong.
var returns = regexp.MustCompile(`panic\("not written yet"\)`)

// A student opens the working copy of lesson 1, as the set-up writes it, and runs all of it without writing a line. Then each
// exercise is tried in the way of a student who is stuck: run untouched, answered wrongly, its hint unfolded, its solution unfolded
// and typed in.
func TestStudentWorksThroughALesson(t *testing.T) {
	l := openLab(t)
	writeCopies(t, "-home", l.Dir)
	name := filepath.Join("work", linear)
	found := exercises(t, filepath.Join(l.Dir, name))
	if len(found) < 3 {
		t.Fatalf("the working copy has %d exercises", len(found))
	}
	l.Open(name)
	l.Begin("notebook:run-all-cells")
	l.Idle(4 * time.Minute)
	held(t, l).succeeded(t)
	if got, want := held(t, l).figures(t), committed(t, linear).figures(t); got != want {
		t.Errorf("Run All of an untouched copy shows %d figures, the lesson has %d", got, want)
	}
	for _, e := range found {
		check := "check-" + e.id
		if said := l.Output(check); !strings.Contains(said, "not written yet") {
			t.Errorf("%s, untouched, says %q", e.id, said)
		}
		if hint := lab.Eval[string](l, lab.Script("unfold", e.id, -1, "Hint")); len(hint) < 20 {
			t.Errorf("%s: the hint unfolds to %q", e.id, hint)
		}
		l.Look("check-"+e.id, "exercise-"+e.id+"-untouched")
		solution := lab.Eval[string](l, lab.Script("unfold", check, 1, "Solution"))
		if !strings.Contains(solution, "func ") {
			t.Errorf("%s: the solution unfolds to %q", e.id, solution)
			continue
		}
		said := answer(l, e, returns.ReplaceAllString(e.source, `panic("I do not know")`))
		if !strings.HasPrefix(said, "exercise: ") || !strings.Contains(said, "I do not know") || strings.Contains(said, "goroutine") {
			t.Errorf("%s, answered wrongly, says %q", e.id, said)
		}
		l.Look("check-"+e.id, "exercise-"+e.id+"-wrong")
		if said := answer(l, e, solution); !strings.Contains(said, "✓") {
			t.Errorf("%s, with its solution, says %q", e.id, said)
		}
		l.Look("check-"+e.id, "exercise-"+e.id+"-solved")
	}
}

// answer writes an exercise, runs it and its check, and returns what the check says.
func answer(l *lab.Lab, e exercise, source string) string {
	lab.Eval[bool](l, lab.Script("write", e.id, source))
	for _, id := range []string{e.id, "check-" + e.id} {
		l.Run(id)
		l.Idle(time.Minute)
	}
	return l.Output("check-" + e.id)
}
