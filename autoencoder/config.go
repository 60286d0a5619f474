package autoencoder

import (
	"fmt"
	"math"
	"time"
)

// Config says how Train trains. The zero Config is refused; begin with [Tutorial] and change fields.
type Config struct {
	Epochs    int // passes over the training images
	BatchSize int // images a step; the last, smaller batch of an epoch is kept, as in PyTorch's DataLoader

	// AdamW as torch.optim.AdamW has it (Loshchilov and Hutter, arXiv 1711.05101): betas 0.9 and
	// 0.999, eps 1e-8, weight decay apart from the gradient.
	LearningRate, WeightDecay float64

	Shuffle bool  // a new order in every epoch
	Seed    int64 // of the initial weights, the order, the noise and the draws: same seed, same numbers

	// Progress, unless nil, is called within an epoch, at most ten times a second.
	Progress func(step, steps int)
}

// Tutorial is the tutorial's recipe: 10 epochs in shuffled batches of 128, AdamW with learning rate
// 2e-3 and PyTorch's default weight decay of 0.01.
func Tutorial() Config {
	return Config{Epochs: 10, BatchSize: 128, LearningRate: 2e-3, WeightDecay: 0.01, Shuffle: true}
}

func (c Config) check() error {
	switch {
	case c.Epochs < 1:
		return fmt.Errorf("autoencoder: Config.Epochs is %d: at least 1 is needed (Tutorial() has 10)", c.Epochs)
	case c.BatchSize < 1:
		return fmt.Errorf("autoencoder: Config.BatchSize is %d: at least 1 is needed (Tutorial() has 128)", c.BatchSize)
	case !(c.LearningRate > 0) || math.IsInf(c.LearningRate, 0):
		return fmt.Errorf("autoencoder: Config.LearningRate is %g: it must be above 0 (Tutorial() has 0.002)", c.LearningRate)
	case !(c.WeightDecay >= 0) || math.IsInf(c.WeightDecay, 0):
		return fmt.Errorf("autoencoder: Config.WeightDecay is %g: it must be 0 or above (Tutorial() has 0.01)", c.WeightDecay)
	}
	return nil
}

// Epoch is what one pass over the training images gave.
type Epoch struct {
	Number, Epochs int // this epoch, from 1, and how many were asked for

	Loss     float64 // mean over the epoch's training images, while the weights changed
	LastLoss float64 // of the last batch alone, which is what the tutorial prints
	TestLoss float64 // mean over the test images, with the weights at the end of the epoch

	// The two parts of TestLoss, which is Reconstruction + beta·KL: what Model.Loss gives, and the KL
	// divergence of nn.Reparameterize, in nats an image and without its beta; 0 for a model that is not
	// variational.
	Reconstruction, KL float64

	Note    string        // what the user should know: resumed, begun anew, pure Go backend; mostly empty
	Elapsed time.Duration // of this epoch, compilation and test included
}
