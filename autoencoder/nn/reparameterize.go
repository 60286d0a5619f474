package nn

import (
	"fmt"
	"math"

	"autoencoders/autoencoder/internal/trace"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Reparameterize returns the layer that makes an autoencoder variational (Kingma and Welling,
// Auto-Encoding Variational Bayes, arXiv 1312.6114). Its input is [batch, .., 2d]; the two halves are
// mu and logvar, the mean and the logarithm of the variance of a Gaussian for each of d latent
// dimensions. Its output is [batch, .., d]. In training, and with a fixed seed in TestLoss and
// Evaluate, it is a draw
//
//	z = mu + exp(logvar/2)·eps, eps from N(0, I)
//
// (section 2.4); everywhere else it is mu. The layer adds beta times the Kullback-Leibler divergence of
// that Gaussian from the prior N(0, I), in nats, to the loss of each image. The paper's beta is 1; any
// other value makes a beta-VAE (Higgins et al., ICLR 2017). The loss must be in nats too, as BCE of
// package autoencoder is. If a network has several such layers, their divergences are added.
//
// The layer has no variables. Mu and logvar come from the Linear(in, 2*d) before it, which is one layer
// in PyTorch's state_dict. To convert a module that has separate layers for mu and logvar, concatenate
// their weights and their biases with torch.cat([mu, logvar]).
//
// If you call layers in a graph function of your own, this one returns mu.
func Reparameterize(beta float64) Layer {
	if !(beta >= 0) || math.IsInf(beta, 0) {
		return failed("nn: Reparameterize(%g): beta, the weight of the KL, must be a number of at least 0", beta)
	}
	kind := fmt.Sprintf("Reparameterize(%g)", beta)
	return recorded(kind, func(scope *model.Scope, x *graph.Node) *graph.Node {
		axis := x.Rank() - 1
		size := x.Shape().Dimensions[axis]
		if axis < 1 || size%2 != 0 {
			panic(fmt.Errorf("nn: %s takes mu and logvar, an even number of values, but got %s", kind, perImage(x.Shape())))
		}
		l := trace.Latent{
			Mu:     graph.SliceAxis(x, axis, graph.AxisRange(0, size/2)), // [batch, .., d]
			LogVar: graph.SliceAxis(x, axis, graph.AxisRange(size/2)),    // [batch, .., d]
			Beta:   beta,
		}
		t := trace.Of(x.Graph())
		l.Z = l.Mu
		if t.Draw != nil {
			l.Z = l.At(t.Draw(scope, l.Mu))
		}
		t.Latents = append(t.Latents, l)
		return l.Z
	})
}
