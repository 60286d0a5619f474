package nn

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// A convolution ties three arrays together, each of which is linear in the other two:
//
//	small[n, i, j, o] = Σ large[n, i·stride+r-padding, j·stride+c-padding, a] · weight[o, a, r, c]
//
// summed over r, c < kernel and the channels a, with zeros outside of large. Conv2d goes from large to
// small, ConvTranspose2d from small to large, and the gradient of either is made of the other two
// products. So three functions do all the work, and none needs the gradients of GoMLX's Convolve, Pad
// and Reverse, which are wrong for some kernels or missing.
type convolution struct {
	kernel, stride, padding int
	large, small            [2]int // height and width
}

// toSmall returns small [n, h, w, out] of large [n, H, W, in] and weight [out, in, k, k].
func (c convolution) toSmall(large, weight *graph.Node) *graph.Node {
	return graph.ConvGeneral(large, weight, axes([4]int{0, 1, 2, 3}, [4]int{1, 2, 3, 0}, [4]int{0, 1, 2, 3}),
		twice(c.stride), twice([2]int{c.padding, c.padding}), twice(1), twice(1), 1, 1)
}

// toLarge returns large of small and weight: what toSmall does, transposed as a matrix. It is a
// convolution of small, with stride-1 zeros between its pixels, with the mirrored kernel.
func (c convolution) toLarge(small, weight *graph.Node) *graph.Node {
	first := c.kernel - 1 - c.padding
	var padding, cut [2][2]int
	for axis := range 2 {
		last := c.large[axis] - (c.small[axis]-1)*c.stride + c.kernel - 2 - first
		padding[axis], cut[axis] = [2]int{max(first, 0), max(last, 0)}, [2]int{max(-first, 0), max(-last, 0)}
	}
	weight = graph.Reverse(weight, 2, 3)
	y := graph.ConvGeneral(small, weight, axes([4]int{0, 1, 2, 3}, [4]int{0, 2, 3, 1}, [4]int{0, 1, 2, 3}),
		twice(1), padding[:], twice(c.stride), twice(1), 1, 1)
	return graph.Slice(y, graph.AxisRange(),
		graph.AxisRange(cut[0][0], cut[0][0]+c.large[0]), graph.AxisRange(cut[1][0], cut[1][0]+c.large[1]))
}

// toWeight returns weight of large and small: a convolution in which the images are the channels.
func (c convolution) toWeight(large, small *graph.Node) *graph.Node {
	var padding [2][2]int
	for axis := range 2 {
		last := c.kernel + (c.small[axis]-1)*c.stride - c.large[axis] - c.padding
		padding[axis] = [2]int{c.padding, max(last, 0)}
	}
	y := graph.ConvGeneral(large, small, axes([4]int{3, 1, 2, 0}, [4]int{0, 1, 2, 3}, [4]int{1, 2, 3, 0}),
		twice(1), padding[:], twice(1), twice(c.stride), 1, 1)
	return graph.Slice(y, graph.AxisRange(), graph.AxisRange(), graph.AxisRange(0, c.kernel), graph.AxisRange(0, c.kernel))
}

func twice[T any](v T) []T { return []T{v, v} }

// axes says where batch (or kernel input channel), height, width and channels are.
func axes(input, kernel, output [4]int) compute.ConvolveAxesConfig {
	return compute.ConvolveAxesConfig{
		InputBatch: input[0], InputSpatial: input[1:3], InputChannels: input[3],
		KernelInputChannels: kernel[0], KernelSpatial: kernel[1:3], KernelOutputChannels: kernel[3],
		OutputBatch: output[0], OutputSpatial: output[1:3], OutputChannels: output[3],
	}
}
