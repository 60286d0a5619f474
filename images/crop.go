package images

import "github.com/gomlx/gomlx/core/tensors"

// Crop returns the images x, [n, height, width, channels], without the outer k rows and columns on each side, as a tensor
// [n, height-2k, width-2k, channels]. k must be at least 0, and something must be left.
func Crop(x *tensors.Tensor, k int) *tensors.Tensor {
	const call = "Crop"
	from, bad := readImages(call, x)
	if bad != nil {
		return bad
	}
	n, height, width, channels := from.dims[0], from.dims[1], from.dims[2], from.dims[3]
	if k < 0 || k > (min(height, width)-1)/2 {
		return failed(call, "%d rows and columns on each side of images of %dx%d: at least 0, and fewer than half of them", k, height, width)
	}
	to := batch{dims: []int{n, height - 2*k, width - 2*k, channels}}
	for i := range n {
		for y := k; y < height-k; y++ {
			start := ((i*height+y)*width + k) * channels
			to.values = append(to.values, from.values[start:start+to.dims[2]*channels]...)
		}
	}
	return to.tensor()
}
