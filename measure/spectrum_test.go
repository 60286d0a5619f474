package measure_test

import (
	"math"
	"testing"

	"autoencoders/datasets"
	"autoencoders/images"
	"autoencoders/measure"

	"github.com/gomlx/gomlx/core/tensors"
)

// A cosine of k waves to a row and amplitude a has the squared magnitude (a·width/2)² at k, and (a·width)² if it is constant
// or alternates from pixel to pixel.
func TestSpectrumOfWaves(t *testing.T) {
	const width = 8
	values := make([]float32, 2*3*width*2) // 2 images, 3 rows, 2 channels
	for i := range values {
		x, channel := float64(i/2%width), i%2
		waves := []float64{1, 4}[channel]
		values[i] = float32(3 + []float64{2, 5}[channel]*math.Cos(2*math.Pi*waves*x/width))
	}
	got, err := measure.Spectrum(tensors.FromFlatDataAndDimensions(values, 2, 3, width, 2))
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{24 * 24, 8 * 8 / 2, 0, 0, 40 * 40 / 2} // a wave in one of two channels counts half
	if len(got) != len(want) {
		t.Fatalf("%d waves, want %d", len(got), len(want))
	}
	for k := range want {
		if math.Abs(got[k]-want[k]) > 1e-3 {
			t.Errorf("%d waves to a row have %v, want %v", k, got[k], want[k])
		}
	}
}

// Digits have no texture of two pixels. If every second column is a little brighter, the last wave shows it.
func TestSpectrumShowsATextureOfTwoPixels(t *testing.T) {
	digits := datasets.MNIST(datasets.Normalize(0.5, 0.5)).Test().Take(200).Images
	stripes := tensors.MustCopyFlatData[float32](digits)
	for i := range stripes {
		stripes[i] += 0.05 * float32(i%2)
	}
	excess := func(x *tensors.Tensor) float64 {
		s, err := measure.Spectrum(x)
		if err != nil {
			t.Fatal(err)
		}
		return s[14] / s[13]
	}
	plain, striped := excess(digits), excess(tensors.FromFlatDataAndDimensions(stripes, 200, 28, 28, 1))
	if plain < 0.8 || plain > 1.1 || striped < 1.5*plain {
		t.Errorf("the last wave is %.2f times its neighbour in digits, and %.2f times with stripes", plain, striped)
	}
}

func TestSpectrumRefusesWhatIsNoImage(t *testing.T) {
	for want, x := range map[string]*tensors.Tensor{
		"measure: Spectrum: the images are missing: the tensor is nil":                         nil,
		"measure: Spectrum: the images hold NaN in image 0: has the training diverged?":        tensors.FromFlatDataAndDimensions([]float32{float32(math.NaN()), 0}, 1, 1, 2, 1),
		"measure: Spectrum: the images have the shape [1 2], not [n, height, width, channels]": tensors.FromValue([][]float32{{1, 2}}),
	} {
		if _, err := measure.Spectrum(x); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := measure.Spectrum(images.Zoom(nil, 2)); err == nil {
		t.Error("no error for images that could not be made")
	}
}
