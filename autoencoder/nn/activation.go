package nn

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// ReLU returns a layer that computes max(x, 0) of each element, as torch.nn.ReLU does. Its gradient
// at exactly 0 is 0, as in PyTorch.
func ReLU() Layer {
	// graph.Max would divide the gradient at exactly 0 between its two arguments.
	return elementwise("ReLU()", func(x *graph.Node) *graph.Node {
		zeros := graph.ZerosLike(x)
		return graph.Where(graph.GreaterThan(x, zeros), x, zeros)
	})
}

// Tanh returns a layer that computes the hyperbolic tangent of each element, which lies in (-1, 1), as
// torch.nn.Tanh does.
func Tanh() Layer { return elementwise("Tanh()", graph.Tanh) }

// Sigmoid returns a layer that computes 1/(1+exp(-x)) of each element, which lies in (0, 1), as
// torch.nn.Sigmoid does.
func Sigmoid() Layer {
	return elementwise("Sigmoid()", func(x *graph.Node) *graph.Node { return graph.Sigmoid(x) })
}

// elementwise returns a layer without variables that applies f.
func elementwise(kind string, f func(x *graph.Node) *graph.Node) Layer {
	return recorded(kind, func(_ *model.Scope, x *graph.Node) *graph.Node { return f(x) })
}
