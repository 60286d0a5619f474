//go:build system

package lessons

import (
	"math"
	"slices"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/datasets"
	"autoencoders/images"

	"github.com/gomlx/gomlx/core/tensors"
)

const denoising = "05-denoising.ipynb"

// score is a line of a table of the lesson.
type score struct{ mse, psnr, ssim float64 }

// scores returns the lines of a cell's tables, by the method that each begins with: the first line of each method.
func scores(t *testing.T, c *cell) map[string]score {
	t.Helper()
	found := map[string]score{}
	for name, numbers := range c.named(3) {
		found[name] = score{numbers[0], numbers[1], numbers[2]}
	}
	return found
}

// named returns the numbers with a point in each line of a cell's tables that has n of them at least, by what stands before
// the first: the first line of each name.
func (c *cell) named(n int) map[string][]float64 {
	found := map[string][]float64{}
	for line := range strings.Lines(c.data("text/plain")) {
		at := number.FindStringIndex(line)
		if at == nil {
			continue
		}
		rows := (&cell{Outputs: []output{{Data: map[string]any{"text/plain": line}}}}).rows(n)
		name := strings.TrimSpace(line[:at[0]])
		if _, ok := found[name]; len(rows) == 1 && !ok {
			found[name] = rows[0]
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

var doingNothing, medianFilter = score{0.1310, 14.86, 0.621}, score{0.0614, 18.22, 0.686}

// What learns nothing. The median filter damages clean digits; a bottleneck of PCA removes noise and detail.
func TestDenoisingBaselines(t *testing.T) {
	n := executed(t, denoising)
	c := n.cell(t, "baselines")
	if before := lossIn(t, c); math.Abs(before-0.25) > 0.0005 {
		t.Errorf("before clipping the noise has %.4f", before)
	}
	within(t, c, false, map[string]score{"nothing": doingNothing, "median filter": medianFilter})
	within(t, n.cell(t, "median-clean"), false, map[string]score{"median filter": {0.0187, 23.93, 0.901}})
	within(t, n.cell(t, "scores-clean"), false, map[string]score{
		"PCA, 32 components": {0.0679, 18.01, 0.667}, "PCA, 128 components": {0.0381, 20.31, 0.736}, "PCA, 512 components": {0.0878, 16.60, 0.625}})
	if rows := n.cell(t, "scores-clean").rows(3); len(rows) != 6 || math.Abs(rows[3][0]-0.0608) > 0.0005 || rows[5][0] > 0.001 {
		t.Errorf("PCA, with noise and then without: %v", rows)
	}
	pixels := tensors.MustCopyFlatData[float32](datasets.MNIST().Test().Images)
	black := 0.0
	for _, x := range pixels {
		if x == 0 {
			black += 1 / float64(len(pixels))
		}
	}
	if math.Abs(black-0.8) > 0.02 {
		t.Errorf("%.3f of the pixels are black, the lesson says four in five", black)
	}
}

// PyTorch has 0.0532 for the narrow net after ten epochs, and 0.0296 for the convolutional one after five.
func TestDenoisingTrainsAsPyTorchDoes(t *testing.T) {
	n := executed(t, denoising)
	epochs := n.cell(t, "train-linear").rows(3) // train loss, test loss, seconds
	if len(epochs) != 10 {
		t.Fatalf("the narrow net has %d epochs", len(epochs))
	}
	first, last := epochs[0], epochs[9]
	if first[1] > 0.95*doingNothing.mse || last[1] > 0.95*medianFilter.mse || last[1] < 0.045 || math.Abs(last[0]-last[1]) > 0.005 {
		t.Errorf("the narrow net: %v", epochs)
	}
	if cites() && (math.Abs(first[1]-0.102) > 0.005 || math.Abs(last[1]-0.0531) > 0.0025) {
		t.Errorf("the narrow net has %v after one epoch and %v after ten", first, last)
	}
	losses := n.cell(t, "train-conv-seeds").named(2)
	for _, seed := range []string{"0", "1"} {
		wide, conv := losses["wide-"+seed], losses["conv-"+seed]
		if wide == nil || conv == nil || wide[0] > 0.9*last[1] || wide[0] < 0.034 || conv[0] > 0.036 || conv[0] < 0.024 || conv[0] > 0.9*wide[0] {
			t.Errorf("seed %s: wide %v, convolutional %v, narrow %v", seed, wide, conv, last)
		}
	}
}

func TestDenoisingConvolutionsAreWorthMoreThanADecibel(t *testing.T) {
	seeds := scores(t, executed(t, denoising).cell(t, "scores-conv-seeds"))
	var wide, conv []float64
	for _, seed := range []string{"0", "1"} {
		wide, conv = append(wide, seeds["wide, seed "+seed].psnr), append(conv, seeds["convolutional, seed "+seed].psnr)
	}
	gap := slices.Min(conv) - slices.Max(wide)
	if gap < 0.6 || cites() && gap < 1 || slices.Max(wide)-slices.Min(wide) > gap || slices.Max(conv)-slices.Min(conv) > gap {
		t.Errorf("wide %v, convolutional %v", wide, conv)
	}
	if narrow := seeds["narrow, ten epochs"].psnr; math.Abs(narrow-19.3) > 0.5 || slices.Min(wide) < narrow+0.5 {
		t.Errorf("the narrow net has %.2f dB, the wide ones %v", narrow, wide)
	}
	if cites() && (slices.Min(wide) < 20.2 || slices.Max(wide) > 20.9 || slices.Min(conv) < 21.5 || slices.Max(conv) > 22.4) {
		t.Errorf("wide %v, the lesson says 20.53 and 20.49; convolutional %v, the lesson says 21.83 and 22.05", wide, conv)
	}
	for want, m := range map[int]autoencoder.Model{654_416: wideNet(), 111_521: autoencoder.Convolutional("", 32), 9_569: openNet("")} {
		if summary, err := m.Summary(28, 28, 1); err != nil || summary.Parameters != want {
			t.Errorf("a net has %d parameters, the lesson says %d: %v", summary.Parameters, want, err)
		}
	}
}

func wideNet() autoencoder.Model {
	return autoencoder.Model{
		Encoder: nn.Sequential(nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 32)),
		Decoder: nn.Sequential(nn.Linear(32, 400), nn.ReLU(), nn.Linear(400, 784), nn.Tanh()),
	}
}

func openNet(dir string) autoencoder.Model {
	half := []nn.ConvOption{nn.Stride(2), nn.Padding(1)}
	double := []nn.ConvOption{nn.Stride(2), nn.Padding(1), nn.OutputPadding(1)}
	return autoencoder.Model{
		Dir:     dir,
		Encoder: nn.Sequential(nn.Conv2d(1, 16, 3, half...), nn.ReLU(), nn.Conv2d(16, 32, 3, half...), nn.ReLU()),
		Decoder: nn.Sequential(nn.ConvTranspose2d(32, 16, 3, double...), nn.ReLU(), nn.ConvTranspose2d(16, 1, 3, double...), nn.Tanh()),
	}
}

// The tutorial's claim: a VAE is useful to take noise off.
func TestDenoisingHasTheVAEsNumber(t *testing.T) {
	n := executed(t, denoising)
	nats := n.cell(t, "train-vae").named(2)
	plain, noisy := nats["plain-vae"], nats["vae"]
	if plain == nil || noisy == nil || plain[0] > 113 || noisy[0] < plain[0]+1 {
		t.Errorf("the VAE has %v nats, with noise %v", plain, noisy)
	}
	s := within(t, n.cell(t, "scores-vae"), true, map[string]score{"VAE, plain": {0.0611, 18.58, 0.698}, "VAE, denoising": {0.0515, 19.42, 0.741}, "no KL term, denoising": {0.0402, 20.50, 0.792}})
	if a, b, free := s["VAE, plain"].psnr, s["VAE, denoising"].psnr, s["no KL term, denoising"].psnr; b < a+0.3 || free < b+0.5 || a < doingNothing.psnr+2 {
		t.Errorf("the scores are %v", s)
	}
	if wide := scores(t, n.cell(t, "scores-conv-seeds"))["wide, seed 0"].psnr; math.Abs(wide-s["no KL term, denoising"].psnr) > 0.5 {
		t.Errorf("the wide net has %.2f, the lesson says about as much as the net without a KL term: %v", wide, s)
	}
}

// What denoises: the training with noise, with a bottleneck or without.
func TestDenoisingNeedsNoBottleneck(t *testing.T) {
	n := executed(t, denoising)
	losses := n.cell(t, "train-open").named(2)
	copies := losses["plain-open"]
	for _, name := range []string{"plain-wide", "plain-conv"} {
		if loss := losses[name]; copies == nil || loss == nil || copies[0] > 0.2*loss[0] {
			t.Errorf("on clean images %s has %v, plain-open %v", name, loss, copies)
		}
	}
	psnr := n.cell(t, "what-denoises").named(2) // plain, and trained with noise
	for net, want := range map[string][]float64{"wide": {19.88, 20.53}, "convolutional": {13.51, 21.83}, "open": {20.20, 23.98}} {
		got := psnr[net]
		if got == nil || got[1] < got[0]+0.2 || got[1] < medianFilter.psnr+1 {
			t.Fatalf("%s has %v", net, got)
		}
		if cites() && (math.Abs(got[0]-want[0]) > 0.7 || math.Abs(got[1]-want[1]) > 0.35) {
			t.Errorf("%s has %v, the lesson says %v", net, got, want)
		}
	}
	wide, conv, open := psnr["wide"], psnr["convolutional"], psnr["open"]
	if conv[0] > doingNothing.psnr || min(wide[0], open[0]) < doingNothing.psnr+2 {
		t.Errorf("plain nets: %v, the lesson says that the convolutional one is worse than doing nothing", psnr)
	}
	if open[1] < conv[1]+1 || open[1] < wide[1]+1 {
		t.Errorf("trained with noise the open net is not the best: %v", psnr)
	}
	if gain := wide[1] - wide[0]; gain > 1.2 || conv[1]-conv[0] < gain+1.5 || open[1]-open[0] < gain+1.5 {
		t.Errorf("the wide net gains less than a decibel, the others far more: %v", psnr)
	}
}

// An output pixel of the open convolutional net depends on a window of 11 x 11 pixels of the input.
func TestDenoisingWindow(t *testing.T) {
	m := openNet(t.TempDir())
	some := datasets.MNIST(datasets.Normalize(0.5, 0.5)).Train().Take(785).Images
	config := autoencoder.Tutorial()
	config.Epochs = 1
	for _, err := range m.Train(some, some, config) {
		if err != nil {
			t.Fatal(err)
		}
	}
	pixels := tensors.MustCopyFlatData[float32](images.Constant(some, -1))
	for i := range 784 {
		pixels[i*784+i] = 1 // image i differs from the last one, all black, in pixel i
	}
	y, err := m.Reconstruct(tensors.FromFlatDataAndDimensions(pixels, 785, 28, 28, 1))
	if err != nil {
		t.Fatal(err)
	}
	out := tensors.MustCopyFlatData[float32](y)
	widest := 0
	for o := range 784 {
		top, bottom, left, right := 28, -1, 28, -1
		for i := range 784 {
			if out[i*784+o] != out[784*784+o] {
				top, bottom, left, right = min(top, i/28), max(bottom, i/28), min(left, i%28), max(right, i%28)
			}
		}
		widest = max(widest, bottom-top+1, right-left+1)
	}
	if widest != 11 {
		t.Errorf("the widest window is %d pixels wide, the lesson says 11", widest)
	}
}

func TestDenoisingSaltAndPepper(t *testing.T) {
	n := executed(t, denoising)
	c := n.cell(t, "scores-salt-and-pepper")
	within(t, c, false, map[string]score{"nothing": {0.3855, 10.19, 0.450}, "median filter": {0.0617, 18.38, 0.756}})
	s := scores(t, c)
	wide, open, own, median := s["wide"].psnr, s["open"].psnr, s["open, trained with it"].psnr, s["median filter"].psnr
	if open > median-0.3 || wide < median+0.3 || own < median+1.5 {
		t.Errorf("salt and pepper: %v", s)
	}
	if cites() && (math.Abs(open-17.2) > 0.5 || math.Abs(wide-19.4) > 0.5 || math.Abs(own-21.4) > 0.5) {
		t.Errorf("salt and pepper: %v", s)
	}
}

func TestDenoisingOtherNoiseAndOtherImages(t *testing.T) {
	n := executed(t, denoising)
	rows := n.cell(t, "psnr-against-noise").rows(7) // level, nothing, median, wide, open wide, convolutional, open
	if len(rows) != 7 || rows[3][0] != 0.5 {
		t.Fatalf("the levels: %v", rows)
	}
	weak, trained, double := rows[0], rows[3], rows[6]
	if math.Abs(weak[1]-28.6) > 0.1 || weak[3] > weak[1]-3 || weak[5] > weak[1]-3 || math.Abs(weak[6]-weak[1]) > 1.5 {
		t.Errorf("little noise: %v", weak)
	}
	if trained[6] < slices.Max(trained[1:6])+1 {
		t.Errorf("the noise of the training: %v", trained)
	}
	if double[6] > slices.Min(double[3:6])-0.5 || double[6] < double[2] {
		t.Errorf("twice the noise: %v", double)
	}
	if cites() {
		for i, want := range []float64{18.12, 17.65, 17.78, 16.36} {
			if math.Abs(double[3+i]-want) > 0.4 {
				t.Errorf("twice the noise: %v", double)
			}
		}
	}
	c := n.cell(t, "scores-turned")
	within(t, c, false, map[string]score{"nothing": doingNothing, "median filter": medianFilter})
	s := within(t, c, true, map[string]score{"wide": {0.0925, 16.61, 0.621}, "open": {0.0187, 23.53, 0.872}})
	upright := map[string]float64{"narrow": scores(t, n.cell(t, "scores-conv-seeds"))["narrow, ten epochs"].psnr, "open, wide": trained[4]}
	for net, psnr := range n.cell(t, "what-denoises").named(2) {
		upright[net] = psnr[1]
	}
	for _, net := range []string{"narrow", "wide", "open, wide", "convolutional"} {
		if fall := upright[net] - s[net].psnr; fall < 1.5 {
			t.Errorf("turned digits cost %s %.2f dB", net, fall)
		}
	}
	if fall := upright["open"] - s["open"].psnr; fall > 1.2 {
		t.Errorf("turned digits cost the open net %.2f dB, the lesson says half a decibel", fall)
	}
	if narrow := s["narrow"].psnr; math.Abs(narrow-doingNothing.psnr) > 1 {
		t.Errorf("turned digits: the narrow net has %.2f dB, the lesson says as much as doing nothing has", narrow)
	}
}

func TestDenoisingFigures(t *testing.T) {
	n := executed(t, denoising)
	n.shows(t, "kinds-of-noise", "median-clean", "look-linear", "arrows", "draw-open", "what-denoises", "look-all", "look-salt-and-pepper",
		"psnr-against-noise", "look-strong", "look-turned")
}
