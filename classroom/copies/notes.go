package copies

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"autoencoders/internal/ipynb"
)

// A Note is what the teacher's copy says after a cell.
type Note struct {
	After string // the cell's id
	Text  string // Markdown
}

// ReadNotes reads the notes on a lesson. The file has a section "## after <id>" for each cell with a note, and before the
// first at most a title. Without a file there are no notes.
func ReadNotes(path string) (notes []Note, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	fenced := false // a heading in a block of code is none
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if id, ok := strings.CutPrefix(line, "## "); ok && !fenced {
			id, ok = strings.CutPrefix(strings.TrimSpace(id), "after ")
			if id = strings.Trim(id, "` "); !ok || id == "" {
				return nil, fmt.Errorf("%s: the heading %q should be \"## after\" and the id of a cell; use ### inside a note", path, strings.TrimSpace(line))
			}
			if seen[id] {
				return nil, fmt.Errorf("%s: there are two notes after the cell %s", path, id)
			}
			seen[id] = true
			notes = append(notes, Note{After: id})
			continue
		}
		switch {
		case len(notes) > 0:
			notes[len(notes)-1].Text += line
		case strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "# "):
			return nil, fmt.Errorf("%s: %q stands before the first \"## after\" and would be in no copy", path, strings.TrimSpace(line))
		}
	}
	for i := range notes {
		if notes[i].Text = strings.TrimSpace(notes[i].Text); notes[i].Text == "" {
			return nil, fmt.Errorf("%s: the note after the cell %s is empty", path, notes[i].After)
		}
	}
	return notes, nil
}

// cell returns the note as a cell: a quotation, which every viewer sets off from the lesson.
func (n Note) cell() map[string]any {
	var quoted strings.Builder
	quoted.WriteString("> **For the teacher**\n>")
	for line := range strings.SplitSeq(n.Text, "\n") {
		quoted.WriteString(strings.TrimRight("\n> "+line, " "))
	}
	return ipynb.Markdown("teacher-"+n.After, quoted.String())
}
