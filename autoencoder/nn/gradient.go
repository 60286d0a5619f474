package nn

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// A vjp (vector-Jacobian product) computes the gradient of the loss with respect to an input of y from
// dy, its gradient with respect to y.
type vjp = func(dy *graph.Node) *graph.Node

// withGradients returns y, which was computed from a and b, with the gradients byA and byB in place of
// GoMLX's own.
func withGradients(y, a *graph.Node, byA vjp, b *graph.Node, byB vjp) *graph.Node {
	y = graph.StopGradient(y)
	return graph.Add(graph.Add(y, zerosOf(a, y.Shape(), byA)), zerosOf(b, y.Shape(), byB))
}

// zerosOf returns zeros of the given shape whose gradient with respect to x is gradient. GoMLX accepts a
// custom gradient only if input and output have the same shape, so x and the zeros pass through it as one
// vector. XLA optimises the vectors and the additions of zeros away.
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
