package notebooks

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

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
	}
}

type output struct {
	Type string `json:"output_type"`
	Name string // of a stream
	Text ipynb.Text
	Data map[string]any // by MIME type
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

// names are the lessons.
func names(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("*.ipynb")
	if err != nil || len(names) == 0 {
		t.Fatal("no notebooks", err)
	}
	return names
}

// A projector shows some 110 characters of a line.
func TestCellsAreShort(t *testing.T) {
	for _, name := range names(t) {
		var lengths []int
		for _, c := range read(t, name).code() {
			length := 0
			for line := range strings.Lines(string(c.Source)) {
				if strings.TrimSpace(line) != "" && strings.TrimSpace(line) != "%%" { // GoNB's mark is no line of Go
					length++
				}
				if width := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    ")); width > 111 { // with its end
					t.Errorf("%s: a line of %d characters: %s", name, width, line)
				}
			}
			if lengths = append(lengths, length); length > 24 {
				t.Errorf("%s: a cell of %d lines:\n%s", name, length, c.Source)
			}
		}
		slices.Sort(lengths)
		if median := lengths[len(lengths)/2]; median > 4 {
			t.Errorf("%s: the median cell has %d lines: %v", name, median, lengths)
		}
	}
}

func TestCommittedWithOutputsAndWithoutErrors(t *testing.T) {
	for _, name := range names(t) {
		checkOutputs(t, name, read(t, name))
	}
}

// The repository keeps every execution that was ever committed.
func TestNotebooksAreSmall(t *testing.T) {
	total := 0
	for _, name := range names(t) {
		raw, err := os.ReadFile(name)
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
		raw, err := os.ReadFile(name)
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
		for i, c := range read(t, name).Cells {
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
