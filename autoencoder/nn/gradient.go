package nn

import (
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// withGradients returns y, which was computed from a and b, with gradients of its own in place of GoMLX's:
// from dy, the gradient of the loss with respect to y, the function computes those with respect to a and b.
//
// GoMLX accepts a custom gradient only if input and output have the same shape. So a and b pass through it
// as one vector, together with zeros that are then added to y. XLA optimises all of that away.
func withGradients(y, a, b *graph.Node, gradients func(dy *graph.Node) (da, db *graph.Node)) *graph.Node {
	shape, first := y.Shape(), a.Shape().Size()+b.Shape().Size()
	vector := func(a, b, zeros *graph.Node) *graph.Node {
		return graph.Concatenate([]*graph.Node{graph.Reshape(a, -1), graph.Reshape(b, -1), zeros}, 0)
	}
	end := func(vector *graph.Node) *graph.Node {
		return graph.Reshape(graph.Slice(vector, graph.AxisRange(first)), shape.Dimensions...)
	}
	zeros := graph.Zeros(y.Graph(), shapes.Make(shape.DType, shape.Size()))
	passed := graph.IdentityWithCustomGradient(vector(a, b, zeros), func(_, v *graph.Node) *graph.Node {
		da, db := gradients(end(v))
		return vector(da, db, zeros)
	})
	return graph.Add(graph.StopGradient(y), end(passed))
}
