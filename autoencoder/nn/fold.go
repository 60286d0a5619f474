package nn

import (
	"math"

	"autoencoders/autoencoder/internal/device"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// products are the three products of a convolution, however they are computed.
type products interface {
	toSmall(large, weight *graph.Node) *graph.Node
	toLarge(small, weight *graph.Node) *graph.Node
	toWeight(large, small *graph.Node) *graph.Node
}

// foldUpTo bounds what folding may cost: columns folded, times multiplications as a multiple of those
// without, times the geometric mean of the channels. A test sets 0.
var foldUpTo = 64.0

// products chooses how to compute, given the channels of large and of small: on a CPU few channels are
// too little work for XLA's inner loops, so columns are folded into channels where the widths allow it
// and where it pays. CUDA convolves as it is.
//
// It pays as long as there are few channels and not many multiplications more, and large has no more
// channels than small. Measured on 46 layers of 1 to 32 channels and kernels 3, 5 and 7, forward and
// both gradients, on two cores of an EPYC: the 33 that this rule folds were .96 to 5.4 times as fast
// as XLA's convolution, 31 of them faster; of the other 13, 11 would have been slower. BenchmarkFolding
// measures some of them.
func (c convolution) products(g *graph.Graph, ofLarge, ofSmall int) products {
	if !device.IsXLAOnCPU(g.Backend()) || c.stride != ones || c.kernel[1] == 1 || ofLarge > ofSmall {
		return c
	}
	for _, f := range []int{4, 2} {
		if c.large[1]%f != 0 || c.small[1]%f != 0 {
			continue
		}
		folded := c.fold(f)
		work := float64(f*folded.kernel[1]) / float64(c.kernel[1])
		if float64(f)*work*math.Sqrt(float64(ofLarge*ofSmall)) < foldUpTo {
			return folded
		}
	}
	return c
}

// folded computes a convolution of stride 1 on images whose neighbouring columns, f at a time, lie
// side by side as channels: [n, h, w, c] is [n, h, w/f, f·c] without a number moving in memory. That
// is a convolution again. Its kernel is narrower and has f² times the channels, most of them zeros in
// fixed places, and more multiplications in long loops take less time than few in short ones: the
// tutorial's convolutional net (5x5, 1-6-16-6-1, batches of 128) took 21.2 s an epoch of 60,000
// images without folding and 11.6 s with it, on the same two busy cores; 10.1 s on quiet ones.
type folded struct {
	convolution // of the folded images
	f           int
	from        convolution
}

func (c convolution) fold(f int) folded {
	to := c
	// Column f·X+t of small meets columns f·X+t+k-padding of large, k < kernel: these folded columns.
	first, last := floorDiv(-c.padding[1], f), floorDiv(f-1+c.kernel[1]-1-c.padding[1], f)
	to.kernel[1], to.padding[1] = last-first+1, -first
	to.large[1], to.small[1] = c.large[1]/f, c.small[1]/f
	return folded{to, f, c}
}

func floorDiv(a, b int) int {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}

func (c folded) toSmall(large, weight *graph.Node) *graph.Node {
	return c.unfold(c.convolution.toSmall(c.foldImages(large), c.foldWeight(weight)))
}

func (c folded) toLarge(small, weight *graph.Node) *graph.Node {
	y := c.columns(c.foldImages(small), c.foldWeight(weight))
	return c.unfold(y)
}

// columns is toLarge of the folded images, with the kernel's columns as more channels of one product:
// what each folded column of small adds to those of large is computed first, and then added up.
func (c folded) columns(small, weight *graph.Node) *graph.Node {
	d := weight.Shape().Dimensions
	weight = graph.Reshape(graph.TransposeAllAxes(weight, 0, 3, 1, 2), d[0], d[3]*d[1], d[2], 1)
	one := c.convolution
	one.kernel[1], one.padding[1], one.large[1] = 1, 0, c.small[1]
	parts := one.toLarge(small, weight) // [n, H, w/f, columns·f·in]
	var y *graph.Node
	for b := range c.kernel[1] {
		part := graph.Slice(parts, graph.AxisRange(), graph.AxisRange(), graph.AxisRange(), graph.AxisRange(b*d[1], (b+1)*d[1]))
		at := b - c.padding[1] // column X of small adds to column X+at of large
		part = graph.Pad(part, graph.ScalarZero(part.Graph(), part.DType()), compute.PadAxis{}, compute.PadAxis{},
			compute.PadAxis{Start: at, End: c.large[1] - c.small[1] - at}, compute.PadAxis{})
		if y == nil {
			y = part
		} else {
			y = graph.Add(y, part)
		}
	}
	return y
}

func (c folded) toWeight(large, small *graph.Node) *graph.Node {
	w := c.convolution.toWeight(c.foldImages(large), c.foldImages(small))
	d := w.Shape().Dimensions
	w = graph.Reshape(w, c.f, d[0]/c.f, c.f, d[1]/c.f, d[2], d[3])
	return graph.Einsum("touarb,kbut->oark", w, c.places(w.Graph()))
}

func (c folded) foldImages(x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	return graph.Reshape(x, d[0], d[1], d[2]/c.f, c.f*d[3])
}

func (c folded) unfold(x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	return graph.Reshape(x, d[0], d[1], d[2]*c.f, d[3]/c.f)
}

func (c folded) foldWeight(w *graph.Node) *graph.Node {
	d := w.Shape().Dimensions
	w = graph.Einsum("oark,kbut->touarb", w, c.places(w.Graph()))
	return graph.Reshape(w, c.f*d[0], c.f*d[1], d[2], c.kernel[1])
}

// places says where a row's numbers stand in the folded kernel: 1 at [k, b, u, t] where number k
// ties column u of large's folded column b to column t of small's.
func (c folded) places(g *graph.Graph) *graph.Node {
	places := make([][][][]float32, c.from.kernel[1])
	for k := range places {
		places[k] = make([][][]float32, c.kernel[1])
		for b := range places[k] {
			places[k][b] = make([][]float32, c.f)
			for u := range c.f {
				places[k][b][u] = make([]float32, c.f)
				if t := (b-c.padding[1])*c.f + u - k + c.from.padding[1]; t >= 0 && t < c.f {
					places[k][b][u][t] = 1
				}
			}
		}
	}
	return graph.Const(g, places)
}
