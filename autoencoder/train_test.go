package autoencoder_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"

	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// blobs returns n images of 8x8 pixels in [-1, 1], each a bright square somewhere on black.
func blobs(n int, seed uint64) *tensors.Tensor {
	random := rand.New(rand.NewPCG(seed, 0))
	pixels := make([]float32, n*64)
	for i := range n {
		row, column := random.IntN(6), random.IntN(6)
		for p := range 64 {
			pixels[i*64+p] = -1
			if r, c := p/8-row, p%8-column; r >= 0 && r < 3 && c >= 0 && c < 3 {
				pixels[i*64+p] = 0.5 + 0.5*random.Float32()
			}
		}
	}
	return tensors.FromFlatDataAndDimensions(pixels, n, 8, 8, 1)
}

// long is called by tests that take many seconds and whose result does not depend on the machine.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long, and -short is given")
	}
}

var train, test = blobs(500, 1), blobs(100, 2)

func small(dir string) autoencoder.Model {
	return autoencoder.Model{
		Dir:     dir,
		Encoder: nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 2)),
		Decoder: nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 64), nn.Tanh()),
	}
}

// recipe returns a Config whose last batch is smaller: 500 = 7*64 + 52.
func recipe(epochs int) autoencoder.Config {
	c := autoencoder.Tutorial()
	c.Epochs, c.BatchSize = epochs, 64
	return c
}

// run trains and returns the epochs, without the times, and the error that ended it.
func run(m autoencoder.Model, c autoencoder.Config) (epochs []autoencoder.Epoch, err error) {
	for e, err := range m.Train(train, test, c) {
		if err != nil {
			return epochs, err
		}
		e.Elapsed = 0
		epochs = append(epochs, e)
	}
	return epochs, nil
}

func mustRun(t *testing.T, m autoencoder.Model, c autoencoder.Config) []autoencoder.Epoch {
	t.Helper()
	epochs, err := run(m, c)
	if err != nil {
		t.Fatal(err)
	}
	return epochs
}

func losses(epochs []autoencoder.Epoch) (l [][4]float64) {
	for _, e := range epochs {
		l = append(l, [4]float64{e.Loss, e.LastLoss, e.TestLoss, e.KL})
	}
	return l
}

func TestTrainingLearns(t *testing.T) {
	epochs := mustRun(t, small(t.TempDir()), recipe(30))
	first, last := epochs[0], epochs[len(epochs)-1]
	if last.TestLoss > 0.6*first.TestLoss {
		t.Errorf("test loss went from %.4f to %.4f only", first.TestLoss, last.TestLoss)
	}
	if last.Number != 30 || last.Epochs != 30 || last.Reconstruction != last.TestLoss || last.KL != 0 {
		t.Errorf("the last epoch is %+v", last)
	}
}

func TestNothingRunsUntilRanged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	small(dir).Train(train, test, recipe(1))
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("Train made its folder before the range")
	}
}

func TestSameSeedSameLossesToTheLastBit(t *testing.T) {
	a, b := mustRun(t, small(t.TempDir()), recipe(3)), mustRun(t, small(t.TempDir()), recipe(3))
	if !slices.Equal(losses(a), losses(b)) {
		t.Errorf("two runs with one seed gave\n%v\n%v", losses(a), losses(b))
	}
	c := recipe(3)
	c.Seed = 1
	if other := mustRun(t, small(t.TempDir()), c); slices.Equal(losses(a), losses(other)) {
		t.Error("another seed gave the same losses")
	}
}

func TestStoppedAndResumedEqualsUninterruptedToTheLastBit(t *testing.T) {
	long(t)
	for name, change := range map[string]func(m *autoencoder.Model){
		"plain":       func(m *autoencoder.Model) {},
		"corrupted":   func(m *autoencoder.Model) { m.Corrupt = nn.Noise(0.5) },
		"salted":      func(m *autoencoder.Model) { m.Corrupt = nn.SaltPepper(0.2) },
		"variational": func(m *autoencoder.Model) { m.Encoder = nn.Sequential(nn.Linear(64, 4), nn.Reparameterize(0.01)) },
	} {
		whole, stopped := small(t.TempDir()), small(t.TempDir())
		change(&whole)
		change(&stopped)
		want := mustRun(t, whole, recipe(5))
		for after := range 4 { // leave the loop after one epoch, then go on for one more, and so on
			for e, err := range stopped.Train(train, test, recipe(5)) {
				if err != nil {
					t.Fatal(err)
				}
				if after > 0 && !strings.HasPrefix(e.Note, "resumed: ") {
					t.Errorf("the note of a resumed epoch is %q", e.Note)
				}
				break
			}
		}
		mustRun(t, stopped, recipe(5))
		got, err := stopped.History()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(losses(got), losses(want)) {
			t.Errorf("%s: resumed\n%v\nuninterrupted\n%v", name, losses(got), losses(want))
		}
		sameWeights(t, stopped, whole)
	}
}

// sameWeights checks that two models give the same results for the test images, bit for bit.
func sameWeights(t *testing.T, a, b autoencoder.Model) {
	t.Helper()
	ya, err := a.Reconstruct(test)
	if err != nil {
		t.Fatal(err)
	}
	yb, err := b.Reconstruct(test)
	if err != nil {
		t.Fatal(err)
	}
	if !ya.Equal(yb) {
		t.Error("the weights differ")
	}
}

func TestMoreEpochsGoOnFromAFinishedRun(t *testing.T) {
	longer, whole := small(t.TempDir()), small(t.TempDir())
	mustRun(t, longer, recipe(2))
	rest := mustRun(t, longer, recipe(4))
	want := mustRun(t, whole, recipe(4))
	if len(rest) != 2 || !slices.Equal(losses(rest), losses(want[2:])) {
		t.Errorf("epochs 3 and 4 were %v, uninterrupted they are %v", losses(rest), losses(want[2:]))
	}
}

func TestWhatBeginsAnewAndWhereTheOldWeightsGo(t *testing.T) {
	changed := recipe(2)
	changed.LearningRate, changed.Seed = 1e-3, 7
	wide := func(dir string) autoencoder.Model {
		m := small(dir)
		m.Encoder = nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 2))
		return m
	}
	for _, c := range []struct {
		name   string
		model  func(dir string) autoencoder.Model
		config autoencoder.Config
		note   string
	}{
		{"finished", small, recipe(2), "started from scratch: the last run was complete"},
		{"fewer epochs", small, recipe(1), "started from scratch: the last run was complete"},
		{"config", small, changed, "started from scratch: changed since the last run: LearningRate, Seed"},
		{"layers", wide, recipe(2), "started from scratch: changed since the last run: the layers;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "model")
			old := small(dir)
			mustRun(t, old, recipe(2))
			before, err := old.Reconstruct(test)
			if err != nil {
				t.Fatal(err)
			}
			epochs := mustRun(t, c.model(dir), c.config)
			if !strings.HasPrefix(epochs[0].Note, c.note) {
				t.Errorf("note %q, want %q", epochs[0].Note, c.note)
			}
			if epochs[0].Number != 1 {
				t.Errorf("begins at epoch %d", epochs[0].Number)
			}
			old.Dir += ".previous"
			after, err := old.Reconstruct(test)
			if err != nil {
				t.Fatal(err)
			}
			if !before.Equal(after) {
				t.Error("the old weights are not in .previous")
			}
		})
	}
}

func TestOldWeightsStayUntilTheFirstNewEpoch(t *testing.T) {
	m := small(t.TempDir())
	mustRun(t, m, recipe(1))
	want, err := m.Evaluate(test)
	if err != nil {
		t.Fatal(err)
	}
	bad := recipe(1)
	bad.LearningRate = 1e30 // the first epoch ends in NaN
	if _, err := run(m, bad); err == nil {
		t.Fatal("a learning rate of 1e30 trained")
	}
	if got, err := m.Evaluate(test); err != nil || got != want {
		t.Errorf("afterwards the weights give %v, %v, not %v", got, err, want)
	}
}

func TestInterruptKeepsTheFinishedEpochs(t *testing.T) {
	m := small(t.TempDir())
	c := recipe(1000)
	var epochs int
	var last error
	for e, err := range m.Train(train, test, c) {
		if last = err; err != nil {
			break
		}
		if epochs = e.Number; epochs == 3 {
			if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !errors.Is(last, autoencoder.ErrInterrupted) || strings.Contains(last.Error(), "\n") {
		t.Fatalf("an interrupt ended the loop with %v", last)
	}
	if want := fmt.Sprintf("%d of 1000 epochs are saved in %s", epochs, m.Dir); !strings.Contains(last.Error(), want) {
		t.Errorf("the error %q does not say %q", last, want)
	}
	if history, err := m.History(); err != nil || len(history) != epochs {
		t.Errorf("%d epochs are kept, %d were shown: %v", len(history), epochs, err)
	}
}

func TestProgressOfEachEpoch(t *testing.T) {
	c := recipe(20)
	calls, last := 0, 0
	c.Progress = func(step, steps int) {
		calls++
		if step <= last || step > steps || steps != 8 {
			t.Errorf("Progress(%d, %d) after step %d", step, steps, last)
		}
		last = step
	}
	for _, err := range small(t.TempDir()).Train(train, test, c) {
		if err != nil {
			t.Fatal(err)
		}
		last = 0
	}
	if calls < 20 { // at least once in each epoch, however short it is
		t.Errorf("%d calls in 20 epochs", calls)
	}
}

// of3 returns a Config with 167 steps, the last one with 2 images.
func of3() autoencoder.Config {
	c := recipe(2)
	c.BatchSize = 3
	return c
}

// A program of several steps is a loop. GoMLX cannot nest loops, and on the CPU XLA's convolutions take ten times
// as long inside one, so nets with either run one step per call. Convolutions with a stride are computed as
// products of matrices there, which are as fast in a loop.
func TestNetsThatRunOneStepACall(t *testing.T) {
	looping := small("")
	looping.Corrupt = func(_ *model.Scope, x *graph.Node) *graph.Node { // GoMLX does not nest loops
		condition := graph.NewClosure(x.Graph(), func(g *graph.Graph) []*graph.Node {
			return []*graph.Node{graph.LessThan(graph.ReduceAllMax(graph.Parameter(g, "", x.Shape())), graph.Const(g, float32(2)))}
		})
		body := graph.NewClosure(x.Graph(), func(g *graph.Graph) []*graph.Node {
			return []*graph.Node{graph.Add(graph.Parameter(g, "", x.Shape()), graph.Const(g, float32(0.7)))}
		})
		return graph.While(condition, body, x)[0]
	}
	convolutional := firstEdition["convolutional"].model("")
	compressing := autoencoder.Convolutional("", 2)
	looping.Dir, convolutional.Dir, compressing.Dir = t.TempDir(), t.TempDir(), t.TempDir()
	if size, err := looping.StepsACall(train, test, of3()); size != 1 || err != nil {
		t.Errorf("with a loop of its own: %d steps a call (%v), want 1", size, err)
	}
	if size, err := convolutional.StepsACall(train, test, of3()); size != 1 || err != nil {
		t.Errorf("convolutional: %d steps a call (%v), want 1", size, err)
	}
	if size, err := compressing.StepsACall(squares(20, 1), squares(20, 2), of3()); size != 64 || err != nil {
		t.Errorf("convolutional with stride 2: %d steps a call (%v), want 64", size, err)
	}
}

// Several steps in one call of the program give the same as one call for each step, bit for bit, including noise
// and draws, BCE's own gradient and the smaller last batch.
func TestStepsInOneCallAreThoseOfOneCallEach(t *testing.T) {
	long(t)
	noisy, scalar := small(""), small("")
	noisy.Corrupt, scalar.Loss = nn.Noise(0.5), scalarMSE
	strided := autoencoder.Model{
		Encoder: nn.Sequential(nn.Conv2d(1, 4, 3, nn.Stride(2), nn.Padding(1)), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2)),
		Decoder: nn.Sequential(nn.Linear(2, 64), nn.Unflatten(4, 4, 4), nn.ConvTranspose2d(4, 1, 3, nn.Stride(2), nn.Padding(1), nn.OutputPadding(1)), nn.Sigmoid()),
	}
	for name, model := range map[string]autoencoder.Model{
		"linear": small(""), "noisy": noisy, "variational": variational("", 2, 1), "beta 0": variational("", 2, 0), "a scalar loss": scalar, "convolutional": strided,
	} {
		many, each := model, model
		many.Dir, each.Dir = t.TempDir(), t.TempDir()
		if size, err := many.StepsACall(unit(train), unit(test), of3()); size != 64 || err != nil {
			t.Errorf("%s: %d steps a call (%v), want 64", name, size, err)
		}
		a := mustTrain(t, many, of3())
		restore := autoencoder.OneStepACall()
		b := mustTrain(t, each, of3())
		restore()
		if !slices.Equal(losses(a), losses(b)) {
			t.Errorf("%s: %v, one by one %v", name, losses(a), losses(b))
		}
		sameWeights(t, many, each)
	}
}

// scalarMSE returns one number for the whole batch.
func scalarMSE(x, output *graph.Node) *graph.Node {
	return graph.ReduceAllMean(graph.Square(graph.Sub(output, x)))
}

// A batch whose loss is one number cannot be padded, but its epochs are the same.
func TestScalarLossGivesWhatALossPerImageGives(t *testing.T) {
	perImage, scalar := small(t.TempDir()), small(t.TempDir())
	scalar.Loss = scalarMSE
	a, b := mustRun(t, perImage, recipe(2)), mustRun(t, scalar, recipe(2))
	for i := range a {
		if math.Abs(a[i].Loss-b[i].Loss) > 1e-5 || math.Abs(a[i].TestLoss-b[i].TestLoss) > 1e-5 {
			t.Errorf("epoch %d: %v and %v", i+1, losses(a)[i], losses(b)[i])
		}
	}
}

func TestNoiseIsTheSameAtEachEvaluation(t *testing.T) {
	m := small(t.TempDir())
	m.Corrupt = nn.Noise(0.5)
	epochs := mustRun(t, m, recipe(2))
	a, errA := m.Evaluate(test)
	b, errB := m.Evaluate(test)
	if a != b || a != epochs[1].TestLoss || errA != nil || errB != nil {
		t.Errorf("Evaluate gave %v, then %v; Train gave %v", a, b, epochs[1].TestLoss)
	}
	clean := m
	clean.Corrupt = nil
	if c, err := clean.Evaluate(test); err != nil || c == a {
		t.Errorf("without noise Evaluate gave %v (%v), as with it", c, err)
	}
	sameWeights(t, m, clean) // Reconstruct never corrupts
}

// The first step of Train is written by hand: forward pass, MSE, gradient, and AdamW. After the first step, with
// Adam's bias correction, its moments are the gradient and the gradient's square (Kingma and Ba, arXiv 1412.6980,
// algorithm 1; Loshchilov and Hutter, arXiv 1711.05101, algorithm 2).
func TestFirstStepIsForwardGradientAdamW(t *testing.T) {
	m, c := small(t.TempDir()), recipe(2)
	c.BatchSize, c.Shuffle = 500, false // one batch is one epoch, so the second loss shows the first step
	store, err := m.NewStore(c.Seed, 8, 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := autoencoder.Backend()
	if err != nil {
		t.Fatal(err)
	}
	step := model.MustNewExec(b, store, func(scope *model.Scope, x *graph.Node) *graph.Node {
		y := m.Decoder(scope.At("decoder"), m.Encoder(scope.At("encoder"), x))
		loss := graph.ReduceAllMean(graph.Square(graph.Sub(graph.Reshape(y, 500, 8, 8, 1), x)))
		gradients := scope.BuildTrainableVariablesGradientsGraph(loss)
		for v := range scope.IterVariables() {
			if v.Trainable {
				w, g := v.NodeValue(x), gradients[0]
				update := graph.Div(g, graph.AddScalar(graph.Abs(g), 1e-8))
				update = graph.Add(update, graph.MulScalar(w, c.WeightDecay))
				v.SetNodeValue(graph.Sub(w, graph.MulScalar(update, c.LearningRate)))
				gradients = gradients[1:]
			}
		}
		return loss
	})
	for i, e := range mustRun(t, m, c) {
		want := float64(tensors.ToScalar[float32](step.MustCall1(train)))
		if math.Abs(e.Loss-want) > 1e-6 {
			t.Errorf("loss before step %d: Train %v, by hand %v", i+1, e.Loss, want)
		}
	}
}

// XLA's CPU plugin would otherwise be four devices, with a thread for each however few cores there are.
func TestBackendIsOneDevice(t *testing.T) {
	b, err := autoencoder.Backend()
	if err != nil {
		t.Fatal(err)
	}
	if x, ok := b.(*xla.Backend); ok && x.IsCPU() && b.NumDevices() != 1 {
		t.Errorf("the CPU is %d devices", b.NumDevices())
	}
}
