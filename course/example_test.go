package course_test

import (
	"fmt"

	"autoencoders/course"
	"autoencoders/images"

	"github.com/gomlx/gomlx/core/tensors"
)

func ExampleSpread() {
	fmt.Println(course.Spread([]float64{0.0880, 0.0893, 0.0990})) // test losses of three seeds
	fmt.Println(course.Spread([]float64{104.3, 104.71}))          // in nats
	fmt.Println(course.Spread([]float64{0.5}))
	// Output:
	// 0.0921 (0.0880–0.0990)
	// 104.50 (104.30–104.71)
	// 0.5000
}

func ExampleScore() {
	grey := func(x *tensors.Tensor) *tensors.Tensor { return images.Constant(x, 0.5) }
	halfway := func(x *tensors.Tensor) *tensors.Tensor { return images.Blend(x, grey(x), 0.5) }
	course.Score(ramp(), nil, course.Method{Name: "all grey", Denoise: grey}, course.Method{Name: "half of it", Denoise: halfway})
	// Output:
	// method         MSE  PSNR, dB      SSIM
	// all grey    0.0840     10.76     0.090
	// half of it    0.0210     16.78     0.810
}

// ramp is an image of 16 x 16 pixels that go from 0 to 1.
func ramp() *tensors.Tensor {
	pixels := make([]float32, 256)
	for i := range pixels {
		pixels[i] = float32(i) / 255
	}
	return tensors.FromFlatDataAndDimensions(pixels, 1, 16, 16, 1)
}
