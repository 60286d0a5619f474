package autoencoder

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Config holds the hyperparameters of [Model.Train]. The zero Config is invalid: start with [Tutorial]
// and change fields.
type Config struct {
	Epochs    int // passes over the training images
	BatchSize int // images in a step; the last, smaller batch of an epoch is used too, as in PyTorch's DataLoader

	// The optimizer is AdamW as torch.optim.AdamW defines it (Loshchilov and Hutter, arXiv 1711.05101)
	// with betas 0.9 and 0.999 and eps 1e-8. WeightDecay acts apart from the gradient, and so also on weights
	// whose gradient is 0.
	LearningRate, WeightDecay float64

	// LearningRates, unless empty, replaces LearningRate: one value for each epoch. The last value is used
	// for all epochs after it.
	LearningRates []float64

	// KLWeights, unless empty, multiplies the beta of nn.Reparameterize: one value for each epoch, the last
	// for all epochs after it. {0, 0.25, 0.5, 0.75, 1} lets the KL divergence grow over the first epochs
	// (Bowman et al., arXiv 1511.06349, section 3.1). Epoch.TestLoss and Evaluate use the last value
	// always, so that the epochs can be compared.
	KLWeights []float64

	// KeepBest saves each epoch with the lowest TestLoss so far as a model of its own in the folder
	// Dir.best. Epochs that were trained before it was set do not count. Images that choose the epoch are no
	// longer a fair test of it, so pass validation images as the second argument of Train:
	//
	//	all := mnist.Train()
	//	train, validation := all.Range(0, 50_000), all.Range(50_000, 60_000)
	KeepBest bool

	// From, unless empty, is the folder of a trained model of the same layers whose weights the run starts
	// with, in place of random ones. The state of AdamW is not taken over.
	From string

	Shuffle bool  // whether each epoch takes the images in an order of its own
	Seed    int64 // of initial weights, order, noise and draws: the same seed gives the same numbers

	// Progress, unless nil, is called within an epoch, at most ten times a second.
	Progress func(step, steps int)

	// Context, unless nil, ends the training when it is done. If it is nil, SIGINT does: Ctrl-C, or the stop
	// button of a notebook, after which no other Train with a nil Context begins in the same cell.
	Context context.Context
}

// Tutorial returns the tutorial's recipe: 10 epochs in shuffled batches of 128, AdamW with a learning
// rate of 2e-3 and PyTorch's default weight decay of 0.01. (The tutorial is the PyTorch example that
// the lessons follow; lesson 1 introduces it.)
func Tutorial() Config {
	return Config{Epochs: 10, BatchSize: 128, LearningRate: 2e-3, WeightDecay: 0.01, Shuffle: true}
}

// rates returns the learning rates as a schedule.
func (c Config) rates() []float64 {
	if len(c.LearningRates) > 0 {
		return c.LearningRates
	}
	return []float64{c.LearningRate}
}

func (c Config) check() error {
	positive := func(v float64) bool { return v > 0 && !math.IsInf(v, 0) }
	notNegative := func(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }
	switch {
	case c.Epochs < 1:
		return fmt.Errorf("autoencoder: Config.Epochs is %d: at least 1 is needed (Tutorial() has 10)", c.Epochs)
	case c.BatchSize < 1:
		return fmt.Errorf("autoencoder: Config.BatchSize is %d: at least 1 is needed (Tutorial() has 128)", c.BatchSize)
	case len(c.LearningRates) == 0 && !positive(c.LearningRate):
		return fmt.Errorf("autoencoder: Config.LearningRate is %g: it must be above 0 (Tutorial() has 0.002)", c.LearningRate)
	case !notNegative(c.WeightDecay):
		return fmt.Errorf("autoencoder: Config.WeightDecay is %g: it must be 0 or above (Tutorial() has 0.01)", c.WeightDecay)
	}
	for i, rate := range c.LearningRates {
		if !positive(rate) {
			return fmt.Errorf("autoencoder: Config.LearningRates[%d] is %g: each must be above 0", i, rate)
		}
	}
	for i, weight := range c.KLWeights {
		if !notNegative(weight) {
			return fmt.Errorf("autoencoder: Config.KLWeights[%d] is %g: each must be 0 or above", i, weight)
		}
	}
	return nil
}

// Epoch is the result of one pass over the training images.
type Epoch struct {
	Number, Epochs int // this epoch, from 1, and how many were asked for

	Loss     float64 // mean over the epoch's training images, while the weights changed
	LastLoss float64 // of the last batch alone, which is what the tutorial prints
	TestLoss float64 // mean over the test images, with the weights at the end of the epoch

	// Reconstruction and KL are the two parts of TestLoss, which is Reconstruction + weight·KL. They are
	// the mean of Model.Loss, and the KL divergence of nn.Reparameterize in nats per image, without its
	// beta. KL is 0 for a model that is not variational.
	Reconstruction, KL float64

	Note    string        // a message for the user (resumed, started from scratch, no XLA plugin); usually empty
	Elapsed time.Duration // of this epoch, compilation and test included
}
