package measure

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
)

// Clip returns the numbers of x, float32 [n, …], with those below lo set to lo and
// those above hi set to hi: so that methods which may leave the range of pixels are scored beside those
// which cannot.
//
// It is an error if a number is not finite, or lo is above hi.
func Clip(x *tensors.Tensor, lo, hi float32) (*tensors.Tensor, error) {
	if !(lo <= hi) {
		return nil, named("Clip", fmt.Errorf("the range begins at %g and ends at %g", lo, hi))
	}
	t, err := read("images", x)
	if err != nil {
		return nil, named("Clip", err)
	}
	for i, v := range t.values {
		t.values[i] = min(max(v, lo), hi)
	}
	return tensors.FromFlatDataAndDimensions(t.values, t.dims...), nil
}
