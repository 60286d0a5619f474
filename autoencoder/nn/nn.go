// Package nn provides the layers of the lessons' networks, named and initialised as in PyTorch's
// torch.nn.
//
// A [Layer] is a plain GoMLX model function, so any function of your own with that signature is a layer
// too. Images are channels last, [batch, height, width, channels], as everywhere in GoMLX. The order of
// the numbers in a flat vector ([Flatten], [Unflatten]) and the layout of the weights follow PyTorch, so
// that weights can be exchanged with PyTorch in both directions.
//
// Constructors never panic. A layer with bad arguments carries its error until it is used; the functions
// of package autoencoder then return it, in one line.
package nn

import (
	"fmt"
	"math"

	"autoencoders/autoencoder/internal/trace"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// A Layer builds the graph that computes a layer's output from x. The layer's variables live in scope.
// Layer is an alias, so every GoMLX model function with this signature is a Layer without conversion.
type Layer = func(scope *model.Scope, x *graph.Node) *graph.Node

// Sequential returns a layer that applies layers one after the other, as torch.nn.Sequential does. The
// variables of layer i live in the scope "i", which gives them PyTorch's names: 0.weight, 0.bias,
// 2.weight and so on.
func Sequential(layers ...Layer) Layer {
	for i, layer := range layers {
		if layer == nil {
			return failed("nn: Sequential: layer %d is nil", i)
		}
	}
	return func(scope *model.Scope, x *graph.Node) *graph.Node {
		for i, layer := range layers {
			scope := scope.At("%d", i)
			x = trace.Of(x.Graph()).Call(scope, func() *graph.Node { return layer(scope, x) })
		}
		return x
	}
}

// recorded returns the layer f, made to record itself in the trace of the graph that it is built into. kind is
// the layer with its arguments: "Linear(784, 128)".
func recorded(kind string, f Layer) Layer {
	return func(scope *model.Scope, x *graph.Node) *graph.Node {
		return trace.Of(x.Graph()).Record(scope.Scope(), kind, func() *graph.Node { return f(scope, x) })
	}
}

// parameter declares a float32 variable whose initial values are U(-1/sqrt(fanIn), 1/sqrt(fanIn)).
// This is how torch.nn.Linear and the convolutions are initialised, weights and biases alike:
// PyTorch's kaiming_uniform_ with a = sqrt(5) amounts to this bound.
func parameter(scope *model.Scope, g *graph.Graph, name string, fanIn int, dims ...int) *graph.Node {
	bound := 1 / math.Sqrt(float64(fanIn))
	shape := shapes.Make(dtypes.Float32, dims...)
	trace.Of(g).Declare(model.JoinPath(scope.Scope(), name), bound, shape.Size())
	scope = scope.WithInitializer(func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		u := scope.Store().RandomUniform(g, shape) // [0, 1)
		return graph.MulScalar(graph.AddScalar(u, -0.5), 2*bound)
	})
	return scope.VariableWithShape(name, shape).NodeValue(g)
}

// failed returns a layer that stands for bad arguments: it panics with the error when it is used.
func failed(format string, args ...any) Layer {
	err := fmt.Errorf(format, args...)
	return func(*model.Scope, *graph.Node) *graph.Node { panic(err) }
}

// perImage formats the shape of one image or vector of a batch: "[28 28 1]".
func perImage(s shapes.Shape) string { return fmt.Sprint(s.Dimensions[1:]) }
