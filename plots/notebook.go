// Package plots draws figures and tables, and shows them in a notebook cell: latent scatters, grids of images, loss curves,
// the decoder's map of the latent plane and an explorer of it, and tables that grow while a model trains.
//
// A [Figure] is an [io.WriterTo] of PNG bytes, and has a Show method for cells. In a GoNB notebook Show displays the
// picture; elsewhere it writes a PNG file into the current folder and prints its name. Likewise a [Table] is displayed in
// a notebook, and printed as plain text elsewhere. The same lines therefore work in a cell and in a program.
//
// The functions that make figures neither fail nor panic. A figure of invalid input (a wrong shape, lengths that differ,
// NaN, an option that it has no use for) holds an error instead: WriteTo returns it, and Show hands it to [Check], which
// prints one line and ends the program.
package plots

import (
	"encoding/gob"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

const mimeVegaLite protocol.MIMEType = "application/vnd.vegalite.v5+json"

func init() {
	// gob must know the types that are nested in a bundle, or it closes the display pipe.
	gob.Register(map[string]any{})
	gob.Register([]any{})
}

// display sends a bundle to the kernel, for the slot id if that is not empty, and waits until the kernel has it: otherwise
// the last display of a cell is lost now and then.
func display(id string, data map[protocol.MIMEType]any, metadata map[string]any) {
	gonbui.SendData(&protocol.DisplayData{Data: data, Metadata: metadata, DisplayID: id})
	gonb.flush()
}

// gonb is the kernel that runs this cell.
var gonb = kernel{sync: gonbui.Sync, patience: 5 * time.Second}

// A kernel is what displays are sent to.
type kernel struct {
	sync     func() // returns when the kernel has all that was sent, and never if the pipe breaks meanwhile
	patience time.Duration

	mu         sync.Mutex
	unanswered chan struct{} // closed when the sync returns that flush gave up on; nil if there is none
}

// flush waits until the kernel has all that was sent, or until its patience ends. From then on it returns at once, so that
// a kernel that is gone is waited for only once, until the kernel answers after all.
func (k *kernel) flush() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.unanswered != nil {
		select {
		case <-k.unanswered:
			k.unanswered = nil
		default:
			return
		}
	}
	done := make(chan struct{})
	go func() {
		k.sync()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(k.patience):
		k.unanswered = done
	}
}

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
//	latents := plots.Must(linear.Encode(test.Images))
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
