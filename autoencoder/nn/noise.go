package nn

import (
	"fmt"
	"math"

	"autoencoders/autoencoder/internal/random"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Noise returns a layer that adds Gaussian noise with standard deviation std, in the units of x. The
// result is not clipped. std must be finite and not negative. The layer is meant for Model.Corrupt of
// package autoencoder.
func Noise(std float64) Layer {
	if !(std >= 0) || math.IsInf(std, 0) {
		return failed("nn: Noise(%g): the standard deviation must be a number of at least 0", std)
	}
	return recorded(fmt.Sprintf("Noise(%g)", std), func(scope *model.Scope, x *graph.Node) *graph.Node {
		noise := random.Normal(scope, x)
		return graph.Add(x, graph.MulScalar(noise, std))
	})
}

// SaltPepper returns a layer that replaces each element with probability share, by -1 or by 1 with equal
// chances. These are black and white if pixels are normalised to [-1, 1]. share must lie between 0 and 1.
// The layer is meant for Model.Corrupt of package autoencoder.
func SaltPepper(share float64) Layer {
	if !(share >= 0 && share <= 1) {
		return failed("nn: SaltPepper(%g): the share must lie between 0 and 1", share)
	}
	return recorded(fmt.Sprintf("SaltPepper(%g)", share), func(scope *model.Scope, x *graph.Node) *graph.Node {
		g := x.Graph()
		u := scope.Store().RandomUniform(g, x.Shape()) // [0, 1)
		limit := func(v float64) *graph.Node { return graph.BroadcastToShape(graph.Scalar(g, x.DType(), v), x.Shape()) }
		y := graph.Where(graph.LessThan(u, limit(share/2)), limit(-1), x)
		return graph.Where(graph.GreaterOrEqual(u, limit(1-share/2)), limit(1), y)
	})
}
