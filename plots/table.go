package plots

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// progressInterval is the least time between two states of a progress bar.
const progressInterval = 100 * time.Millisecond

// A Table is a table in a cell's output that grows row by row, in place, while
// a model trains. Outside a notebook its rows are printed as they come.
type Table struct {
	mu          sync.Mutex
	id          string
	columns     []string
	rows        [][]string
	notes       []string
	step, steps int // of the progress bar; steps 0: no bar
	hadBar      bool
	sent        time.Time

	printed int // rows on standard output, with the header one more
}

// NewTable returns a table with these column names and no rows. Nothing is
// shown before the first Row, Progress or Show.
func NewTable(columns ...string) *Table {
	return &Table{id: "table-" + gonbui.UniqueId(), columns: columns}
}

// Rows returns a finished table, to be shown with Show:
//
//	plots.Rows(linear.Summary(28, 28, 1)).Show()
func Rows(header []string, rows [][]string) *Table {
	t := NewTable(header...)
	t.rows = rows
	return t
}

// Row adds a row and shows the table. A float64 or float32 is written with four
// decimals, a time.Duration in seconds ("1.3 s"), everything else as fmt.Print
// writes it. A progress bar disappears: its epoch is done.
func (t *Table) Row(values ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = cell(v)
	}
	t.rows = append(t.rows, row)
	t.steps = 0
	barred.Delete(t)
	t.show()
}

func cell(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', 4, 64)
	case float32:
		return strconv.FormatFloat(float64(v), 'f', 4, 32)
	case time.Duration:
		return strconv.FormatFloat(v.Seconds(), 'f', 1, 64) + " s"
	}
	return fmt.Sprint(v)
}

// Progress shows a bar under the table that is filled by step of steps, at most
// ten times a second. It fits the Progress of a training's Config, and
// disappears with the next Row. Outside a notebook it does nothing.
func (t *Table) Progress(step, steps int) {
	if !gonbui.IsNotebook || steps <= 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.step, t.steps = min(max(step, 0), steps), steps
	t.hadBar = true
	barred.Store(t, true)
	if time.Since(t.sent) >= progressInterval {
		t.show()
	}
}

// Note writes a line under the table, where it stays. Nothing is written for an
// empty note.
func (t *Table) Note(note string) {
	if note == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes = append(t.notes, note)
	if !gonbui.IsNotebook {
		fmt.Println(note)
		return
	}
	t.show()
}

// Show shows the table: a finished one of [Rows], or one without rows yet.
func (t *Table) Show() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.show()
}

// barred are the tables that show a bar.
var barred sync.Map // of *Table

// stopBars takes away the bars of epochs that will not be finished.
func stopBars() {
	barred.Range(func(k, _ any) bool {
		t := k.(*Table)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.steps, t.hadBar = 0, false
		barred.Delete(t)
		t.show()
		return true
	})
}

func (t *Table) show() {
	if !gonbui.IsNotebook {
		t.print()
		return
	}
	t.sent = time.Now()
	display(t.id, map[protocol.MIMEType]any{
		protocol.MIMETextHTML:  t.html(),
		protocol.MIMETextPlain: t.text(),
	}, nil)
}

// print writes the rows that are not on standard output yet.
func (t *Table) print() {
	widths := t.widths()
	if t.printed == 0 {
		fmt.Println(t.line(t.columns, widths))
		t.printed = 1
	}
	for ; t.printed <= len(t.rows); t.printed++ {
		fmt.Println(t.line(t.rows[t.printed-1], widths))
	}
}

// widths are the columns' widths in characters; at least eight, so that the
// rows to come stay in line with the ones that are printed.
func (t *Table) widths() []int {
	var w []int
	for _, row := range append([][]string{t.columns}, t.rows...) {
		for i, s := range row {
			if i == len(w) {
				w = append(w, 8)
			}
			w[i] = max(w[i], utf8.RuneCountInString(s))
		}
	}
	return w
}

func (t *Table) line(row []string, widths []int) string {
	var b strings.Builder
	for i, s := range row {
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(s))
		if i > 0 {
			b.WriteString("  ")
		}
		if t.leftAligned(i) {
			b.WriteString(s + pad)
		} else {
			b.WriteString(pad + s)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// leftAligned says whether column i holds words rather than numbers.
func (t *Table) leftAligned(i int) bool {
	words := false
	for _, row := range t.rows {
		if i < len(row) && row[i] != "" {
			if c := row[i][0]; c != '-' && c != '+' && (c < '0' || c > '9') && row[i] != "NaN" {
				words = true
			}
		}
	}
	return words
}

// text is the table as plain text, for what cannot show HTML.
func (t *Table) text() string {
	widths := t.widths()
	var b strings.Builder
	fmt.Fprintln(&b, t.line(t.columns, widths))
	for _, row := range t.rows {
		fmt.Fprintln(&b, t.line(row, widths))
	}
	for _, note := range t.notes {
		fmt.Fprintln(&b, note)
	}
	if t.steps > 0 {
		fmt.Fprintln(&b, t.bar())
	}
	return b.String()
}

// bar is the progress bar: blocks and per cent.
func (t *Table) bar() string {
	const width = 40
	done := t.step * width / t.steps
	return fmt.Sprintf("%s%s %3d %%", strings.Repeat("█", done), strings.Repeat("░", width-done), t.step*100/t.steps)
}

// html is the table as plain rows with inline styles: what survives a
// sanitiser, and reads in a light and in a dark theme.
func (t *Table) html() string {
	const line = "border-bottom:1px solid rgba(127,127,127,0.35);"
	var b strings.Builder
	b.WriteString(`<table style="border-collapse:collapse;border:none;color:inherit;margin:0">`)
	write := func(row []string, extra string) {
		b.WriteString("<tr>")
		for i := range t.columns {
			s, align := "", "right"
			if i < len(row) {
				s = html.EscapeString(row[i])
			}
			if t.leftAligned(i) {
				align = "left"
			}
			fmt.Fprintf(&b, `<td style="text-align:%s;padding:3px 14px;background:transparent;color:inherit;white-space:nowrap;%s">%s</td>`, align, extra, s)
		}
		b.WriteString("</tr>")
	}
	write(t.columns, "font-weight:bold;"+line)
	for _, row := range t.rows {
		write(row, "")
	}
	b.WriteString("</table>")
	for _, note := range t.notes {
		fmt.Fprintf(&b, `<div style="color:inherit;padding:3px 14px">%s</div>`, html.EscapeString(note))
	}
	if t.hadBar {
		bar := "&nbsp;" // between epochs what stands below does not jump
		if t.steps > 0 {
			bar = t.bar()
		}
		fmt.Fprintf(&b, `<pre style="color:inherit;background:transparent;padding:3px 14px;margin:0">%s</pre>`, bar)
	}
	return b.String()
}
