package measure

import (
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// GreyShare returns the fraction of the pixels of x that are neither black nor white: farther than a tenth of the range
// from both. x is float32 [n, …]. Black is -1 if any number of x is negative and 0 otherwise, and white is 1, so grey is
// between -0.8 and 0.8, or between 0.1 and 0.9. Sharp digits have few grey pixels, blurred ones many.
//
// It returns an error if a number is not finite.
func GreyShare(x *tensors.Tensor) (float64, error) {
	t, err := read(compared, x)
	if err != nil {
		return 0, named("GreyShare", err)
	}
	dark, bright := float32(0.1), float32(0.9)
	if slices.Min(t.values) < 0 {
		dark, bright = -0.8, 0.8
	}
	grey := 0
	for _, v := range t.values {
		if v > dark && v < bright {
			grey++
		}
	}
	return float64(grey) / float64(len(t.values)), nil
}
