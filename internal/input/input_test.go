package input

import (
	"errors"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestCheck(t *testing.T) {
	floats := func(dims ...int) *tensors.Tensor { return tensors.FromShape(shapes.Make(dtypes.Float32, dims...)) }
	gone := floats(1, 2, 2, 1)
	gone.MustFinalizeAll()
	reason := errors.New("datasets: a file is missing")
	for _, c := range []struct {
		x    *tensors.Tensor
		want string
	}{
		{floats(1, 2, 2, 3), ""},
		{nil, "the images are missing: the tensor is nil"},
		{gone, "the images are no longer there: their tensor was finalized"},
		{tensors.FromShape(shapes.Make(dtypes.Uint8, 1, 2, 2, 1)), "the images are Uint8, not float32"},
		{floats(0, 2, 2, 1), "the images are empty: [0 2 2 1]"},
		{floats(4, 2), "the images have the shape [4 2], not [n, height, width, channels]"},
		{Failed(reason), "the images could not be loaded: datasets: a file is missing"},
	} {
		got := ""
		err := Check("the images", c.x)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if err := Check("the images", Failed(reason)); !errors.Is(err, reason) {
		t.Errorf("%v does not wrap its reason", err)
	}
}

// A reason is forgotten with its tensor.
func TestFailedIsForgotten(t *testing.T) {
	Failed(errors.New("nobody asks"))
	count := func() (n int) {
		failures.Range(func(_, _ any) bool { n++; return true })
		return n
	}
	before := count()
	for range 100 {
		Failed(errors.New("nobody asks"))
	}
	for range 1000 { // the cleanups run in the background
		if runtime.GC(); count() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d reasons are kept, before it were %d", count(), before)
}

func TestNotFinite(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		values []float32
		want   int
	}{
		{nil, -1}, {[]float32{0, -1, math.MaxFloat32}, -1},
		{[]float32{0, float32(math.NaN())}, 1}, {[]float32{inf, 0}, 0}, {[]float32{0, -inf}, 1},
	} {
		if got := NotFinite(c.values); got != c.want {
			t.Errorf("NotFinite(%v) is %d, want %d", c.values, got, c.want)
		}
	}
}
