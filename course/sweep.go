package course

import (
	"errors"
	"fmt"
	"time"

	"autoencoders/autoencoder"
	"autoencoders/cell"
)

// A Sweep is a kind of net in several sizes, each trained with several seeds:
//
//	var sweep = course.Sweep{Sizes: []int{2, 4, 8, 16, 32}, Seeds: 3, Net: wide}
//
// Like a Model it holds no weights: it costs nothing to declare, and the nets of one cell are found by the next.
type Sweep struct {
	Sizes []int // from the smallest to the largest, for instance latent dimensions
	Seeds int   // how many nets of each size, with the seeds 0, 1, 2, …

	// Net returns the net of one size and seed, with a folder of its own:
	// fmt.Sprintf("checkpoints/02/wide-%d-%d", size, seed).
	Net func(size int, seed int64) autoencoder.Model
}

// Train trains all nets with the Config c, of which Seed becomes the net's seed, and shows a row for each size when its nets
// are trained: the losses on the training and the test images, each as the [Spread] over the seeds, and the mean time of an
// epoch. A bar under the table shows how much of all runs is done. A note of an epoch appears there with the net's name.
func (s Sweep) Train(d Data, c autoencoder.Config) { cell.Check(s.train(d, c)) }

// Losses returns the final test losses, [size][seed], from the records beside the weights. [plots.Runs] draws them.
func (s Sweep) Losses() [][]float64 {
	return s.Each(func(m autoencoder.Model) float64 { return Final(m).TestLoss })
}

// Each returns what f returns for each net, [size][seed]:
//
//	live := sweep.Each(func(m autoencoder.Model) float64 { return float64(course.LiveUnits(m, mnist)[2].Live) })
func (s Sweep) Each(f func(m autoencoder.Model) float64) [][]float64 {
	nets, err := s.nets()
	cell.Check(err)
	all := make([][]float64, len(nets))
	for i, seeds := range nets {
		for _, m := range seeds {
			all[i] = append(all[i], f(m))
		}
	}
	return all
}

func (s Sweep) train(d Data, c autoencoder.Config) error {
	nets, err := s.nets()
	if err != nil {
		return err
	}
	table := cell.NewTable("size", "train loss", "test loss", "time per epoch")
	r, err := newRuns(table, d, c, len(s.Sizes)*s.Seeds)
	if err != nil {
		return err
	}
	for i, seeds := range nets {
		var losses, tests []float64
		var took time.Duration
		for seed, m := range seeds {
			last, each, err := r.runNamed(m, int64(seed))
			if err != nil {
				return err
			}
			losses, tests, took = append(losses, last.Loss), append(tests, last.TestLoss), took+each
		}
		table.Row(s.Sizes[i], Spread(losses), Spread(tests), took/time.Duration(s.Seeds))
	}
	if s.Seeds > 1 {
		table.Note(fmt.Sprintf("A loss is the mean over %d seeds, with the lowest and the highest in parentheses.", s.Seeds))
	}
	return nil
}

// nets returns all nets, [size][seed], each with a folder of its own.
func (s Sweep) nets() ([][]autoencoder.Model, error) {
	switch {
	case len(s.Sizes) == 0:
		return nil, errors.New("course: Sweep.Sizes is empty: name at least one size")
	case s.Seeds < 1:
		return nil, fmt.Errorf("course: Sweep.Seeds is %d: at least 1 is needed", s.Seeds)
	case s.Net == nil:
		return nil, errors.New("course: Sweep.Net is missing (nil): it returns the net of a size and a seed")
	}
	nets := make([][]autoencoder.Model, len(s.Sizes))
	var all []autoencoder.Model
	for i, size := range s.Sizes {
		for seed := range int64(s.Seeds) {
			m := s.Net(size, seed)
			nets[i], all = append(nets[i], m), append(all, m)
		}
	}
	if err := distinct(all); err != nil {
		return nil, fmt.Errorf("course: Sweep: %w", err)
	}
	return nets, nil
}
