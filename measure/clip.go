package measure

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// Clip returns a copy of x, float32 [n, …], in which numbers below lo are lo and numbers above hi are hi. A method whose
// output may leave the range of pixels, such as [PCA.Reconstruct], is then scored on equal terms with one whose output
// cannot.
//
// It returns an error if a number of x is not finite, if lo or hi is NaN, or if lo is above hi. lo may be -Inf and hi +Inf,
// which clip nothing.
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
