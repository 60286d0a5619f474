package nn

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// tiled computes the products of a convolution as products of two matrices. XLA's CPU backend runs these
// faster than its convolutions if the stride is above 1, and as fast inside a loop as outside.
//
// The output is cut into tiles. A tile depends on a window of the input. All windows, one below the other,
// are a matrix [n·tiles, window·from]; the kernel, with each of its elements wherever it connects a pixel of
// the window with one of the tile, is a matrix [window·from, tile·to]; their product is all tiles. With
// tiles of one pixel this is known as im2col. With larger tiles the windows overlap less, so fewer numbers are
// copied, but more elements of the kernel's matrix are zero.
type tiled struct {
	convolution
	ofSmall [2]int // the tiles of toSmall and toWeight, in pixels
	ofLarge [2]int // the tiles of toLarge, in pixels of small: those of large have stride times as many
}

// tileUpTo is the largest kernel that is tiled. Larger windows take long to assemble: with 4x4 kernels tiling
// takes twice as long as XLA's convolution. Tests set it to 0 to switch tiling off.
var tileUpTo = 3

// tile returns the convolution by tiles. Their size is the fastest of about ten that we tried for each of the
// convolutions in Convolutional(dir, latent), which are 3x3 with stride 2: two columns if large has one channel,
// otherwise one. An epoch of that net took 0.83 times as long as with XLA's convolutions.
// (BenchmarkConvolutions measures the layers.)
func (c convolution) tile(ofLarge int) products {
	t := tiled{convolution: c, ofSmall: ones, ofLarge: ones}
	if ofLarge == 1 && c.small[1]%2 == 0 {
		t.ofSmall[1], t.ofLarge[1] = 2, 2
	}
	return t
}

// A span says, for one axis, which windows the tiles of an output are computed from.
type span struct {
	tiles int // number of tiles, and of windows
	tile  int // pixels of a tile
	step  int // distance between two windows, in pixels of the input
	first int // where the first window begins
	size  int // pixels of a window
}

// fromLarge is the span of toSmall and toWeight: tiles of small, windows of large.
func (c tiled) fromLarge(axis int) span {
	t, s := c.ofSmall[axis], c.stride[axis]
	return span{ceilDiv(c.small[axis], t), t, t * s, -c.padding[axis], (t-1)*s + c.kernel[axis]}
}

// fromSmall is the span of toLarge: tiles of large, windows of small.
func (c tiled) fromSmall(axis int) span {
	t, s := c.ofLarge[axis]*c.stride[axis], c.stride[axis]
	first, last := -floorDiv(c.kernel[axis]-1-c.padding[axis], s), floorDiv(t-1+c.padding[axis], s)
	return span{ceilDiv(c.large[axis], t), t, c.ofLarge[axis], first, last - first + 1}
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// width returns the number of pixels in all the steps that the windows cover, wholly or partly.
func (s span) width() int { return (s.tiles + ceilDiv(s.size, s.step) - 1) * s.step }

func (c tiled) toSmall(large, weight *graph.Node) *graph.Node {
	v, h := c.fromLarge(0), c.fromLarge(1)
	kernel := place(graph.TransposeAllAxes(weight, 2, 3, 1, 0), v, h,
		func(axis, q, t int) int { return q - t*c.stride[axis] })
	return untile(graph.Einsum("nk,km->nm", windows(large, v, h), kernel), v, h, c.small)
}

func (c tiled) toLarge(small, weight *graph.Node) *graph.Node {
	v, h := c.fromSmall(0), c.fromSmall(1)
	first := [2]int{v.first, h.first}
	kernel := place(graph.TransposeAllAxes(weight, 2, 3, 0, 1), v, h,
		func(axis, q, t int) int { return t + c.padding[axis] - (first[axis]+q)*c.stride[axis] })
	return untile(graph.Einsum("nk,km->nm", windows(small, v, h), kernel), v, h, c.large)
}

// toWeight computes the gradient of the matrix of toSmall, and adds up, for each element of the kernel, its
// entries at all places where the element stands.
func (c tiled) toWeight(large, small *graph.Node) *graph.Node {
	v, h := c.fromLarge(0), c.fromLarge(1)
	in, out := large.Shape().Dimensions[3], small.Shape().Dimensions[3]
	placed := graph.Einsum("nk,nm->km", windows(large, v, h), tiles(small, v, h))
	placed = graph.Reshape(placed, v.size, h.size, in, v.tile*h.tile, out)
	var sum *graph.Node
	for t := range v.tile {
		for u := range h.tile {
			top, left := t*c.stride[0], u*c.stride[1]
			of := graph.Slice(placed, graph.AxisRange(top, top+c.kernel[0]), graph.AxisRange(left, left+c.kernel[1]),
				graph.AxisRange(), graph.AxisElem(t*h.tile+u), graph.AxisRange())
			if sum == nil {
				sum = of
			} else {
				sum = graph.Add(sum, of)
			}
		}
	}
	return graph.TransposeAllAxes(graph.Reshape(sum, c.kernel[0], c.kernel[1], in, out), 3, 2, 0, 1)
}

// place returns the matrix [window·from, tile·to] of a kernel [height, width, from, to]. at returns which
// element of the kernel, along an axis, connects pixel q of a window with pixel t of its tile; if there is no
// such element the matrix is zero there.
func place(kernel *graph.Node, v, h span, at func(axis, q, t int) int) *graph.Node {
	d := kernel.Shape().Dimensions
	elements := graph.Reshape(kernel, d[0]*d[1], d[2]*d[3])
	elements = graph.Pad(elements, graph.ScalarZero(kernel.Graph(), kernel.DType()), compute.PadAxis{End: 1}, compute.PadAxis{})
	var places [][]int32
	for q := range v.size {
		for r := range h.size {
			for t := range v.tile {
				for u := range h.tile {
					element := d[0] * d[1] // the zero
					if k, l := at(0, q, t), at(1, r, u); k >= 0 && k < d[0] && l >= 0 && l < d[1] {
						element = k*d[1] + l
					}
					places = append(places, []int32{int32(element)})
				}
			}
		}
	}
	matrix := graph.Gather(elements, graph.Const(kernel.Graph(), places), false)
	matrix = graph.Reshape(matrix, v.size*h.size, v.tile*h.tile, d[2], d[3])
	return graph.Reshape(graph.TransposeAllAxes(matrix, 0, 2, 1, 3), v.size*h.size*d[2], v.tile*h.tile*d[3])
}

// windows returns the windows of x [n, height, width, channels], one below the other:
// [n·tiles, window·channels]. Pixels outside of x are zero.
func windows(x *graph.Node, v, h span) *graph.Node {
	d := x.Shape().Dimensions
	x = cut(cut(x, 1, v.first, v.width()), 2, h.first, h.width())
	x = graph.Reshape(x, d[0], v.width()/v.step, v.step, h.width()/h.step, h.step, d[3])
	// A part is one pixel of all windows or, if whole steps fill a window, one step: neighbours in memory.
	part := 1
	if h.size%h.step == 0 {
		part = h.step
	}
	var parts []*graph.Node
	for q := range v.size {
		for r := 0; r < h.size; r += part {
			of := graph.Slice(x, graph.AxisRange(), graph.AxisRange(q/v.step, q/v.step+v.tiles), graph.AxisElem(q%v.step),
				graph.AxisRange(r/h.step, r/h.step+h.tiles), graph.AxisRange(r%h.step, r%h.step+part), graph.AxisRange())
			parts = append(parts, graph.Reshape(of, d[0], v.tiles, h.tiles, 1, part*d[3]))
		}
	}
	// Along any axis but the last, XLA concatenates parts without storing each of them first.
	return graph.Reshape(graph.Concatenate(parts, 3), d[0]*v.tiles*h.tiles, v.size*h.size*d[3])
}

// tiles returns the tiles of x [n, height, width, channels]: [n·tiles, tile·channels].
func tiles(x *graph.Node, v, h span) *graph.Node {
	d := x.Shape().Dimensions
	x = cut(cut(x, 1, 0, v.tiles*v.tile), 2, 0, h.tiles*h.tile)
	x = graph.Reshape(x, d[0], v.tiles, v.tile, h.tiles, h.tile*d[3])
	return graph.Reshape(graph.TransposeAllAxes(x, 0, 1, 3, 2, 4), d[0]*v.tiles*h.tiles, v.tile*h.tile*d[3])
}

// untile returns the images of the given height and width whose tiles are x.
func untile(x *graph.Node, v, h span, size [2]int) *graph.Node {
	d := x.Shape().Dimensions
	n, channels := d[0]/v.tiles/h.tiles, d[1]/v.tile/h.tile
	x = graph.Reshape(x, n, v.tiles, h.tiles, v.tile, h.tile*channels)
	x = graph.Reshape(graph.TransposeAllAxes(x, 0, 1, 3, 2, 4), n, v.tiles*v.tile, h.tiles*h.tile, channels)
	return cut(cut(x, 1, 0, size[0]), 2, 0, size[1])
}

// cut returns the given number of pixels of x along an axis, from first on. Outside of x they are zero.
func cut(x *graph.Node, axis, first, size int) *graph.Node {
	have := x.Shape().Dimensions[axis]
	pads := make([]compute.PadAxis, x.Rank())
	pads[axis] = compute.PadAxis{Start: max(-first, 0), End: max(first+size-have, 0)}
	if pads[axis] != (compute.PadAxis{}) {
		x = graph.Pad(x, graph.ScalarZero(x.Graph(), x.DType()), pads...)
	}
	from := max(first, 0)
	return graph.SliceAxis(x, axis, graph.AxisRange(from, from+size))
}
