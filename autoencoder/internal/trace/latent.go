package trace

import "github.com/gomlx/gomlx/core/graph"

// Latent is the record of a Reparameterize layer: the Gaussian posterior q(z|x) of each latent dimension, and
// the z that the layer returned. The prior p(z) is N(0, I).
type Latent struct {
	Mu, LogVar, Z *graph.Node // [batch, .., d]
	Beta          float64     // the weight of KL in the loss
}

// At returns mu + exp(logvar/2)·eps, in the shape of mu: a draw from q(z|x) if eps is one from N(0, I)
// (Kingma and Welling, arXiv 1312.6114, section 2.4).
func (l Latent) At(eps *graph.Node) *graph.Node {
	return graph.Add(l.Mu, graph.Mul(graph.Exp(graph.MulScalar(l.LogVar, 0.5)), eps))
}

// KL returns the Kullback-Leibler divergence of q(z|x) from p(z), [batch], in nats:
//
//	-1/2 Σ (1 + logvar - mu² - exp(logvar))
//
// (Kingma and Welling, arXiv 1312.6114, equation 10 and appendix B).
func (l Latent) KL() *graph.Node {
	terms := graph.AddScalar(graph.Sub(l.LogVar, graph.Add(graph.Square(l.Mu), graph.Exp(l.LogVar))), 1)
	return graph.MulScalar(sumPerImage(terms), -0.5)
}

// LogRatio returns log q(z|x) - log p(z) of the z that was drawn, [batch], in nats. Its mean over the
// draws is KL.
func (l Latent) LogRatio() *graph.Node {
	eps := graph.Mul(graph.Sub(l.Z, l.Mu), graph.Exp(graph.MulScalar(l.LogVar, -0.5)))
	terms := graph.Sub(graph.Sub(graph.Square(l.Z), graph.Square(eps)), l.LogVar) // the terms with 2π cancel
	return graph.MulScalar(sumPerImage(terms), 0.5)
}

func sumPerImage(x *graph.Node) *graph.Node {
	return graph.ReduceSum(graph.Reshape(x, x.Shape().Dimensions[0], -1), 1) // [batch]
}
