package measure

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// MSE returns the mean squared error of a against b: the squared difference, averaged over all numbers. Both are float32
// [n, …] of one shape. For images and their reconstructions this is the loss that package autoencoder calls MSE.
//
// It equals the mean of [Errors] bit for bit, and returns an error in the same cases.
func MSE(a, b *tensors.Tensor) (float64, error) {
	values, err := squaredErrors(a, b)
	if err != nil {
		return 0, named("MSE", err)
	}
	return mean(values), nil
}

// Errors returns the mean squared error of each image of a against the image of b with the same index: n numbers, which
// show the best and the worst images. Both are float32 [n, …] of one shape, latents or images.
//
// It returns an error if the shapes differ or a number is not finite.
func Errors(a, b *tensors.Tensor) ([]float64, error) {
	values, err := squaredErrors(a, b)
	if err != nil {
		return nil, named("Errors", err)
	}
	return values, nil
}

func squaredErrors(a, b *tensors.Tensor) ([]float64, error) {
	x, err := read(compared, a)
	if err != nil {
		return nil, err
	}
	y, err := read(comparedWith, b)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(x.dims, y.dims) {
		return nil, fmt.Errorf("the shapes differ: %v and %v", x.dims, y.dims)
	}
	return each(x.rows, func(i int) float64 { return squaredError(x.row(i), y.row(i)) }), nil
}

// squaredError returns the mean of the squared differences.
func squaredError(x, y []float32) float64 {
	var sum float64
	for i := range x {
		d := float64(x[i]) - float64(y[i])
		sum += d * d
	}
	return sum / float64(len(x))
}
