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
