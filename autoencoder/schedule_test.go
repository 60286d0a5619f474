package autoencoder_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/internal/faults"

	"github.com/gomlx/gomlx/core/tensors"
)

// LearningRates holds a rate for each epoch. A constant rate gives what LearningRate gives, and a different one
// changes the epochs from its own on.
func TestLearningRates(t *testing.T) {
	long(t)
	constant, listed, falling := small(t.TempDir()), small(t.TempDir()), small(filepath.Join(t.TempDir(), "model"))
	want := mustRun(t, constant, recipe(4))
	c := recipe(4)
	c.LearningRate, c.LearningRates = 0, []float64{2e-3}
	if got := mustRun(t, listed, c); !slices.Equal(losses(got), losses(want)) {
		t.Errorf("LearningRates of one value\n%v\nLearningRate\n%v", losses(got), losses(want))
	}
	c.LearningRates = []float64{2e-3, 2e-3, 1e-30}
	got := mustRun(t, falling, c)
	if !slices.Equal(losses(got[:2]), losses(want[:2])) {
		t.Errorf("the first epochs differ: %v, %v", losses(got), losses(want))
	}
	for _, e := range got[2:] { // nothing changes any more
		if math.Abs(e.TestLoss-got[1].TestLoss) > 1e-7 {
			t.Errorf("with a rate of 1e-30 the test loss went from %v to %v", got[1].TestLoss, e.TestLoss)
		}
	}
	// A run that is stopped resumes with the rate of its next epoch.
	stopped := small(filepath.Join(t.TempDir(), "model"))
	for range 4 {
		for _, err := range stopped.Train(train, test, c) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	wantSameTensors(t, stopped.Dir, falling.Dir)
	// The rates of later epochs may change.
	c.Epochs, c.LearningRates = 5, append(c.LearningRates, 1e-30, 1e-3)
	if e := mustRun(t, falling, c); len(e) != 1 || !strings.HasPrefix(e[0].Note, "resumed: 4 of 5 epochs") || e[0].TestLoss == got[3].TestLoss {
		t.Errorf("a fifth epoch with its own rate: %+v", e)
	}
	c.LearningRates = []float64{1e-3}
	if e := mustRun(t, falling, c); !strings.HasPrefix(e[0].Note, "started from scratch: changed since the last run: LearningRate;") {
		t.Errorf("with other rates the note is %q", e[0].Note)
	}
	c.LearningRates = []float64{1e-3, 0}
	_, err := run(falling, c)
	wantLine(t, err, "Config.LearningRates[1] is 0: each must be above 0")
}

// The weight of the KL divergence grows: the training loss uses each epoch's, TestLoss and Evaluate the last.
func TestKLWeights(t *testing.T) {
	long(t)
	build := func() autoencoder.Model {
		m := small(filepath.Join(t.TempDir(), "model"))
		m.Encoder = nn.Sequential(nn.Linear(64, 4), nn.Reparameterize(0.1))
		return m
	}
	c := recipe(3)
	c.LearningRate = 1e-30
	frozenWith := func(weights ...float64) (autoencoder.Model, []autoencoder.Epoch) {
		m := build()
		c.KLWeights = weights
		return m, mustRun(t, m, c)
	}
	m, frozen := frozenWith(0, 0.5, 2)
	for i, e := range frozen {
		if want := e.Reconstruction + 2*0.1*e.KL; math.Abs(e.TestLoss-want) > 1e-6*want {
			t.Errorf("epoch %d: TestLoss is %v, by hand %v", i+1, e.TestLoss, want)
		}
	}
	// Nothing is learned at this rate, so that the training losses differ by the weights alone.
	_, none := frozenWith(0)
	_, one := frozenWith(1)
	for i, weight := range []float64{0, 0.5, 2} {
		kl := one[i].Loss - none[i].Loss
		if got := frozen[i].Loss - none[i].Loss; kl < 0.01 || math.Abs(got-weight*kl) > 1e-5 {
			t.Errorf("epoch %d: a weight of %v adds %v to the training loss, a weight of 1 adds %v", i+1, weight, got, kl)
		}
	}
	if loss, err := m.Evaluate(test); err != nil || loss != frozen[2].TestLoss {
		t.Errorf("Evaluate gives %v, %v, TestLoss was %v", loss, err, frozen[2].TestLoss)
	}
	// Stopped and resumed, bit for bit.
	whole, stopped := build(), build()
	c.LearningRate, c.KLWeights = 2e-3, []float64{0, 0.5, 2}
	want := mustRun(t, whole, c)
	for range 3 {
		for _, err := range stopped.Train(train, test, c) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if got, err := stopped.History(); err != nil || !slices.Equal(losses(got), losses(want)) {
		t.Errorf("stopped %v, %v, not stopped %v", losses(got), err, losses(want))
	}
	wantSameTensors(t, stopped.Dir, whole.Dir)
	// Weights of 1 give what no weights give.
	with, without := build(), build()
	c.KLWeights = []float64{1, 1}
	a := mustRun(t, with, c)
	c.KLWeights = nil
	if b := mustRun(t, without, c); !slices.Equal(losses(a), losses(b)) {
		t.Errorf("weights of 1 give %v, none %v", losses(a), losses(b))
	}
	c.KLWeights = []float64{math.NaN()}
	_, err := run(without, c)
	wantLine(t, err, "Config.KLWeights[0] is NaN: each must be 0 or above")
}

// The best epoch is saved as a model of its own.
func TestKeepBest(t *testing.T) {
	long(t)
	m := small(filepath.Join(t.TempDir(), "model"))
	best := m
	best.Dir += ".best"
	c := recipe(6)
	c.LearningRate, c.KeepBest = 1e-2, true
	pixels := make([]float32, 10*64) // the outputs pass -0.5 on their way from 0 to -1
	for i := range pixels {
		pixels[i] = -0.5
	}
	grey := tensors.FromFlatDataAndDimensions(pixels, 10, 8, 8, 1)
	check := func(when string, epochs []autoencoder.Epoch) {
		t.Helper()
		lowest := slices.MinFunc(epochs, func(a, b autoencoder.Epoch) int {
			return int(math.Copysign(1, a.TestLoss-b.TestLoss))
		})
		history, err := best.History()
		loss, errLoss := best.Evaluate(grey)
		if err != nil || errLoss != nil || len(history) != lowest.Number || loss != lowest.TestLoss {
			t.Errorf("%s: the best of %v is epoch %d, in .best are %d with a loss of %v: %v", when, losses(epochs), lowest.Number, len(history), loss, errors.Join(err, errLoss))
		}
	}
	var shown []autoencoder.Epoch
	for range 6 { // a process for each epoch, as it were
		for e, err := range m.Train(train, grey, c) {
			if err != nil {
				t.Fatal(err)
			}
			shown = append(shown, e)
			break
		}
		check(fmt.Sprintf("after epoch %d", len(shown)), shown)
	}
	if lowest, _ := best.History(); len(lowest) == 1 || len(lowest) == 6 {
		t.Fatalf("the best epoch is not between the others: %v", losses(shown))
	}
	// Another run moves the old best epoch away.
	old := best
	old.Dir += ".previous"
	want, err := best.Evaluate(grey)
	if err != nil {
		t.Fatal(err)
	}
	c.Epochs, c.Seed = 2, 1
	shown = nil
	for e, err := range m.Train(train, grey, c) {
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, e)
	}
	check("another run", shown)
	if got, err := old.Evaluate(grey); got != want || err != nil {
		t.Errorf("the old best is not in .best.previous: %v, %v, want %v", got, err, want)
	}
	// A run that did not keep its best epoch before says so.
	other := small(filepath.Join(t.TempDir(), "other"))
	mustRun(t, other, recipe(2))
	c = recipe(3)
	c.KeepBest = true
	if e := mustRun(t, other, c); !strings.Contains(e[0].Note, "the best epoch so far, 2, is not in "+other.Dir+".best; the best of the next ones will be") {
		t.Errorf("the note is %q", e[0].Note)
	}
}

// Config.From starts a run with the weights of another model.
func TestFrom(t *testing.T) {
	teacher := small(filepath.Join(t.TempDir(), "teacher"))
	mustRun(t, teacher, recipe(3))
	want, err := teacher.Evaluate(test)
	if err != nil {
		t.Fatal(err)
	}
	m := small(filepath.Join(t.TempDir(), "model"))
	c := recipe(2)
	c.From, c.LearningRate = teacher.Dir, 1e-30
	if e := mustRun(t, m, c); math.Abs(e[0].TestLoss-want) > 1e-7 {
		t.Errorf("the first epoch at no rate has the loss %v, the teacher %v", e[0].TestLoss, want)
	}
	// From is part of what the run depends on: a stopped run resumes, but not if From holds other weights.
	c.LearningRate, c.Epochs = 1e-3, 3
	whole, stopped := small(filepath.Join(t.TempDir(), "whole")), small(filepath.Join(t.TempDir(), "stopped"))
	mustRun(t, whole, c)
	for range 3 {
		for _, err := range stopped.Train(train, test, c) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	wantSameTensors(t, stopped.Dir, whole.Dir)
	c.From = ""
	c.Epochs = 4
	if e := mustRun(t, stopped, c); !strings.HasPrefix(e[0].Note, "started from scratch: changed since the last run: From;") {
		t.Errorf("without From the note is %q", e[0].Note)
	}
	for from, says := range map[string]string{
		whole.Dir:               "which this run writes into: give the model another Dir",
		whole.Dir + ".previous": "which this run writes into: give the model another Dir",
		t.TempDir():             "which has no trained weights",
	} {
		c.From = from
		_, err := run(whole, c)
		wantLine(t, err, says)
		faults.Row(t, "Config.From is "+strings.TrimPrefix(filepath.Base(from), "0"), err.Error(), "the trained weights")
		if says == "which has no trained weights" && !errors.Is(err, autoencoder.ErrUntrained) {
			t.Errorf("%v is not ErrUntrained", err)
		}
	}
	wide := small(filepath.Join(t.TempDir(), "wide"))
	wide.Encoder = nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 2))
	c.From = teacher.Dir
	_, err = run(wide, c)
	wantLine(t, err, "Config.From is "+teacher.Dir+", which holds a model with other layers")
	if _, err := os.Stat(filepath.Join(wide.Dir, "model.safetensors")); !os.IsNotExist(err) {
		t.Error("something was saved:", err)
	}
}
