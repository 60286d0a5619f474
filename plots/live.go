package plots

import (
	"errors"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
)

// liveInterval is the least time between two pictures of a Live display.
const liveInterval = 100 * time.Millisecond

// Live is one place in a cell's output that shows one figure after another: a
// scatter that forms while the model trains. The saved notebook holds the last.
type Live struct {
	mu   sync.Mutex
	id   string
	last time.Time
	file string // written last outside a notebook
}

// NewLive returns a display with nothing in it yet.
func NewLive() *Live { return &Live{id: "live-" + gonbui.UniqueId()} }

// Show replaces the figure shown. It waits where it is called more than ten
// times a second, so that none is lost when the cell ends after it. Outside a
// notebook the figure's file is written, and its name printed once. An error
// goes through [Check].
func (l *Live) Show(f *Figure) { Check(l.show(f)) }

func (l *Live) show(f *Figure) error {
	if f == nil {
		return errors.New("plots: Live.Show: no figure (nil)")
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
	if err := f.render(); err != nil {
		return err
	}
	time.Sleep(liveInterval - time.Since(l.last))
	l.last = time.Now()
	return f.send(l.id, false)
}
