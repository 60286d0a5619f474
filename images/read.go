package images

import (
	"fmt"
	"math"
	"slices"

	"autoencoders/internal/input"
	"autoencoders/internal/memory"

	"github.com/gomlx/gomlx/core/tensors"
)

// A batch is a copy of a tensor's numbers.
type batch struct {
	dims   []int // [n, …]
	values []float32
}

// read copies the numbers of x, [n, …]. If x is bad, read returns the tensor that the calling function returns instead.
// call names that function in the reason.
func read(call string, x *tensors.Tensor) (b batch, bad *tensors.Tensor) {
	return readChecked(call, x, input.CheckFloats)
}

// readImages is read for a tensor [n, height, width, channels].
func readImages(call string, x *tensors.Tensor) (b batch, bad *tensors.Tensor) {
	return readChecked(call, x, input.Check)
}

func readChecked(call string, x *tensors.Tensor, check func(what string, x *tensors.Tensor) error) (b batch, bad *tensors.Tensor) {
	const what = "the images"
	if x != nil && x.Ok() && x.Size() == 0 {
		return b, x // it may carry a reason, which says more than one of ours
	}
	if err := check(what, x); err != nil {
		return b, failed(call, "%w", err)
	}
	if x.Rank() == 0 {
		return b, failed(call, "%s are a single number, not [n, …]", what)
	}
	values, err := tensors.CopyFlatData[float32](x)
	if err != nil {
		return b, failed(call, "%s could not be read: %w", what, err)
	}
	if i := input.NotFinite(values); i >= 0 {
		return b, failed(call, "%s hold %v: has the training diverged?", what, values[i])
	}
	return batch{slices.Clone(x.Shape().Dimensions), values}, nil
}

// failed returns a tensor that carries the reason why a call has no result.
func failed(call, format string, args ...any) *tensors.Tensor {
	return input.Failed(fmt.Errorf("images: %s: %w", call, fmt.Errorf(format, args...)))
}

// row returns the number of values in one image.
func (b batch) row() int { return len(b.values) / b.dims[0] }

// black returns the value of a black pixel.
func (b batch) black() float32 {
	if slices.Min(b.values) < 0 {
		return -1
	}
	return 0
}

// tensor returns the numbers of b as a tensor.
func (b batch) tensor() *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(b.values, b.dims...)
}

// finite reports whether v is neither NaN nor infinite.
func finite(v float64) bool { return v-v == 0 }

// tooLarge returns an error if the numbers of this many tensors of b's size do not fit into the free memory.
func (b batch) tooLarge(times float64) error {
	size, free := 2*4*float64(len(b.values))*times, memory.Available() // the numbers, and their copy in the tensor
	if size > math.MaxInt || size > free {
		return fmt.Errorf("the result would take %s, and %s are free: use fewer images", memory.Gigabytes(size), memory.Gigabytes(free))
	}
	return nil
}
