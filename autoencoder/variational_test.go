package autoencoder_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/internal/random"
	"autoencoders/autoencoder/internal/trace"
	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// unit returns the images with their pixels moved from [-1, 1] to [0, 1].
func unit(x *tensors.Tensor) *tensors.Tensor {
	pixels := tensors.MustCopyFlatData[float32](x)
	for i, v := range pixels {
		pixels[i] = (v + 1) / 2
	}
	return tensors.FromFlatDataAndDimensions(pixels, x.Shape().Dimensions...)
}

func variational(dir string, latent int, beta float64) autoencoder.Model {
	return autoencoder.Model{
		Dir:     dir,
		Encoder: nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 2*latent), nn.Reparameterize(beta)),
		Decoder: nn.Sequential(nn.Linear(latent, 16), nn.ReLU(), nn.Linear(16, 64), nn.Sigmoid()),
		Loss:    autoencoder.BCE,
	}
}

func adam(epochs int) autoencoder.Config {
	c := recipe(epochs)
	c.LearningRate, c.WeightDecay = 5e-3, 0
	return c
}

func mustTrain(t *testing.T, m autoencoder.Model, c autoencoder.Config) (epochs []autoencoder.Epoch) {
	t.Helper()
	for e, err := range m.Train(unit(train), unit(test), c) {
		if err != nil {
			t.Fatal(err)
		}
		epochs = append(epochs, e)
	}
	return epochs
}

// kl returns the mean KL divergence of a posterior in nats, computed in float64 on the host.
func kl(mu, logvar *tensors.Tensor) (mean float64) {
	m, l := tensors.MustCopyFlatData[float32](mu), tensors.MustCopyFlatData[float32](logvar)
	for i := range m {
		m, l := float64(m[i]), float64(l[i])
		mean += (m*m + math.Exp(l) - 1 - l) / 2 / float64(mu.Shape().Dimensions[0])
	}
	return mean
}

func TestTestLossIsReconstructionPlusBetaKL(t *testing.T) {
	for _, beta := range []float64{0, 0.5, 4} {
		m := variational(t.TempDir(), 2, beta)
		epochs := mustTrain(t, m, adam(20))
		first, last := epochs[0], epochs[19]
		if math.Abs(last.TestLoss-last.Reconstruction-beta*last.KL) > 1e-5 || last.TestLoss > 0.9*first.TestLoss {
			t.Errorf("beta %g: the last epoch is %+v, the first was %+v", beta, last, first)
		}
		mu, logvar, err := m.Posterior(unit(test))
		if err != nil {
			t.Fatal(err)
		}
		if got := kl(mu, logvar); math.Abs(got-last.KL) > 1e-4 || got < 0.01 {
			t.Errorf("beta %g: Epoch.KL is %.5f, of the posterior %.5f", beta, last.KL, got)
		}
	}
}

// Encode gives mu, and Reconstruct decodes it: nothing is drawn in use. Every evaluation draws the same codes from
// the posterior, and does not use its mean.
func TestWhatDrawsAndWhatDoesNot(t *testing.T) {
	m := variational(t.TempDir(), 2, 1)
	epochs := mustTrain(t, m, adam(20))
	x := unit(test)
	mu, _, err := m.Posterior(x)
	if err != nil {
		t.Fatal(err)
	}
	z, err := m.Encode(x)
	if err != nil || !z.Equal(mu) {
		t.Errorf("Encode does not give mu: %v", err)
	}
	y, errY := m.Reconstruct(x)
	again, errAgain := m.Decode(z)
	if errY != nil || errAgain != nil || !y.Equal(again) {
		t.Errorf("Reconstruct does not decode mu: %v, %v", errY, errAgain)
	}
	a, errA := m.Evaluate(x)
	b, errB := m.Evaluate(x)
	if a != b || a != epochs[19].TestLoss || errA != nil || errB != nil {
		t.Errorf("Evaluate gave %v (%v), then %v (%v); Train gave %v", a, errA, b, errB, epochs[19].TestLoss)
	}
	fromMean := epochs[19].KL
	pixels, outputs := tensors.MustCopyFlatData[float32](x), tensors.MustCopyFlatData[float32](y)
	for i, x := range pixels {
		x, y := float64(x), float64(outputs[i])
		fromMean -= (x*math.Log(y) + (1-x)*math.Log(1-y)) / 100
	}
	if a < fromMean+0.05 {
		t.Errorf("with a draw the loss is %.4f, at the mean %.4f", a, fromMean)
	}
}

// There are more images than a batch of an evaluation holds, and not a multiple of it.
func TestEvaluationOfManyImages(t *testing.T) {
	m := variational(t.TempDir(), 2, 1)
	many := unit(blobs(1234, 5))
	var last autoencoder.Epoch
	for e, err := range m.Train(unit(train), many, adam(2)) {
		if err != nil {
			t.Fatal(err)
		}
		last = e
	}
	mu, logvar, err := m.Posterior(many)
	if err != nil {
		t.Fatal(err)
	}
	if got := kl(mu, logvar); math.Abs(got-last.KL) > 1e-4 {
		t.Errorf("Epoch.KL is %.5f, of the posterior %.5f", last.KL, got)
	}
}

func TestSeveralReparameterizeAddUp(t *testing.T) {
	m := variational(t.TempDir(), 2, 0.5)
	m.Decoder = nn.Sequential(nn.Linear(2, 4), nn.Reparameterize(3), m.Decoder)
	store, err := m.NewStore(0, 8, 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := autoencoder.Backend()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.SetRNGStateFromSeed(1); err != nil { // that of every evaluation
		t.Fatal(err)
	}
	terms := model.MustNewExec(b, store, func(scope *model.Scope, x *graph.Node) []*graph.Node {
		tr := trace.Start(x.Graph())
		tr.Draw = random.Normal
		m.Decoder(scope.At("decoder"), m.Encoder(scope.At("encoder"), x))
		var kls []*graph.Node
		for _, l := range tr.Latents {
			kls = append(kls, graph.ReduceAllMean(l.KL()))
		}
		return kls
	}).MustCall(unit(test))
	if len(terms) != 2 {
		t.Fatalf("%d layers were noted", len(terms))
	}
	kl1, kl2 := float64(tensors.ToScalar[float32](terms[0])), float64(tensors.ToScalar[float32](terms[1]))
	c := adam(1)
	c.LearningRate = 1e-12 // leaves the weights as they are
	e := mustTrain(t, m, c)[0]
	if math.Abs(e.KL-kl1-kl2) > 1e-4 || math.Abs(e.TestLoss-e.Reconstruction-0.5*kl1-3*kl2) > 1e-4 {
		t.Errorf("KL %.5f and %.5f, but the epoch is %+v", kl1, kl2, e)
	}
}

func TestScalarLossOfAVariationalModel(t *testing.T) {
	perImage, scalar := variational(t.TempDir(), 2, 1), variational(t.TempDir(), 2, 1)
	scalar.Loss = func(x, output *graph.Node) *graph.Node { return graph.ReduceAllMean(autoencoder.BCE(x, output)) }
	a, b := mustTrain(t, perImage, adam(1))[0], mustTrain(t, scalar, adam(1))[0]
	// The last batch is padded in one and not in the other, so its draws differ, and with them the weights.
	if math.Abs(a.KL-b.KL) > 0.05*a.KL || math.Abs(a.TestLoss-b.TestLoss) > 0.05*a.TestLoss || b.KL == 0 {
		t.Errorf("a loss per image gives %+v, its mean %+v", a, b)
	}
	_, err := scalar.LogLikelihood(unit(test), 1)
	wantLine(t, err, "a Loss with one value per image")
}

func TestAnotherBetaBeginsAnew(t *testing.T) {
	dir := t.TempDir()
	mustTrain(t, variational(dir, 2, 1), adam(1))
	if note := mustTrain(t, variational(dir, 2, 4), adam(2))[0].Note; !strings.HasPrefix(note, "started from scratch: changed since the last run: the layers;") {
		t.Errorf("with another beta the note is %q", note)
	}
}

// With one latent dimension a fine grid gives the integral log p(x) = log ∫ p(z) p(x|z) dz.
func TestLogLikelihoodConvergesToTheIntegral(t *testing.T) {
	m := variational(t.TempDir(), 1, 3) // a large beta makes the posterior too wide, so that one draw is far off
	mustTrain(t, m, adam(40))
	x := unit(blobs(50, 3))
	const points, step = 2001, 0.01
	grid := make([]float32, points)
	for i := range grid {
		grid[i] = float32((i - points/2)) * step
	}
	decoded, err := m.Decode(tensors.FromFlatDataAndDimensions(grid, points, 1))
	if err != nil {
		t.Fatal(err)
	}
	pixels, outputs := tensors.MustCopyFlatData[float32](x), tensors.MustCopyFlatData[float32](decoded)
	var exact float64
	for i := range 50 {
		var logs []float64
		for g, z := range grid {
			l := -float64(z)*float64(z)/2 - math.Log(2*math.Pi)/2 + math.Log(step)
			for p := range 64 {
				x, y := float64(pixels[64*i+p]), float64(outputs[64*g+p])
				l += x*math.Log(y) + (1-x)*math.Log(1-y)
			}
			logs = append(logs, l)
		}
		largest, sum := slices.Max(logs), 0.0
		for _, l := range logs {
			sum += math.Exp(l - largest)
		}
		exact += (largest + math.Log(sum)) / 50
	}
	bound := func(samples int) float64 {
		t.Helper()
		b, err := m.LogLikelihood(x, samples)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	one, ten, many := bound(1), bound(10), bound(3000)
	t.Logf("log p(x) is %.4f; with 1 sample %.4f, 10 %.4f, 3000 %.4f", exact, one, ten, many)
	if !(one < ten && ten < many && math.Abs(many-exact) < 0.02) {
		t.Errorf("log p(x) is %.4f; with 1 sample %.4f, 10 %.4f, 3000 %.4f", exact, one, ten, many)
	}
	if bound(10) != ten {
		t.Error("another call drew other numbers")
	}
}

// One sample gives the evidence lower bound, which is the negative loss, except that the KL divergence is a mean
// over draws in one and exact in the other.
func TestLogLikelihoodOfOneSampleIsTheLoss(t *testing.T) {
	m := variational(t.TempDir(), 1, 1)
	mustTrain(t, m, adam(40))
	x := unit(blobs(4000, 3))
	single, err := m.LogLikelihood(x, 1)
	if err != nil {
		t.Fatal(err)
	}
	if whole, err := m.Evaluate(x); err != nil || math.Abs(single+whole) > 0.1 {
		t.Errorf("one sample gives %.4f, Evaluate %.4f (%v)", single, whole, err)
	}
}

func TestVariationalIsPyTorchsExample(t *testing.T) {
	s, err := autoencoder.Variational("", 20).Summary(28, 28, 1)
	if err != nil {
		t.Fatal(err)
	}
	if s.Parameters != 652824 { // of fc1, fc21, fc22, fc3 and fc4
		t.Errorf("%d parameters", s.Parameters)
	}
	if l := s.Layers[3]; l.Name != "encoder.3" || l.Layer != "Reparameterize(1)" || !slices.Equal(l.Output, []int{20}) || l.Parameters != 0 {
		t.Errorf("the fourth layer is %+v", l)
	}
}

func TestBadVariationalModels(t *testing.T) {
	x := unit(test)
	for part, change := range map[string]func(m *autoencoder.Model){
		"Reparameterize(-1)":                 func(m *autoencoder.Model) { m.Encoder = nn.Reparameterize(-1) },
		"Reparameterize(NaN)":                func(m *autoencoder.Model) { m.Encoder = nn.Reparameterize(math.NaN()) },
		"Reparameterize(+Inf)":               func(m *autoencoder.Model) { m.Encoder = nn.Reparameterize(math.Inf(1)) },
		"an even number of values, but got":  func(m *autoencoder.Model) { m.Encoder = nn.Sequential(nn.Linear(64, 5), nn.Reparameterize(1)) },
		"Linear(2, 16) takes 2 numbers":      func(m *autoencoder.Model) { m.Encoder = nn.Sequential(nn.Linear(64, 2), nn.Reparameterize(1)) },
		"end the Decoder with nn.Sigmoid()":  func(m *autoencoder.Model) { m.Decoder = nn.Sequential(nn.Linear(2, 64), nn.Tanh()) },
		"BCE takes outputs in [0, 1]: end t": func(m *autoencoder.Model) { m.Decoder = nn.Linear(2, 64) },
	} {
		m := variational(t.TempDir(), 2, 1)
		change(&m)
		var got error
		for _, got = range m.Train(x, x, adam(1)) {
			break
		}
		wantLine(t, got, part)
	}

	m := variational(t.TempDir(), 2, 1)
	_, err := run(m, adam(1))
	wantLine(t, err, "BCE takes pixels in [0, 1], but the training images have -1", "without Normalize")
	for _, err := range m.Train(x, test, adam(1)) {
		wantLine(t, err, "but the test images have -1")
	}
	mustTrain(t, m, adam(1))
	_, err = m.Evaluate(test)
	wantLine(t, err, "but the images have -1")
	_, err = m.LogLikelihood(test, 1)
	wantLine(t, err, "but the images have -1")
	poisoned := tensors.MustCopyFlatData[float32](x)
	poisoned[70] = float32(math.NaN())
	_, err = m.Evaluate(tensors.FromFlatDataAndDimensions(poisoned, 100, 8, 8, 1))
	wantLine(t, err, "image 1 of the images has a pixel that is NaN")
	_, err = m.LogLikelihood(x, 0)
	wantLine(t, err, "LogLikelihood with 0 samples")
	_, _, err = m.Posterior(nil)
	wantLine(t, err, "the images are missing")

	plain := small(t.TempDir())
	mustRun(t, plain, recipe(1))
	_, _, err = plain.Posterior(test)
	wantLine(t, err, "no nn.Reparameterize")
	_, err = plain.LogLikelihood(test, 1)
	wantLine(t, err, "needs a Loss that is -log p(x|z)")
	plain.Loss = func(x, output *graph.Node) *graph.Node {
		return graph.ReduceSum(graph.Square(graph.Sub(x, output)), 1, 2, 3)
	}
	_, err = plain.LogLikelihood(test, 1)
	wantLine(t, err, "this one has no nn.Reparameterize")
}
