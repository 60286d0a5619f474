package autoencoder_test

import (
	"math"
	"path/filepath"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// gaussian returns -log N(x; output, I) of 8x8 images, [batch].
func gaussian(x, output *graph.Node) *graph.Node {
	return graph.AddScalar(graph.MulScalar(graph.ReduceSum(graph.Square(graph.Sub(x, output)), 1, 2, 3), 0.5), 32*math.Log(2*math.Pi))
}

// linearGaussian returns a model with the decoder p(x|z) = N(W·z + b, I), which is probabilistic PCA: its
// posterior is a Gaussian with precision I + WᵀW. The encoder is random, and therefore far from it. For the
// images x it returns the exact posterior means, the diagonal of the precision, and the mean of log p(x). It
// works for one and for two latent dimensions.
func linearGaussian(t *testing.T, latent int, x *tensors.Tensor) (m autoencoder.Model, mean, precision []float64, logP float64) {
	t.Helper()
	m = autoencoder.Model{
		Dir:     filepath.Join(t.TempDir(), "model"),
		Encoder: nn.Sequential(nn.Linear(64, 2*latent), nn.Reparameterize(1)),
		Decoder: nn.Linear(latent, 64),
		Loss:    gaussian,
	}
	weights := weightsOf(t, m, 3)
	if err := m.ImportPyTorch(writeWeights(t, weights)); err != nil {
		t.Fatal(err)
	}
	w := tensors.MustCopyFlatData[float32](weights["decoder.weight"]) // [64, latent]
	b := tensors.MustCopyFlatData[float32](weights["decoder.bias"])
	var p [2][2]float64 // the precision
	for i := range 2 {
		p[i][i] = 1
	}
	for pixel := range 64 {
		for i := range latent {
			for j := range latent {
				p[i][j] += float64(w[pixel*latent+i]) * float64(w[pixel*latent+j])
			}
		}
	}
	det := p[0][0]*p[1][1] - p[0][1]*p[1][0]
	inverse := [2][2]float64{{p[1][1] / det, -p[0][1] / det}, {-p[1][0] / det, p[0][0] / det}}
	pixels, n := tensors.MustCopyFlatData[float32](x), x.Shape().Dimensions[0]
	for i := range n {
		var projected [2]float64
		var square float64
		for pixel := range 64 {
			d := float64(pixels[64*i+pixel] - b[pixel])
			square += d * d
			for j := range latent {
				projected[j] += float64(w[pixel*latent+j]) * d
			}
		}
		explained := 0.0
		for j := range latent {
			mu := inverse[j][0]*projected[0] + inverse[j][1]*projected[1]
			mean, precision = append(mean, mu), append(precision, p[j][j])
			explained += mu * projected[j]
		}
		logP += (-32*math.Log(2*math.Pi) - math.Log(det)/2 - (square-explained)/2) / float64(n)
	}
	return m, mean, precision, logP
}

// The best Gaussian with independent dimensions has the mean of the posterior and the diagonal of its
// precision.
func TestRefinedFindsTheBestGaussian(t *testing.T) {
	x := part(test, 0, 20)
	m, mean, precision, _ := linearGaussian(t, 2, x)
	before, _, err := m.Posterior(x)
	if err != nil {
		t.Fatal(err)
	}
	mu, logvar, err := m.Refined(x, 500)
	if err != nil {
		t.Fatal(err)
	}
	a, l, was := tensors.MustCopyFlatData[float32](mu), tensors.MustCopyFlatData[float32](logvar), tensors.MustCopyFlatData[float32](before)
	var far float64
	for i := range mean {
		far = max(far, math.Abs(float64(was[i])-mean[i]))
		if math.Abs(float64(a[i])-mean[i]) > 0.02 || math.Abs(float64(l[i])+math.Log(precision[i])) > 0.1 {
			t.Errorf("number %d: N(%.4f, exp(%.3f)), the best is N(%.4f, exp(%.3f)), the encoder's mean was %.4f", i, a[i], l[i], mean[i], -math.Log(precision[i]), was[i])
		}
	}
	if far < 0.5 {
		t.Errorf("the encoder's means were %.2f off: there was nothing to refine", far)
	}
}

// With one latent dimension the best Gaussian is the posterior itself, and then p(x|z) p(z) / q(z|x) is p(x)
// whatever the draw: both gaps close.
func TestBoundOfTheExactPosteriorIsLogP(t *testing.T) {
	x := part(test, 0, 20)
	m, mean, precision, logP := linearGaussian(t, 1, x)
	mu, logvar, err := m.Refined(x, 500)
	if err != nil {
		t.Fatal(err)
	}
	var exactMu, exactLogvar []float32
	for i := range mean {
		exactMu, exactLogvar = append(exactMu, float32(mean[i])), append(exactLogvar, float32(-math.Log(precision[i])))
	}
	bound := func(mu, logvar *tensors.Tensor) float64 {
		t.Helper()
		b, err := m.LogLikelihoodAt(x, mu, logvar, 1)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	encoder, err := m.LogLikelihood(x, 1)
	if err != nil {
		t.Fatal(err)
	}
	exact := bound(tensors.FromFlatDataAndDimensions(exactMu, 20, 1), tensors.FromFlatDataAndDimensions(exactLogvar, 20, 1))
	refined := bound(mu, logvar)
	t.Logf("log p(x) is %.4f; the bound is %.4f at the encoder's posterior, %.4f refined, %.4f at the exact one", logP, encoder, refined, exact)
	if math.Abs(exact-logP) > 1e-3 || math.Abs(refined-logP) > 0.02 || encoder > logP-1 {
		t.Errorf("log p(x) is %.4f; the bound is %.4f at the encoder's posterior, %.4f refined, %.4f at the exact one", logP, encoder, refined, exact)
	}
}

// For each image of a trained model: the encoder's bound is below the refined one, and this is below log p(x).
func TestRefinedBoundLiesBetweenTheEncodersAndLogP(t *testing.T) {
	m := variational(filepath.Join(t.TempDir(), "model"), 2, 1)
	mustTrain(t, m, adam(40))
	o, x := mustOpen(t, m), unit(part(test, 0, 10))
	mu, logvar, errP := o.Posterior(x)
	refinedMu, refinedLogvar, errR := o.Refined(x, 300)
	if errP != nil || errR != nil {
		t.Fatal(errP, errR)
	}
	for i := range 10 {
		at := func(mu, logvar *tensors.Tensor, draws, samples int) float64 {
			t.Helper()
			one := func(x *tensors.Tensor) *tensors.Tensor { return repeated(part(x, i, i+1), draws) }
			b, err := o.LogLikelihoodAt(one(x), one(mu), one(logvar), samples)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		encoder, refined := at(mu, logvar, 2000, 1), at(refinedMu, refinedLogvar, 2000, 1)
		logP := at(refinedMu, refinedLogvar, 20, 500)
		t.Logf("image %d: %.3f, refined %.3f, log p(x) %.3f", i, encoder, refined, logP)
		if refined < encoder-0.01 || refined > logP+0.02 {
			t.Errorf("image %d: the encoder's bound is %.3f, the refined one %.3f, log p(x) %.3f", i, encoder, refined, logP)
		}
	}
}

func TestRefinedIsTheSameAtEveryCall(t *testing.T) {
	m := variational(filepath.Join(t.TempDir(), "model"), 2, 1)
	mustTrain(t, m, adam(5))
	o, x := mustOpen(t, m), unit(blobs(600, 4)) // more than a batch of 500
	refined := func(x *tensors.Tensor, steps int) (mu, logvar *tensors.Tensor) {
		t.Helper()
		mu, logvar, err := o.Refined(x, steps)
		if err != nil {
			t.Fatal(err)
		}
		return mu, logvar
	}
	mu, logvar := refined(x, 30)
	if mu2, logvar2 := refined(x, 30); !mu.Equal(mu2) || !logvar.Equal(logvar2) {
		t.Error("another call gave other numbers")
	}
	few, fewLogvar := refined(part(x, 498, 503), 30)
	near(t, "mu of a few images", few, part(mu, 498, 503), 1e-3)
	near(t, "logvar of a few images", fewLogvar, part(logvar, 498, 503), 1e-3)
	was, wasLogvar, err := o.Posterior(x)
	if err != nil {
		t.Fatal(err)
	}
	if mu0, logvar0 := refined(x, 0); !mu0.Equal(was) || !logvar0.Equal(wasLogvar) || mu.Equal(was) {
		t.Error("0 steps are not the posterior, or 30 are")
	}
	// Convolutions take one step a call on the CPU.
	defer autoencoder.OneStepACall()()
	single, singleLogvar, err := m.Refined(part(x, 0, 50), 30)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mu step by step", single, part(mu, 0, 50), 1e-3)
	near(t, "logvar step by step", singleLogvar, part(logvar, 0, 50), 1e-3)
}

// A decoder of convolutions, with codes that are images themselves.
func TestRefinedOfConvolutions(t *testing.T) {
	m := autoencoder.Model{
		Dir:     filepath.Join(t.TempDir(), "model"),
		Encoder: nn.Sequential(nn.Conv2d(1, 4, 4, nn.Stride(4)), nn.Reparameterize(1)),
		Decoder: nn.Sequential(nn.ConvTranspose2d(2, 1, 4, nn.Stride(4)), nn.Sigmoid()),
		Loss:    autoencoder.BCE,
	}
	mustTrain(t, m, adam(3))
	x := unit(test)
	mu, logvar, err := m.Refined(x, 50)
	if err != nil {
		t.Fatal(err)
	}
	encoder, errE := m.LogLikelihood(x, 1)
	refined, errR := m.LogLikelihoodAt(x, mu, logvar, 1)
	if errE != nil || errR != nil || refined < encoder+0.1 {
		t.Errorf("the bound is %.3f, refined %.3f: %v, %v", encoder, refined, errE, errR)
	}
}

func TestLogLikelihoodAtThePosteriorIsLogLikelihood(t *testing.T) {
	m := variational(filepath.Join(t.TempDir(), "model"), 2, 1)
	mustTrain(t, m, adam(10))
	for _, n := range []int{30, 1234} {
		x := unit(blobs(n, 6))
		mu, logvar, err := m.Posterior(x)
		if err != nil {
			t.Fatal(err)
		}
		for _, samples := range []int{1, 7} {
			want, errW := m.LogLikelihood(x, samples)
			got, errG := m.LogLikelihoodAt(x, mu, logvar, samples)
			if errW != nil || errG != nil || math.Abs(got-want) > 1e-4 {
				t.Errorf("%d images, %d samples: %.6f at the posterior, LogLikelihood gives %.6f: %v, %v", n, samples, got, want, errG, errW)
			}
		}
	}
}

func TestRefinedAndLogLikelihoodAtRefuse(t *testing.T) {
	x := unit(test)
	m := variational(filepath.Join(t.TempDir(), "model"), 2, 1)
	mustTrain(t, m, adam(1))
	mu, logvar, err := m.Posterior(x)
	if err != nil {
		t.Fatal(err)
	}
	refuses := func(m autoencoder.Model, x *tensors.Tensor, says string) {
		t.Helper()
		_, _, err := m.Refined(x, 1)
		wantLine(t, err, "Refined", says)
		_, err = m.LogLikelihoodAt(x, mu, logvar, 1)
		wantLine(t, err, "LogLikelihoodAt", says)
	}
	plain := small(t.TempDir())
	mustRun(t, plain, recipe(1))
	refuses(plain, test, "needs a Loss that is -log p(x|z) in nats, such as BCE")
	plain.Loss = gaussian
	refuses(plain, test, "needs a variational model, but this one has no nn.Reparameterize")
	two := m
	two.Dir = t.TempDir()
	two.Decoder = nn.Sequential(nn.Linear(2, 4), nn.Reparameterize(1), m.Decoder)
	mustTrain(t, two, adam(1))
	refuses(two, x, "a model whose only nn.Reparameterize is the last layer of its Encoder")
	scalar := m
	scalar.Loss = func(x, output *graph.Node) *graph.Node { return graph.ReduceAllMean(autoencoder.BCE(x, output)) }
	refuses(scalar, x, "a Loss with one value per image")

	_, _, err = m.Refined(x, -1)
	wantLine(t, err, "Refined with -1 steps")
	_, _, err = m.Refined(test, 1)
	wantLine(t, err, "but the images have -1")
	for _, c := range []struct {
		mu, logvar *tensors.Tensor
		samples    int
		says       string
	}{
		{part(mu, 0, 5), logvar, 1, "mu is [5 2], but these images have latents [100 2]"},
		{mu, nil, 1, "the values of logvar are missing"},
		{mu, tensors.FromFlatDataAndDimensions(append(tensors.MustCopyFlatData[float32](logvar)[:199], float32(math.Inf(1))), 100, 2), 1, "logvar of image 99 is +Inf"},
		{mu, logvar, 0, "LogLikelihoodAt with 0 samples"},
	} {
		_, err := m.LogLikelihoodAt(x, c.mu, c.logvar, c.samples)
		wantLine(t, err, c.says)
	}
}
