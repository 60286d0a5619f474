package datasets

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

func TestNormalizeRange(t *testing.T) {
	for _, c := range []struct {
		opts     []Option
		min, max float32
	}{
		{nil, 0, 1},
		{[]Option{Normalize(0.5, 0.5)}, -1, 1},
		{[]Option{Normalize(0.1307, 0.3081)}, -0.42421296, 2.8214867}, // what PyTorch's MNIST example trains on
		{[]Option{Normalize(0.5, 0.5), Normalize(-1, 2)}, 0, 1},
	} {
		pixels := tensors.MustCopyFlatData[float32](MNIST(c.opts...).Test().Images)
		low, high := slices.Min(pixels), slices.Max(pixels)
		if math.Abs(float64(low-c.min)) > 1e-6 || math.Abs(float64(high-c.max)) > 1e-6 {
			t.Errorf("pixels in [%v, %v], want [%v, %v]", low, high, c.min, c.max)
		}
	}
}

func TestNormalizeRefuses(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct{ mean, std float32 }{
		{0.5, 0}, {0.5, -1}, {0.5, nan}, {0.5, inf}, {nan, 0.5}, {inf, 0.5}, {0, 1e-45},
	} {
		d := MNIST(Normalize(c.mean, c.std))
		wantLine(t, d.Err(), "datasets: Normalize(")
		wantNone(t, d.Train(), d.Err().Error())
		wantNone(t, d.Test(), d.Err().Error())
	}
	wantLine(t, MNIST(Normalize(0, -1), Normalize(0, 0)).Err(), "datasets: Normalize(0, -1): ") // the first of two
	wantLine(t, MNIST(Normalize(0.5, 0)).Err(), "datasets: Normalize(0.5, 0): std must be above 0 and both finite; Normalize(0.5, 0.5) gives pixels in [-1, 1]")
}
