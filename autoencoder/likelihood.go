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

// LogLikelihood returns the mean of LogLikelihoods: an estimate of log p(x) per image, in nats.
func (t *Trained) LogLikelihood(x *tensors.Tensor, samples int) (float64, error) {
	each, err := t.LogLikelihoods(x, samples)
	if err != nil {
		return 0, err
	}
	var total float64
	for _, v := range each {
		total += v
	}
	return total / float64(len(each)), nil
}

// LogLikelihoods estimates log p(x) for each of the images [n, height, width, channels], in nats, for a
// variational model. The estimate is the importance-weighted bound of k = samples draws from the
// posterior,
//
//	log 1/k Σ p(x|z) p(z) / q(z|x)
//
// (Burda, Grosse and Salakhutdinov, Importance Weighted Autoencoders, arXiv 1509.00519, equation 8). Its
// expectation is below log p(x) and approaches it as samples grows; with one sample it is the evidence
// lower bound. Beta belongs to the training and is not part of it. Model.Loss must be -log p(x|z) in
// nats, as BCE is. The draws are the same at every call with as many images and samples. The memory that
// is needed does not grow with samples.
func (t *Trained) LogLikelihoods(x *tensors.Tensor, samples int) ([]float64, error) {
	if samples < 1 {
		return nil, fmt.Errorf("autoencoder: LogLikelihood with %d samples: at least 1 is needed", samples)
	}
	if t.model.Loss == nil {
		return nil, errors.New("autoencoder: LogLikelihood needs a Loss that is -log p(x|z) in nats, as BCE: the mean squared error is not")
	}
	p, err := t.checkImages(x)
	if err != nil {
		return nil, err
	}
	if err := t.network.checkUnit("the images", p); err != nil {
		return nil, err
	}
	done, err := t.use()
	if err != nil {
		return nil, err
	}
	defer done()
	exec, err := t.program("LogLikelihood", one(t.model.logWeights))
	if err != nil {
		return nil, err
	}
	if err := t.store.SetRNGStateFromSeed(evaluationSeed); err != nil {
		return nil, plain(err)
	}
	sums := slices.Repeat([]logSum{nothing}, x.Shape().Dimensions[0])
	size := batchOf(t.network.image, evaluationBatch)
	shape := x.Shape().Clone().Dimensions
	shape[0] = size
	for start := 0; start < len(sums); start += size {
		count := min(size, len(sums)-start)
		batch := rows(x, start, count, shape) // if images are few, they are there several times, for their next draws
		for drawn := 0; drawn < samples; {
			out, err := exec.Call1(batch)
			if err != nil {
				return nil, plain(err)
			}
			weights := tensors.MustCopyFlatData[float32](out)
			out.FinalizeAll()
			for ; len(weights) >= count && drawn < samples; drawn++ {
				for i, w := range weights[:count] {
					sums[start+i].add(float64(w))
				}
				weights = weights[count:]
			}
		}
		batch.FinalizeAll()
	}
	values := make([]float64, len(sums))
	for i, s := range sums {
		values[i] = s.value() - math.Log(float64(samples))
		if values[i]-values[i] != 0 {
			return nil, fail(ErrNotFinite, "LogLikelihood of image %d is %g: its posterior or its likelihood is not finite; train again with a smaller LearningRate", i, values[i])
		}
	}
	return values, nil
}

// logWeights returns log p(x|z) p(z) / q(z|x) of one draw for each of the images, [batch].
func (m Model) logWeights(scope *model.Scope, x *graph.Node) *graph.Node {
	m.Corrupt = nil
	o := m.objective(scope, x, false)
	if len(o.trace.Latents) == 0 {
		panic(errors.New("autoencoder: LogLikelihood is of a variational model, but this one has no nn.Reparameterize"))
	}
	if o.reconstruction.Rank() == 0 {
		panic(errors.New("autoencoder: LogLikelihood needs a Loss of one value an image, [batch], as BCE"))
	}
	weights := graph.Neg(o.reconstruction)
	for _, l := range o.trace.Latents {
		weights = graph.Sub(weights, l.LogRatio())
	}
	return weights
}

// logSum is the logarithm of a sum of exponentials that are too large and too small to be added as they
// are: Σ exp(w) is exp(largest)·scaled.
type logSum struct{ largest, scaled float64 }

var nothing = logSum{largest: math.Inf(-1)}

func (s *logSum) add(w float64) {
	if math.IsInf(w, -1) {
		return // exp(w) is 0; -Inf - -Inf would be NaN
	}
	if w > s.largest {
		s.largest, s.scaled = w, s.scaled*math.Exp(s.largest-w)
	}
	s.scaled += math.Exp(w - s.largest)
}

func (s *logSum) value() float64 { return s.largest + math.Log(s.scaled) }
