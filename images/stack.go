package images

import (
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// Concat returns the images of all xs in one tensor, one after the other. The xs, [n, …], may differ in n only, and there
// must be at least one.
func Concat(xs ...*tensors.Tensor) *tensors.Tensor {
	const call = "Concat"
	if len(xs) == 0 {
		return failed(call, "there is nothing to concatenate")
	}
	all, bad := read(call, xs[0])
	if bad != nil {
		return bad
	}
	for i, x := range xs[1:] {
		more, bad := read(call, x)
		if bad != nil {
			return bad
		}
		if !slices.Equal(all.dims[1:], more.dims[1:]) {
			return failed(call, "the shape of argument 1 is %v, that of argument %d is %v: they may differ in the first number only", xs[0].Shape().Dimensions, i+2, more.dims)
		}
		all.dims[0] += more.dims[0]
		all.values = append(all.values, more.values...)
	}
	return all.tensor()
}

// Repeat returns the images of x, [m, …], n times over, as a tensor [n·m, …]: first all of x, then all of it again. n must
// be at least 1, and the result must fit into the free memory.
func Repeat(x *tensors.Tensor, n int) *tensors.Tensor {
	const call = "Repeat"
	if n < 1 {
		return failed(call, "%d times: it must be at least 1", n)
	}
	b, bad := read(call, x)
	if bad != nil {
		return bad
	}
	if err := b.tooLarge(float64(n)); err != nil {
		return failed(call, "%w", err)
	}
	b.dims[0] *= n
	b.values = slices.Repeat(b.values, n)
	return b.tensor()
}

// Mean returns the mean of the images x, [n, …], pixel by pixel, as a tensor [1, …].
func Mean(x *tensors.Tensor) *tensors.Tensor {
	b, bad := read("Mean", x)
	if bad != nil {
		return bad
	}
	n, size := b.dims[0], b.row()
	sums := make([]float64, size)
	for i := 0; i < len(b.values); i += size {
		for j, v := range b.values[i : i+size] {
			sums[j] += float64(v)
		}
	}
	b.dims[0], b.values = 1, b.values[:size]
	for j, sum := range sums {
		b.values[j] = float32(sum / float64(n))
	}
	return b.tensor()
}
