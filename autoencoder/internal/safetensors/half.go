package safetensors

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes/float16"
	"github.com/gomlx/gomlx/core/tensors"
)

// ToHalf returns a float32 tensor as float16 (IEEE 754 binary16), rounded to nearest, ties to even. The
// error names the first number that float16 cannot hold: one beyond ±65504, or one that is not finite.
func ToHalf(t *tensors.Tensor) (*tensors.Tensor, error) {
	values := tensors.MustCopyFlatData[float32](t)
	halves := make([]float16.Float16, len(values))
	for i, v := range values {
		h, ok := halfOf(v)
		if !ok {
			return nil, fmt.Errorf("it holds %g, and float16 ends at 65504", v)
		}
		halves[i] = float16.FromBits(h)
	}
	return tensors.FromFlatDataAndDimensions(halves, t.Shape().Dimensions...), nil
}

// FromHalf returns a float16 tensor as float32, which holds every number of float16.
func FromHalf(t *tensors.Tensor) *tensors.Tensor {
	halves := tensors.MustCopyFlatData[float16.Float16](t)
	values := make([]float32, len(halves))
	for i, h := range halves {
		values[i] = h.Float32()
	}
	return tensors.FromFlatDataAndDimensions(values, t.Shape().Dimensions...)
}

// halfOf returns the bits of the float16 that is nearest to v, and whether it is finite. (GoMLX's own
// conversion, float16.FromFloat32 in compute 0.1.3, gets numbers below 2^-14 wrong.)
func halfOf(v float32) (bits uint16, finite bool) {
	b := math.Float32bits(v)
	sign := uint16(b >> 16 & 0x8000)
	b &= 1<<31 - 1
	if b < 113<<23 { // below 2^-14 float16 has the multiples of 2^-24
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(b))*(1<<24))), true
	}
	b += 0xfff + b>>13&1 // the 13 bits that are cut off round the others, a tie to the even one
	return sign | uint16((b-112<<23)>>13), b < 143<<23
}
