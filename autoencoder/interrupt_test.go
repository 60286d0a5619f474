package autoencoder_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"autoencoders/autoencoder"
	"autoencoders/internal/disk"
	"autoencoders/internal/faults"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// pressStop does what the stop button does. When it returns, the signal has reached Train's channel as well as
// the one here, because signal.Stop waits until every channel has it.
func pressStop() {
	arrived := make(chan os.Signal, 1)
	signal.Notify(arrived, os.Interrupt)
	syscall.Kill(os.Getpid(), syscall.SIGINT)
	<-arrived
	signal.Stop(arrived)
}

// stoppingDisk presses the stop button at the n-th operation of a kind.
type stoppingDisk struct {
	disk.Real
	at   string // Create, Sync, Rename or SyncFolder
	n    int
	stop func()
}

func (d *stoppingDisk) did(what string) {
	if d.at == what {
		if d.n--; d.n == 0 {
			d.stop()
		}
	}
}

func (d *stoppingDisk) MkdirAll(path string, mode fs.FileMode) error {
	d.did("MkdirAll")
	return d.Real.MkdirAll(path, mode)
}

func (d *stoppingDisk) Create(path string) (disk.File, error) {
	d.did("Create")
	return d.Real.Create(path)
}

func (d *stoppingDisk) Rename(from, to string) error {
	d.did("Rename")
	return d.Real.Rename(from, to)
}

func (d *stoppingDisk) SyncFolder(path string) error {
	if !strings.HasSuffix(path, "model") { // the folder's own name is flushed at another moment
		return d.Real.SyncFolder(path)
	}
	d.did("SyncFolder")
	return d.Real.SyncFolder(path)
}

// The stop button is pressed at each moment of a run of three epochs (of one epoch for moments in the last
// one). The loop ends with a one-line error, no further step is trained, complete epochs are saved, and the
// same call resumes bit for bit.
func TestStopButtonAtEachMoment(t *testing.T) {
	long(t)
	whole := map[int]autoencoder.Model{}
	for _, epochs := range []int{1, 3} {
		whole[epochs] = small(filepath.Join(t.TempDir(), "model"))
		mustRun(t, whole[epochs], recipe(epochs))
	}
	onEncoder := func(call int) func(m *autoencoder.Model, _ *autoencoder.Config, stop func()) func() {
		return func(m *autoencoder.Model, _ *autoencoder.Config, stop func()) func() {
			encoder, calls := m.Encoder, 0
			m.Encoder = func(scope *model.Scope, x *graph.Node) *graph.Node {
				if calls++; calls == call {
					stop()
				}
				return encoder(scope, x)
			}
			return func() { m.Encoder = encoder }
		}
	}
	onDisk := func(operation string, n int) func(*autoencoder.Model, *autoencoder.Config, func()) func() {
		return func(_ *autoencoder.Model, _ *autoencoder.Config, stop func()) func() {
			return disk.Use(&stoppingDisk{at: operation, n: n, stop: stop})
		}
	}
	onStep := func(epoch int) func(*autoencoder.Model, *autoencoder.Config, func()) func() {
		return func(_ *autoencoder.Model, c *autoencoder.Config, stop func()) func() {
			count, progress := 0, c.Progress
			c.Progress = func(step, steps int) {
				progress(step, steps)
				if step == 1 {
					if count++; count == epoch {
						stop()
					}
				}
			}
			return func() {}
		}
	}
	for _, c := range []struct {
		moment string
		epochs int
		set    func(m *autoencoder.Model, c *autoencoder.Config, stop func()) (reset func())
		body   int // the epoch in whose loop body the button is pressed; 0: none
		saved  int // epochs on disk afterwards
		says   string
	}{
		{"while the network is traced", 3, onEncoder(1), 0, 0, "stopped before the first step: nothing was changed"},
		{"while the folder is created", 3, onDisk("MkdirAll", 1), 0, 0, "stopped before the first step"},
		{"while the steps are traced", 3, onEncoder(2), 0, 0, "stopped in epoch 1, before it was complete: nothing is saved yet"},
		{"while XLA compiles", 3, onEncoder(3), 0, 0, "stopped in epoch 1"},
		{"in the first step", 3, onStep(1), 0, 0, "stopped in epoch 1, before it was complete: nothing is saved yet"},
		{"in the test of the first epoch", 3, onEncoder(4), 0, 1, "stopped in epoch 2: 1 of 3 epochs are saved in "},
		{"in the first save", 3, onDisk("Create", 1), 0, 1, "stopped in epoch 2: 1 of 3 epochs are saved in "},
		{"in the loop's body after an epoch", 3, nil, 2, 2, "stopped in epoch 3: 2 of 3 epochs are saved in "},
		{"in a step of the last epoch", 3, onStep(3), 0, 2, "stopped in epoch 3: 2 of 3 epochs are saved in "},
		{"in the test of the last epoch", 1, onEncoder(4), 0, 1, "stopped after the last epoch: all 1 are saved in "},
		{"in the save of the last epoch", 3, onDisk("Rename", 3), 0, 3, "stopped after the last epoch: all 3 are saved in "},
		{"as the last save is flushed", 3, onDisk("SyncFolder", 3), 0, 3, "stopped after the last epoch: all 3 are saved in "},
		{"in the loop's body after the last epoch", 3, nil, 3, 3, "stopped after the last epoch: all 3 are saved in "},
	} {
		m := small(filepath.Join(t.TempDir(), "model"))
		pressed, after, shown := false, 0, 0
		stop := func() { pressed = true; pressStop() }
		config := recipe(c.epochs)
		config.Progress = func(int, int) {
			if pressed {
				after++
			}
		}
		reset := func() {}
		if c.set != nil {
			reset = c.set(&m, &config, stop)
		}
		var last error
		for e, err := range m.Train(train, test, config) {
			if last = err; err != nil {
				continue // a careless loop
			}
			shown++
			if e.Number == c.body {
				stop()
			}
		}
		reset()
		if !pressed {
			t.Errorf("%s: the button was not pressed", c.moment)
			continue
		}
		if last == nil || !errors.Is(last, autoencoder.ErrInterrupted) {
			t.Errorf("%s: the loop ended with %v", c.moment, last)
			continue
		}
		wantLine(t, last, c.says)
		if after > 0 {
			t.Errorf("%s: %d more steps were trained", c.moment, after)
		}
		history, err := m.History()
		if len(history) != c.saved || shown != c.saved || (err != nil) != (c.saved == 0) {
			t.Errorf("%s: %d epochs were shown and %d are saved, want %d: %v", c.moment, shown, len(history), c.saved, err)
		}
		wantNothingUnfinished(t, m, c.moment)
		if _, err := os.Stat(m.Dir + ".lock"); !os.IsNotExist(err) {
			t.Errorf("%s: the lock is still there: %v", c.moment, err)
		}
		if c.saved < c.epochs {
			if rest := mustRun(t, m, recipe(c.epochs)); len(rest) != c.epochs-c.saved {
				t.Errorf("%s: the next call trained %d epochs, want %d", c.moment, len(rest), c.epochs-c.saved)
			}
		}
		wantSameTensors(t, m.Dir, whole[c.epochs].Dir)
		faults.Row(t, "stop button "+c.moment, last.Error(), fmt.Sprintf("%d epochs of %d; the rest is trained by the next call, bit for bit", c.saved, c.epochs))
	}
}

// If the caller leaves the loop after the button was pressed, the next Train returns the error; in a notebook
// cell every later Train does.
func TestNoTrainBeginsAfterTheStopButton(t *testing.T) {
	for _, cell := range []bool{false, true} {
		if cell {
			if os.Getenv("IN_CELL") == "" {
				out, state := again(t, "IN_CELL=1", "GONB_PIPE=/nowhere")
				if !state.Success() {
					t.Errorf("in a cell:\n%s", out)
				}
				continue
			}
		} else if os.Getenv("IN_CELL") != "" {
			continue
		}
		a, b := small(filepath.Join(t.TempDir(), "model")), small(filepath.Join(t.TempDir(), "model"))
		for _, err := range a.Train(train, test, recipe(3)) {
			if err != nil {
				t.Fatal(err)
			}
			pressStop()
			break
		}
		_, err := run(b, recipe(1))
		if !errors.Is(err, autoencoder.ErrInterrupted) {
			t.Fatalf("the next Train ended with %v", err)
		}
		wantLine(t, err, "stopped before the first step: nothing was changed")
		if _, err := os.Stat(b.Dir); !os.IsNotExist(err) {
			t.Error("the next Train made its folder:", err)
		}
		if _, err = run(b, recipe(1)); (err != nil) != cell {
			t.Errorf("in a cell: %v; the Train after it ended with %v", cell, err)
		}
	}
}

// A Context ends a run as the stop button does; the program then handles SIGINT itself.
func TestContextEndsTheRun(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	c := recipe(3)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c.Context = ctx
	var last error
	for e, err := range m.Train(train, test, c) {
		if last = err; e.Number == 2 {
			cancel()
		}
	}
	wantLine(t, last, "stopped in epoch 3: 2 of 3 epochs are saved in "+m.Dir)
	if !errors.Is(last, autoencoder.ErrInterrupted) || !errors.Is(last, context.Canceled) {
		t.Errorf("%v is not ErrInterrupted and context.Canceled", last)
	}
	faults.Row(t, "Config.Context cancelled", last.Error(), "the complete epochs")
	if _, err := run(m, c); !errors.Is(err, autoencoder.ErrInterrupted) {
		t.Errorf("with the context still done: %v", err)
	}
	late, stop := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer stop()
	c.Context = late
	if _, err := run(m, c); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after its deadline: %v", err)
	}
	c.Context = context.Background()
	if epochs := mustRun(t, m, c); len(epochs) != 1 || epochs[0].Number != 3 {
		t.Errorf("resumed with %v", epochs)
	}
	whole := small(filepath.Join(t.TempDir(), "model"))
	mustRun(t, whole, recipe(3))
	wantSameTensors(t, m.Dir, whole.Dir)
}

// Leaving the loop early, in whichever way, releases the lock and the memory of the device.
func TestLeftLoopHoldsNothing(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	func() {
		defer func() { recover() }()
		for range m.Train(train, test, recipe(3)) {
			panic("in the loop's body")
		}
	}()
	arrived := make(chan os.Signal, 1) // SIGINT is the program's own again
	signal.Notify(arrived, os.Interrupt)
	syscall.Kill(os.Getpid(), syscall.SIGINT)
	<-arrived
	signal.Stop(arrived)
	if train.IsOnAnyDevice() && !train.IsShared() {
		t.Error("the training images are still on the device")
	}
	if names, _ := filepath.Glob(m.Dir + "*"); !slices.Equal(names, []string{m.Dir}) {
		t.Errorf("beside the model are %v", names)
	}
	mustRun(t, m, recipe(3))
}
