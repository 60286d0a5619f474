package measure

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// MSE is the squared difference of two tensors of one shape, the mean over all their numbers: for images with pixels in
// [-1, 1] and their reconstructions the same as the loss of package autoencoder. Another shape is an error.
func MSE(a, b *tensors.Tensor) (float64, error) {
	x, err := read("images", a)
	if err != nil {
		return 0, named("MSE", err)
	}
	y, err := read("images to compare with", b)
	if err != nil {
		return 0, named("MSE", err)
	}
	if !slices.Equal(x.dims, y.dims) {
		return 0, fmt.Errorf("measure: MSE: the shapes differ: %v and %v", x.dims, y.dims)
	}
	return squaredError(x.values, y.values), nil
}

// squaredError is the mean of the squared differences.
func squaredError(x, y []float32) float64 {
	var sum float64
	for i := range x {
		d := float64(x[i]) - float64(y[i])
		sum += d * d
	}
	return sum / float64(len(x))
}
