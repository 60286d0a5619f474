package nn

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// vjp is a gradient: from that of the loss by y to that of the loss by what y was computed from.
type vjp = func(dy *graph.Node) *graph.Node

// withGradients is y, computed from a and b, whose gradients are those given instead of GoMLX's own.
func withGradients(y, a *graph.Node, byA vjp, b *graph.Node, byB vjp) *graph.Node {
	y = graph.StopGradient(y)
	return graph.Add(graph.Add(y, zerosOf(a, y.Shape(), byA)), zerosOf(b, y.Shape(), byB))
}

// zerosOf is an array of zeros with a gradient by x. GoMLX takes a custom gradient only where input
// and output have one shape, so x and the zeros go through it side by side in one vector. XLA takes
// the vectors and the additions of zeros out again.
func zerosOf(x *graph.Node, shape shapes.Shape, gradient vjp) *graph.Node {
	beside := func(x *graph.Node) *graph.Node {
		zeros := graph.Zeros(x.Graph(), shapes.Make(shape.DType, shape.Size()))
		return graph.Concatenate([]*graph.Node{graph.Reshape(x, -1), zeros}, 0)
	}
	zeros := func(both *graph.Node) *graph.Node {
		return graph.Reshape(graph.Slice(both, graph.AxisRange(x.Shape().Size())), shape.Dimensions...)
	}
	return zeros(graph.IdentityWithCustomGradient(beside(x), func(_, v *graph.Node) *graph.Node {
		return beside(gradient(zeros(v)))
	}))
}
