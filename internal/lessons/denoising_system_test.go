//go:build system

package lessons

import (
	"math"
	"slices"
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

// within compares a cell's table with what the lesson says of it. The noise is the same on every machine, so methods that
// learn nothing hardly move; a trained net is compared only where the lesson's numbers must come out.
func within(t *testing.T, c *cell, learned bool, want map[string]score) map[string]score {
	t.Helper()
	limit := score{0.0005, 0.03, 0.003}
	if learned {
		limit = score{0.0025, 0.35, 0.015}
	}
	got := scores(t, c)
	for method, w := range want {
		g, ok := got[method]
		off := math.Abs(g.mse-w.mse) > limit.mse || math.Abs(g.psnr-w.psnr) > limit.psnr || math.Abs(g.ssim-w.ssim) > limit.ssim
		if !ok || off && (!learned || cites()) {
			t.Errorf("%s: %s has %v, the lesson says %v", c.ID, method, g, w)
		}
	}
	return got
}

// endings returns the test losses after the last epoch of each of some trainings in one cell.
func endings(t *testing.T, c *cell, trainings, epochs int) (losses []float64) {
	t.Helper()
	rows := c.rows(3) // train loss, test loss, seconds
	if len(rows) != trainings*epochs {
		t.Fatalf("%s has %d epochs, want %d times %d:\n%s", c.ID, len(rows), trainings, epochs, c.data("text/plain"))
	}
	for i := range trainings {
		losses = append(losses, rows[(i+1)*epochs-1][1])
	}
	return losses
}

// PyTorch has .0532 for the linear net after ten epochs, and .0296 for the convolutional one after five.
func TestDenoisingTrainsAsPyTorchDoes(t *testing.T) {
	n := executed(t, denoising)
	baselines := scores(t, n.cell(t, "baselines"))
	nothing, median := baselines["nothing"].mse, baselines["median 3 × 3"].mse
	linear := append(endings(t, n.cell(t, "train-linear"), 1, 10), endings(t, n.cell(t, "train-linear-seeds"), 2, 10)...)
	convolutional := endings(t, n.cell(t, "train-conv-seeds"), 3, 5)
	for i := range 3 {
		if linear[i] > 0.95*median || linear[i] > nothing/2 || linear[i] < 0.045 {
			t.Errorf("clipping has %.4f, the median %.4f, the linear nets %v", nothing, median, linear)
		}
		if convolutional[i] > 0.036 || convolutional[i] < 0.024 || convolutional[i] > 0.75*slices.Min(linear) {
			t.Errorf("the convolutional nets: %v, the linear ones %v", convolutional, linear)
		}
	}
	plain, plainConv := endings(t, n.cell(t, "train-plain"), 1, 10)[0], endings(t, n.cell(t, "train-plain-conv"), 1, 5)[0]
	if plain > slices.Min(linear) || plainConv > slices.Min(convolutional) || plainConv > plain {
		t.Errorf("on clean images the plain nets have %.4f and %.4f; with noise linear %v, convolutional %v", plain, plainConv, linear, convolutional)
	}
	if !cites() {
		return
	}
	if slices.Max(linear) > 0.056 || slices.Min(linear) < 0.05 || slices.Max(convolutional) > 0.032 || slices.Min(convolutional) < 0.026 {
		t.Errorf("linear %v, convolutional %v", linear, convolutional)
	}
	if math.Abs(plain-0.0414) > 0.0025 || math.Abs(plainConv-0.0216) > 0.0015 {
		t.Errorf("on clean images the plain nets have %.4f and %.4f", plain, plainConv)
	}
	if first := n.cell(t, "train-linear").rows(3); first[0][1] > nothing || first[4][1] < median || first[6][1] > median {
		t.Errorf("the linear net passes the median, %.4f, at %v", median, first)
	}
}

// What learns nothing.
func TestDenoisingBaselines(t *testing.T) {
	n := executed(t, denoising)
	c := n.cell(t, "baselines")
	if before := lossIn(t, c); math.Abs(before-0.25) > 0.0005 {
		t.Errorf("before clipping the noise has %.4f", before)
	}
	within(t, c, false, map[string]score{"nothing": {0.1310, 14.86, 0.621}, "median 3 × 3": {0.0614, 18.22, 0.686}})
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
	three := within(t, n.cell(t, "scores-linear"), true, map[string]score{
		"PCA, 32": {0.0679, 18.01, 0.667}, "plain linear": {0.0591, 18.72, 0.722}, "denoising linear": {0.0531, 19.29, 0.745}})
	if plain, trained := three["plain linear"].psnr, three["denoising linear"].psnr; trained < plain || plain < three["PCA, 32"].psnr {
		t.Errorf("training with noise gains nothing: %v", three)
	}
	clean := within(t, n.cell(t, "scores-clean"), true, map[string]score{
		"PCA, 32": {0.0608, 18.56, 0.726}, "plain linear": {0.0414, 20.60, 0.800}, "denoising linear": {0.0439, 20.24, 0.791}})
	if clean["plain linear"].mse >= clean["denoising linear"].mse {
		t.Errorf("on clean images: %v", clean)
	}
	mean := func(id string, low, high float64) (mean float64) {
		seeds := scores(t, n.cell(t, id))
		if len(seeds) != 3 {
			t.Fatalf("%s: %v", id, seeds)
		}
		for _, s := range seeds {
			if mean += s.psnr / 3; cites() && (s.psnr < low-0.35 || s.psnr > high+0.35) {
				t.Errorf("%s: %.2f dB, the lesson says %.1f to %.1f", id, s.psnr, low, high)
			}
		}
		return mean
	}
	linear, convolutional := mean("scores-linear-seeds", 19.3, 19.3), mean("scores-conv-seeds", 21.8, 22.1)
	if gain := convolutional - linear; gain < 1.2 || gain > 4 {
		t.Errorf("convolutions gain %.2f dB, the lesson says two and a half", gain)
	}
	if gain := convolutional - three["PCA, 32"].psnr; gain < 2.5 {
		t.Errorf("convolutions are %.2f dB above PCA, the lesson says nearly four", gain)
	}
}

// The tutorial's claim: a VAE is useful to take noise off.
func TestDenoisingHasTheVAEsNumber(t *testing.T) {
	n := executed(t, denoising)
	nats := n.cell(t, "train-vae").rows(3) // loss, KL, seconds
	if len(nats) != 30 {
		t.Fatalf("three nets have %d epochs", len(nats))
	}
	plain, noisy := nats[9][0], nats[19][0]
	if plain > 110 || noisy < plain+1 {
		t.Errorf("the VAE has %.1f nats, with noise %.1f", plain, noisy)
	}
	if cites() && (math.Abs(plain-105.6) > 1 || math.Abs(noisy-110.9) > 1) {
		t.Errorf("the VAE has %.1f nats, with noise %.1f, the lesson says 105.6 and 110.9", plain, noisy)
	}
	if nats[29][1] != 0 {
		t.Errorf("the net that is not variational has a KL of %v", nats[29][1])
	}
	within(t, n.cell(t, "scores-all"), false, map[string]score{
		"nothing": {0.1310, 14.86, 0.621}, "median 3 × 3": {0.0614, 18.22, 0.686}, "PCA, 32": {0.0679, 18.01, 0.667}})
	s := within(t, n.cell(t, "scores-all"), true, map[string]score{
		"plain linear": {0.0591, 18.72, 0.722}, "plain VAE": {0.0608, 18.56, 0.698},
		"denoising linear": {0.0531, 19.29, 0.745}, "denoising VAE": {0.0467, 19.84, 0.758},
		"denoising, no KL": {0.0352, 21.07, 0.810}, "denoising convolutional": {0.0297, 21.83, 0.835}})
	if got := s["plain convolutional"].psnr; got > s["nothing"].psnr || cites() && math.Abs(got-13.2) > 1.2 {
		t.Errorf("the plain convolutional net has %v, the lesson says worse than doing nothing", got)
	}
	if level := math.Abs(s["plain VAE"].psnr - s["plain linear"].psnr); level > 1 {
		t.Errorf("the plain VAE and the plain linear net are %.2f dB apart, the lesson says level", level)
	}
	for _, pair := range [][2]string{{"denoising linear", "plain linear"}, {"denoising VAE", "denoising linear"}, {"denoising VAE", "plain VAE"},
		{"denoising, no KL", "denoising VAE"}, {"denoising convolutional", "denoising, no KL"}} {
		if s[pair[0]].psnr <= s[pair[1]].psnr {
			t.Errorf("%s has %v, %s %v", pair[0], s[pair[0]], pair[1], s[pair[1]])
		}
	}
	if gain := s["denoising VAE"].psnr - s["plain VAE"].psnr; cites() && (gain < 0.9 || gain > 1.7) {
		t.Errorf("noise in training gains the VAE %.2f dB, the lesson says 1.3", gain)
	}
}

func TestDenoisingSaltAndPepper(t *testing.T) {
	n := executed(t, denoising)
	c := n.cell(t, "scores-salt-and-pepper")
	within(t, c, false, map[string]score{"nothing": {0.3855, 10.19, 0.450}, "median 3 × 3": {0.0617, 18.38, 0.756}, "PCA, 32": {0.0919, 16.55, 0.551}})
	s := within(t, c, true, map[string]score{"trained on salt and pepper": {0.0355, 21.02, 0.807}})
	other, own := s["trained on Gaussian noise"].psnr, s["trained on salt and pepper"].psnr
	if own < s["median 3 × 3"].psnr+1 || own < other+1.5 || cites() && (math.Abs(other-17.7) > 0.6 || other > s["median 3 × 3"].psnr) {
		t.Errorf("the net trained on Gaussian noise has %.2f dB, that on salt and pepper %.2f, the median %.2f", other, own, s["median 3 × 3"].psnr)
	}
}

func TestDenoisingOtherNoiseAndOtherImages(t *testing.T) {
	n := executed(t, denoising)
	rows := n.cell(t, "psnr-against-noise").rows(6) // level, nothing, median, PCA, plain and denoising convolutional
	if len(rows) != 10 {
		t.Fatalf("%d levels", len(rows))
	}
	weak, trained, double := rows[0], rows[4], rows[9]
	if math.Abs(weak[1]-28.6) > 0.1 || math.Abs(weak[3]-18.5) > 0.1 || math.Abs(double[3]-16.8) > 0.1 {
		t.Errorf("what learns nothing, or is PCA: %v and %v", weak, double)
	}
	if weak[5] > weak[1]-2 { // with little noise it is best to do nothing
		t.Errorf("little noise: %v", weak)
	}
	if trained[5] < max(trained[1], trained[2], trained[3], trained[4])+1 || double[5] < max(double[1], double[2], double[4]) {
		t.Errorf("the noise it was trained on, and twice that: %v and %v", trained, double)
	}
	for _, row := range rows[:5] {
		if row[4] >= row[1] {
			t.Errorf("at %.1f the plain convolutional net has %.2f dB, nothing %.2f", row[0], row[4], row[1])
		}
	}
	turned := n.cell(t, "scores-turned")
	within(t, turned, false, map[string]score{"nothing": {0.1310, 14.86, 0.621}, "median 3 × 3": {0.0614, 18.22, 0.686}, "PCA, 32": {0.1250, 15.19, 0.487}})
	s := scores(t, turned)
	linear, convolutional := s["denoising linear"].psnr, s["denoising convolutional"].psnr
	if linear > convolutional-1 || linear > s["median 3 × 3"].psnr-1 {
		t.Errorf("turned: %v", s)
	}
	if !cites() {
		return
	}
	if math.Abs(weak[5]-22.8) > 0.4 || weak[2] < weak[5] || rows[2][5] < rows[2][1]+2 || math.Abs(rows[1][1]-rows[1][5]) > 0.5 {
		t.Errorf("little noise: %v", rows[:3])
	}
	if loss := weak[5] - trained[5]; loss < 0.6 || loss > 1.4 {
		t.Errorf("from 0.1 to 0.5 the denoiser loses %.2f dB, the lesson says one", loss)
	}
	if math.Abs(double[5]-17.8) > 0.6 || double[5] < double[3] {
		t.Errorf("twice the noise: %v", double)
	}
	for _, row := range rows[5:7] {
		if row[4] >= row[1] {
			t.Errorf("at %.1f the plain convolutional net has %.2f dB, nothing %.2f", row[0], row[4], row[1])
		}
	}
	if math.Abs(linear-15) > 0.5 || math.Abs(convolutional-17.8) > 0.4 || convolutional >= s["median 3 × 3"].psnr {
		t.Errorf("turned: %v", s)
	}
}

func TestDenoisingFigures(t *testing.T) {
	n := executed(t, denoising)
	n.shows(t, "kinds-of-noise", "look-linear", "look-all", "look-salt-and-pepper", "psnr-against-noise", "look-turned")
}
