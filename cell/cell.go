// Package cell says what a notebook cell has to say: it shows figures, tables that grow while a model trains, and lines of
// text, and it ends the cell with one line if something goes wrong.
//
// In a GoNB notebook everything appears in the cell's output. In any other program the same lines work as well: a figure
// is written as a PNG file into the current folder, tables and text are printed.
package cell

import (
	"fmt"
	"os"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// Check does nothing if err is nil. Otherwise it waits until everything that was shown has arrived, prints err to standard
// error as one line without a stack trace, and ends the program with status 1, which stops Run All at this cell.
func Check(err error) {
	if err == nil {
		return
	}
	stopBars()
	gonb.flush()
	fmt.Fprintln(os.Stderr, oneLine(err))
	os.Exit(1)
}

// Must returns v if err is nil. Otherwise it ends the program as [Check] does:
//
//	latents := cell.Must(linear.Encode(test.Images))
func Must[T any](v T, err error) T {
	Check(err)
	return v
}

// oneLine returns the first line of err's message that is not empty.
func oneLine(err error) string {
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return "unknown error"
}

// Text shows a line of Markdown, formatted as by [fmt.Sprintf]. In a cell that also shows figures or tables, use it instead
// of fmt.Println: standard output arrives out of order with them. Outside a notebook Text prints the line.
func Text(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if !gonbui.IsNotebook {
		fmt.Println(strings.TrimRight(s, "\n"))
		return
	}
	display("", map[protocol.MIMEType]any{
		protocol.MIMETextMarkdown: s,
		protocol.MIMETextPlain:    s,
	}, nil)
}
