package measure

import (
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// PSNR is the peak signal-to-noise ratio of the images x, compared with reference, both float32 [n,
// height, width, channels], in decibels: 10·log10(dataRange² / MSE). It is taken image by image, as
// scikit-image's peak_signal_noise_ratio has it, and the mean over the images is returned: a mean of
// ratios, so each image counts alike, and not the ratio of the mean error. dataRange is the distance
// from black to white: 2 for pixels in [-1, 1].
//
// A perfect image has +Inf, and then so has the mean. It is an error if the shapes differ, a number is
// not finite or dataRange is not above 0.
func PSNR(x, reference *tensors.Tensor, dataRange float64) (float64, error) {
	a, b, err := readPair(x, reference, dataRange)
	if err != nil {
		return 0, named("PSNR", err)
	}
	return mean(a.rows, func(i int) float64 {
		return 10 * math.Log10(dataRange*dataRange/squaredError(a.row(i), b.row(i)))
	}), nil
}
