package course

import (
	"fmt"

	"autoencoders/autoencoder"
	"autoencoders/cell"
)

// Final returns the last epoch of the run that trained m, from the record beside its weights.
func Final(m autoencoder.Model) autoencoder.Epoch {
	epochs := cell.Must(history(m))
	return epochs[len(epochs)-1]
}

// TestLosses returns the test loss after each epoch of the run that trained m, from the record beside its weights:
//
//	plots.Curve(plots.Line("test loss", course.TestLosses(net)))
func TestLosses(m autoencoder.Model) []float64 {
	var losses []float64
	for _, e := range cell.Must(history(m)) {
		losses = append(losses, e.TestLoss)
	}
	return losses
}

// history returns the epochs of a net, one at least.
func history(m autoencoder.Model) ([]autoencoder.Epoch, error) {
	epochs, err := m.History()
	if err == nil && len(epochs) == 0 {
		err = fmt.Errorf("course: the weights in %s were imported: there are no losses before Train has run", m.Dir)
	}
	return epochs, err
}
