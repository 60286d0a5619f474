package datasets

import (
	"fmt"
	"math"
)

// Normalize replaces every pixel x in [0, 1] by (x - mean) / std, as
// torchvision's transforms.Normalize does. Normalize(0.5, 0.5) gives pixels in
// [-1, 1], the range of a decoder that ends in Tanh. If Normalize is given
// twice, the second one rescales the result of the first.
//
// std must be greater than 0, and both numbers must be finite. Otherwise nothing
// is loaded: [Dataset.Err] returns the reason, and so does [FashionMNIST].
func Normalize(mean, std float32) Option {
	return func(d *Dataset) {
		if !(std > 0) || !finite(std) || !finite(mean) {
			d.reject(fmt.Errorf("datasets: Normalize(%v, %v): std must be above 0 and both finite; Normalize(0.5, 0.5) gives pixels in [-1, 1]", mean, std))
			return
		}
		for i, x := range d.pixel {
			d.pixel[i] = (x - mean) / std
			if !finite(d.pixel[i]) {
				d.reject(fmt.Errorf("datasets: Normalize(%v, %v): pixels overflow float32: use a larger std", mean, std))
				return
			}
		}
	}
}

func finite(x float32) bool {
	return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0)
}
