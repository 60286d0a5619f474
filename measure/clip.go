package measure

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// Clip returns a copy of x, float32 [n, …], in which numbers below lo are replaced by lo and numbers above hi by hi. Clip
// the output of a method that can leave the range of pixels, such as [PCA.Reconstruct], before you compare it with one that
// cannot.
//
// It returns an error if a number of x is not finite, if lo or hi is NaN, or if lo is above hi. lo may be -Inf and hi may
// be +Inf, which clip nothing.
func Clip(x *tensors.Tensor, lo, hi float32) (*tensors.Tensor, error) {
	if !(lo <= hi) || lo > math.MaxFloat32 || hi < -math.MaxFloat32 {
		return nil, named("Clip", fmt.Errorf("the range begins at %g and ends at %g", lo, hi))
	}
	t, err := read(compared, x)
	if err != nil {
		return nil, named("Clip", err)
	}
	for i, v := range t.values {
		t.values[i] = min(max(v, lo), hi)
	}
	return tensors.FromFlatDataAndDimensions(t.values, t.dims...), nil
}
