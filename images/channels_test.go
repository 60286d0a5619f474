package images_test

import (
	"testing"

	"autoencoders/images"
	"autoencoders/internal/input"

	"github.com/gomlx/gomlx/core/tensors"
)

func TestChannelsBecomeImages(t *testing.T) {
	two := tensors.FromFlatDataAndDimensions([]float32{1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8, -8}, 2, 2, 2, 2)
	want(t, "two images of two channels", images.Channels(two),
		tensors.FromFlatDataAndDimensions([]float32{1, 2, 3, 4, -1, -2, -3, -4, 5, 6, 7, 8, -5, -6, -7, -8}, 4, 2, 2, 1))
	grey := image([]float32{1, 2}, []float32{3, 4})
	want(t, "a grey image", images.Channels(grey), grey)
}

func TestCropLeavesTheMiddle(t *testing.T) {
	x := image([]float32{1, 2, 3, 4}, []float32{5, 6, 7, 8}, []float32{9, 10, 11, 12})
	want(t, "nothing cut", images.Crop(x, 0), x)
	want(t, "a row and a column on each side", images.Crop(x, 1), image([]float32{6, 7}))
	two := images.Concat(x, images.Scale(x, 2, 0))
	want(t, "two images", images.Crop(two, 1), images.Concat(image([]float32{6, 7}), image([]float32{12, 14})))
	want(t, "two channels", images.Crop(tensors.FromFlatDataAndDimensions([]float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}, 1, 3, 3, 2), 1),
		tensors.FromFlatDataAndDimensions([]float32{9, 10}, 1, 1, 1, 2))
	for k, reason := range map[int]string{
		-1: "images: Crop: -1 rows and columns on each side of images of 3x4: at least 0, and fewer than half of them",
		2:  "images: Crop: 2 rows and columns on each side of images of 3x4: at least 0, and fewer than half of them",
	} {
		if err := input.CheckFloats("the images", images.Crop(x, k)); err == nil || err.Error() != "the images could not be loaded: "+reason {
			t.Errorf("got %v, want %s", err, reason)
		}
	}
}

// Whoever is given the result of a bad call learns its reason.
func TestCropAndChannelsCarryTheReason(t *testing.T) {
	for name, f := range map[string]func(x *tensors.Tensor) *tensors.Tensor{
		"Crop": func(x *tensors.Tensor) *tensors.Tensor { return images.Crop(x, 1) }, "Channels": images.Channels,
	} {
		for why, x := range map[string]*tensors.Tensor{
			"the images are missing: the tensor is nil":                         nil,
			"the images have the shape [1 2], not [n, height, width, channels]": tensors.FromValue([][]float32{{1, 2}}),
		} {
			if err := input.CheckFloats("the images", f(x)); err == nil || err.Error() != "the images could not be loaded: images: "+name+": "+why {
				t.Errorf("%s: got %v, want %s", name, err, why)
			}
		}
	}
}
