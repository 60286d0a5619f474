package nn

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Flatten returns a layer that turns images [batch, height, width, channels] into vectors
// [batch, channels·height·width]. The numbers come in the order in which torch.nn.Flatten puts PyTorch's
// channels-first images: the whole first channel, then the second, and so on.
func Flatten() Layer {
	return recorded("Flatten()", func(_ *model.Scope, x *graph.Node) *graph.Node { return flatten(x) })
}

func flatten(x *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	if len(dims) == 2 {
		return x
	}
	if len(dims) == 4 && dims[3] > 1 {
		x = graph.TransposeAllAxes(x, 0, 3, 1, 2) // [batch, channels, height, width]
	}
	size := 1
	for _, d := range dims[1:] {
		size *= d
	}
	return graph.Reshape(x, dims[0], size)
}

// Unflatten returns the inverse of [Flatten]: it turns vectors [batch, channels·height·width] into images
// [batch, height, width, channels], as torch.nn.Unflatten(1, (channels, height, width)) does. Each size
// must be at least 1.
func Unflatten(channels, height, width int) Layer {
	if channels < 1 || height < 1 || width < 1 {
		return failed("nn: Unflatten(%d, %d, %d): each size must be at least 1", channels, height, width)
	}
	kind := fmt.Sprintf("Unflatten(%d, %d, %d)", channels, height, width)
	return recorded(kind, func(_ *model.Scope, x *graph.Node) *graph.Node {
		if size := channels * height * width; x.Rank() != 2 || x.Shape().Dimensions[1] != size {
			panic(fmt.Errorf("nn: %s takes %d numbers per image, but got %s", kind, size, perImage(x.Shape())))
		}
		return unflatten(x, channels, height, width)
	})
}

func unflatten(x *graph.Node, channels, height, width int) *graph.Node {
	batch := x.Shape().Dimensions[0]
	if channels == 1 {
		return graph.Reshape(x, batch, height, width, 1)
	}
	x = graph.Reshape(x, batch, channels, height, width)
	return graph.TransposeAllAxes(x, 0, 2, 3, 1) // [batch, height, width, channels]
}
