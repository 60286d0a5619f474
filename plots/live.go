package plots

import (
	"fmt"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
)

// liveInterval is the least time between two pictures of a Live display.
const liveInterval = 250 * time.Millisecond

// Live is one place in a cell's output that shows one figure after another: a
// scatter that forms while the model trains. The saved notebook holds the last.
type Live struct {
	mu      sync.Mutex
	id      string
	last    time.Time
	pending *Figure
	timer   *time.Timer
	shown   *Figure
}

// NewLive returns a display with nothing in it yet.
func NewLive() *Live { return &Live{id: "live-" + gonbui.UniqueId()} }

// Show replaces the figure shown. At most four a second are drawn; of those
// that come faster the last one is kept, and drawn when its turn comes (see
// [Live.Flush]). Outside a notebook the figure's file is written again. An
// error goes through [Check].
func (l *Live) Show(f *Figure) {
	Check(l.show(f))
}

func (l *Live) show(f *Figure) error {
	if f == nil {
		return fmt.Errorf("plots: Live.Show: no figure (nil)")
	}
	if f.err != nil {
		return f.err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := liveInterval - time.Since(l.last)
	if wait <= 0 && l.pending == nil {
		return l.draw(f)
	}
	if l.pending == nil {
		l.timer = time.AfterFunc(max(wait, 0), l.finish)
		setUnfinished(l, true)
	}
	l.pending = f
	return nil
}

// Flush draws the figure that waits for its turn, if there is one. Only a cell
// that shows more than four a second and then ends needs it.
func (l *Live) Flush() { l.finish() }

func (l *Live) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.pending
	if f == nil {
		return
	}
	l.timer.Stop()
	l.pending = nil
	setUnfinished(l, false)
	_ = l.draw(f) // its input was checked by show
}

func (l *Live) draw(f *Figure) error {
	l.last = time.Now()
	if !gonbui.IsNotebook {
		if l.shown != nil && l.shown.name() == f.name() {
			return f.write()
		}
		l.shown = f
		return f.save()
	}
	l.shown = f
	return f.send(l.id, false)
}
