package safetensors_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"autoencoders/autoencoder/internal/safetensors"

	"github.com/gomlx/compute/dtypes/float16"
	"github.com/gomlx/gomlx/core/tensors"
)

func half(t *testing.T, values ...float32) []float16.Float16 {
	t.Helper()
	h, err := safetensors.ToHalf(tensors.FromFlatDataAndDimensions(values, len(values)))
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float16.Float16](h)
}

// What Python's struct.pack("<e", …) gives for the same numbers.
func TestToHalfRoundsAsPython(t *testing.T) {
	for v, want := range map[float32]uint16{
		1: 0x3c00, -2: 0xc000, 0.1: 0x2e66, 1.0 / 3: 0x3555, 65504: 0x7bff, 65519.99: 0x7bff,
		2049: 0x6800, 2051: 0x6802, -2049: 0xe800, // ties to even
		6.1035156e-05: 0x0400, 6.1006e-05: 0x0400, 6.1005e-05: 0x03ff, 6.0e-05: 0x03ef, // the smallest normal number, and below
		5.9604645e-08: 0x0001, 2.9802322e-08: 0x0000, 2.9802326e-08: 0x0001, -1e-10: 0x8000,
	} {
		if got := half(t, v)[0].Bits(); got != want {
			t.Errorf("%g is %#04x, want %#04x", v, got, want)
		}
	}
}

// Each of the 63,488 finite numbers of float16 comes back as itself.
func TestEachHalfComesBack(t *testing.T) {
	var all []float16.Float16
	for bits := range 1 << 16 {
		if bits&0x7c00 != 0x7c00 {
			all = append(all, float16.FromBits(uint16(bits)))
		}
	}
	single := safetensors.FromHalf(tensors.FromFlatDataAndDimensions(all, len(all)))
	values := tensors.MustCopyFlatData[float32](single)
	if got := half(t, values...); !slices.Equal(got, all) {
		t.Error("some number is another after float32")
	}
	// In numerical order they have to grow, from the smallest subnormal on: float32's own bits say so.
	for bits := 1; bits < 0x7c00; bits++ {
		if !(values[bits] > values[bits-1]) {
			t.Fatalf("%#04x is %g, the number before it %g", bits, values[bits], values[bits-1])
		}
	}
	if values[1] != 1.0/(1<<24) || values[0x3c00] != 1 || values[0x7bff] != 65504 {
		t.Errorf("%g, %g, %g", values[1], values[0x3c00], values[0x7bff])
	}
}

func TestToHalfRefusesWhatDoesNotFit(t *testing.T) {
	for _, v := range []float32{65520, -1e6, math.MaxFloat32, float32(math.Inf(1)), float32(math.NaN())} {
		_, err := safetensors.ToHalf(tensors.FromFlatDataAndDimensions([]float32{1, v}, 2))
		if err == nil || !strings.Contains(err.Error(), "float16 ends at 65504") {
			t.Errorf("%g: %v", v, err)
		}
	}
}
