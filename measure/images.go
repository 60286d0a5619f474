package measure

import (
	"fmt"
	"math"
	"slices"

	"autoencoders/internal/input"

	"github.com/gomlx/gomlx/core/tensors"
)

// A stack is a table whose rows are images: pixel by pixel, with the channels of a pixel next to one another.
type stack struct {
	table
	height, width, channels int
}

func readImages(what string, x *tensors.Tensor) (stack, error) {
	if err := input.Check(what, x); err != nil {
		return stack{}, err
	}
	t, err := read(what, x)
	if err != nil {
		return stack{}, err
	}
	return stack{t, t.dims[1], t.dims[2], t.dims[3]}, nil
}

// These are the names of a comparison's two arguments in errors.
const compared, comparedWith = "the images", "the images to compare with"

// readPair reads images and those that they are compared with, and checks the data range.
func readPair(x, reference *tensors.Tensor, dataRange float64) (a, b stack, err error) {
	if a, err = readImages(compared, x); err != nil {
		return a, b, err
	}
	if b, err = readImages(comparedWith, reference); err != nil {
		return a, b, err
	}
	if !slices.Equal(a.dims, b.dims) {
		return a, b, fmt.Errorf("the shapes differ: %v and %v", a.dims, b.dims)
	}
	// PSNR and SSIM use the square of the data range. If it became 0 or overflowed, they would return NaN.
	if square := dataRange * dataRange * ssimK1 * ssimK1; !(dataRange > 0) || square == 0 || math.IsInf(dataRange*dataRange, 0) {
		return a, b, fmt.Errorf("the data range is %g: it is the distance from black to white, 2 for pixels in [-1, 1]", dataRange)
	}
	return a, b, nil
}

// eachRow calls f for each of n rows, on all cores. Workers get many rows at a time, because handing over a row can cost
// more than computing it.
func eachRow(n int, f func(i int)) {
	const parts = 64
	parallel(parts, func(part int) {
		from, to := span(n, part, parts)
		for i := from; i < to; i++ {
			f(i)
		}
	})
}

// each returns f of each of n rows, computed on all cores.
func each(n int, f func(i int) float64) []float64 {
	values := make([]float64, n)
	eachRow(n, func(i int) { values[i] = f(i) })
	return values
}

// mean returns the mean of the values. It adds them in their order, so the result does not depend on the number of cores.
func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
