package cell

import (
	"io"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
)

// liveInterval is the least time between two pictures of a Live display.
const liveInterval = 100 * time.Millisecond

// A Live is a place in a cell's output that shows one figure after another, such as a scatter that forms while the model
// trains. The saved notebook contains the last one. Make one with [NewLive].
type Live struct {
	mu   sync.Mutex
	id   string
	last time.Time
	file string // outside a notebook: the one written last
}

// NewLive returns a display with nothing in it yet.
func NewLive() *Live { return &Live{id: "live-" + gonbui.UniqueId()} }

// Show replaces the figure that is shown. If it is called more than ten times a second it waits, so that no figure is lost
// when the cell ends after it. Outside a notebook it writes the figure's file, and prints its name once. An error goes
// through [Check].
func (l *Live) Show(figure io.WriterTo) { Check(l.show(figure)) }

func (l *Live) show(figure io.WriterTo) error {
	f, err := render(figure)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !gonbui.IsNotebook {
		if f.file() == l.file {
			return f.write()
		}
		l.file = f.file()
		return f.save()
	}
	time.Sleep(liveInterval - time.Since(l.last))
	l.last = time.Now()
	return f.send(l.id, false)
}
