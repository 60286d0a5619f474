package measure

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"

	"github.com/gomlx/gomlx/core/tensors"
)

// images are n images of height x width pixels with channels numbers each, and their numbers, copied.
type images struct {
	n, height, width, channels int
	v                          []float32
}

func readImages(which string, t *tensors.Tensor) (*images, error) {
	v, err := readNumbers(which, t)
	if err != nil {
		return nil, err
	}
	d := t.Shape().Dimensions
	if len(d) != 4 || len(v) == 0 {
		return nil, fmt.Errorf("%s have the shape %v, not [n, height, width, channels]", which, d)
	}
	return &images{d[0], d[1], d[2], d[3], v}, nil
}

// readNumbers copies the numbers of a float32 tensor.
func readNumbers(which string, t *tensors.Tensor) ([]float32, error) {
	if t == nil {
		return nil, fmt.Errorf("%s are missing", which)
	}
	if err := t.CheckValid(); err != nil {
		return nil, fmt.Errorf("%s are no longer there: %s", which, firstLine(err))
	}
	v, err := tensors.CopyFlatData[float32](t)
	if err != nil {
		return nil, fmt.Errorf("%s are %s, not float32", which, t.DType())
	}
	return v, nil
}

// at is image i, row by row, the channels of a pixel side by side.
func (im *images) at(i int) []float32 {
	size := im.height * im.width * im.channels
	return im.v[i*size : (i+1)*size]
}

// readPair reads the images and what they are compared with, and checks the range of their values.
func readPair(x, reference *tensors.Tensor, dataRange float64) (a, b *images, err error) {
	if a, err = readImages("the images", x); err != nil {
		return nil, nil, err
	}
	if b, err = readImages("the images to compare with", reference); err != nil {
		return nil, nil, err
	}
	if !x.Shape().Equal(reference.Shape()) {
		return nil, nil, fmt.Errorf("the images are %v, those to compare with %v", x.Shape().Dimensions, reference.Shape().Dimensions)
	}
	if !(dataRange > 0) || math.IsInf(dataRange, 0) {
		return nil, nil, fmt.Errorf("the data range is %g: it must be above 0, 2 for pixels in [-1, 1]", dataRange)
	}
	return a, b, nil
}

// mean is the mean of f over the images. They are shared out among the cores, and added up in their
// order, so that the sum does not depend on how many cores there are.
func (im *images) mean(f func(i int) float64) float64 {
	values := make([]float64, im.n)
	share(im.n, func(from, to int) {
		for i := from; i < to; i++ {
			values[i] = f(i)
		}
	})
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(im.n)
}

// share splits 0 … n-1 into one stretch a core and runs f on all of them at once.
func share(n int, f func(from, to int)) {
	var wait sync.WaitGroup
	cores := runtime.GOMAXPROCS(0)
	for c := range cores {
		wait.Go(func() { f(n*c/cores, n*(c+1)/cores) })
	}
	wait.Wait()
}

// firstLine is an error of GoMLX without its stack trace.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// named puts the function before an error: "measure: PSNR: …".
func named(function string, err error) error {
	return errors.New("measure: " + function + ": " + err.Error())
}
