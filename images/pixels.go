package images

import (
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// Negative returns the images x, [n, height, width, channels], with black and white exchanged: -x if black is -1, and 1 - x
// if black is 0.
func Negative(x *tensors.Tensor) *tensors.Tensor {
	b, bad := readImages("Negative", x)
	if bad != nil {
		return bad
	}
	sum := b.black() + 1 // of black and white
	for i, v := range b.values {
		b.values[i] = sum - v
	}
	return b.tensor()
}

// Scale returns a·x + b, number by number. Scale(x, 0.5, 0.5) takes pixels from [-1, 1] to [0, 1], and Scale(x, 2, -1) takes
// them back. a and b must be finite.
func Scale(x *tensors.Tensor, a, b float64) *tensors.Tensor {
	const call = "Scale"
	if !finite(a) || !finite(b) {
		return failed(call, "a is %g and b is %g: both must be finite", a, b)
	}
	scaled, bad := read(call, x)
	if bad != nil {
		return bad
	}
	for i, v := range scaled.values {
		scaled.values[i] = float32(a*float64(v) + b)
	}
	return scaled.tensor()
}

// Blend returns the mixture (1-share)·a + share·b, number by number: a for a share of 0, b for a share of 1, and their mean
// for 0.5. A share outside [0, 1] extrapolates. a and b must have one shape, and share must be finite.
func Blend(a, b *tensors.Tensor, share float64) *tensors.Tensor {
	const call = "Blend"
	if !finite(share) {
		return failed(call, "the share is %g: it must be finite", share)
	}
	mixed, bad := read(call, a)
	if bad != nil {
		return bad
	}
	other, bad := read(call, b)
	if bad != nil {
		return bad
	}
	if !slices.Equal(mixed.dims, other.dims) {
		return failed(call, "the shapes differ: %v and %v", mixed.dims, other.dims)
	}
	for i, v := range mixed.values {
		mixed.values[i] = float32((1-share)*float64(v) + share*float64(other.values[i]))
	}
	return mixed.tensor()
}

// Constant returns a tensor of like's shape in which every number is v, which must be finite.
func Constant(like *tensors.Tensor, v float64) *tensors.Tensor {
	const call = "Constant"
	if !finite(v) {
		return failed(call, "the value is %g: it must be finite", v)
	}
	b, bad := read(call, like)
	if bad != nil {
		return bad
	}
	for i := range b.values {
		b.values[i] = float32(v)
	}
	return b.tensor()
}
