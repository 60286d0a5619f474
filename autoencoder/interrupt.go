package autoencoder

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
)

// stopPressed is true once a Train of this process has received SIGINT, and no Train begins until the caller
// has received the error. In a notebook cell, which is a process of its own, none begins at all afterwards:
// the stop button is meant for the whole cell.
var stopPressed atomic.Bool

// inCell reports whether the process is a cell of a notebook that GoNB runs.
func inCell() bool { return os.Getenv("GONB_PIPE") != "" }

// interrupt tells a run when to stop: when Config.Context is done or, if there is none, at SIGINT.
type interrupt struct {
	context context.Context
	signals chan os.Signal // nil if there is a context
}

func listen(c context.Context) *interrupt {
	if c != nil {
		return &interrupt{context: c}
	}
	i := &interrupt{context: context.Background(), signals: make(chan os.Signal, 1)}
	signal.Notify(i.signals, os.Interrupt)
	return i
}

// stopped returns why the run has to stop, or nil.
func (i *interrupt) stopped() error {
	select {
	case <-i.signals:
		stopPressed.Store(true)
	default:
	}
	if i.signals != nil && stopPressed.Load() {
		return context.Canceled
	}
	return context.Cause(i.context)
}

// told is called once the caller of Train has received the error of an interrupt.
func (i *interrupt) told() {
	if i.signals != nil && !inCell() {
		stopPressed.Store(false)
	}
}

// close returns the handling of SIGINT to the program, and returns why the run has to stop, or nil. No signal
// that arrives before that is lost.
func (i *interrupt) close() error {
	if i.signals != nil {
		signal.Stop(i.signals) // after it returns, nothing more arrives
	}
	return i.stopped()
}
