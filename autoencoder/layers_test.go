package autoencoder_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/internal/faults"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/norm"
	"github.com/gomlx/gomlx/ml/layers/regularizer"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
)

// Layers of GoMLX, as a reader would mix them with those of package nn.
func batchNorm(scope *model.Scope, x *graph.Node) *graph.Node {
	return norm.BatchNorm(scope, x, -1).Done()
}
func dropout(scope *model.Scope, x *graph.Node) *graph.Node {
	return layers.DropoutStatic(scope, x, 0.25)
}
func dropBlock(scope *model.Scope, x *graph.Node) *graph.Node {
	return layers.DropBlock(scope, x).WithDropoutProbability(0.25).WithBlockSize(2).Done()
}
func regularized(scope *model.Scope, x *graph.Node) *graph.Node {
	scope.SetParam(regularizer.ParamL2, 0.01)
	return layers.Dense(scope, x, true, 2)
}

// withState are models with layers that behave differently in training, have variables that are not trained,
// or add to the loss.
var withState = map[string]func(dir string) autoencoder.Model{
	"batch normalization": func(dir string) autoencoder.Model {
		m := small(dir)
		m.Encoder = nn.Sequential(nn.Linear(64, 16), batchNorm, nn.ReLU(), nn.Linear(16, 2))
		return m
	},
	"batch normalization of images": func(dir string) autoencoder.Model {
		m := small(dir)
		m.Encoder = nn.Sequential(nn.Conv2d(1, 3, 3, nn.Padding(1)), batchNorm, nn.ReLU(), nn.Flatten(), nn.Linear(192, 2))
		return m
	},
	"dropout": func(dir string) autoencoder.Model {
		m := small(dir)
		m.Decoder = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), dropout, nn.Linear(16, 64), nn.Tanh())
		return m
	},
	"drop block": func(dir string) autoencoder.Model {
		m := small(dir)
		m.Encoder = nn.Sequential(dropBlock, nn.Linear(64, 2))
		return m
	},
	"regularizer": func(dir string) autoencoder.Model {
		m := small(dir)
		m.Encoder = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), regularized)
		return m
	},
	"all, variational": func(dir string) autoencoder.Model {
		m := small(dir)
		m.Encoder = nn.Sequential(nn.Linear(64, 16), batchNorm, dropout, nn.Linear(16, 4), nn.Reparameterize(0.01))
		m.Corrupt = nn.Noise(0.1)
		return m
	},
}

// Evaluate gives TestLoss, and a run that is stopped after each epoch gives what an uninterrupted one gives, bit
// for bit, including the state of layers.
func TestLayersWithState(t *testing.T) {
	long(t)
	for name, build := range withState {
		t.Run(name, func(t *testing.T) {
			whole, stopped := build(t.TempDir()), build(t.TempDir())
			want := mustRun(t, whole, recipe(2))
			for range 2 {
				for _, err := range stopped.Train(train, test, recipe(2)) {
					if err != nil {
						t.Fatal(err)
					}
					break
				}
			}
			got, err := stopped.History()
			if err != nil || !slices.Equal(losses(got), losses(want)) {
				t.Errorf("stopped\n%v, %v\nnot stopped\n%v", losses(got), err, losses(want))
			}
			wantSameTensors(t, stopped.Dir, whole.Dir)
			loss, err := stopped.Evaluate(test)
			if err != nil || math.Abs(loss-want[1].TestLoss) > 1e-6 {
				t.Errorf("Evaluate gives %v, %v, TestLoss was %v", loss, err, want[1].TestLoss)
			}
			if want[1].TestLoss >= want[0].TestLoss {
				t.Errorf("nothing was learned: %v", losses(want))
			}
		})
	}
}

func wantSameTensors(t *testing.T, a, b string) {
	t.Helper()
	read := func(dir string) map[string]*tensors.Tensor {
		file, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		values, _, err := readAll(file)
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	x, y := read(a), read(b)
	if len(x) != len(y) {
		t.Errorf("%d and %d tensors", len(x), len(y))
	}
	for name, value := range x {
		if y[name] == nil || !value.Equal(y[name]) {
			t.Errorf("%s differs", name)
		}
	}
}

// The numbers of a batch normalization are computed by hand: the running mean and variance of its input, and
// the result of Encode.
func TestBatchNormByHand(t *testing.T) {
	m := small(t.TempDir())
	m.Encoder = nn.Sequential(nn.Linear(64, 2), batchNorm)
	c := recipe(1)
	c.LearningRate = 1e-30 // leaves the weights as they are, so that every batch has the same ones
	c.Shuffle = false
	mustRun(t, m, c)
	store, err := m.Store()
	if err != nil {
		t.Fatal(err)
	}
	value := func(path string) []float32 {
		v := store.GetVariable(path)
		if v == nil {
			t.Fatal("no variable", path)
		}
		return tensors.MustCopyFlatData[float32](v.MustValue())
	}
	weight, bias := value("/encoder/0/weight"), value("/encoder/0/bias")
	linear := func(images []float32) (y [][2]float64) {
		for len(images) > 0 {
			var z [2]float64
			for o := range z {
				z[o] = float64(bias[o])
				for i := range 64 {
					z[o] += float64(images[i]) * float64(weight[o*64+i])
				}
			}
			y, images = append(y, z), images[64:]
		}
		return y
	}
	all := linear(tensors.MustCopyFlatData[float32](train))
	var mean, variance [2]float64
	for i, n := 0, 1.0; i < len(all); i, n = i+64, n+1 {
		batch := all[i:min(i+64, len(all))] // the last one has 52 images, and no other in it
		momentum := min(0.99, 1-1/n)
		for o := range 2 {
			var sum, squares float64
			for _, y := range batch {
				sum += y[o]
			}
			sum /= float64(len(batch))
			for _, y := range batch {
				squares += (y[o] - sum) * (y[o] - sum)
			}
			mean[o] = momentum*mean[o] + (1-momentum)*sum
			variance[o] = momentum*variance[o] + (1-momentum)*squares/float64(len(batch))
		}
	}
	gotMean, gotVariance := value("/encoder/1/batch_normalization/mean"), value("/encoder/1/batch_normalization/variance")
	for o := range 2 {
		if math.Abs(float64(gotMean[o])-mean[o]) > 1e-5 || math.Abs(float64(gotVariance[o])-variance[o]) > 1e-5 {
			t.Errorf("mean and variance of feature %d are %v, %v, by hand %v, %v", o, gotMean[o], gotVariance[o], mean[o], variance[o])
		}
	}
	z, err := m.Encode(test)
	if err != nil {
		t.Fatal(err)
	}
	encoded := tensors.MustCopyFlatData[float32](z)
	for i, y := range linear(tensors.MustCopyFlatData[float32](test)) {
		for o := range 2 {
			want := (y[o] - mean[o]) / math.Sqrt(variance[o]+1e-3)
			if math.Abs(float64(encoded[2*i+o])-want) > 1e-4 {
				t.Fatalf("image %d is encoded to %v, by hand %v", i, encoded[2*i+o], want)
			}
		}
	}
}

// A regularizer adds to the training loss and to nothing else.
func TestRegularizerIsInTheTrainingLossOnly(t *testing.T) {
	with, without := withState["regularizer"](t.TempDir()), withState["regularizer"](t.TempDir())
	without.Encoder = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), func(scope *model.Scope, x *graph.Node) *graph.Node {
		return layers.Dense(scope, x, true, 2)
	})
	c := recipe(1)
	c.LearningRate = 1e-30
	a, b := mustRun(t, with, c)[0], mustRun(t, without, c)[0]
	store, err := with.Store()
	if err != nil {
		t.Fatal(err)
	}
	var squares float64
	for _, w := range tensors.MustCopyFlatData[float32](store.GetVariable("/encoder/2/dense/weights").MustValue()) {
		squares += float64(w) * float64(w)
	}
	if got, want := a.Loss-b.Loss, 0.01*squares; want < 1e-4 || math.Abs(got-want) > 1e-5 {
		t.Errorf("the regularizer adds %v to the training loss, by hand %v", got, want)
	}
	if a.TestLoss != b.TestLoss {
		t.Errorf("TestLoss with and without regularizer: %v, %v", a.TestLoss, b.TestLoss)
	}
}

// Dropout is active only in training: another seed changes the training loss, and nothing else is random.
func TestDropoutDropsInTrainingOnly(t *testing.T) {
	with, without := withState["dropout"](t.TempDir()), small(t.TempDir())
	without.Decoder = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Flatten(), nn.Linear(16, 64), nn.Tanh())
	c := recipe(1)
	c.LearningRate = 1e-30
	a, b := mustRun(t, with, c)[0], mustRun(t, without, c)[0]
	if a.Loss == b.Loss || math.Abs(a.TestLoss-b.TestLoss) > 1e-7 {
		t.Errorf("with dropout the losses are %v and %v, without %v and %v", a.Loss, a.TestLoss, b.Loss, b.TestLoss)
	}
}

func TestBatchNormTravelsToPyTorchAndBack(t *testing.T) {
	m, other := withState["batch normalization"](t.TempDir()), withState["batch normalization"](filepath.Join(t.TempDir(), "other"))
	mustRun(t, m, recipe(2))
	path := filepath.Join(t.TempDir(), "batchnorm.safetensors")
	if err := m.ExportPyTorch(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values, _, err := readAll(file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name, v := range values {
		if strings.HasPrefix(name, "encoder.1.") {
			names = append(names, fmt.Sprintf("%s %s", name, v.Shape()))
		}
	}
	slices.Sort(names)
	// What state_dict() of torch.nn.BatchNorm1d(16) has.
	want := []string{"encoder.1.bias (Float32)[16]", "encoder.1.num_batches_tracked (Int64)", "encoder.1.running_mean (Float32)[16]",
		"encoder.1.running_var (Float32)[16]", "encoder.1.weight (Float32)[16]"}
	if !slices.Equal(names, want) {
		t.Errorf("exported %q", names)
	}
	if n := tensors.ToScalar[int64](values["encoder.1.num_batches_tracked"]); n != 16 {
		t.Errorf("%d batches were tracked, want 2 epochs of 8", n)
	}
	if err := other.ImportPyTorch(path); err != nil {
		t.Fatal(err)
	}
	sameWeights(t, m, other)
}

// Variables that cannot be saved or exported are refused by name.
func TestVariablesThatCannotBeSaved(t *testing.T) {
	own := func(name string, dtype dtypes.DType) nn.Layer {
		return func(scope *model.Scope, x *graph.Node) *graph.Node {
			v := scope.WithInitializer(initializer.Zero).VariableWithShape(name, shapes.Make(dtype, 3)).SetTrainable(false)
			return graph.Add(x, graph.MulScalar(graph.ConvertDType(graph.ReduceAllSum(v.NodeValue(x.Graph())), x.DType()), 0))
		}
	}
	with := func(layer nn.Layer) autoencoder.Model {
		m := small(filepath.Join(t.TempDir(), "model"))
		m.Encoder = nn.Sequential(nn.Linear(64, 2), layer)
		return m
	}
	half := with(own("half", dtypes.Float16))
	_, err := half.Summary(8, 8, 1)
	wantLine(t, err, "the variable encoder.1.half of your layer is Float16, which a checkpoint cannot hold: make it float32")
	_, refused := run(half, recipe(1))
	wantLine(t, refused, "encoder.1.half")
	if _, err := os.Stat(half.Dir); !os.IsNotExist(err) {
		t.Error("its folder was made:", err)
	}
	faults.Row(t, "a layer with a variable that no checkpoint holds", refused.Error(), "nothing was begun")

	counts := with(own("counts", dtypes.Int32))
	mustRun(t, counts, recipe(1))
	out := filepath.Join(t.TempDir(), "out.safetensors")
	err = counts.ExportPyTorch(out)
	wantLine(t, err, "encoder.1.counts is not trained, and no layer of PyTorch has such a variable: it cannot be exported")
	if _, statErr := os.Stat(out); !os.IsNotExist(statErr) {
		t.Error("a file was written:", statErr)
	}
	faults.Row(t, "export of a layer that PyTorch has not", err.Error(), "the model; no file is written")
}

// A model may mix layers of GoMLX with those of package nn. The set-up installs what GoMLX's packages need, so that
// a cell can import them without a network.
func TestLayerOfGoMLX(t *testing.T) {
	m := small(t.TempDir())
	m.Encoder = nn.Sequential(nn.Linear(64, 16), func(scope *model.Scope, x *graph.Node) *graph.Node {
		return layers.Dense(scope.In("dense"), x, true, 2)
	})
	mustRun(t, m, recipe(1))
	z, err := m.Encode(test)
	if err != nil {
		t.Fatal(err)
	}
	if got := z.Shape().Dimensions; len(got) != 2 || got[1] != 2 {
		t.Errorf("latents are %v", got)
	}
	s, err := m.Summary(8, 8, 1)
	if want := (64*16 + 16) + (16*2 + 2) + (2*16 + 16) + (16*64 + 64); err != nil || s.Parameters != want {
		t.Errorf("%d parameters, want %d: %v", s.Parameters, want, err)
	}
}

// Outside of training nothing changes: a layer that counts its calls and draws random numbers gives the same
// result at every call, for any number of images.
func TestOwnStateChangesInTrainingOnly(t *testing.T) {
	counting := func(scope *model.Scope, x *graph.Node) *graph.Node {
		v := scope.WithInitializer(initializer.Zero).VariableWithShape("calls", shapes.Make(dtypes.Float32)).SetTrainable(false)
		calls := graph.AddScalar(v.NodeValue(x.Graph()), 1)
		v.SetNodeValue(calls)
		noise := scope.Store().RandomNormal(x.Graph(), x.Shape())
		return graph.Add(graph.Mul(x, graph.AddScalar(graph.MulScalar(calls, 0.01), 1)), graph.MulScalar(noise, 0.01))
	}
	m := small(filepath.Join(t.TempDir(), "model"))
	m.Encoder = nn.Sequential(nn.Linear(64, 2), counting)
	epochs := mustRun(t, m, recipe(2))
	store, err := m.Store()
	if err != nil {
		t.Fatal(err)
	}
	if n := tensors.ToScalar[float32](store.GetVariable("/encoder/1/calls").MustValue()); n != 16 {
		t.Errorf("%v calls in two epochs of 8 steps", n)
	}
	o := mustOpen(t, m)
	for range 2 {
		a, errA := o.Evaluate(test)
		b, errB := m.Evaluate(test)
		if a != b || a != epochs[1].TestLoss || errA != nil || errB != nil {
			t.Errorf("Evaluate gives %v (%v) and %v (%v), TestLoss was %v", a, errA, b, errB, epochs[1].TestLoss)
		}
	}
	x, errX := o.Encode(test)
	y, errY := o.Encode(test)
	z, errZ := m.Encode(test)
	if errX != nil || errY != nil || errZ != nil || !x.Equal(y) || !x.Equal(z) {
		t.Errorf("Encode gives something else at each call: %v, %v, %v", errX, errY, errZ)
	}
}

// Layers may compute in a type other than float32.
func TestLayersOfAnotherType(t *testing.T) {
	to := func(dtype dtypes.DType) nn.Layer {
		return func(_ *model.Scope, x *graph.Node) *graph.Node { return graph.ConvertDType(x, dtype) }
	}
	m := small(filepath.Join(t.TempDir(), "model"))
	m.Encoder = nn.Sequential(nn.Linear(64, 2), to(dtypes.Float64))
	m.Decoder = nn.Sequential(to(dtypes.Float32), nn.Linear(2, 64), nn.Tanh(), to(dtypes.Float64))
	m.Loss = func(x, y *graph.Node) *graph.Node { return graph.ConvertDType(autoencoder.MSE(x, y), dtypes.Float64) }
	plain := small(filepath.Join(t.TempDir(), "model"))
	plain.Encoder, plain.Decoder = nn.Linear(64, 2), nn.Sequential(nn.Flatten(), nn.Linear(2, 64), nn.Tanh())
	a := mustRun(t, m, recipe(1))
	if loss, err := m.Evaluate(test); err != nil || loss != a[0].TestLoss {
		t.Errorf("Evaluate gives %v, %v, TestLoss was %v", loss, err, a[0].TestLoss)
	}
	z, err := m.Encode(test)
	if err != nil || z.DType() != dtypes.Float32 {
		t.Fatalf("Encode gives %v, %v", z, err)
	}
	y, err := m.Decode(z)
	r, errR := m.Reconstruct(test)
	if err != nil || errR != nil || !y.Equal(r) || y.DType() != dtypes.Float32 {
		t.Errorf("Decode and Reconstruct: %v, %v", err, errR)
	}
}

// A dropout used as noise on the input is active in the test as well, and always drops the same pixels.
func TestDropoutAsCorruption(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	m.Corrupt = dropout
	epochs := mustRun(t, m, recipe(1))
	noisy, err := m.Corrupted(test)
	if err != nil || noisy.Equal(test) {
		t.Errorf("Corrupted gives the clean images: %v", err)
	}
	a, errA := m.Evaluate(test)
	m.Corrupt = nil
	b, errB := m.Evaluate(test)
	if a != epochs[0].TestLoss || a == b || errA != nil || errB != nil {
		t.Errorf("with dropout %v (%v), TestLoss %v, without %v (%v)", a, errA, epochs[0].TestLoss, b, errB)
	}
}

// The whole Encoder is a function of the caller's own; then one whose layers would share a name in PyTorch.
func TestPlainFunctions(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	m.Encoder = func(scope *model.Scope, x *graph.Node) *graph.Node {
		return layers.Dense(scope, graph.Reshape(x, x.Shape().Dimensions[0], -1), true, 2)
	}
	s, err := m.Summary(8, 8, 1)
	sum := 0
	for _, l := range s.Layers {
		sum += l.Parameters
	}
	if err != nil || s.Layers[0].Name != "encoder" || s.Layers[0].Layer != "your own" || sum != s.Parameters {
		t.Errorf("%+v, %v", s, err)
	}
	tied := nn.Linear(16, 16)
	m.Encoder = func(scope *model.Scope, x *graph.Node) *graph.Node {
		x = nn.Linear(64, 16)(scope.At("0"), x)
		return nn.Linear(16, 2)(scope.At("2"), tied(scope.At("1"), tied(scope.At("1"), x)))
	}
	if s, err = m.Summary(8, 8, 1); err != nil {
		t.Fatal(err)
	}
	sum = 0
	for _, l := range s.Layers {
		sum += l.Parameters
	}
	if sum != s.Parameters {
		t.Errorf("a layer used twice is counted twice: %+v", s)
	}
	m.Encoder = func(scope *model.Scope, x *graph.Node) *graph.Node {
		return batchNorm(scope, nn.Linear(64, 2)(scope, x))
	}
	mustRun(t, m, recipe(1))
	out := filepath.Join(t.TempDir(), "out.safetensors")
	err = m.ExportPyTorch(out)
	wantLine(t, err, "two variables would both be called encoder.", "in PyTorch: put each of their layers into a Sequential of its own")
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Error("a file was written:", err)
	}
	faults.Row(t, "export of layers that have one name in PyTorch", wantErr(m.ExportPyTorch(out)), "the model; no file is written")
}

func wantErr(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
