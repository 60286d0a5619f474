package nn

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Reparameterize makes an autoencoder a variational one (Kingma and Welling, Auto-Encoding
// Variational Bayes, arXiv 1312.6114). It takes [batch, .., 2d], the halves of which are mu and
// logvar, the mean and the logarithm of the variance of a Gaussian for each of d latents, and gives
// [batch, .., d]: in training, and with a fixed seed in TestLoss and Evaluate, a draw
//
//	z = mu + exp(logvar/2)·eps, eps from N(0, 1)
//
// (section 2.4), otherwise mu. To the loss of each image it adds beta times [Latent.KL], in nats;
// beta is 1 in the paper, and another one makes a beta-VAE (Higgins et al. 2017). The loss has to be
// in nats as well, like BCE of package autoencoder. Several such layers in a network add up.
//
// It has no variables: the Linear(in, 2*d) before it does, and in PyTorch's state_dict is one layer
// like any other. A module with two layers for mu and logvar crosses over with torch.cat([mu, logvar])
// of their weights and of their biases.
//
// Functions of your own that call layers get mu, unless they set Draw of [StartTrace]; the KL is then
// for them to add.
func Reparameterize(beta float64) Layer {
	if !(beta >= 0) || math.IsInf(beta, 0) {
		return failed("nn: Reparameterize(%g): beta, the weight of the KL, must be a number of at least 0", beta)
	}
	return func(scope *model.Scope, x *graph.Node) *graph.Node {
		axis := x.Rank() - 1
		size := x.Shape().Dimensions[axis]
		if axis < 1 || size%2 != 0 {
			panic(fmt.Errorf("nn: Reparameterize(%g) takes mu and logvar, an even number of values, but gets %s", beta, perImage(x.Shape())))
		}
		l := Latent{
			Mu:     graph.SliceAxis(x, axis, graph.AxisRange(0, size/2)), // [batch, .., d]
			LogVar: graph.SliceAxis(x, axis, graph.AxisRange(size/2)),    // [batch, .., d]
			Beta:   beta,
		}
		t := traced(x.Graph())
		l.Z = l.Mu
		if t.Draw != nil {
			std := graph.Exp(graph.MulScalar(l.LogVar, 0.5))
			l.Z = graph.Add(l.Mu, graph.Mul(std, t.Draw(scope, l.Mu)))
		}
		t.Latents = append(t.Latents, l)
		return note(scope, l.Z, 0, "Reparameterize(%g)", beta)
	}
}

// Latent is what a [Reparameterize] met while a graph was built: its posterior q(z|x), a Gaussian for
// each number, and the z that it gave. The prior p(z) is N(0, 1).
type Latent struct {
	Mu, LogVar, Z *graph.Node // [batch, .., d]
	Beta          float64     // the weight of KL in the loss
}

// KL is the Kullback-Leibler divergence of q(z|x) from p(z), [batch], in nats:
//
//	-1/2 Σ (1 + logvar - mu² - exp(logvar))
//
// (Kingma and Welling, equation 10 and appendix B).
func (l Latent) KL() *graph.Node {
	terms := graph.AddScalar(graph.Sub(l.LogVar, graph.Add(graph.Square(l.Mu), graph.Exp(l.LogVar))), 1)
	return graph.MulScalar(sumPerImage(terms), -0.5)
}

// LogRatio is log q(z|x) - log p(z) of the z that was drawn, [batch], in nats: KL is its mean over
// the draws.
func (l Latent) LogRatio() *graph.Node {
	eps := graph.Mul(graph.Sub(l.Z, l.Mu), graph.Exp(graph.MulScalar(l.LogVar, -0.5)))
	terms := graph.Sub(graph.Sub(graph.Square(l.Z), graph.Square(eps)), l.LogVar) // what 2π adds to both cancels
	return graph.MulScalar(sumPerImage(terms), 0.5)
}

func sumPerImage(x *graph.Node) *graph.Node {
	return graph.ReduceSum(graph.Reshape(x, x.Shape().Dimensions[0], -1), 1) // [batch]
}

// StandardNormal draws numbers of N(0, 1) in the shape of like, from the random state of the scope's
// store: what [Trace].Draw is in training.
func StandardNormal(scope *model.Scope, like *graph.Node) *graph.Node {
	return scope.Store().RandomNormal(like.Graph(), like.Shape())
}
