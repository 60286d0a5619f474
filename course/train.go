package course

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"autoencoders/autoencoder"
	"autoencoders/cell"

	"github.com/gomlx/gomlx/core/tensors"
)

// Train trains m on the training images of d and shows each epoch as a row of a table: its number, the mean loss on the
// training images, the loss on the test images and the time. For a variational model the two parts of the test loss stand
// beside it, the reconstruction and the KL divergence. A bar under the table shows how much of the run is done, and the
// notes of the epochs appear there. A run that resumes begins with the rows of its earlier epochs.
//
// The weights are saved after each epoch, as [autoencoder.Model.Train] describes. If c has a Progress function, it is called
// as well.
func Train(m autoencoder.Model, d Data, c autoencoder.Config) { cell.Check(train(m, d, c)) }

// TrainEach trains the models one after the other, all with the Config c, and shows a row for each when it is trained: the
// last name of its folder, its final test loss and the mean time of an epoch. A bar under the table shows how much of all
// runs is done. A note of an epoch appears there with the model's name. Each model needs a folder of its own.
func TrainEach(d Data, c autoencoder.Config, models ...autoencoder.Model) {
	cell.Check(trainEach(d, c, models))
}

func train(m autoencoder.Model, d Data, c autoencoder.Config) error {
	columns := []string{"epoch", "train loss", "test loss"}
	if variational(m, d) {
		columns = append(columns, "reconstruction", "KL")
	}
	table := cell.NewTable(append(columns, "time")...)
	var write func(v float64) string
	row := func(e autoencoder.Epoch) {
		if write == nil { // the first loss decides for all, so that a column looks alike
			write = writer(e.TestLoss)
		}
		values := []any{e.Number, write(e.Loss), write(e.TestLoss), write(e.Reconstruction), write(e.KL)}
		table.Row(append(values[:len(columns)], e.Elapsed)...)
	}
	r, err := newRuns(table, d, c, 1)
	if err != nil {
		return err
	}
	shown := false
	return r.run(m, func(e autoencoder.Epoch) {
		if !shown && e.Number > 1 {
			earlier, _ := m.History() // if it cannot be read, the rows that follow are still right
			for _, old := range earlier[:min(len(earlier), e.Number-1)] {
				row(old)
			}
		}
		shown = true
		row(e)
		table.Note(e.Note)
	})
}

func trainEach(d Data, c autoencoder.Config, models []autoencoder.Model) error {
	if err := distinct(models); err != nil {
		return fmt.Errorf("course: TrainEach: %w", err)
	}
	table := cell.NewTable("net", "test loss", "time per epoch")
	r, err := newRuns(table, d, c, len(models))
	if err != nil {
		return err
	}
	for _, m := range models {
		last, each, err := r.runNamed(m, c.Seed)
		if err != nil {
			return err
		}
		table.Row(name(m), writer(last.TestLoss)(last.TestLoss), each)
	}
	return nil
}

// runs trains nets one after the other, with one bar over all of their epochs.
type runs struct {
	table       *cell.Table
	train, test *tensors.Tensor
	config      autoencoder.Config
	bar         *bar
	begun       int // nets
}

func newRuns(table *cell.Table, d Data, c autoencoder.Config, nets int) (*runs, error) {
	train, test, err := halves(d)
	if err != nil {
		return nil, fmt.Errorf("course: %w", err)
	}
	r := &runs{table: table, train: train.Images, test: test.Images, config: c}
	r.bar = &bar{show: table.Progress, epochs: nets * c.Epochs}
	r.config.Progress = r.bar.within(c.Progress)
	return r, nil
}

// run trains one net and calls each after every epoch.
func (r *runs) run(m autoencoder.Model, each func(e autoencoder.Epoch)) error {
	before := r.begun * r.config.Epochs
	r.begun++
	r.bar.done = before
	for e, err := range m.Train(r.train, r.test, r.config) {
		if err != nil {
			return err
		}
		r.bar.done = before + e.Number // a run that resumes does not begin with 1
		each(e)
	}
	return nil
}

// runNamed trains one of several nets, and returns its last epoch and the mean time of those it took.
func (r *runs) runNamed(m autoencoder.Model, seed int64) (last autoencoder.Epoch, each time.Duration, err error) {
	r.config.Seed = seed
	var took time.Duration
	epochs := 0
	err = r.run(m, func(e autoencoder.Epoch) {
		if e.Note != "" {
			r.table.Note(name(m) + ": " + e.Note)
		}
		last, took, epochs = e, took+e.Elapsed, epochs+1
	})
	if err == nil && epochs == 0 {
		err = fmt.Errorf("course: %s was not trained: Train ended without an epoch", name(m))
	}
	return last, took / time.Duration(max(epochs, 1)), err
}

// A bar is a progress bar over the epochs of one or several runs.
type bar struct {
	show   func(step, steps int)
	epochs int // of all runs
	done   int // of these
}

// within returns the Progress function of a Config, which moves the bar and then calls own, unless that is nil.
func (b *bar) within(own func(step, steps int)) func(step, steps int) {
	return func(step, steps int) {
		b.show(b.done*steps+step, b.epochs*steps)
		if own != nil {
			own(step, steps)
		}
	}
}

// name returns what tables call a net: the last name of its folder.
func name(m autoencoder.Model) string { return filepath.Base(m.Dir) }

// distinct returns an error unless there are models, each with a folder of its own.
func distinct(models []autoencoder.Model) error {
	if len(models) == 0 {
		return errors.New("no models")
	}
	seen := map[string]bool{}
	for _, m := range models {
		dir := filepath.Clean(m.Dir)
		if seen[dir] {
			return fmt.Errorf("two models have the folder %s, where the second would replace the first: give each a Dir of its own", m.Dir)
		}
		seen[dir] = true
	}
	return nil
}

// variational reports whether m has an nn.Reparameterize. If that cannot be found out, Train will say why.
func variational(m autoencoder.Model, d Data) bool {
	train, _, err := halves(d)
	if err != nil {
		return false
	}
	summary, err := m.Summary(imageShape(train.Images))
	if err != nil {
		return false
	}
	for _, l := range summary.Layers {
		if strings.HasPrefix(l.Layer, "Reparameterize(") {
			return true
		}
	}
	return false
}
