package nn

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Linear returns a layer that computes y = x·Wᵀ + b, as torch.nn.Linear(in, out) does. It maps vectors
// [batch, in] to [batch, out]. If x has more than two axes it is flattened first, as [Flatten] does; a
// PyTorch training loop writes view(-1, 784) for this.
//
// Its variables are weight W, [out, in], and bias b, [out]. Both are initialised from
// U(-1/sqrt(in), 1/sqrt(in)). in and out must be at least 1.
func Linear(in, out int) Layer {
	if in < 1 || out < 1 {
		return failed("nn: Linear(%d, %d): both sizes must be at least 1", in, out)
	}
	return recorded(fmt.Sprintf("Linear(%d, %d)", in, out), func(scope *model.Scope, x *graph.Node) *graph.Node {
		flat := flatten(x) // [batch, in]
		if flat.Shape().Dimensions[1] != in {
			panic(fmt.Errorf("nn: Linear(%d, %d) takes %d numbers per image, but got %d: %s",
				in, out, in, flat.Shape().Dimensions[1], perImage(x.Shape())))
		}
		g := x.Graph()
		weight := parameter(scope, g, "weight", in, out, in)
		bias := parameter(scope, g, "bias", in, out)
		y := graph.Einsum("bi,oi->bo", flat, weight)
		return graph.Add(y, graph.Reshape(bias, 1, out)) // [batch, out]
	})
}
