package nn_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// A run that began with folding resumes without it, as on a GPU: the operations differ, but the layers are the
// same.
func TestRunResumesWithXLAsConvolutions(t *testing.T) {
	m := autoencoder.Model{
		Dir:     t.TempDir(),
		Encoder: nn.Sequential(nn.Conv2d(1, 4, 3, nn.Padding(1)), nn.ReLU(), nn.Flatten(), nn.Linear(256, 2)),
		Decoder: nn.Sequential(nn.Linear(2, 256), nn.Unflatten(4, 8, 8), nn.ConvTranspose2d(4, 1, 3, nn.Padding(1)), nn.Tanh()),
	}
	pixels := make([]float32, 32*64)
	for i := range pixels {
		pixels[i] = float32(math.Sin(float64(i)))
	}
	images := tensor([]int{32, 8, 8, 1}, pixels...)
	c := autoencoder.Tutorial()
	c.Epochs, c.BatchSize = 1, 16
	train := func() (last autoencoder.Epoch) {
		for e, err := range m.Train(images, images, c) {
			if err != nil {
				t.Fatal(err)
			}
			last = e
		}
		return last
	}
	train()
	defer nn.OnlyXLA()()
	c.Epochs = 2
	if e := train(); e.Note != "resumed: 1 of 2 epochs are saved in "+m.Dir {
		t.Errorf("without folding the note is %q", e.Note)
	}
}

// BenchmarkConvolutions measures convolutions of 128 images, forward and both gradients, beside XLA's own in the
// same run: XLA/ours is above 1 if folding pays off, and 1 if the rule leaves the layer alone.
func BenchmarkConvolutions(b *testing.B) {
	for _, c := range []struct {
		name         string
		layer        nn.Layer
		channels, of int
	}{
		{"Conv2d(1,6,5)", nn.Conv2d(1, 6, 5), 1, 28},
		{"Conv2d(6,16,5)", nn.Conv2d(6, 16, 5), 6, 24},
		{"ConvTranspose2d(16,6,5)", nn.ConvTranspose2d(16, 6, 5), 16, 20},
		{"ConvTranspose2d(6,1,5)", nn.ConvTranspose2d(6, 1, 5), 6, 24},
		{"Conv2d(1,16,3,s2,p1)", nn.Conv2d(1, 16, 3, nn.Stride(2), nn.Padding(1)), 1, 28},
		{"Conv2d(16,32,3,s2,p1)", nn.Conv2d(16, 32, 3, nn.Stride(2), nn.Padding(1)), 16, 14},
		{"ConvTranspose2d(32,16,3,s2,p1)", nn.ConvTranspose2d(32, 16, 3, nn.Stride(2), nn.Padding(1), nn.OutputPadding(1)), 32, 7},
		{"Conv2d(3,32,3,s2,p1)", nn.Conv2d(3, 32, 3, nn.Stride(2), nn.Padding(1)), 3, 32},
		{"Conv2d(32,64,3,s2,p1)", nn.Conv2d(32, 64, 3, nn.Stride(2), nn.Padding(1)), 32, 14},
		{"ConvTranspose2d(16,1,3,s2,p1)", nn.ConvTranspose2d(16, 1, 3, nn.Stride(2), nn.Padding(1), nn.OutputPadding(1)), 16, 14},
		{"Conv2d(1,16,3,p1)", nn.Conv2d(1, 16, 3, nn.Padding(1)), 1, 28},
		{"Conv2d(1,32,3,p1)", nn.Conv2d(1, 32, 3, nn.Padding(1)), 1, 28},
		{"Conv2d(3,32,3,p1)", nn.Conv2d(3, 32, 3, nn.Padding(1)), 3, 32},
		{"Conv2d(8,8,7,p3)", nn.Conv2d(8, 8, 7, nn.Padding(3)), 8, 28},
		{"Conv2d(16,16,3,p1)", nn.Conv2d(16, 16, 3, nn.Padding(1)), 16, 28},
		{"Conv2d(16,32,3,p1)", nn.Conv2d(16, 32, 3, nn.Padding(1)), 16, 14},
		{"Conv2d(32,32,3,p1)", nn.Conv2d(32, 32, 3, nn.Padding(1)), 32, 14},
		{"ConvTranspose2d(32,16,3,p1)", nn.ConvTranspose2d(32, 16, 3, nn.Padding(1)), 32, 14},
		{"ConvTranspose2d(16,1,3,p1)", nn.ConvTranspose2d(16, 1, 3, nn.Padding(1)), 16, 28},
	} {
		b.Run(fmt.Sprintf("%s/%dx%d", c.name, c.of, c.of), func(b *testing.B) {
			pixels := make([]float32, 128*c.of*c.of*c.channels)
			for i := range pixels {
				pixels[i] = float32(math.Sin(float64(i)))
			}
			images := tensor([]int{128, c.of, c.of, c.channels}, pixels...)
			restore := nn.OnlyXLA()
			plain := newPasses(b, c.layer, images)
			restore()
			ours := newPasses(b, c.layer, images)
			var took, tookPlain time.Duration
			for b.Loop() {
				tookPlain += plain()
				took += ours()
			}
			b.ReportMetric(float64(took.Microseconds())/float64(b.N), "us/ours")
			b.ReportMetric(float64(tookPlain)/float64(took), "XLA/ours")
		})
	}
}

// newPasses compiles a layer's forward pass and its gradients, and returns a function that runs and
// times them.
func newPasses(b *testing.B, layer nn.Layer, images *tensors.Tensor) func() time.Duration {
	backend, err := autoencoder.Backend()
	if err != nil {
		b.Fatal(err)
	}
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(1); err != nil {
		b.Fatal(err)
	}
	exec := model.MustNewExec(backend, store, func(scope *model.Scope, x *graph.Node) []*graph.Node {
		y := layer(scope, x)
		weight := scope.Store().GetVariable("/weight").NodeValue(x.Graph())
		return graph.Gradient(graph.ReduceAllSum(graph.Square(y)), x, weight)
	})
	pass := func() time.Duration {
		start := time.Now()
		for _, out := range exec.MustCall(images) {
			out.MustFinalizeAll()
		}
		return time.Since(start)
	}
	pass()
	return pass
}
