package nn

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// A convolution relates two batches of images, large and small, and a kernel, weight:
//
//	small[n, i, j, o] = Σ large[n, i·stride+r-padding, j·stride+c-padding, a] · weight[o, a, r, c]
//
// The sum is over r, c < kernel and the channels a; pixels outside large count as zeros. Conv2d computes
// small from large. ConvTranspose2d applies the transpose of that linear map, from small to large. The
// gradients of either are the other map and a third product, which gives weight. toSmall, toLarge and
// toWeight therefore do all the work, and the gradients of GoMLX's Convolve, Pad and Reverse, which are
// wrong for some kernels or missing, are not needed.
//
// Each field holds the height, then the width.
type convolution struct {
	kernel, stride, padding [2]int
	large, small            [2]int
}

// toSmall computes small [n, h, w, out] from large [n, H, W, in] and weight [out, in, k, k].
func (c convolution) toSmall(large, weight *graph.Node) *graph.Node {
	var padding [2][2]int
	for axis := range 2 {
		last := (c.small[axis]-1)*c.stride[axis] + c.kernel[axis] - c.large[axis] - c.padding[axis]
		padding[axis] = [2]int{c.padding[axis], max(last, 0)}
	}
	return convolve(large, weight, axes{0, 1, 2, 3}, axes{1, 2, 3, 0}, axes{0, 1, 2, 3}, c.stride, padding, ones, ones)
}

// toLarge computes large from small and weight, by the transpose of the linear map of toSmall: it
// convolves small, with stride-1 zeros between its pixels, with the mirrored kernel.
func (c convolution) toLarge(small, weight *graph.Node) *graph.Node {
	var padding, cut [2][2]int
	for axis := range 2 {
		first := c.kernel[axis] - 1 - c.padding[axis]
		last := c.large[axis] - (c.small[axis]-1)*c.stride[axis] + c.kernel[axis] - 2 - first
		padding[axis] = [2]int{max(first, 0), max(last, 0)}
		cut[axis] = [2]int{max(-first, 0), max(-first, 0) + c.large[axis]}
	}
	mirrored := graph.Reverse(weight, 2, 3)
	y := convolve(small, mirrored, axes{0, 1, 2, 3}, axes{0, 2, 3, 1}, axes{0, 1, 2, 3}, ones, padding, c.stride, ones)
	return graph.Slice(y, graph.AxisRange(), graph.AxisRange(cut[0][0], cut[0][1]), graph.AxisRange(cut[1][0], cut[1][1]))
}

// toWeight computes the gradient of weight from large and small, by a convolution that treats the images
// of the batch as channels.
func (c convolution) toWeight(large, small *graph.Node) *graph.Node {
	var padding [2][2]int
	for axis := range 2 {
		last := c.kernel[axis] + (c.small[axis]-1)*c.stride[axis] - c.large[axis] - c.padding[axis]
		padding[axis] = [2]int{c.padding[axis], max(last, 0)}
	}
	y := convolve(large, small, axes{3, 1, 2, 0}, axes{0, 1, 2, 3}, axes{1, 2, 3, 0}, ones, padding, ones, c.stride)
	return graph.Slice(y, graph.AxisRange(), graph.AxisRange(), graph.AxisRange(0, c.kernel[0]), graph.AxisRange(0, c.kernel[1]))
}

// axes holds the positions of an array's batch, height, width and channel axes, in this order. For a
// kernel these are the input channels, height, width and output channels.
type axes [4]int

var ones = [2]int{1, 1}

// convolve is XLA's general convolution: it puts zeros around x (padding), between the pixels of x
// (xDilation) and between the weights of the kernel (kernelDilation), and slides the kernel over x.
func convolve(x, kernel *graph.Node, of, ofKernel, ofOutput axes, stride [2]int, padding [2][2]int, xDilation, kernelDilation [2]int) *graph.Node {
	return graph.ConvGeneral(x, kernel, compute.ConvolveAxesConfig{
		InputBatch: of[0], InputSpatial: of[1:3], InputChannels: of[3],
		KernelInputChannels: ofKernel[0], KernelSpatial: ofKernel[1:3], KernelOutputChannels: ofKernel[3],
		OutputBatch: ofOutput[0], OutputSpatial: ofOutput[1:3], OutputChannels: ofOutput[3],
	}, stride[:], padding[:], xDilation[:], kernelDilation[:], 1, 1)
}
