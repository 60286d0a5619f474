// Package plots is what a cell shows: figures (latent scatters, grids of
// images, loss curves, the decoder's map of the latent plane and an explorer of
// it) and tables that grow while a model trains.
//
// A figure is an [io.WriterTo] of PNG bytes and has Show for a cell. In a GoNB
// notebook Show displays the picture; outside one it writes a PNG file into the
// current folder and prints its name. Tables go to standard output as plain
// text there. So the same lines work in a cell and in a small program.
//
// Constructors never fail and never panic: bad input (a wrong shape, lengths
// that differ, a point that is not a number) is kept in the figure, WriteTo
// returns it, and Show hands it to [Check], which prints one line and ends the
// program.
package plots

import (
	"encoding/gob"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

const mimeVegaLite protocol.MIMEType = "application/vnd.vegalite.v5+json"

func init() {
	// What a bundle nests must be known to gob, or it closes the display pipe.
	gob.Register(map[string]any{})
	gob.Register([]any{})
}

// display sends a bundle, into the slot id if that is not empty, and waits
// until the kernel has it: the last display of a cell is otherwise lost now
// and then.
func display(id string, data map[protocol.MIMEType]any, metadata map[string]any) {
	gonbui.SendData(&protocol.DisplayData{Data: data, Metadata: metadata, DisplayID: id})
	flush()
}

// flush waits for the kernel, but not for ever: gonbui.Sync never returns when
// the pipe breaks under it.
func flush() {
	done := make(chan struct{})
	go func() {
		gonbui.Sync()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
	}
}

// Check does nothing if err is nil. Otherwise it sends what is still to be
// shown, prints err as one line to standard error, without a stack trace, and
// ends the program with status 1, which stops Run All at this cell.
func Check(err error) {
	if err == nil {
		return
	}
	stopBars()
	flush()
	fmt.Fprintln(os.Stderr, oneLine(err))
	os.Exit(1)
}

// Must returns v if err is nil and is [Check] otherwise:
//
//	latents := plots.Must(linear.Encode(test.Images))
func Must[T any](v T, err error) T {
	Check(err)
	return v
}

// oneLine is the first line of err's message that says anything.
func oneLine(err error) string {
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return "unknown error"
}

// Text shows a line of Markdown, formatted as by [fmt.Sprintf]. Use it instead
// of fmt.Println in a cell that shows figures or tables as well: standard
// output is not kept in order with them. Outside a notebook it prints.
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
