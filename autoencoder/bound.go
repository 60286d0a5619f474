package autoencoder

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// LogLikelihood estimates log p(x), the mean over the images [n, height, width, channels], in nats, of
// a trained variational model. It is the importance-weighted bound of k = samples draws from the
// posterior,
//
//	log 1/k Σ p(x|z) p(z) / q(z|x)
//
// (Burda, Grosse and Salakhutdinov, Importance Weighted Autoencoders, arXiv 1509.00519, equation 8).
// In expectation it is below log p(x) and comes nearer with each sample; with one it is the evidence
// lower bound. Beta is of the training and does not enter. Model.Loss must be -log p(x|z) in nats, as
// BCE is. The draws are the same at every call with as many images and samples; what is held in memory
// does not grow with samples.
func (m Model) LogLikelihood(x *tensors.Tensor, samples int) (float64, error) {
	if samples < 1 {
		return 0, fmt.Errorf("autoencoder: LogLikelihood with %d samples: at least 1 is needed", samples)
	}
	if m.Loss == nil {
		return 0, errors.New("autoencoder: LogLikelihood needs a Loss that is -log p(x|z) in nats, as BCE: the mean squared error is not")
	}
	t, err := m.trainedOn(x)
	if err != nil {
		return 0, err
	}
	if err := t.network.checkPixels("the images", x); err != nil {
		return 0, err
	}
	if err := t.store.SetRNGStateFromSeed(evaluationSeed); err != nil {
		return 0, plain(err)
	}
	m.Corrupt = nil
	exec, err := model.NewExec(t.backend, t.store, m.logWeights)
	if err != nil {
		return 0, plain(err)
	}
	defer exec.Finalize()
	n := x.Shape().Dimensions[0]
	sums := slices.Repeat([]logSum{nothing}, n)
	for start := 0; start < n; start += evaluationBatch {
		indices := make([]int32, evaluationBatch)
		count := min(evaluationBatch, n-start)
		for i := range indices {
			indices[i] = int32(start + i%count) // where images are few, their next draws at once
		}
		for drawn := 0; drawn < samples; {
			out, err := exec.Call1(x, tensors.FromFlatDataAndDimensions(indices, evaluationBatch))
			if err != nil {
				return 0, plain(err)
			}
			weights := tensors.MustCopyFlatData[float32](out)
			for ; len(weights) >= count && drawn < samples; drawn++ {
				for i, w := range weights[:count] {
					sums[start+i].add(float64(w))
				}
				weights = weights[count:]
			}
		}
	}
	var total float64
	for _, s := range sums {
		total += s.value() - math.Log(float64(samples))
	}
	return total / float64(n), nil
}

// logWeights are log p(x|z) p(z) / q(z|x) of one draw for each of the images that indices name, [batch].
func (m Model) logWeights(scope *model.Scope, images, indices *graph.Node) *graph.Node {
	o := m.objective(scope, graph.Gather(images, graph.InsertAxes(indices, -1), false))
	if len(o.latents) == 0 {
		panic(errors.New("autoencoder: LogLikelihood is of a variational model, but this one has no nn.Reparameterize"))
	}
	if o.reconstruction.Rank() == 0 {
		panic(errors.New("autoencoder: LogLikelihood needs a Loss of one value an image, [batch], as BCE"))
	}
	weights := graph.Neg(o.reconstruction)
	for _, l := range o.latents {
		weights = graph.Sub(weights, l.LogRatio())
	}
	return weights
}

// logSum is the logarithm of a sum of exponentials, which are too large and too small to be added as
// they are: Σ exp(w) is exp(largest)·scaled.
type logSum struct{ largest, scaled float64 }

var nothing = logSum{largest: math.Inf(-1)}

func (s *logSum) add(w float64) {
	if w > s.largest {
		s.largest, s.scaled = w, s.scaled*math.Exp(s.largest-w)
	}
	s.scaled += math.Exp(w - s.largest)
}

func (s *logSum) value() float64 { return s.largest + math.Log(s.scaled) }
