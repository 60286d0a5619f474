package datasets

import (
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

func TestTake(t *testing.T) {
	all := MNIST().Test()
	five := all.Take(5)
	if got := five.Images.Shape().String(); got != "(Float32)[5, 28, 28, 1]" {
		t.Error(got)
	}
	if !slices.Equal(five.Labels, all.Labels[:5]) {
		t.Error("labels", five.Labels)
	}
	want := tensors.MustCopyFlatData[float32](all.Images)[:5*28*28]
	if got := tensors.MustCopyFlatData[float32](five.Images); !slices.Equal(got, want) {
		t.Error("the images are not the first five")
	}
}

func TestTakeIsClamped(t *testing.T) {
	all := MNIST().Test()
	for _, c := range []struct{ n, want int }{{-1, 0}, {0, 0}, {1, 1}, {9_999, 9_999}, {10_000, 10_000}, {1 << 40, 10_000}} {
		got := all.Take(c.n)
		if len(got.Labels) != c.want {
			t.Errorf("Take(%d) has %d labels, want %d", c.n, len(got.Labels), c.want)
		}
		if c.want > 0 && got.Images.Shape().Dim(0) != c.want {
			t.Errorf("Take(%d) has images %v", c.n, got.Images.Shape())
		}
		if c.want == 0 && got.Images != nil {
			t.Errorf("Take(%d) has images %v, want none", c.n, got.Images.Shape())
		}
	}
}

// A split that was taken stays usable, whatever happens to the rest.
func TestTakeIsACopy(t *testing.T) {
	all := MNIST().Test()
	three := all.Take(3)
	three.Labels = append(three.Labels, 99)
	if all.Labels[3] != 0 {
		t.Error("appending to the taken labels changed the data set's")
	}
	all.Images.MustFinalizeAll()
	if two := three.Take(2); len(two.Labels) != 2 || two.Images == nil {
		t.Error("the copy went with the original")
	}
	if gone := all.Take(1); gone.Images != nil || gone.Labels != nil {
		t.Error("something was taken from a finalized tensor")
	}
}

func TestTakeFromNothing(t *testing.T) {
	var none *Split
	for _, s := range []*Split{none, {}, {Labels: []uint8{1}}} {
		if got := s.Take(3); got.Images != nil || got.Labels != nil {
			t.Errorf("took %v from an empty split", got)
		}
	}
}
