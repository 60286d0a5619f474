package nn

import (
	"math"

	"autoencoders/autoencoder/internal/device"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// products computes the three products of a convolution. The implementations differ only in how.
type products interface {
	toSmall(large, weight *graph.Node) *graph.Node
	toLarge(small, weight *graph.Node) *graph.Node
	toWeight(large, small *graph.Node) *graph.Node
}

// foldUpTo bounds the cost up to which columns are folded. The cost is the product of the number of
// columns folded together, the factor by which the multiplications increase, and the geometric mean of
// the channel counts. Tests set it to 0 to switch folding off.
var foldUpTo = 64.0

// products chooses an implementation, given the number of channels of large and of small. On CUDA it is
// XLA's convolution. On a CPU, XLA's inner loops have too little work if there are few channels, and it
// runs convolutions in a loop with its slowest code; so those with a stride become products of matrices
// (see tiled), and those without one get columns folded into channels if the widths allow it and if it
// pays off.
//
// Folding pays off with few channels, a modest increase in multiplications, and no more channels in
// large than in small. We measured 46 layers with 1 to 32 channels and kernels of 3, 5 and 7, forward
// and with both gradients, on two cores of an EPYC. The 33 layers that this rule folds ran at 0.96 to
// 5.4 times the speed of XLA's own convolution, 31 of them faster; of the other 13, folding would have
// slowed down 11. BenchmarkConvolutions measures some of them.
func (c convolution) products(g *graph.Graph, ofLarge, ofSmall int) products {
	switch {
	case !device.IsXLAOnCPU(g.Backend()):
		return c
	case c.stride[0] > 1 && c.kernel[0] <= tileUpTo:
		return c.tile(ofLarge)
	case c.stride != ones || c.kernel[1] == 1 || ofLarge > ofSmall:
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

// folded computes a convolution of stride 1 on images in which each group of f neighbouring columns is
// treated as channels of one column: [n, h, w, c] is [n, h, w/f, f·c] without a number moving in memory.
// The result is a convolution again. Its kernel is narrower and has f² times as many pairs of channels,
// and most of its weights are zeros in fixed places; but many multiplications in long loops take less
// time than few in short ones. An epoch of 60,000 images of the net with 5x5 kernels and 1-6-16-6-1
// channels, in batches of 128, took 21.2 s without folding and 11.6 s with it on the same two busy cores,
// and 10.1 s with it on idle ones.
type folded struct {
	convolution // of the folded images
	f           int
	from        convolution
}

func (c convolution) fold(f int) folded {
	to := c
	// Column f·X+t of small depends on the columns f·X+t+k-padding of large, k < kernel. They lie in the
	// folded columns X+first to X+last.
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

// columns computes toLarge of the folded images. One product computes what each folded column of small
// contributes to those of large, with the kernel's columns as additional channels; the contributions are
// then added up.
func (c folded) columns(small, weight *graph.Node) *graph.Node {
	d := weight.Shape().Dimensions
	weight = graph.Reshape(graph.TransposeAllAxes(weight, 0, 3, 1, 2), d[0], d[3]*d[1], d[2], 1)
	one := c.convolution
	one.kernel[1], one.padding[1], one.large[1] = 1, 0, c.small[1]
	parts := one.toLarge(small, weight) // [n, H, w/f, columns·f·in]
	var y *graph.Node
	for b := range c.kernel[1] {
		part := graph.Slice(parts, graph.AxisRange(), graph.AxisRange(), graph.AxisRange(), graph.AxisRange(b*d[1], (b+1)*d[1]))
		at := b - c.padding[1] // column X of small contributes to column X+at of large
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

// places returns the positions of a kernel row's weights in the folded kernel. It is 1 at [k, b, u, t] if
// weight k connects column u of large's folded column b with column t of small's folded column, and
// otherwise 0.
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
