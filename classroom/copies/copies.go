// Package copies makes, from the lessons as they are committed, the copies that a class works with: the one in which a
// student works, the source from which nbgrader makes the graded copy, and the teacher's.
//
// A committed lesson is complete: it has outputs, and the solutions of its exercises.
package copies

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"autoencoders/internal/ipynb"
)

// key is the name of our part of a copy's metadata.
const key = "autoencoders"

// Working returns the copy of a lesson in which a student works: without outputs, with the exercises to be written, each
// check followed by the solution, folded, and each question by a place for the prediction. Its metadata names the lesson
// and the edition.
func Working(lesson string, n ipynb.Notebook) (ipynb.Notebook, error) {
	exercises, err := Exercises(n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", lesson, err)
	}
	byName := map[string]Exercise{}
	for _, e := range exercises {
		byName[e.Name] = e
	}
	working, err := copied(n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", lesson, err)
	}
	working.clear()
	working.each(func(c map[string]any) []map[string]any {
		if e, ok := byName[id(c)]; ok {
			ipynb.SetSource(c, e.Empty())
		}
		if name, ok := strings.CutPrefix(id(c), "check-"); ok && byName[name].Name != "" {
			return []map[string]any{c, folded(byName[name])}
		}
		return withPlace(c)
	})
	working.mark(lesson)
	return working.Notebook, nil
}

// Student returns the source from which nbgrader makes the copy that is graded: without outputs, with a place for each
// prediction, and with the solutions between their marks, which nbgrader takes out.
func Student(lesson string, n ipynb.Notebook) (ipynb.Notebook, error) {
	student, err := source(lesson, n)
	if err != nil {
		return nil, err
	}
	student.clear()
	student.each(withPlace)
	return student.Notebook, nil
}

// Instructor returns the source of the teacher's copy: the lesson as it is, outputs and solutions included, with the notes
// that belong to its cells.
func Instructor(lesson string, n ipynb.Notebook, notes []Note) (ipynb.Notebook, error) {
	instructor, err := source(lesson, n)
	if err != nil {
		return nil, err
	}
	after := map[string]Note{}
	for _, note := range notes {
		after[note.After] = note
	}
	instructor.each(func(c map[string]any) []map[string]any {
		note, ok := after[id(c)]
		if !ok {
			return []map[string]any{c}
		}
		delete(after, id(c))
		return []map[string]any{c, note.cell()}
	})
	for _, note := range notes {
		if _, left := after[note.After]; left {
			return nil, fmt.Errorf("%s has no cell with the id %q, after which a note is to stand", lesson, note.After)
		}
	}
	return instructor.Notebook, nil
}

// A notebook is one that is being changed.
type notebook struct{ ipynb.Notebook }

// copied returns a notebook that shares nothing with n.
func copied(n ipynb.Notebook) (notebook, error) {
	c, err := ipynb.Parse(n.Format())
	if err != nil {
		return notebook{}, err
	}
	c.Clean()
	return notebook{c}, nil
}

// link is a link to another lesson.
var link = regexp.MustCompile(`\]\(([0-9][\w-]*)\.ipynb`)

// source returns a copy for nbgrader, which wants each lesson in a folder of its own: links to other lessons lead there.
func source(lesson string, n ipynb.Notebook) (notebook, error) {
	if _, err := Exercises(n); err != nil {
		return notebook{}, fmt.Errorf("%s: %w", lesson, err)
	}
	c, err := copied(n)
	if err != nil {
		return notebook{}, fmt.Errorf("%s: %w", lesson, err)
	}
	c.each(func(c map[string]any) []map[string]any {
		if c["cell_type"] == "markdown" {
			ipynb.SetSource(c, link.ReplaceAllString(ipynb.Source(c), "](../$1/$1.ipynb"))
		}
		return []map[string]any{c}
	})
	return c, nil
}

// each puts what f returns in the place of each cell.
func (n notebook) each(f func(c map[string]any) []map[string]any) {
	cells := []any{}
	for _, c := range n.Cells() {
		for _, c := range f(c) {
			cells = append(cells, c)
		}
	}
	n.Notebook["cells"] = cells
}

// clear takes the outputs away.
func (n notebook) clear() {
	for _, c := range n.Cells() {
		if c["cell_type"] == "code" {
			c["outputs"], c["execution_count"] = []any{}, nil
		}
	}
}

// mark writes into the metadata of which lesson this is a copy, and of which edition. The edition is a hash of the cells:
// another execution of the lesson, or another kernel, makes no new one.
func (n notebook) mark(lesson string) {
	sum := sha256.Sum256(ipynb.Notebook{"cells": n.Notebook["cells"]}.Format())
	metadata, ok := n.Notebook["metadata"].(map[string]any)
	if !ok {
		metadata = map[string]any{}
		n.Notebook["metadata"] = metadata
	}
	metadata[key] = map[string]any{"lesson": lesson, "edition": hex.EncodeToString(sum[:8])}
}

// marked returns what mark has written, or "" twice.
func marked(n ipynb.Notebook) (lesson, edition string) {
	metadata, _ := n["metadata"].(map[string]any)
	ours, _ := metadata[key].(map[string]any)
	lesson, _ = ours["lesson"].(string)
	edition, _ = ours["edition"].(string)
	return lesson, edition
}

// withPlace returns a cell, and after one that asks for a prediction the place to write it.
func withPlace(c map[string]any) []map[string]any {
	if c["cell_type"] != "markdown" || !strings.Contains(ipynb.Source(c), "**Predict.**") {
		return []map[string]any{c}
	}
	return []map[string]any{c, ipynb.Markdown("prediction-"+id(c), "**My prediction** (double-click to write it here): …")}
}

// folded returns the cell in which the solution of an exercise unfolds.
func folded(e Exercise) map[string]any {
	return ipynb.Markdown("solution-"+e.Name,
		"<details><summary>Solution</summary>\n\n```go\n"+strings.TrimSpace(e.Solution())+"\n```\n\n</details>")
}
