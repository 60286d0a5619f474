package cell

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

func grown() *Table {
	t := NewTable("layer", "<b>parameters</b>", "loss")
	t.rows = [][]string{{"Linear(784, 128)", "100480", "0.2"}, {"a < b & c", "1"}}
	t.notes = []string{"resumed <after> epoch 3"}
	t.step, t.steps, t.hadBar = 5, 10, true
	return t
}

func TestTableHTMLSurvivesASanitizer(t *testing.T) {
	html := grown().html()
	decoder := xml.NewDecoder(strings.NewReader("<root>" + html + "</root>"))
	decoder.Entity = xml.HTMLEntity
	allowed := map[string]string{"root": "", "table": "style", "tr": "", "td": "style", "div": "style", "pre": "style"}
	rows := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, html)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		attributes, ok := allowed[start.Name.Local]
		if !ok {
			t.Errorf("<%s> does not survive", start.Name.Local)
		}
		for _, a := range start.Attr {
			if a.Name.Local != attributes {
				t.Errorf("<%s %s> does not survive", start.Name.Local, a.Name.Local)
			}
		}
		if start.Name.Local == "tr" {
			rows++
		}
	}
	if rows != 3 {
		t.Errorf("%d rows", rows)
	}
	for _, want := range []string{"Linear(784, 128)", "&lt;b&gt;parameters&lt;/b&gt;", "a &lt; b &amp; c", "resumed &lt;after&gt; epoch 3"} {
		if !strings.Contains(html, want) {
			t.Errorf("%q is missing in\n%s", want, html)
		}
	}
}

// A colour of our own would vanish on a dark or a light page.
func TestTableTakesTheThemesColours(t *testing.T) {
	html := grown().html()
	for _, part := range strings.Split(html, "color:")[1:] {
		if !strings.HasPrefix(part, "inherit") && !strings.HasPrefix(part, "transparent") {
			t.Errorf("a colour of its own: %.20q", part)
		}
	}
	if strings.Contains(html, "#") || !strings.Contains(html, "color:inherit") {
		t.Errorf("colours in\n%s", html)
	}
}

func TestTableTextIsInColumns(t *testing.T) {
	table := NewTable("epoch", "a long column's name")
	table.rows = [][]string{{"1", "0.1873"}, {"10", "0.2"}}
	want := "" +
		"   epoch  a long column's name\n" +
		"       1                0.1873\n" +
		"      10                   0.2\n"
	if got := table.text(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// No value is lost that has no column's name above it.
func TestShortAndLongRowsAreShown(t *testing.T) {
	for name, c := range map[string]struct {
		table *Table
		text  string
		cells int
	}{
		"rows of any length": {Rows([]string{"a", "b"}, [][]string{{"1"}, {"1", "2", "3"}, nil}),
			"       a         b\n" +
				"       1\n" +
				"       1         2         3\n" +
				"\n", 4 * 3},
		"no columns": {Rows(nil, [][]string{nil, {"1", "2"}}), "\n\n       1         2\n", 3 * 2},
		"nothing":    {NewTable(), "\n", 0},
	} {
		if got := c.table.text(); got != c.text {
			t.Errorf("%s: the text is\n%swant\n%s", name, got, c.text)
		}
		html := c.table.html()
		if got := strings.Count(html, "<td "); got != c.cells {
			t.Errorf("%s: %d cells, want %d in\n%s", name, got, c.cells, html)
		}
		for _, row := range c.table.rows {
			for _, s := range row {
				if !strings.Contains(html, ">"+s+"</td>") {
					t.Errorf("%s: %q is missing in\n%s", name, s, html)
				}
			}
		}
	}
}

func TestBarIsAlwaysAsLong(t *testing.T) {
	table := NewTable("epoch")
	table.steps = 469
	length := -1
	for table.step = range 470 {
		n := utf8.RuneCountInString(table.bar())
		if length >= 0 && n != length {
			t.Fatalf("%d characters at step %d, %d before", n, table.step, length)
		}
		length = n
	}
	table.step = 0
	if bar := table.bar(); strings.Contains(bar, "█") || !strings.Contains(bar, "0 %") {
		t.Errorf("at the start: %q", bar)
	}
	table.step = 469
	if bar := table.bar(); !strings.Contains(bar, "█") || !strings.Contains(bar, "100 %") {
		t.Errorf("at the end: %q", bar)
	}
}
