package measure

import (
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// PSNR returns the peak signal-to-noise ratio of the images x against reference, in decibels: 10·log10(dataRange² / MSE).
// Both are float32 [n, height, width, channels]. dataRange is the distance from black to white: 2 for pixels in [-1, 1].
//
// The ratio is computed for each image, as scikit-image's peak_signal_noise_ratio defines it, and averaged over the images,
// so that each image has the same weight; this is not the ratio that belongs to the mean error. If an image equals its
// reference, its ratio is +Inf, and so is the mean.
//
// It returns an error if the shapes differ, a number is not finite or dataRange is not above 0.
func PSNR(x, reference *tensors.Tensor, dataRange float64) (float64, error) {
	a, b, err := readPair(x, reference, dataRange)
	if err != nil {
		return 0, named("PSNR", err)
	}
	return mean(each(a.rows, func(i int) float64 {
		return 10 * math.Log10(dataRange*dataRange/squaredError(a.row(i), b.row(i)))
	})), nil
}
