package notebooks

import (
	"math"
	"strings"
	"testing"

	"autoencoders/datasets"

	"github.com/gomlx/gomlx/core/tensors"
)

const denoising = "05-denoising.ipynb"

// score is a line of a table of the lesson, by the method that it begins with.
type score struct{ mse, psnr, ssim float64 }

func scores(t *testing.T, c *cell) map[string]score {
	t.Helper()
	found := map[string]score{}
	for line := range strings.Lines(c.data("text/plain")) {
		if at := number.FindStringIndex(line); at != nil {
			if rows := (&cell{Outputs: []output{{Data: map[string]any{"text/plain": line}}}}).rows(3); len(rows) == 1 {
				found[strings.TrimSpace(line[:at[0]])] = score{rows[0][0], rows[0][1], rows[0][2]}
			}
		}
	}
	return found
}

// within compares a cell's table with what the lesson says of it. The noise is the same on every
// machine, so methods that learn nothing hardly move; a net is trained with other rounding.
func within(t *testing.T, c *cell, learned bool, want map[string]score) map[string]score {
	t.Helper()
	limit := score{0.0005, 0.03, 0.003}
	if learned {
		limit = score{0.0025, 0.35, 0.015}
	}
	got := scores(t, c)
	for method, w := range want {
		g, ok := got[method]
		if !ok || math.Abs(g.mse-w.mse) > limit.mse || math.Abs(g.psnr-w.psnr) > limit.psnr || math.Abs(g.ssim-w.ssim) > limit.ssim {
			t.Errorf("%s has %v, the lesson says %v", method, g, w)
		}
	}
	return got
}

func last(t *testing.T, n *notebook, words string, epochs int) []float64 {
	t.Helper()
	rows := n.having(t, words).rows(3) // train loss, test loss, seconds
	if len(rows) != epochs {
		t.Fatalf("%s has %d epochs", words, len(rows))
	}
	return rows[epochs-1]
}

// PyTorch has .0532 for the linear net after ten epochs, and .0296 for the convolutional one after five.
func TestDenoisingTrainsAsPyTorchDoes(t *testing.T) {
	n := executed(t, denoising)
	linear := n.having(t, "train(linear, 10, 0)").rows(3)
	if len(linear) != 10 || linear[9][1] > 0.056 || linear[9][1] < 0.050 {
		t.Errorf("the linear net: %v", linear)
	}
	nothing := scores(t, n.having(t, "MSE before clipping"))["nothing"].mse
	median := scores(t, n.having(t, "MSE before clipping"))["median 3 × 3"].mse
	if linear[0][1] > nothing || linear[4][1] < median || linear[6][1] > median {
		t.Errorf("clipping has %.4f, the median %.4f, the linear net %v", nothing, median, linear)
	}
	if others := n.having(t, "train(again(1), 10, 1)").rows(3); len(others) != 20 || max(others[9][1], others[19][1]) > 0.056 {
		t.Errorf("the linear net from two more seeds: %v", others)
	}
	convolutional := n.having(t, "train(conv(seed), 5, seed)").rows(3)
	if len(convolutional) != 15 {
		t.Fatalf("three seeds have %d epochs", len(convolutional))
	}
	for _, row := range [][]float64{convolutional[4], convolutional[9], convolutional[14]} {
		if row[1] > 0.032 || row[1] < 0.026 {
			t.Errorf("the convolutional net: %v", row)
		}
	}
	if clean := last(t, n, "train(plain, 10, 0)", 10)[1]; math.Abs(clean-0.0414) > 0.0025 {
		t.Errorf("the plain linear net has %.4f on clean images", clean)
	}
	if clean := last(t, n, "train(plainConv, 5, 0)", 5)[1]; math.Abs(clean-0.0216) > 0.0015 {
		t.Errorf("the plain convolutional net has %.4f on clean images", clean)
	}
}

// The ruler and what learns nothing.
func TestDenoisingBaselines(t *testing.T) {
	n := executed(t, denoising)
	c := n.having(t, "MSE before clipping")
	if before := lossIn(t, c); math.Abs(before-0.25) > 0.0005 {
		t.Errorf("before clipping the noise has %.4f", before)
	}
	within(t, c, false, map[string]score{"nothing": {0.1312, 14.85, 0.621}, "median 3 × 3": {0.0614, 18.22, 0.686}})
	images := tensors.MustCopyFlatData[float32](datasets.MNIST().Test().Images)
	black := 0.0
	for _, x := range images {
		if x == 0 {
			black += 1 / float64(len(images))
		}
	}
	if math.Abs(black-0.8) > 0.02 {
		t.Errorf("%.3f of the pixels are black, the lesson says four in five", black)
	}
}

func TestDenoisingSeedsAndTheBottleneck(t *testing.T) {
	n := executed(t, denoising)
	three := within(t, n.having(t, `compare(mnist.Test().Images, gaussian, pca, net("plain linear"`), true, map[string]score{
		"PCA, 32": {0.0679, 18.01, 0.667}, "plain linear": {0.0590, 18.73, 0.721}, "denoising linear": {0.0536, 19.26, 0.741}})
	if gain := three["denoising linear"].psnr - three["plain linear"].psnr; gain < 0.2 || gain > 0.9 {
		t.Errorf("training with noise gains %.2f dB, the lesson says half a decibel", gain)
	}
	clean := within(t, n.having(t, "compare(mnist.Test().Images, nil,"), true, map[string]score{
		"PCA, 32": {0.0608, 18.56, 0.726}, "plain linear": {0.0414, 20.60, 0.800}, "denoising linear": {0.0447, 20.18, 0.786}})
	if clean["plain linear"].mse >= clean["denoising linear"].mse {
		t.Errorf("on clean images: %v", clean)
	}
	mean := func(words string, low, high float64) (mean float64) {
		seeds := scores(t, n.having(t, words))
		if len(seeds) != 3 {
			t.Fatalf("%s: %v", words, seeds)
		}
		for _, s := range seeds {
			if mean += s.psnr / 3; s.psnr < low-0.35 || s.psnr > high+0.35 {
				t.Errorf("%s: %.2f dB, the lesson says %.1f to %.1f", words, s.psnr, low, high)
			}
		}
		return mean
	}
	linear := mean(`net("seed 1", again(1))`, 19.2, 19.4)
	convolutional := mean(`net("seed 1", conv(1))`, 21.8, 22.0)
	if gain := convolutional - linear; gain < 2 || gain > 3 {
		t.Errorf("convolutions gain %.2f dB, the lesson says two and a half", gain)
	}
	if gain := convolutional - three["PCA, 32"].psnr; gain < 3.3 || gain > 4.3 {
		t.Errorf("convolutions are %.2f dB above PCA, the lesson says nearly four", gain)
	}
}

// The tutorial's claim: a VAE is useful to take noise off.
func TestDenoisingHasTheVAEsNumber(t *testing.T) {
	n := executed(t, denoising)
	nats := n.having(t, "[]autoencoder.Model{vae, denoisingVAE(), notVariational}").rows(3) // loss, KL, seconds
	if len(nats) != 30 {
		t.Fatalf("three nets have %d epochs", len(nats))
	}
	if plain, noisy := nats[9][0], nats[19][0]; math.Abs(plain-105.6) > 1 || math.Abs(noisy-111.0) > 1 || noisy-plain < 4 || noisy-plain > 7 {
		t.Errorf("the VAE has %.1f nats, with noise %.1f", plain, noisy)
	}
	if nats[29][1] != 0 {
		t.Errorf("the net that is not variational has a KL of %v", nats[29][1])
	}
	s := within(t, n.having(t, "compare(mnist.Test().Images, gaussian, all()...)"), true, map[string]score{
		"nothing": {0.1312, 14.85, 0.621}, "median 3 × 3": {0.0614, 18.22, 0.686}, "PCA, 32": {0.0679, 18.01, 0.667},
		"plain linear": {0.0590, 18.73, 0.721}, "plain VAE": {0.0608, 18.56, 0.698},
		"denoising linear": {0.0536, 19.26, 0.741}, "denoising VAE": {0.0466, 19.86, 0.758},
		"denoising, no KL": {0.0350, 21.09, 0.810}, "denoising convolutional": {0.0297, 21.83, 0.832}})
	if got := s["plain convolutional"]; got.psnr > s["nothing"].psnr-0.5 || math.Abs(got.psnr-13.2) > 1.2 {
		t.Errorf("the plain convolutional net has %v, the lesson says worse than doing nothing", got)
	}
	if level := math.Abs(s["plain VAE"].psnr - s["plain linear"].psnr); level > 0.5 {
		t.Errorf("the plain VAE and the plain linear net are %.2f dB apart, the lesson says level", level)
	}
	for _, pair := range [][2]string{{"plain VAE", "median 3 × 3"}, {"denoising linear", "plain linear"}, {"denoising VAE", "denoising linear"},
		{"denoising, no KL", "denoising VAE"}, {"denoising convolutional", "denoising, no KL"}} {
		if s[pair[0]].psnr <= s[pair[1]].psnr {
			t.Errorf("%s has %v, %s %v", pair[0], s[pair[0]], pair[1], s[pair[1]])
		}
	}
	if gain := s["denoising VAE"].psnr - s["plain VAE"].psnr; gain < 0.9 || gain > 1.7 {
		t.Errorf("noise in training gains the VAE %.2f dB, the lesson says 1.3", gain)
	}
}

func TestDenoisingSaltAndPepper(t *testing.T) {
	n := executed(t, denoising)
	c := n.having(t, "compare(mnist.Test().Images, saltPepper,")
	within(t, c, false, map[string]score{"nothing": {0.3855, 10.19, 0.450}, "median 3 × 3": {0.0617, 18.38, 0.756}, "PCA, 32": {0.0919, 16.55, 0.551}})
	s := within(t, c, true, map[string]score{"trained on salt and pepper": {0.0355, 21.02, 0.807}})
	if other := s["trained on Gaussian noise"].psnr; math.Abs(other-17.7) > 0.6 || other > s["median 3 × 3"].psnr {
		t.Errorf("the net trained on Gaussian noise has %.2f dB", other)
	}
}

func TestDenoisingOtherNoiseAndOtherImages(t *testing.T) {
	n := executed(t, denoising)
	rows := n.having(t, "PSNR against noise").rows(6) // level, nothing, median, PCA, plain and denoising convolutional
	if len(rows) != 10 {
		t.Fatalf("%d levels", len(rows))
	}
	weak, double := rows[0], rows[9]
	if math.Abs(weak[1]-28.6) > 0.1 || math.Abs(weak[5]-22.8) > 0.4 || weak[2] < weak[5] || rows[2][5] < rows[2][1]+2 || math.Abs(rows[1][1]-rows[1][5]) > 0.5 {
		t.Errorf("little noise: %v", rows[:3])
	}
	if loss := weak[5] - rows[4][5]; loss < 0.6 || loss > 1.4 {
		t.Errorf("from 0.1 to 0.5 the denoiser loses %.2f dB, the lesson says one", loss)
	}
	if math.Abs(double[5]-17.8) > 0.6 || double[5] < max(double[1], double[2], double[3], double[4]) {
		t.Errorf("twice the noise: %v", double)
	}
	if math.Abs(weak[3]-18.5) > 0.1 || math.Abs(double[3]-16.8) > 0.1 {
		t.Errorf("PCA goes from %.2f to %.2f", weak[3], double[3])
	}
	for _, row := range rows[:7] {
		if row[4] >= row[1] {
			t.Errorf("at %.1f the plain convolutional net has %.2f dB, nothing %.2f", row[0], row[4], row[1])
		}
	}
	turned := n.having(t, "compare(turned(mnist.Test().Images)")
	within(t, turned, false, map[string]score{"nothing": {0.1312, 14.85, 0.621}, "median 3 × 3": {0.0614, 18.22, 0.686}, "PCA, 32": {0.1250, 15.19, 0.487}})
	s := scores(t, turned)
	if linear, convolutional := s["denoising linear"].psnr, s["denoising convolutional"].psnr; math.Abs(linear-15) > 0.5 || math.Abs(convolutional-17.8) > 0.4 || convolutional >= s["median 3 × 3"].psnr {
		t.Errorf("turned: %v", s)
	}
}

func TestDenoisingFigures(t *testing.T) {
	n := executed(t, denoising)
	n.shows(t, map[string]string{
		"two kinds of noise":     `plots.RowNames("clean", "Gaussian", "salt and pepper")`,
		"the linear denoiser":    `look(mnist.Test().Take(10).Images, gaussian, net("denoised", linear))`,
		"all methods":            "look(mnist.Test().Take(10).Images, gaussian, all()[1:]...)",
		"salt and pepper":        "look(mnist.Test().Take(10).Images, saltPepper,",
		"other levels of noise":  "plots.Curve(",
		"digits it never saw so": "look(turned(mnist.Test().Take(10).Images)",
	})
}
