package datasets

import (
	"fmt"
	"math"
)

// Normalize moves every pixel x of [0, 1] to (x - mean) / std, as torchvision's
// transforms.Normalize does: Normalize(0.5, 0.5) gives pixels in [-1, 1], the
// range of a decoder that ends in Tanh. Used twice, the second works on what the
// first gave.
//
// std must be above 0 and both must be finite. Anything else leaves the data
// set empty, with the reason in [Dataset.Err]; [FashionMNIST] returns it.
func Normalize(mean, std float32) Option {
	return func(d *Dataset) {
		if !(std > 0) || !finite(std) || !finite(mean) {
			d.bad = true
			d.fail(fmt.Errorf("datasets: Normalize(%v, %v): std must be above 0 and both finite; Normalize(0.5, 0.5) gives pixels in [-1, 1]", mean, std))
			return
		}
		for i, x := range d.pixel {
			d.pixel[i] = (x - mean) / std
			if !finite(d.pixel[i]) {
				d.bad = true
				d.fail(fmt.Errorf("datasets: Normalize(%v, %v): pixels overflow float32: use a larger std", mean, std))
				return
			}
		}
	}
}

func finite(x float32) bool {
	return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0)
}
