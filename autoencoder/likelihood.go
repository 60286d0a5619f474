package autoencoder

import (
	"fmt"
	"math"
	"slices"

	"autoencoders/autoencoder/internal/random"
	"autoencoders/autoencoder/internal/trace"
	"autoencoders/internal/input"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// LogLikelihood returns the mean of LogLikelihoods: an estimate of log p(x) per image, in nats.
func (t *Trained) LogLikelihood(x *tensors.Tensor, samples int) (float64, error) {
	return mean(t.LogLikelihoods(x, samples))
}

func mean(each []float64, err error) (float64, error) {
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
// lower bound. Beta belongs to the training and plays no part here. Model.Loss must be -log p(x|z) in
// nats, as BCE is. The draws are the same at every call with the same number of images and samples. The
// memory needed does not grow with samples.
func (t *Trained) LogLikelihoods(x *tensors.Tensor, samples int) ([]float64, error) {
	if err := t.checkLikelihood("LogLikelihood", x); err != nil {
		return nil, err
	}
	return t.logMeans("LogLikelihood", samples, one(t.model.logWeights), x)
}

// LogLikelihoodAt is LogLikelihood with the draws from N(mu, exp(logvar)), mu and logvar [n, d], in place of
// the posterior that the encoder assigns to each of the n images; q(z|x) is that Gaussian. With one sample
// it is the evidence lower bound that the Gaussian gives. With mu and logvar of Posterior it is
// LogLikelihood, draw for draw. The model's only nn.Reparameterize must be the last layer of its Encoder.
func (t *Trained) LogLikelihoodAt(x, mu, logvar *tensors.Tensor, samples int) (float64, error) {
	const name = "LogLikelihoodAt"
	if err := t.checkLikelihood(name, x); err != nil {
		return 0, err
	}
	if err := t.checkOnePosterior(name); err != nil {
		return 0, err
	}
	n := x.Shape().Dimensions[0]
	if err := t.checkGaussians("mu", mu, n); err != nil {
		return 0, err
	}
	if err := t.checkGaussians("logvar", logvar, n); err != nil {
		return 0, err
	}
	return mean(t.logMeans(name, samples, t.model.logWeightsAt, x, mu, logvar))
}

// checkLikelihood returns an error unless the model gives log p(x|z) for the images x.
func (t *Trained) checkLikelihood(function string, x *tensors.Tensor) error {
	if t.model.Loss == nil {
		return fmt.Errorf("autoencoder: %s needs a Loss that is -log p(x|z) in nats, such as BCE; the mean squared error is not", function)
	}
	if t.network.scalar {
		return fmt.Errorf("autoencoder: %s needs a Loss with one value per image, [batch], such as BCE", function)
	}
	p, err := t.checkImages(x)
	if err != nil {
		return err
	}
	if err := t.network.checkUnit("the images", p); err != nil {
		return err
	}
	if len(t.network.posteriors) == 0 {
		return fmt.Errorf("autoencoder: %s needs a variational model, but this one has no nn.Reparameterize", function)
	}
	return nil
}

// checkOnePosterior returns an error unless the code is the only thing that the model draws.
func (t *Trained) checkOnePosterior(function string) error {
	if !slices.Equal(t.network.posteriors, []bool{true}) {
		return fmt.Errorf("autoencoder: %s needs a model whose only nn.Reparameterize is the last layer of its Encoder", function)
	}
	return nil
}

// checkGaussians returns an error unless v has a finite number for each latent dimension of n images.
func (t *Trained) checkGaussians(which string, v *tensors.Tensor, n int) error {
	if err := input.CheckFloats("the values of "+which, v); err != nil {
		return plain(err)
	}
	if want := append([]int{n}, t.network.latent...); !slices.Equal(v.Shape().Dimensions, want) {
		return fmt.Errorf("autoencoder: %s is %v, but these images have latents %v", which, v.Shape().Dimensions, want)
	}
	p, err := readPixels(v)
	if err == nil && p.notFinite >= 0 {
		err = fail(ErrNotFinite, "%s of image %d is %s", which, p.notFinite/size(t.network.latent), valueAt(v, p.notFinite))
	}
	return err
}

// logMeans returns, for each of the images, the logarithm of the mean of exp(w) over some draws of w. f
// computes one w for each image of a batch, from the inputs that have a row for each image.
func (t *Trained) logMeans(name string, samples int, f function, inputs ...*tensors.Tensor) ([]float64, error) {
	if samples < 1 {
		return nil, fmt.Errorf("autoencoder: %s with %d samples: at least 1 is needed", name, samples)
	}
	done, err := t.use()
	if err != nil {
		return nil, err
	}
	defer done()
	exec, err := t.program(name, f)
	if err != nil {
		return nil, err
	}
	if err := t.store.SetRNGStateFromSeed(evaluationSeed); err != nil {
		return nil, plain(err)
	}
	sums := slices.Repeat([]logSum{nothing}, inputs[0].Shape().Dimensions[0])
	size := batchOf(t.network.image, evaluationBatch)
	for start := 0; start < len(sums); start += size {
		count := min(size, len(sums)-start)
		batch := rowsOfAll(inputs, start, count, size) // a few images are repeated: the copies serve as further draws
		for drawn := 0; drawn < samples; {
			out, err := exec.Call1(batch...)
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
		finalize(batch)
	}
	values := make([]float64, len(sums))
	for i, s := range sums {
		values[i] = s.value() - math.Log(float64(samples))
		if values[i]-values[i] != 0 {
			return nil, fail(ErrNotFinite, "%s of image %d is %g: its posterior or its likelihood is not finite; train again with a smaller LearningRate", name, i, values[i])
		}
	}
	return values, nil
}

// rowsOfAll returns the rows start … start+count-1 of each input, repeated until there are size of them.
func rowsOfAll(inputs []*tensors.Tensor, start, count, size int) (batch []any) {
	for _, x := range inputs {
		batch = append(batch, rows(x, start, count, append([]int{size}, x.Shape().Dimensions[1:]...)))
	}
	return batch
}

// finalize frees the tensors of a batch at once.
func finalize(batch []any) {
	for _, x := range batch {
		x.(*tensors.Tensor).FinalizeAll()
	}
}

// logWeights returns log p(x|z) p(z) / q(z|x) of one draw for each of the images, [batch].
func (m Model) logWeights(scope *model.Scope, x *graph.Node) *graph.Node {
	m.Corrupt = nil
	o := m.objective(scope, x, false)
	weights := graph.Neg(o.reconstruction)
	for _, l := range o.trace.Latents {
		weights = graph.Sub(weights, l.LogRatio())
	}
	return weights
}

// logWeightsAt is logWeights with q(z|x) as inputs: the images, mu and logvar.
func (m Model) logWeightsAt(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
	q := trace.Latent{Mu: inputs[1], LogVar: inputs[2]}
	q.Z = q.At(random.Normal(scope, q.Mu))
	return []*graph.Node{graph.Neg(graph.Add(m.lossAt(scope, inputs[0], q.Z), q.LogRatio()))}
}

// lossAt returns Model.Loss of the images x and the decoder's output for z, [batch].
func (m Model) lossAt(scope *model.Scope, x, z *graph.Node) *graph.Node {
	return graph.ConvertDType(m.loss()(x, m.decode(scope, z, x.Shape().Dimensions[1:])), x.DType())
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
