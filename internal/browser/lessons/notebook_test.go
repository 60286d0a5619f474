package lessons

import (
	"encoding/base64"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"autoencoders/internal/ipynb"
)

const (
	notebooks = "../../../notebooks"
	linear    = "01-linear-autoencoder.ipynb"
)

// names returns the file names of the lessons.
func names(t *testing.T) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(notebooks, "*.ipynb"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no notebooks", err)
	}
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	return names
}

// notebook is as much of the .ipynb format as the tests look at.
type notebook struct{ Cells []*cell }

type cell struct {
	Type    string `json:"cell_type"`
	Source  ipynb.Text
	Outputs []output
}

type output struct {
	Type string `json:"output_type"`
	Name string // of a stream
	Text ipynb.Text
	Data struct { // by MIME type
		Plain ipynb.Text `json:"text/plain"`
		PNG   ipynb.Text `json:"image/png"`
	}
}

// committed reads a lesson as it is committed.
func committed(t *testing.T, name string) *notebook {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(notebooks, name))
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, raw)
}

func parsed(t *testing.T, raw []byte) *notebook {
	t.Helper()
	var n notebook
	if err := json.Unmarshal(raw, &n); err != nil {
		t.Fatal(err)
	}
	return &n
}

// having returns the one code cell whose source has the given words.
func (n *notebook) having(t *testing.T, words string) *cell {
	t.Helper()
	var found []*cell
	for _, c := range n.Cells {
		if c.Type == "code" && strings.Contains(string(c.Source), words) {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d cells have %q", len(found), words)
	}
	return found[0]
}

// figures returns how many pictures the notebook shows, each of which must decode.
func (n *notebook) figures(t *testing.T) (count int) {
	t.Helper()
	for _, c := range n.Cells {
		count += c.figures(t)
	}
	return count
}

func (c *cell) figures(t *testing.T) (count int) {
	t.Helper()
	for _, o := range c.Outputs {
		if o.Data.PNG == "" {
			continue
		}
		if _, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(string(o.Data.PNG)))); err != nil {
			t.Errorf("a PNG does not decode: %v", err)
		}
		count++
	}
	return count
}

var decimal = regexp.MustCompile(`-?\d+\.\d+`)

// rows returns the number of lines in a cell's tables that have at least three decimal numbers, as those of an epoch do.
func (c *cell) rows() (count int) {
	for _, o := range c.Outputs {
		for line := range strings.Lines(string(o.Data.Plain)) {
			if len(decimal.FindAllString(line, -1)) >= 3 {
				count++
			}
		}
	}
	return count
}

// succeeded checks that no cell has an error. What else an output must be, the tests of the package notebooks check.
func (n *notebook) succeeded(t *testing.T) {
	t.Helper()
	for i, c := range n.Cells {
		for _, o := range c.Outputs {
			if o.Type == "error" || o.Name == "stderr" {
				t.Errorf("cell %d has an error: %s", i+1, o.Text)
			}
		}
	}
}
