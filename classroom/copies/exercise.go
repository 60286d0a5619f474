package copies

import (
	"fmt"
	"strings"

	"autoencoders/internal/ipynb"
)

// Stub is the line that stands for a solution in the copies for students. Package exercise knows it, and nbgrader_config.py
// has it for nbgrader.
const Stub = `panic("not written yet")`

// The marks around a solution are nbgrader's, which looks for these words in a line.
const begin, end = "BEGIN SOLUTION", "END SOLUTION"

// An Exercise is a function to write in one cell and its check in a later one.
type Exercise struct {
	Name   string // the id of its cell; "check-" and the name is that of the check
	Source string // of its cell, with the solution and the marks around it
	Check  string // the source of the check
}

// Exercises returns the exercises of a lesson, in order. It returns an error that names the cell if one of them is not as
// nbgrader and the copies need it.
func Exercises(n ipynb.Notebook) (found []Exercise, err error) {
	checks := map[string]string{} // sources, by the exercise's name
	for _, c := range n.Cells() {
		id, source := id(c), ipynb.Source(c)
		solution, graded := flags(c)
		_, whole, err := split(source)
		switch {
		case err != nil:
			return nil, fmt.Errorf("cell %s: %w", id, err)
		case solution != (whole != ""):
			return nil, fmt.Errorf("cell %s: a cell with nbgrader's solution mark needs the lines // %s and // %s, and no other cell may have them", id, begin, end)
		case solution && graded:
			return nil, fmt.Errorf("cell %s: the function and its check are two cells", id)
		case solution:
			found = append(found, Exercise{Name: id, Source: source})
		case graded:
			name, ok := strings.CutPrefix(id, "check-")
			if !ok || len(found) == 0 || found[len(found)-1].Name != name {
				return nil, fmt.Errorf("cell %s: a check follows its exercise, and its id is check- and the exercise's", id)
			}
			checks[name] = source
		}
		if gradeID := grader(c)["grade_id"]; (solution || graded) && gradeID != id {
			return nil, fmt.Errorf("cell %s: its nbgrader grade_id is %v, and should be its id", id, gradeID)
		}
	}
	for i, e := range found {
		if found[i].Check = checks[e.Name]; found[i].Check == "" {
			return nil, fmt.Errorf("cell %s: it has no check: a cell with the id check-%[1]s", e.Name)
		}
	}
	return found, nil
}

// Empty returns the exercise's source as a student gets it, with the stub in the place of the solution.
func (e Exercise) Empty() string {
	empty, _, _ := split(e.Source) // Exercises has seen that it splits
	return empty
}

// Solution returns the exercise's source without the marks.
func (e Exercise) Solution() string {
	_, solution, _ := split(e.Source)
	return solution
}

// split returns a source with the stub in the place of its solution, as nbgrader's ClearSolutions makes it, and the source
// without the marks. Both are "" if it has no solution.
func split(source string) (empty, solution string, err error) {
	var without, with []string
	inside, marked := false, false
	for line := range strings.SplitSeq(source, "\n") {
		switch {
		case strings.Contains(line, begin):
			if marked {
				return "", "", fmt.Errorf("a second %s", begin)
			}
			inside, marked = true, true
			indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
			without = append(without, indent+Stub)
		case strings.Contains(line, end):
			if !inside {
				return "", "", fmt.Errorf("%s without %s", end, begin)
			}
			inside = false
		default:
			with = append(with, line)
			if !inside {
				without = append(without, line)
			}
		}
	}
	if inside {
		return "", "", fmt.Errorf("no %s", end)
	}
	if !marked {
		return "", "", nil
	}
	return strings.Join(without, "\n"), strings.Join(with, "\n"), nil
}

// id returns a cell's id.
func id(cell map[string]any) string {
	id, _ := cell["id"].(string)
	return id
}

// grader returns nbgrader's metadata of a cell, or nil.
func grader(cell map[string]any) map[string]any {
	metadata, _ := cell["metadata"].(map[string]any)
	found, _ := metadata["nbgrader"].(map[string]any)
	return found
}

// flags reports whether nbgrader takes a cell for a solution, and whether it gives points for it.
func flags(cell map[string]any) (solution, graded bool) {
	solution, _ = grader(cell)["solution"].(bool)
	graded, _ = grader(cell)["grade"].(bool)
	return solution, graded
}
