// Package ipynb reads, executes, writes and compares notebooks, in the way that suits a repository in which they are
// committed with their outputs: what differs from run to run is not written, and a change is seen in a diff where it is.
package ipynb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"autoencoders/internal/disk"
)

// A Notebook is a file of nbformat 4 as encoding/json decodes it, with numbers as [json.Number], so that what is not
// changed is written as it was read.
type Notebook map[string]any

// Read reads the notebook at path. The error names the path.
func Read(path string) (Notebook, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	n, err := Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}

// Parse decodes a notebook. It returns an error if raw is not one JSON object of nbformat 4.
func Parse(raw []byte) (Notebook, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var n Notebook
	if err := decoder.Decode(&n); err != nil {
		return nil, fmt.Errorf("this is no notebook: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("this is no notebook: something follows its end")
	}
	if format, ok := n["nbformat"].(json.Number); !ok || format != "4" {
		return nil, fmt.Errorf("this is no notebook of nbformat 4: nbformat is %v", n["nbformat"])
	}
	return n, nil
}

// Text is a string of a notebook, which the format may also keep as a list of lines. Whoever decodes a notebook into types of
// their own uses it for sources and outputs.
type Text string

func (t *Text) UnmarshalJSON(b []byte) error {
	var lines []string
	if json.Unmarshal(b, &lines) != nil {
		lines = make([]string, 1)
		if err := json.Unmarshal(b, &lines[0]); err != nil {
			return err
		}
	}
	*t = Text(strings.Join(lines, ""))
	return nil
}

// Cells returns the notebook's cells, in order. They are not copies.
func (n Notebook) Cells() []map[string]any {
	all, _ := n["cells"].([]any)
	cells := make([]map[string]any, 0, len(all))
	for _, c := range all {
		if c, ok := c.(map[string]any); ok {
			cells = append(cells, c)
		}
	}
	return cells
}

// Clean removes what a run or an editor leaves in a notebook and no reader sees: time stamps, and which outputs were
// folded or scrolled.
func (n Notebook) Clean() {
	for _, c := range n.Cells() {
		metadata, _ := c["metadata"].(map[string]any)
		for _, key := range []string{"execution", "ExecuteTime", "collapsed", "scrolled", "trusted"} {
			delete(metadata, key)
		}
	}
}

// Write puts the notebook at path in one step, as [Notebook.Format] lays it out.
func (n Notebook) Write(path string) error {
	return disk.Replace(path, func(w io.Writer) error {
		_, err := w.Write(n.Format())
		return err
	})
}

// Format returns the notebook in the layout of Jupyter's own nbformat: keys in alphabetical order, an indent of one space,
// characters as they are, a line break at the end. It differs in one thing: an output that is JSON itself, such as a
// Vega-Lite specification, has one line, because nobody reads a diff of its ten thousand.
func (n Notebook) Format() []byte {
	var b bytes.Buffer
	write(&b, map[string]any(n), "\n")
	b.WriteByte('\n')
	return b.Bytes()
}

// write writes v; next begins a line at v's depth.
func write(b *bytes.Buffer, v any, next string) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			b.WriteString("{}")
			return
		}
		before := "{"
		for _, key := range slices.Sorted(maps.Keys(v)) {
			b.WriteString(before + next + " ")
			b.Write(line(key))
			b.WriteString(": ")
			if strings.HasSuffix(key, "+json") || key == "application/json" {
				b.Write(line(v[key]))
			} else {
				write(b, v[key], next+" ")
			}
			before = ","
		}
		b.WriteString(next + "}")
	case []any:
		if len(v) == 0 {
			b.WriteString("[]")
			return
		}
		before := "["
		for _, element := range v {
			b.WriteString(before + next + " ")
			write(b, element, next+" ")
			before = ","
		}
		b.WriteString(next + "]")
	default:
		b.Write(line(v))
	}
}

// line returns v as JSON in one line, with characters as they are.
func line(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // v was decoded from JSON
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Source returns the source of a cell, which the format keeps as a string or as a list of lines.
func Source(cell map[string]any) string {
	source, _ := text(cell["source"]).(string)
	return source
}

// SetSource gives a cell a source, as the list of lines that Jupyter itself writes.
func SetSource(cell map[string]any, source string) {
	lines := []any{}
	for l := range strings.Lines(source) {
		lines = append(lines, l)
	}
	cell["source"] = lines
}

// Markdown returns a new cell of Markdown.
func Markdown(id, source string) map[string]any {
	cell := map[string]any{"cell_type": "markdown", "id": id, "metadata": map[string]any{}}
	SetSource(cell, source)
	return cell
}
