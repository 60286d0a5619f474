package cell

import (
	"fmt"
	"html"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"autoencoders/internal/text"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// progressInterval is the least time between two states of a progress bar.
const progressInterval = 100 * time.Millisecond

// A Table is a table in a cell's output that grows in place, row by row, while a model trains. Outside a notebook its rows
// are printed as they come. Make one with [NewTable] or [Rows].
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

// NewTable returns a table with these column names and no rows. Nothing is shown before the first call of a method. A row
// may be shorter or longer than the list of names.
func NewTable(columns ...string) *Table {
	return &Table{id: "table-" + gonbui.UniqueId(), columns: columns}
}

// Rows returns a finished table, which Show displays:
//
//	summary := cell.Must(linear.Summary(28, 28, 1))
//	cell.Rows(summary.Table()).Show()
func Rows(header []string, rows [][]string) *Table {
	t := NewTable(header...)
	t.rows = rows
	return t
}

// Row adds a row and shows the table. A float64 or float32 is formatted with four decimals, a [time.Duration] in seconds
// ("1.3 s"), and everything else as [fmt.Print] formats it. A progress bar disappears, because its epoch is done.
func (t *Table) Row(values ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = text.Value(v)
	}
	t.rows = append(t.rows, row)
	t.steps = 0
	barred.Delete(t)
	t.show()
}

// Progress shows a bar under the table, filled to step of steps, and updates it at most ten times a second. The bar
// disappears with the next Row. Progress can be the Progress function of a training's Config. Outside a notebook it does
// nothing.
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

// Note adds a line under the table, where it stays. An empty note adds nothing.
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

// Show shows the table: a finished one of [Rows], or one that has no rows yet.
func (t *Table) Show() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.show()
}

// barred holds the tables that show a bar.
var barred sync.Map // of *Table

// stopBars removes the bars of epochs that will not be finished.
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

// print writes the rows to standard output that are not there yet.
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

// widths returns the columns' widths in characters, eight at least, so that later rows stay in line with those that are
// printed already.
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

// leftAligned reports whether column i holds words rather than numbers.
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

// text returns the table as plain text, for front ends that cannot show HTML.
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

// bar returns the progress bar: blocks, and per cent.
func (t *Table) bar() string {
	const width = 40
	done := t.step * width / t.steps
	return fmt.Sprintf("%s%s %3d %%", strings.Repeat("█", done), strings.Repeat("░", width-done), t.step*100/t.steps)
}

// html returns the table as plain rows with inline styles, which survive a sanitiser and are readable in a light and in a
// dark theme.
func (t *Table) html() string {
	const line = "border-bottom:1px solid rgba(127,127,127,0.35);"
	var b strings.Builder
	b.WriteString(`<table style="border-collapse:collapse;border:none;color:inherit;margin:0">`)
	columns := len(t.widths()) // of the longest row
	write := func(row []string, extra string) {
		b.WriteString("<tr>")
		for i := range columns {
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
		bar := "&nbsp;" // between epochs it keeps the space, so that nothing below jumps
		if t.steps > 0 {
			bar = t.bar()
		}
		fmt.Fprintf(&b, `<pre style="color:inherit;background:transparent;padding:3px 14px;margin:0">%s</pre>`, bar)
	}
	return b.String()
}
