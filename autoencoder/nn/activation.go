package nn

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// ReLU is torch.nn.ReLU: max(x, 0), number by number.
func ReLU() Layer {
	// PyTorch's gradient at exactly 0 is 0; that of Max would be shared between its two sides.
	return elementwise("ReLU()", func(x *graph.Node) *graph.Node {
		zeros := graph.ZerosLike(x)
		return graph.Where(graph.GreaterThan(x, zeros), x, zeros)
	})
}

// Tanh is torch.nn.Tanh: the hyperbolic tangent, in (-1, 1).
func Tanh() Layer { return elementwise("Tanh()", graph.Tanh) }

// Sigmoid is torch.nn.Sigmoid: 1/(1+exp(-x)), in (0, 1).
func Sigmoid() Layer {
	return elementwise("Sigmoid()", func(x *graph.Node) *graph.Node { return graph.Sigmoid(x) })
}

func elementwise(kind string, f func(x *graph.Node) *graph.Node) Layer {
	return recorded(kind, func(_ *model.Scope, x *graph.Node) *graph.Node { return f(x) })
}
