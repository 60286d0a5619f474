package images

import "github.com/gomlx/gomlx/core/tensors"

// Channels returns each channel of the images x, [n, height, width, channels], as an image of its own, in a tensor
// [n·channels, height, width, 1]: all channels of the first image, then those of the second. So the 16 feature maps that a
// convolution makes of an image can be drawn as 16 images.
func Channels(x *tensors.Tensor) *tensors.Tensor {
	from, bad := readImages("Channels", x)
	if bad != nil {
		return bad
	}
	n, height, width, channels := from.dims[0], from.dims[1], from.dims[2], from.dims[3]
	to := batch{[]int{n * channels, height, width, 1}, make([]float32, len(from.values))}
	pixels := height * width
	for i, v := range from.values {
		image, pixel, channel := i/(pixels*channels), i/channels%pixels, i%channels
		to.values[(image*channels+channel)*pixels+pixel] = v
	}
	return to.tensor()
}
