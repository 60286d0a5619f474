package lessons

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"autoencoders/internal/ipynb"
)

// notebook is as much of the .ipynb format as the tests look at.
type notebook struct {
	Cells []*cell
}

type cell struct {
	ID       string
	Type     string `json:"cell_type"`
	Source   ipynb.Text
	Outputs  []output
	Metadata struct {
		Execution map[string]string // nbclient's time stamps
		Nbgrader  struct{ Solution, Grade bool }
	}
}

type output struct {
	Type string `json:"output_type"`
	Name string // of a stream
	Text ipynb.Text
	Data map[string]any // by MIME type

	Metadata map[string]any
}

func read(t *testing.T, path string) *notebook {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var n notebook
	if err := json.Unmarshal(raw, &n); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return &n
}

func (n *notebook) code() (cells []*cell) {
	for _, c := range n.Cells {
		if c.Type == "code" {
			cells = append(cells, c)
		}
	}
	return cells
}

// cell returns the cell with this id.
func (n *notebook) cell(t *testing.T, id string) *cell {
	t.Helper()
	for _, c := range n.Cells {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no cell has the id %q", id)
	return nil
}

// data is a cell's display of one MIME type, all of them joined.
func (c *cell) data(mime string) string {
	var all []string
	for _, o := range c.Outputs {
		switch value := o.Data[mime].(type) {
		case string:
			all = append(all, value)
		case []any:
			for _, line := range value {
				all = append(all, fmt.Sprint(line))
			}
		case map[string]any:
			raw, _ := json.Marshal(value)
			all = append(all, string(raw))
		}
	}
	return strings.Join(all, "")
}

// pngs decodes the pictures that a cell shows.
func (c *cell) pngs(t *testing.T) (sizes []int) {
	t.Helper()
	for _, o := range c.Outputs {
		if encoded, ok := o.Data["image/png"].(string); ok {
			picture, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(encoded)))
			if err != nil {
				t.Fatalf("a PNG does not decode: %v", err)
			}
			sizes = append(sizes, picture.Bounds().Dx())
		}
	}
	return sizes
}

// figures is how many pictures the notebook shows.
func (n *notebook) figures(t *testing.T) (count int) {
	t.Helper()
	for _, c := range n.code() {
		count += len(c.pngs(t))
	}
	return count
}

var number = regexp.MustCompile(`-?\d+\.\d+`)

// rows are the numbers with a point in each line of a cell's table that has at least n of them.
func (c *cell) rows(n int) (rows [][]float64) {
	for line := range strings.Lines(c.data("text/plain")) {
		var row []float64
		for _, s := range number.FindAllString(line, -1) {
			f, _ := strconv.ParseFloat(s, 64)
			row = append(row, f)
		}
		if len(row) >= n {
			rows = append(rows, row)
		}
	}
	return rows
}

// linear is the lesson that is run in the browser as well.
const linear = "01-linear-autoencoder.ipynb"

// folder is where the lessons are.
const folder = "../../notebooks"

// names are the lessons.
func names(t *testing.T) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.ipynb"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no notebooks", err)
	}
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	return names
}

// committed returns a lesson as it stands in the repository.
func committed(t *testing.T, name string) *notebook {
	t.Helper()
	return read(t, filepath.Join(folder, name))
}

func TestCommittedWithOutputsAndWithoutErrors(t *testing.T) {
	for _, name := range names(t) {
		checkOutputs(t, name, committed(t, name))
	}
}

// The repository keeps every execution that was ever committed.
func TestNotebooksAreSmall(t *testing.T) {
	total := 0
	for _, name := range names(t) {
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		total += len(raw)
	}
	if total > 6_000_000 {
		t.Errorf("the notebooks have %d bytes, more than 6 MB", total)
	}
}

// Another layout than that of make notebooks would be a diff of the whole file at the next execution.
func TestNotebooksAreInTheirLayout(t *testing.T) {
	for _, name := range names(t) {
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		n, err := ipynb.Parse(raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n.Clean()
		if !bytes.Equal(n.Format(), raw) {
			t.Errorf("%s is not laid out as make notebooks does: run go run ./internal/tasks/notebooks -format", name)
		}
	}
}

// The tests of what a lesson says find a cell by its id, which stays when its source changes.
func TestCellsHaveIDs(t *testing.T) {
	for _, name := range names(t) {
		seen := map[string]bool{}
		for i, c := range committed(t, name).Cells {
			if c.ID == "" || seen[c.ID] {
				t.Errorf("%s: cell %d has the id %q, which is missing or taken", name, i+1, c.ID)
			}
			seen[c.ID] = true
		}
	}
}

// checkOutputs: every cell ran, none failed, nothing in an output is executed by who opens it.
func checkOutputs(t *testing.T, name string, n *notebook) {
	t.Helper()
	for i, c := range n.code() {
		for _, o := range c.Outputs {
			if o.Type == "error" || o.Name == "stderr" {
				t.Errorf("%s: cell %d has an error: %s", name, i+1, o.Text)
			}
			if _, ok := o.Data["application/javascript"]; ok {
				t.Errorf("%s: cell %d has a script", name, i+1)
			}
		}
		if html := strings.ToLower(c.data("text/html")); strings.Contains(html, "<script") || strings.Contains(html, "http") {
			t.Errorf("%s: cell %d has a script or an address in its HTML", name, i+1)
		}
		if c.data("image/svg+xml") != "" {
			t.Errorf("%s: cell %d has an SVG, which an untrusted notebook does not show", name, i+1)
		}
	}
	if n.figures(t) == 0 {
		t.Errorf("%s has no pictures: run `make notebooks`", name)
	}
}

// Students see this folder first: the lessons, the page that they start on, and what training leaves behind.
func TestFolderHoldsLessonsOnly(t *testing.T) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		lesson := filepath.Ext(name) == ".ipynb" || name == "start.md"
		trained := entry.IsDir() && (name == "weights" || name == "checkpoints" || name == ".ipynb_checkpoints")
		if !lesson && !trained {
			t.Errorf("%s is no lesson: it belongs somewhere else", name)
		}
	}
}
