package autoencoder

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"autoencoders/autoencoder/internal/trace"
	"autoencoders/autoencoder/nn"
	"autoencoders/internal/input"
	"autoencoders/internal/memory"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Trained is a model with its weights in memory, as they were when it was opened. Its methods are those
// of [Model], which open the model for one call; a Trained reads the weights once and compiles each
// method once, for any number of images. Images are computed in batches, so memory is needed for the
// images, the result and one batch.
//
// Several goroutines may use a Trained; their calls run one after the other.
type Trained struct {
	model    Model
	folder   string
	backend  compute.Backend
	network  *network
	klWeight float64

	mu        sync.Mutex
	store     *model.Store
	programs  map[string]*model.Exec
	evaluator *evaluator
	closed    bool
}

// Open reads the trained weights. Close the result when it is no longer needed. Without trained weights
// the error wraps [ErrUntrained]; if the checkpoint is damaged it wraps [ErrDamaged].
func (m Model) Open() (*Trained, error) {
	s, err := m.openSaved()
	if err != nil {
		return nil, err
	}
	defer s.close()
	t := &Trained{model: m, folder: s.folder, klWeight: s.run.klWeight(), programs: map[string]*model.Exec{}}
	if t.backend, err = Backend(); err != nil {
		return nil, err
	}
	if t.network, err = m.trace(t.backend, s.run.Image); err != nil {
		return nil, err
	}
	if err := s.match(t.network); err != nil {
		return nil, err
	}
	weights, err := s.weights()
	if err != nil {
		return nil, err
	}
	if t.store, err = t.network.storeOf(weights, 0); err != nil {
		return nil, err
	}
	return t, nil
}

// Close frees the memory of the weights and the compiled programs. Methods return an error afterwards.
// It always returns nil.
func (t *Trained) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.closed = true
	for _, program := range t.programs {
		program.Finalize()
	}
	if t.evaluator != nil {
		t.evaluator.close()
	}
	t.store.Finalize()
	return nil
}

// use locks t for one call.
func (t *Trained) use() (done func(), err error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, errors.New("autoencoder: the Trained is closed: open the model again")
	}
	return t.mu.Unlock, nil
}

// function is what a program computes from some inputs.
type function = func(scope *model.Scope, inputs []*graph.Node) []*graph.Node

// program compiles f, or returns what it compiled for this name before.
func (t *Trained) program(name string, f function) (*model.Exec, error) {
	if exec, ok := t.programs[name]; ok {
		return exec, nil
	}
	exec, err := model.NewExec(t.backend, t.store, func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
		return t.network.unchanged(inputs[0].Graph(), t.store, func() []*graph.Node { return f(scope, inputs) })
	})
	if err != nil {
		return nil, plain(err)
	}
	t.programs[name] = exec
	return exec, nil
}

// apply runs the program f on the rows of x in batches.
func (t *Trained) apply(name string, x *tensors.Tensor, f function) ([]*tensors.Tensor, error) {
	done, err := t.use()
	if err != nil {
		return nil, err
	}
	defer done()
	exec, err := t.program(name, f)
	if err != nil {
		return nil, err
	}
	var results []*tensors.Tensor
	n, size := x.Shape().Dimensions[0], batchOf(t.network.image, useBatch)
	batch := newFloats(append([]int{size}, x.Shape().Dimensions[1:]...)) // one for all batches: until they are collected, many would take as much memory as the images
	defer batch.FinalizeAll()
	for start := 0; start < n; start += size {
		count := min(size, n-start)
		fill(batch, x, start, count)
		if err := seedNoise(t.store, start); err != nil { // for layers of the caller's own that draw random numbers
			return nil, err
		}
		ys, err := exec.Call(batch)
		if err != nil {
			return nil, plain(err)
		}
		for i, y := range ys {
			if start == 0 {
				results = append(results, newFloats(append([]int{n}, y.Shape().Dimensions[1:]...)))
			}
			put(y, results[i], start, count)
			y.FinalizeAll()
		}
	}
	for _, y := range results {
		if err := checkResult(name, y); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// one is f as a function of one input and one result.
func one(f nn.Layer) function {
	return func(scope *model.Scope, inputs []*graph.Node) []*graph.Node {
		return []*graph.Node{f(scope, inputs[0])}
	}
}

func first(ys []*tensors.Tensor, err error) (*tensors.Tensor, error) {
	if err != nil {
		return nil, err
	}
	return ys[0], nil
}

// checkImages returns an error unless x is images of the shape that the model was trained on.
func (t *Trained) checkImages(x *tensors.Tensor) (pixels, error) {
	p, err := checkImages("the images", x)
	if err != nil {
		return p, err
	}
	if got := x.Shape().Dimensions[1:]; !slices.Equal(got, t.network.image) {
		return p, fmt.Errorf("autoencoder: the images are %v, but %s was trained on %v", got, t.folder, t.network.image)
	}
	return p, nil
}

// Encode returns the latents [n, d] of images [n, height, width, channels]. For a variational model they
// are mu, the means of the posteriors.
func (t *Trained) Encode(x *tensors.Tensor) (*tensors.Tensor, error) {
	if _, err := t.checkImages(x); err != nil {
		return nil, err
	}
	return first(t.apply("Encode", x, one(t.model.encode)))
}

// Decode returns the images [n, height, width, channels] of latents [n, d].
func (t *Trained) Decode(z *tensors.Tensor) (*tensors.Tensor, error) {
	if err := t.checkLatents(z); err != nil {
		return nil, err
	}
	return first(t.apply("Decode", z, one(func(scope *model.Scope, z *graph.Node) *graph.Node {
		return t.model.decode(scope, z, t.network.image)
	})))
}

func (t *Trained) checkLatents(z *tensors.Tensor) error {
	if err := input.CheckFloats("the latents", z); err != nil {
		return plain(err)
	}
	if z.Rank() < 2 || !slices.Equal(z.Shape().Dimensions[1:], t.network.latent) {
		return fmt.Errorf("autoencoder: Decode takes float32 latents [n, %s], but got %s", dims(t.network.latent), z.Shape())
	}
	p, err := readPixels(z)
	if err == nil && p.notFinite >= 0 {
		err = fail(ErrNotFinite, "latent %d is %s", p.notFinite/size(t.network.latent), valueAt(z, p.notFinite))
	}
	return err
}

func dims(shape []int) string {
	s := fmt.Sprint(shape)
	return s[1 : len(s)-1]
}

// Reconstruct returns the decoder's output for the latents of the images: a tensor of the shape of x.
func (t *Trained) Reconstruct(x *tensors.Tensor) (*tensors.Tensor, error) {
	if _, err := t.checkImages(x); err != nil {
		return nil, err
	}
	return first(t.apply("Reconstruct", x, one(func(scope *model.Scope, x *graph.Node) *graph.Node {
		return t.model.decode(scope, t.model.encode(scope, x), t.network.image)
	})))
}

// Posterior returns the Gaussian q(z|x) that a variational encoder assigns to each of the images
// [n, height, width, channels]: its mean mu and the logarithm of its variance logvar, both [n, d]. If the
// Encoder has several nn.Reparameterize layers it is that of the last. If it has none, the result is an
// error.
func (t *Trained) Posterior(x *tensors.Tensor) (mu, logvar *tensors.Tensor, err error) {
	if _, err := t.checkImages(x); err != nil {
		return nil, nil, err
	}
	both, err := t.apply("Posterior", x, func(scope *model.Scope, x []*graph.Node) []*graph.Node {
		tr := trace.Start(x[0].Graph())
		t.model.encode(scope, x[0])
		if len(tr.Latents) == 0 {
			panic(errors.New("autoencoder: Posterior needs a variational model, but this Encoder has no nn.Reparameterize: call Encode"))
		}
		last := tr.Latents[len(tr.Latents)-1]
		return []*graph.Node{last.Mu, last.LogVar}
	})
	if err != nil {
		return nil, nil, err
	}
	return both[0], both[1], nil
}

// Evaluate returns the mean loss over the images [n, height, width, channels]. A model with Corrupt or
// nn.Reparameterize gets the same noise and the same draws at every call with the same number of images. For a
// variational model with BCE and beta 1 the result is the negative of the evidence lower bound, in nats
// per image, estimated from one draw (Kingma and Welling, arXiv 1312.6114, equation 3). A run with
// Config.KLWeights is evaluated with the last of them.
func (t *Trained) Evaluate(x *tensors.Tensor) (float64, error) {
	p, err := t.checkImages(x)
	if err != nil {
		return 0, err
	}
	if err := t.network.checkUnit("the images", p); err != nil {
		return 0, err
	}
	done, err := t.use()
	if err != nil {
		return 0, err
	}
	defer done()
	if t.evaluator == nil {
		if t.evaluator, err = t.model.newEvaluator(t.backend, t.store, t.network); err != nil {
			return 0, err
		}
	}
	freed := func(yield func(*tensors.Tensor, int) bool) { // each batch is freed before the next is made
		for batch, count := range t.evaluator.batches(x) {
			goesOn := yield(batch, count)
			batch.FinalizeAll()
			if !goesOn {
				return
			}
		}
	}
	evaluated, err := t.evaluator.evaluate(freed, t.klWeight, func() error { return nil })
	if err != nil {
		return 0, err
	}
	if loss := evaluated.loss(); loss-loss != 0 {
		return 0, fail(ErrNotFinite, "the loss of these images is %g: check that the Decoder's outputs are what Model.Loss takes", loss)
	}
	return evaluated.loss(), nil
}

// Sample returns n images [n, height, width, channels] that a variational model generates: z is drawn
// from the prior N(0, I) and decoded. The draws depend on seed alone, so the first images of a larger n
// are the same. The Encoder must end with nn.Reparameterize, because otherwise the code has no prior.
func (t *Trained) Sample(n int, seed int64) (*tensors.Tensor, error) {
	if n < 1 {
		return nil, fmt.Errorf("autoencoder: Sample(%d, …): at least 1 image is needed", n)
	}
	if !slices.Contains(t.network.posteriors, true) {
		return nil, errors.New("autoencoder: Sample draws from the prior of a variational model, but this Encoder does not end with nn.Reparameterize")
	}
	if need := 4 * float64(n) * float64(size(t.network.latent)+size(t.network.image)); need > memory.Available() {
		return nil, fmt.Errorf("autoencoder: Sample(%d, …) needs %s of memory, %s are free: draw fewer at once", n, memory.Gigabytes(need), memory.Gigabytes(memory.Available()))
	}
	z := newFloats(append([]int{n}, t.network.latent...))
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	tensors.MustMutableFlatData(z, func(values []float32) {
		for i := range values {
			values[i] = float32(random.NormFloat64())
		}
	})
	return t.Decode(z)
}

// newFloats returns a float32 tensor of zeros in the memory of the host.
func newFloats(dims []int) *tensors.Tensor {
	return tensors.FromShape(shapes.Make(dtypes.Float32, dims...))
}

// with opens the model for one call of f.
func with[T any](m Model, f func(t *Trained) (T, error)) (result T, err error) {
	t, err := m.Open()
	if err != nil {
		return result, err
	}
	defer t.Close()
	return f(t)
}

// withTwo is with for two tensors.
func withTwo(m Model, f func(t *Trained) (a, b *tensors.Tensor, err error)) (a, b *tensors.Tensor, err error) {
	both, err := with(m, func(t *Trained) ([2]*tensors.Tensor, error) {
		a, b, err := f(t)
		return [2]*tensors.Tensor{a, b}, err
	})
	return both[0], both[1], err
}

// Encode returns the latents [n, d] of images [n, height, width, channels], with the trained weights. For
// a variational model they are mu, the means of the posteriors. See [Trained.Encode].
func (m Model) Encode(x *tensors.Tensor) (*tensors.Tensor, error) {
	return with(m, func(t *Trained) (*tensors.Tensor, error) { return t.Encode(x) })
}

// Decode returns the images [n, height, width, channels] of latents [n, d], with the trained weights.
func (m Model) Decode(z *tensors.Tensor) (*tensors.Tensor, error) {
	return with(m, func(t *Trained) (*tensors.Tensor, error) { return t.Decode(z) })
}

// Reconstruct returns the decoder's output for the latents of the images, with the trained weights: a tensor
// of the shape of x, [n, height, width, channels].
func (m Model) Reconstruct(x *tensors.Tensor) (*tensors.Tensor, error) {
	return with(m, func(t *Trained) (*tensors.Tensor, error) { return t.Reconstruct(x) })
}

// Posterior returns the mean mu and the logarithm of the variance logvar, both [n, d], of the Gaussian
// that a variational encoder assigns to each of the images x. See [Trained.Posterior].
func (m Model) Posterior(x *tensors.Tensor) (mu, logvar *tensors.Tensor, err error) {
	return withTwo(m, func(t *Trained) (mu, logvar *tensors.Tensor, err error) { return t.Posterior(x) })
}

// Activation returns the output [n, …] of the layer with this name in [Model.Summary], "encoder.3", for the
// images [n, height, width, channels], with the trained weights. See [Trained.Activation].
func (m Model) Activation(x *tensors.Tensor, layer string) (*tensors.Tensor, error) {
	return with(m, func(t *Trained) (*tensors.Tensor, error) { return t.Activation(x, layer) })
}

// Refined returns the mean mu and the logarithm of the variance logvar, both [n, d], of the Gaussian that
// Adam finds for each of the images x with the decoder fixed, starting from the encoder's. See
// [Trained.Refined].
func (m Model) Refined(x *tensors.Tensor, steps int) (mu, logvar *tensors.Tensor, err error) {
	return withTwo(m, func(t *Trained) (mu, logvar *tensors.Tensor, err error) { return t.Refined(x, steps) })
}

// Evaluate returns the mean loss over the images [n, height, width, channels], with the trained weights.
// See [Trained.Evaluate].
func (m Model) Evaluate(x *tensors.Tensor) (float64, error) {
	return with(m, func(t *Trained) (float64, error) { return t.Evaluate(x) })
}

// Sample returns n images [n, height, width, channels] that a trained variational model generates from
// draws of its prior. See [Trained.Sample].
func (m Model) Sample(n int, seed int64) (*tensors.Tensor, error) {
	return with(m, func(t *Trained) (*tensors.Tensor, error) { return t.Sample(n, seed) })
}

// LogLikelihood estimates log p(x), the mean over the images [n, height, width, channels], in nats, for a
// trained variational model. See [Trained.LogLikelihoods].
func (m Model) LogLikelihood(x *tensors.Tensor, samples int) (float64, error) {
	return with(m, func(t *Trained) (float64, error) { return t.LogLikelihood(x, samples) })
}

// LogLikelihoodAt is LogLikelihood with draws from the Gaussian N(mu, exp(logvar)) of each image, mu and
// logvar [n, d], in place of the encoder's. See [Trained.LogLikelihoodAt].
func (m Model) LogLikelihoodAt(x, mu, logvar *tensors.Tensor, samples int) (float64, error) {
	return with(m, func(t *Trained) (float64, error) { return t.LogLikelihoodAt(x, mu, logvar, samples) })
}

// LogLikelihoods estimates log p(x) for each of the images [n, height, width, channels], in nats, for a
// trained variational model. See [Trained.LogLikelihoods].
func (m Model) LogLikelihoods(x *tensors.Tensor, samples int) ([]float64, error) {
	return with(m, func(t *Trained) ([]float64, error) { return t.LogLikelihoods(x, samples) })
}
