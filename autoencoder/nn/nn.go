// Package nn has the layers of the lessons' networks, named and initialised as in PyTorch's torch.nn.
//
// A [Layer] is a plain GoMLX model function, so any function of your own with that signature is a
// layer too. Images are channels last, [batch, height, width, channels], as everywhere in GoMLX;
// where PyTorch fixes another order ([Flatten], [Unflatten], the layout of weights), these layers
// follow PyTorch, so that weights can travel both ways.
//
// A constructor never panics. A layer that was given bad arguments carries its error until it is
// used, and the functions of package autoencoder return it as one line.
package nn

import (
	"fmt"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Layer computes y from x; variables it needs live in scope. It is an alias, so that every GoMLX
// model function with this signature is a Layer without conversion.
type Layer = func(scope *model.Scope, x *graph.Node) *graph.Node

// Sequential applies layers one after the other. The i-th layer's variables live in the scope "i",
// which gives them the names of torch.nn.Sequential: 0.weight, 0.bias, 2.weight …
func Sequential(layers ...Layer) Layer {
	for i, layer := range layers {
		if layer == nil {
			return failed("nn: Sequential: layer %d is nil", i)
		}
	}
	return func(scope *model.Scope, x *graph.Node) *graph.Node {
		for i, layer := range layers {
			x = layer(scope.At("%d", i), x)
		}
		return x
	}
}

// failed is the layer that a constructor returns for bad arguments.
func failed(format string, args ...any) Layer {
	err := fmt.Errorf(format, args...)
	return func(*model.Scope, *graph.Node) *graph.Node { panic(err) }
}

// perImage is the shape of one image or vector of a batch: "[28 28 1]".
func perImage(s shapes.Shape) string { return fmt.Sprint(s.Dimensions[1:]) }
