package autoencoder_test

import (
	"embed"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/internal/trace"
	"autoencoders/autoencoder/nn"
	"autoencoders/datasets"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// The golden files hold what PyTorch computed: parity/goldens.py describes them, and parity/nets.py has the same
// networks. They are embedded in the test's binary, which `make gpu-check` carries to another machine.
//
//go:embed testdata/pytorch
var goldenFiles embed.FS

const goldens = "testdata/pytorch"

// tolerance says how far our numbers may differ from PyTorch's.
type tolerance struct {
	outputs   float64 // before training
	gradients float64 // of the largest number of a gradient
	losses    float64 // of 100 steps of AdamW
	after     float64 // outputs, 100 steps later
}

// allowed returns the tolerance for float32: its rounding error is 6e-8 of a number, and sums of thousands lose
// more. TF32, which an NVIDIA GPU uses for products if GOMLX_BACKEND says tf32=true, keeps 10 bits of a factor
// instead of 23: 5e-4.
func allowed() tolerance {
	if strings.Contains(os.Getenv("GOMLX_BACKEND"), "tf32=true") {
		return tolerance{outputs: 5e-3, gradients: 2e-2, losses: 5e-3, after: 5e-2}
	}
	return tolerance{outputs: 2e-6, gradients: 1e-5, losses: 2e-4, after: 2e-4}
}

// parityNet is a network of the golden files, without its folder, and the shape of one of its images.
type parityNet struct {
	name             string
	encoder, decoder nn.Layer
	image            []int
}

// convTutorial is the tutorial's convolutional net with its faults fixed.
var convTutorial = parityNet{"conv-tutorial",
	nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.Conv2d(6, 16, 5), nn.ReLU()),
	nn.Sequential(nn.ConvTranspose2d(16, 6, 5), nn.ReLU(), nn.ConvTranspose2d(6, 1, 5), nn.Tanh()), []int{28, 28, 1}}

var parityNets = []parityNet{
	{"tutorial", autoencoder.Linear("", 2).Encoder, autoencoder.Linear("", 2).Decoder, []int{28, 28, 1}},
	{"narrow",
		nn.Sequential(nn.Linear(64, 24), nn.Tanh(), nn.Linear(24, 3)),
		nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 64), nn.Sigmoid()), []int{8, 8, 1}},
	convTutorial,
	{"conv-stride2",
		nn.Sequential(nn.Conv2d(1, 4, 3, nn.Stride(2), nn.Padding(1)), nn.ReLU(),
			nn.Conv2d(4, 8, 3, nn.Stride(2), nn.Padding(1)), nn.ReLU(), nn.Flatten(), nn.Linear(392, 4)),
		nn.Sequential(nn.Linear(4, 392), nn.ReLU(), nn.Unflatten(8, 7, 7),
			nn.ConvTranspose2d(8, 4, 3, nn.Stride(2), nn.Padding(1), nn.OutputPadding(1)), nn.ReLU(),
			nn.ConvTranspose2d(4, 1, 3, nn.Stride(2), nn.Padding(1), nn.OutputPadding(1)), nn.Tanh()), []int{28, 28, 1}},
	{"conv-even",
		nn.Sequential(nn.Conv2d(1, 3, 4, nn.Stride(2), nn.Padding(1)), nn.ReLU(), nn.Conv2d(3, 5, 2), nn.ReLU()),
		nn.Sequential(nn.ConvTranspose2d(5, 3, 2), nn.ReLU(), nn.ConvTranspose2d(3, 1, 4, nn.Stride(2), nn.Padding(1)), nn.Tanh()), []int{28, 28, 1}},
	{"conv-stride3",
		nn.Sequential(nn.Conv2d(2, 4, 4, nn.Stride(3), nn.Padding(1)), nn.ReLU(), nn.Flatten(), nn.Linear(324, 5)),
		nn.Sequential(nn.Linear(5, 324), nn.Unflatten(4, 9, 9),
			nn.ConvTranspose2d(4, 2, 4, nn.Stride(3), nn.Padding(1), nn.OutputPadding(2)), nn.Tanh()), []int{28, 28, 2}},
}

func readGolden(t *testing.T, name string) map[string]*tensors.Tensor {
	t.Helper()
	raw, err := goldenFiles.ReadFile(path.Join(goldens, name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	values, _, err := readAll(raw)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return values
}

// imported returns the network with the weights that PyTorch started with, and its input.
func (n parityNet) imported(t *testing.T, golden map[string]*tensors.Tensor) (autoencoder.Model, *tensors.Tensor) {
	t.Helper()
	m := autoencoder.Model{Dir: filepath.Join(t.TempDir(), n.name), Encoder: n.encoder, Decoder: n.decoder}
	x := golden["x"]
	var weights map[string]*tensors.Tensor
	if n.name == "tutorial" {
		x = datasets.MNIST(datasets.Normalize(0.5, 0.5)).Test().Take(32).Images
		weights = formulaWeights(t, m)
	} else {
		weights = readGolden(t, n.name+".weights")
	}
	if err := m.ImportPyTorch(writeWeights(t, weights)); err != nil {
		t.Fatal(err)
	}
	return m, tensors.FromFlatDataAndDimensions(tensors.MustCopyFlatData[float32](x), append([]int{x.Shape().Dimensions[0]}, n.image...)...)
}

// formulaWeights returns the weights of formula in parity/nets.py: a hash of the position, within the bound.
func formulaWeights(t *testing.T, m autoencoder.Model) map[string]*tensors.Tensor {
	t.Helper()
	store, err := m.NewStore(0, 28, 28, 1)
	if err != nil {
		t.Fatal(err)
	}
	weights := map[string]*tensors.Tensor{}
	fanIn := 0 // a layer's bias comes before its weight
	for v := range store.IterVariables() {
		if !v.Trainable {
			continue
		}
		if d := store.GetVariable(filepath.Dir(v.Path()) + "/weight").Shape().Dimensions; len(d) == 2 {
			fanIn = d[1]
		}
		seed := 0
		for i, b := range []byte(nameOf(v)) {
			seed += (i + 1) * int(b)
		}
		values := make([]float32, v.Shape().Size())
		for i := range values {
			h := (uint64(i) + 1000003*uint64(seed) + 3000000021) * 0x9E3779B97F4A7C15
			h = (h ^ h>>32) * 0xD6E8FEB86659FD93
			values[i] = float32((2*float64(h>>40)/(1<<24) - 1) / math.Sqrt(float64(fanIn)))
		}
		weights[nameOf(v)] = tensors.FromFlatDataAndDimensions(values, v.Shape().Dimensions...)
	}
	return weights
}

// withWeights returns the backend and the weights in m's folder, for a graph of the test's own.
func withWeights(t *testing.T, m autoencoder.Model) (compute.Backend, *model.Store) {
	t.Helper()
	store, err := m.Store()
	if err != nil {
		t.Fatal(err)
	}
	b, err := autoencoder.Backend()
	if err != nil {
		t.Fatal(err)
	}
	return b, store
}

// near fails the test if the numbers of two tensors differ by more than limit.
func near(t *testing.T, what string, got, want *tensors.Tensor, limit float64) {
	t.Helper()
	a, b := tensors.MustCopyFlatData[float32](got), tensors.MustCopyFlatData[float32](want)
	if len(a) != len(b) {
		t.Errorf("%s: %v, want %v", what, got.Shape(), want.Shape())
		return
	}
	var gap float64
	for i := range a {
		gap = max(gap, math.Abs(float64(a[i]-b[i])))
	}
	if !(gap <= limit) {
		t.Errorf("%s: differs from what is wanted by up to %.2g, more than %.2g", what, gap, limit)
	}
}

func TestForwardEqualsPyTorch(t *testing.T) {
	for _, n := range parityNets {
		t.Run(n.name, func(t *testing.T) {
			golden := readGolden(t, n.name)
			m, x := n.imported(t, golden)
			z, err := m.Encode(x)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "latents", z, golden["z"], allowed().outputs)
			y, err := m.Reconstruct(x)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "outputs", y, golden["y"], allowed().outputs)
		})
	}
}

func TestGradientsEqualPyTorch(t *testing.T) {
	for _, n := range parityNets {
		t.Run(n.name, func(t *testing.T) {
			golden := readGolden(t, n.name)
			m, x := n.imported(t, golden)
			b, store := withWeights(t, m)
			var names []string
			gradients, err := model.MustNewExec(b, store, func(scope *model.Scope, x *graph.Node) []*graph.Node {
				y := m.Decoder(scope.At("decoder"), m.Encoder(scope.At("encoder"), x))
				loss := graph.ReduceAllMean(graph.Square(graph.Sub(graph.Reshape(y, x.Shape().Dimensions...), x)))
				var weights []*graph.Node
				for v := range scope.IterVariables() {
					if v.Trainable {
						names, weights = append(names, nameOf(v)), append(weights, v.NodeValue(x))
					}
				}
				return graph.Gradient(loss, weights...)
			}).Call(x)
			if err != nil {
				t.Fatal(err)
			}
			for i, g := range gradients {
				want := golden["gradient/"+names[i]]
				near(t, names[i], sample(g), want, allowed().gradients*largest(want))
			}
		})
	}
}

func largest(x *tensors.Tensor) (size float64) {
	for _, v := range tensors.MustCopyFlatData[float32](x) {
		size = max(size, math.Abs(float64(v)))
	}
	return size
}

// sample returns every k-th number of a gradient, at most a thousand, as the golden files do.
func sample(g *tensors.Tensor) *tensors.Tensor {
	all := tensors.MustCopyFlatData[float32](g)
	var kept []float32
	for i := 0; i < len(all); i += (len(all) + 999) / 1000 {
		kept = append(kept, all[i])
	}
	return tensors.FromFlatDataAndDimensions(kept, len(kept))
}

// First each step is an epoch, which gives the loss of each; then all hundred are one epoch, which Train runs as
// a loop inside the program if it can.
func TestHundredStepsOfAdamWEqualPyTorch(t *testing.T) {
	for _, n := range parityNets {
		t.Run(n.name, func(t *testing.T) {
			golden := readGolden(t, n.name)
			c := autoencoder.Tutorial()
			c.Shuffle = false
			for _, c.Epochs = range []int{100, 1} {
				m, x := n.imported(t, golden)
				c.BatchSize = x.Shape().Dimensions[0]
				var losses []float32
				for e, err := range m.Train(repeated(x, 100/c.Epochs), x, c) {
					if err != nil {
						t.Fatal(err)
					}
					losses = append(losses, float32(e.Loss))
				}
				want := golden["losses"]
				if c.Epochs == 1 {
					want = tensors.FromFlatDataAndDimensions([]float32{mean(want)}, 1)
				}
				near(t, "losses", tensors.FromFlatDataAndDimensions(losses, len(losses)), want, allowed().losses)
				after, err := m.Reconstruct(x)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "outputs after 100 steps", after, golden["after"], allowed().after)
			}
		})
	}
}

// repeated returns the images of x, repeated times times.
func repeated(x *tensors.Tensor, times int) *tensors.Tensor {
	dimensions := slices.Clone(x.Shape().Dimensions)
	dimensions[0] *= times
	return tensors.FromFlatDataAndDimensions(slices.Repeat(tensors.MustCopyFlatData[float32](x), times), dimensions...)
}

func mean(x *tensors.Tensor) float32 {
	var sum float64
	values := tensors.MustCopyFlatData[float32](x)
	for _, v := range values {
		sum += float64(v)
	}
	return float32(sum / float64(len(values)))
}

// parityVariational returns nets.Variational. PyTorch draws eps, so that both use the same draws.
func parityVariational(t *testing.T) (m autoencoder.Model, golden map[string]*tensors.Tensor) {
	t.Helper()
	const beta = 2 // BETA in parity/goldens.py
	m = autoencoder.Model{
		Dir:     filepath.Join(t.TempDir(), "variational"),
		Encoder: nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 6), nn.Reparameterize(beta)),
		Decoder: nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 64), nn.Sigmoid()),
		Loss:    autoencoder.BCE,
	}
	if err := m.ImportPyTorch(writeWeights(t, readGolden(t, "variational.weights"))); err != nil {
		t.Fatal(err)
	}
	return m, readGolden(t, "variational")
}

// variationalTerms returns the output, reconstruction and KL of each image, and the loss, for a given eps.
func variationalTerms(m autoencoder.Model, scope *model.Scope, x, eps *graph.Node) (y, reconstruction, kl, loss *graph.Node) {
	tr := trace.Start(x.Graph())
	tr.Draw = func(*model.Scope, *graph.Node) *graph.Node { return eps }
	y = m.Decoder(scope.At("decoder"), m.Encoder(scope.At("encoder"), x))
	latent := tr.Latents[0]
	reconstruction, kl = m.Loss(x, y), latent.KL()
	return y, reconstruction, kl, graph.ReduceAllMean(graph.Add(reconstruction, graph.MulScalar(kl, latent.Beta)))
}

func TestVariationalTermsAndGradientsEqualPyTorch(t *testing.T) {
	m, golden := parityVariational(t)
	images := tensors.FromFlatDataAndDimensions(tensors.MustCopyFlatData[float32](golden["x"]), 20, 8, 8, 1)
	mu, logvar, err := m.Posterior(images)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mu", mu, golden["mu"], allowed().outputs)
	near(t, "logvar", logvar, golden["logvar"], allowed().outputs)
	b, store := withWeights(t, m)
	names := []string{"y", "reconstruction", "kl"}
	values := model.MustNewExec(b, store, func(scope *model.Scope, x, eps *graph.Node) []*graph.Node {
		y, reconstruction, kl, loss := variationalTerms(m, scope, x, graph.Squeeze(graph.Slice(eps, graph.AxisElem(0)), 0))
		var weights []*graph.Node
		for v := range scope.IterVariables() {
			if v.Trainable {
				names, weights = append(names, "gradient/"+nameOf(v)), append(weights, v.NodeValue(x))
			}
		}
		return append([]*graph.Node{y, reconstruction, kl}, graph.Gradient(loss, weights...)...)
	}).MustCall(golden["x"], golden["eps"])
	for i, name := range names {
		got, limit := values[i], allowed().outputs*max(1, largest(golden[name])) // the reconstruction sums 64 pixels to some 45 nats
		if i >= 3 {
			got, limit = sample(got), allowed().gradients*largest(golden[name])
		}
		near(t, name, got, golden[name], limit)
	}
}

// The program that Train compiles takes a hundred steps of Adam, each with its own eps.
func TestHundredVariationalStepsEqualPyTorch(t *testing.T) {
	m, golden := parityVariational(t)
	b, store := withWeights(t, m)
	adam := optimizer.Adam().LearningRate(1e-3).Epsilon(1e-8).Done()
	step := model.MustNewExec(b, store, func(scope *model.Scope, x, eps *graph.Node) *graph.Node {
		_, _, _, loss := variationalTerms(m, scope, x, eps)
		adam.UpdateGraph(scope, x.Graph(), loss)
		return loss
	})
	var losses []float32
	for eps := tensors.MustCopyFlatData[float32](golden["eps"]); len(eps) > 0; eps = eps[60:] {
		loss := step.MustCall1(golden["x"], tensors.FromFlatDataAndDimensions(eps[:60], 20, 3))
		losses = append(losses, tensors.ToScalar[float32](loss))
	}
	near(t, "losses", tensors.FromFlatDataAndDimensions(losses, len(losses)), golden["losses"], allowed().losses)
}

// Outputs of 0 and 1 and close to them are where logarithms and their derivatives become infinite.
func TestBCEEqualsPyTorch(t *testing.T) {
	golden := readGolden(t, "bce")
	b, err := autoencoder.Backend()
	if err != nil {
		t.Fatal(err)
	}
	values := graph.MustNewExec(b, func(x, y *graph.Node) []*graph.Node {
		loss := autoencoder.BCE(x, y)
		return []*graph.Node{loss, graph.Gradient(graph.ReduceAllSum(loss), y)[0]}
	}).MustCall(golden["x"], golden["y"])
	for i, name := range []string{"loss", "gradient"} {
		got, want := tensors.MustCopyFlatData[float32](values[i]), tensors.MustCopyFlatData[float32](golden[name])
		for j := range want { // from 0.1 to 1e12
			if math.Abs(float64(got[j]-want[j])) > 2e-6*math.Abs(float64(want[j]))+1e-7 {
				t.Errorf("%s: %v, PyTorch has %v", name, got, want)
				break
			}
		}
	}
}
