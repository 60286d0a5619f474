package measure

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
)

// Clip returns the numbers of x, a float32 tensor of any shape, with those below lo set to lo and
// those above hi set to hi: so that methods which may leave the range of pixels are scored beside those
// which cannot.
//
// It is an error if x is missing or of another type, or lo is above hi.
func Clip(x *tensors.Tensor, lo, hi float32) (*tensors.Tensor, error) {
	if !(lo <= hi) {
		return nil, named("Clip", fmt.Errorf("the range begins at %g and ends at %g", lo, hi))
	}
	v, err := readNumbers("the numbers", x)
	if err != nil {
		return nil, named("Clip", err)
	}
	for i := range v {
		v[i] = min(max(v[i], lo), hi)
	}
	return tensors.FromFlatDataAndDimensions(v, x.Shape().Dimensions...), nil
}
