package autoencoder

import (
	"fmt"

	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Loss compares the decoder's output with the clean images x, both [batch, height, width, channels].
// It returns one value an image, [batch]; Train takes their mean. A scalar, the mean over the
// batch already, is taken as well; the last, smaller batch then costs a second compilation.
type Loss = func(x, output *graph.Node) *graph.Node

// MSE is the squared difference, mean over an image's numbers, as torch.nn.MSELoss has it once the
// mean over the batch is taken. On pixels in [-1, 1] it is four times that on pixels in [0, 1].
func MSE(x, output *graph.Node) *graph.Node {
	return graph.ReduceMean(graph.Square(graph.Sub(output, x)), imageAxes(x)...) // [batch]
}

// BCE is the binary cross-entropy -Σ (x·log y + (1-x)·log(1-y)) over an image's numbers, in nats: the
// negative log likelihood of the pixels x if the decoder's output y is a probability each (Kingma and
// Welling, arXiv 1312.6114, appendix C.1). It is torch.nn.functional.binary_cross_entropy(y, x,
// reduction="sum") once the mean over the batch is taken: logarithms are not below -100, so a pixel
// costs at most 100 nats, and the gradient is PyTorch's, (y-x) / max(y·(1-y), 1e-12).
//
// Pixels must lie in [0, 1], as datasets.MNIST() gives them without Normalize: Train, Evaluate and
// LogLikelihood return an error for others. The output must as well, so let the decoder end in
// Sigmoid; an output outside makes the loss NaN.
func BCE(x, output *graph.Node) *graph.Node {
	x.Graph().AttachState(unitPixels{}, true)
	atLeast := func(log *graph.Node) *graph.Node { return graph.Max(log, graph.Scalar(x.Graph(), x.DType(), -100)) }
	x, y := graph.StopGradient(x), graph.StopGradient(output)
	likelihood := graph.Add(
		graph.Mul(x, atLeast(graph.Log(y))),
		graph.Mul(graph.OneMinus(x), atLeast(graph.Log1P(graph.Neg(y)))))
	// The derivative of these logarithms is infinite where y is 0 or 1, so it is not left to them: it
	// comes with an addition of zeros.
	slope := graph.IdentityWithCustomGradient(output, func(_, v *graph.Node) *graph.Node {
		variance := graph.MaxScalar(graph.Mul(y, graph.OneMinus(y)), 1e-12)
		return graph.Mul(v, graph.Div(graph.Sub(y, x), variance))
	})
	return graph.ReduceSum(graph.Sub(graph.Sub(slope, y), likelihood), imageAxes(x)...) // [batch]
}

// unitPixels is the mark that BCE leaves on a graph.
type unitPixels struct{}

func imageAxes(x *graph.Node) []int {
	axes := make([]int, x.Rank()-1)
	for i := range axes {
		axes[i] = i + 1
	}
	return axes
}

func (m Model) loss() Loss {
	if m.Loss == nil {
		return MSE
	}
	return m.Loss
}

// objective is the forward pass of training in its parts, each [batch], or a scalar where Model.Loss
// gives one.
type objective struct {
	reconstruction *graph.Node
	kl, weighted   *graph.Node // of all Reparameterize layers, without and with their beta; nil: there is none
	latents        []nn.Latent
}

func (m Model) objective(scope *model.Scope, x *graph.Node) objective {
	trace := nn.StartTrace(x.Graph())
	trace.Draw = nn.StandardNormal
	y := m.decode(scope, m.encode(scope, m.corrupted(scope, x)), x.Shape().Dimensions[1:])
	l := m.loss()(x, y)
	if !l.DType().IsFloat() || !(l.Rank() == 0 || l.Rank() == 1 && l.Shape().Dimensions[0] == x.Shape().Dimensions[0]) {
		panic(fmt.Errorf("autoencoder: Model.Loss gives %s: it must give one float an image, [batch], or a scalar", l.Shape()))
	}
	o := objective{reconstruction: l, latents: trace.Latents}
	for _, latent := range trace.Latents {
		kl := latent.KL()
		if l.Rank() == 0 {
			kl = graph.ReduceAllMean(kl)
		}
		o.kl, o.weighted = plus(o.kl, kl), plus(o.weighted, graph.MulScalar(kl, latent.Beta))
	}
	return o
}

func plus(sum, x *graph.Node) *graph.Node {
	if sum == nil {
		return x
	}
	return graph.Add(sum, x)
}

// total is what training makes small.
func (o objective) total() *graph.Node {
	if o.weighted == nil {
		return o.reconstruction
	}
	return graph.Add(o.reconstruction, o.weighted)
}

// checkPixels returns an error if the loss wants pixels in [0, 1] and some are not.
func (n *network) checkPixels(which string, x *tensors.Tensor) error {
	if !n.unit {
		return nil
	}
	bad, found := float32(0), false
	err := tensors.ConstFlatData(x, func(pixels []float32) {
		for _, v := range pixels {
			if !(v >= 0 && v <= 1) {
				bad, found = v, true
				return
			}
		}
	})
	if err != nil {
		return plain(err)
	}
	if found {
		return fmt.Errorf("autoencoder: BCE takes pixels in [0, 1], but %s have %g: load them without Normalize, datasets.MNIST()", which, bad)
	}
	return nil
}
