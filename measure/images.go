package measure

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// images are a table whose rows are images, pixel by pixel, the channels of a pixel side by side.
type images struct {
	table
	height, width, channels int
}

func readImages(what string, x *tensors.Tensor) (images, error) {
	t, err := read(what, x)
	if err == nil && len(t.dims) != 4 {
		err = fmt.Errorf("%s are [n, height, width, channels], got %v", what, t.dims)
	}
	if err != nil {
		return images{}, err
	}
	return images{t, t.dims[1], t.dims[2], t.dims[3]}, nil
}

// readPair reads images and what they are compared with.
func readPair(x, reference *tensors.Tensor, dataRange float64) (a, b images, err error) {
	if a, err = readImages("images", x); err != nil {
		return a, b, err
	}
	if b, err = readImages("images to compare with", reference); err != nil {
		return a, b, err
	}
	if !slices.Equal(a.dims, b.dims) {
		return a, b, fmt.Errorf("the shapes differ: %v and %v", a.dims, b.dims)
	}
	if !(dataRange > 0) || math.IsInf(dataRange, 0) {
		return a, b, fmt.Errorf("the data range is %g: it must be above 0, 2 for pixels in [-1, 1]", dataRange)
	}
	return a, b, nil
}

// eachRow calls f for each of n rows, on all cores, in stretches that are worth a hand-over.
func eachRow(n int, f func(i int)) {
	const parts = 64
	parallel(parts, func(part int) {
		from, to := span(n, part, parts)
		for i := from; i < to; i++ {
			f(i)
		}
	})
}

// mean is the mean of f over n images, added up in their order, so that it does not depend on the
// number of cores.
func mean(n int, f func(i int) float64) float64 {
	values := make([]float64, n)
	eachRow(n, func(i int) { values[i] = f(i) })
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(n)
}
