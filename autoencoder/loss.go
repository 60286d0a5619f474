package autoencoder

import (
	"fmt"

	"autoencoders/autoencoder/internal/random"
	"autoencoders/autoencoder/internal/trace"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Loss compares the decoder's output with the clean images x, both [batch, height, width, channels].
// It returns one value for each image, [batch], of which Train takes the mean; the value of an image
// must not depend on the other images. It may also return a scalar, the mean over the batch; the last,
// smaller batch of an epoch then costs a second compilation.
type Loss = func(x, output *graph.Node) *graph.Node

// MSE returns the squared difference of x and output, averaged over the numbers of each image, [batch].
// Its mean over the batch is torch.nn.MSELoss. On pixels in [-1, 1] it is four times as large as on
// pixels in [0, 1].
func MSE(x, output *graph.Node) *graph.Node {
	return recorded("MSE", x, func() *graph.Node {
		return graph.ReduceMean(graph.Square(graph.Sub(output, x)), imageAxes(x)...) // [batch]
	})
}

// recorded notes a loss of this package in the trace under its name.
func recorded(name string, x *graph.Node, f func() *graph.Node) *graph.Node {
	return trace.Of(x.Graph()).Record("loss", name, f)
}

// BCE returns the binary cross-entropy -Σ (x·log y + (1-x)·log(1-y)), summed over the numbers of each
// image, [batch], in nats. It is the negative log likelihood of the pixels x if the decoder's output y
// holds a probability for each pixel (Kingma and Welling, arXiv 1312.6114, appendix C.1). Its mean over
// the batch is that of torch.nn.functional.binary_cross_entropy(y, x, reduction="sum"): logarithms are
// clamped at -100, so a pixel costs at most 100 nats, and the gradient is PyTorch's,
// (y-x) / max(y·(1-y), 1e-12).
//
// Pixels must lie in [0, 1], as those of datasets.MNIST() without Normalize do; Train, Evaluate and
// LogLikelihood return an error for others. The output must lie in [0, 1] too, so end the decoder with
// Sigmoid; otherwise the loss is NaN.
func BCE(x, output *graph.Node) *graph.Node {
	x.Graph().AttachState(unitPixels{}, true)
	return recorded("BCE", x, func() *graph.Node { return bce(x, output) })
}

func bce(x, output *graph.Node) *graph.Node {
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

// objective is the forward pass of training in its parts, each [batch], or a scalar if Model.Loss
// returns one.
type objective struct {
	reconstruction *graph.Node
	kl, weighted   *graph.Node // of all Reparameterize layers, without and with their beta; nil: there is none
	code           *graph.Node // what the encoder returns
	trace          *trace.Trace
	spans          struct{ corrupt, encoder, decoder, loss trace.Span }
}

// objective builds the forward pass for images x. Layers such as dropout and batch normalization work
// differently in training.
func (m Model) objective(scope *model.Scope, x *graph.Node, training bool) objective {
	g, batch, image := x.Graph(), x.Shape().Dimensions[0], x.Shape().Dimensions[1:]
	t := trace.Start(g)
	t.Draw = random.Normal
	o := objective{trace: t}
	noisy := x
	var y, l *graph.Node
	o.spans.corrupt = t.Span(func() { noisy = m.corrupted(scope, x) })
	scope.Store().SetTraining(g, training)
	o.spans.encoder = t.Span(func() { o.code = m.half(scope.At("encoder"), m.Encoder, noisy) })
	check("Encoder", o.code, batch)
	o.spans.decoder = t.Span(func() { y = m.half(scope.At("decoder"), m.Decoder, o.code) })
	check("Decoder", y, batch)
	y = graph.ConvertDType(asImages(y, image), x.DType())
	o.spans.loss = t.Span(func() { l = m.loss()(x, y) })
	if l == nil {
		panic(fmt.Errorf("autoencoder: Model.Loss returns nil: it must return one float per image, [batch], or a scalar"))
	}
	if !l.DType().IsFloat() || !(l.Rank() == 0 || l.Rank() == 1 && l.Shape().Dimensions[0] == x.Shape().Dimensions[0]) {
		panic(fmt.Errorf("autoencoder: Model.Loss returns %s: it must return one float per image, [batch], or a scalar", l.Shape()))
	}
	o.reconstruction = graph.ConvertDType(l, x.DType())
	for _, latent := range t.Latents {
		kl := latent.KL()
		if l.Rank() == 0 {
			kl = graph.ReduceAllMean(kl)
		}
		kl = graph.ConvertDType(kl, x.DType())
		o.kl, o.weighted = plus(o.kl, kl), plus(o.weighted, graph.MulScalar(kl, latent.Beta))
	}
	return o
}

// check panics unless y, which a half of the network returned, has a row for each image of the batch.
func check(half string, y *graph.Node, batch int) {
	if y.Rank() < 2 || y.Shape().Dimensions[0] != batch {
		panic(fmt.Errorf("autoencoder: for %d images the %s returns %s: its first axis must be the images", batch, half, y.Shape()))
	}
}

func plus(sum, x *graph.Node) *graph.Node {
	if sum == nil {
		return x
	}
	return graph.Add(sum, x)
}

// total is what training minimises, apart from what layers add to the loss themselves. klWeight, a
// scalar, multiplies the KL; nil is 1.
func (o objective) total(klWeight *graph.Node) *graph.Node {
	if o.weighted == nil {
		return o.reconstruction
	}
	weighted := o.weighted
	if klWeight != nil {
		weighted = graph.Mul(weighted, klWeight)
	}
	return graph.Add(o.reconstruction, weighted)
}
