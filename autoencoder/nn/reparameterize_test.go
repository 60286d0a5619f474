package nn_test

import (
	"math"
	"slices"
	"testing"

	"autoencoders/autoencoder/internal/random"
	"autoencoders/autoencoder/internal/trace"
	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// drawing returns a layer that applies f to the record of Reparameterize(1), which draws as in training.
func drawing(f func(l trace.Latent) *graph.Node) nn.Layer {
	return func(scope *model.Scope, x *graph.Node) *graph.Node {
		tr := trace.Start(x.Graph())
		tr.Draw = random.Normal
		nn.Reparameterize(1)(scope, x)
		return f(tr.Latents[0])
	}
}

func kl(l trace.Latent) *graph.Node    { return l.KL() }
func ratio(l trace.Latent) *graph.Node { return l.LogRatio() }
func drawn(l trace.Latent) *graph.Node { return l.Z }

func TestReparameterizeGivesMuUnlessItDraws(t *testing.T) {
	x := tensor([]int{2, 4}, 1, -2, 5, 6, 3, -4, 7, 8)
	want(t, apply(t, nn.Reparameterize(1), x, nil), []int{2, 2}, 1, -2, 3, -4)
}

// The last axis is halved: the channels, if latents are images.
func TestReparameterizeOfImages(t *testing.T) {
	x := tensor([]int{1, 1, 2, 4}, 1, 2, 0, 0, 3, 4, 0, 0)
	want(t, apply(t, nn.Reparameterize(1), x, nil), []int{1, 1, 2, 2}, 1, 2, 3, 4)
	want(t, apply(t, drawing(kl), x, nil), []int{1}, (1+4+9+16)/2)
}

// KL(N(m, s²), N(0, 1)) is (m² + s² - 1)/2 - ln s, and 0 for the prior itself.
func TestKLIsTheClosedForm(t *testing.T) {
	ln4 := float32(math.Log(4))
	x := tensor([]int{3, 4}, 0, 0, 0, 0, 1, -3, 0, 0, 1, 0, ln4, -ln4)
	want(t, apply(t, drawing(kl), x, nil), []int{3}, 0, 5, (1+4-1)/2.0-ln4/2+(0.25-1)/2+ln4/2)
}

// The draws have mean mu and standard deviation exp(logvar/2), and the mean of log q(z|x) - log p(z) over the
// draws, which needs no closed form, is the KL divergence.
func TestDrawsHaveTheirMomentsAndTheirKL(t *testing.T) {
	const n = 200_000
	mu, logvar := 1.5, -1.2
	x := tensor([]int{n, 2}, slices.Repeat([]float32{float32(mu), float32(logvar)}, n)...)
	var mean, squares, ratios float64
	for _, z := range tensors.MustCopyFlatData[float32](apply(t, drawing(drawn), x, nil)) {
		mean, squares = mean+float64(z)/n, squares+float64(z)*float64(z)/n
	}
	if std := math.Sqrt(squares - mean*mean); math.Abs(mean-mu) > 0.01 || math.Abs(std-math.Exp(logvar/2)) > 0.01 {
		t.Errorf("mean %.4f, standard deviation %.4f", mean, std)
	}
	for _, r := range tensors.MustCopyFlatData[float32](apply(t, drawing(ratio), x, nil)) {
		ratios += float64(r) / n
	}
	exact := float64(tensors.MustCopyFlatData[float32](apply(t, drawing(kl), x, nil))[0])
	if math.Abs(ratios-exact) > 0.01 {
		t.Errorf("the mean of %d log ratios is %.4f, the KL %.4f", n, ratios, exact)
	}
}

// The gradient passes through the draw to mu and logvar: for Σ z it is 1 and (z - mu)/2.
func TestGradientGoesThroughTheDraw(t *testing.T) {
	x := tensor([]int{1, 4}, 1, -2, 0.5, -0.5)
	difference := func(scope *model.Scope, x *graph.Node) *graph.Node {
		tr := trace.Start(x.Graph())
		tr.Draw = random.Normal
		z := nn.Reparameterize(1)(scope, x)
		half := graph.MulScalar(graph.Sub(z, tr.Latents[0].Mu), 0.5)
		expected := graph.Concatenate([]*graph.Node{graph.OnesLike(z), half}, 1)
		return graph.Sub(graph.Gradient(graph.ReduceAllSum(z), x)[0], expected)
	}
	want(t, apply(t, difference, x, nil), []int{1, 4}, 0, 0, 0, 0)
}
