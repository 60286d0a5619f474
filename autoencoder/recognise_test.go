package autoencoder_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/internal/safetensors"
	"autoencoders/autoencoder/nn"
	"autoencoders/internal/faults"
	"autoencoders/internal/input"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

func leaky(slope float64) nn.Layer {
	return func(_ *model.Scope, x *graph.Node) *graph.Node {
		return graph.Where(graph.GreaterThan(x, graph.ZerosLike(x)), x, graph.MulScalar(x, slope))
	}
}

// table returns a layer with a constant of many numbers, the last of which is v.
func table(v float32) nn.Layer {
	return func(_ *model.Scope, x *graph.Node) *graph.Node {
		numbers := make([]float32, 100)
		numbers[99] = v
		return graph.Add(x, graph.MulScalar(graph.ReduceAllSum(graph.Const(x.Graph(), numbers)), 0.01))
	}
}

// masked returns a layer with a variable that it gives a value of its own.
func masked(v float32) nn.Layer {
	return func(scope *model.Scope, x *graph.Node) *graph.Node {
		mask := scope.VariableWithValue("mask", [][]float32{{v, 1}}).SetTrainable(false)
		return graph.Mul(x, mask.NodeValue(x.Graph())) // [1, 2]
	}
}

// used returns a layer that does something in use, and nothing in training.
func used(by float64) nn.Layer {
	return func(scope *model.Scope, x *graph.Node) *graph.Node {
		if scope.IsTraining(x.Graph()) {
			return graph.Neg(graph.Neg(x))
		}
		return graph.MulScalar(x, by)
	}
}

// A run resumes only if its model is unchanged. Arguments that change no shape count too, and so do the contents
// of the caller's own functions, of the loss and of the noise.
func TestARunIsRecognisedByWhatItIs(t *testing.T) {
	long(t)
	build := func(change func(m *autoencoder.Model)) func(dir string) autoencoder.Model {
		return func(dir string) autoencoder.Model {
			m := small(dir)
			if change != nil {
				change(&m)
			}
			return m
		}
	}
	encoder := func(layers ...nn.Layer) func(m *autoencoder.Model) {
		return func(m *autoencoder.Model) { m.Encoder = nn.Sequential(layers...) }
	}
	scaled := func(by float64) func(m *autoencoder.Model) {
		return func(m *autoencoder.Model) {
			m.Loss = func(x, y *graph.Node) *graph.Node { return graph.MulScalar(autoencoder.MSE(x, y), by) }
		}
	}
	noise := func(layer nn.Layer) func(m *autoencoder.Model) {
		return func(m *autoencoder.Model) { m.Corrupt = layer }
	}
	around := func(f func(x *graph.Node) *graph.Node) func(m *autoencoder.Model) {
		return func(m *autoencoder.Model) {
			m.Encoder = func(scope *model.Scope, x *graph.Node) *graph.Node { return nn.Linear(64, 2)(scope.At("0"), f(x)) }
		}
	}
	for _, c := range []struct {
		name      string
		was, is   func(m *autoencoder.Model)
		different string
	}{
		{"nothing", nil, nil, ""},
		{"own layer", encoder(nn.Linear(64, 2), leaky(0.1)), encoder(nn.Linear(64, 2), leaky(0.1)), ""},
		{"own layer's constant", encoder(nn.Linear(64, 2), leaky(0.1)), encoder(nn.Linear(64, 2), leaky(0.2)), "the layers"},
		{"own layer for ours", encoder(nn.Linear(64, 2), leaky(0)), encoder(nn.Linear(64, 2), nn.ReLU()), "the layers"},
		{"own table", encoder(nn.Linear(64, 2), table(1)), encoder(nn.Linear(64, 2), table(1)), ""},
		{"a number in an own table", encoder(nn.Linear(64, 2), table(1)), encoder(nn.Linear(64, 2), table(2)), "the layers"},
		{"own variable's value", encoder(nn.Linear(64, 2), masked(1)), encoder(nn.Linear(64, 2), masked(2)), "the layers"},
		{"what is not done in training", encoder(nn.Linear(64, 2), used(1)), encoder(nn.Linear(64, 2), used(2)), "the layers"},
		{"activation", encoder(nn.Linear(64, 2), nn.Tanh()), encoder(nn.Linear(64, 2), nn.Sigmoid()), "the layers"},
		{"dropout", encoder(nn.Linear(64, 2)), encoder(nn.Linear(64, 2), dropout), "the layers"},
		{"what is around our layers", around(graph.Neg), around(graph.Abs), "the layers"},
		{"order of the same operations", around(func(x *graph.Node) *graph.Node { return graph.Sub(x, graph.Tanh(x)) }),
			around(func(x *graph.Node) *graph.Node { return graph.Sub(graph.Tanh(x), x) }), "the layers"},
		{"loss", nil, scaled(2), "the loss or the noise"},
		{"loss's constant", scaled(3), scaled(2), "the loss or the noise"},
		{"noise", noise(nn.Noise(0.5)), noise(nn.Noise(0.25)), "the loss or the noise"},
		{"no noise", noise(nn.Noise(0.5)), nil, "the loss or the noise"},
	} {
		dir := filepath.Join(t.TempDir(), "model")
		mustRun(t, build(c.was)(dir), recipe(1))
		note := mustRun(t, build(c.is)(dir), recipe(2))[0].Note
		want := "resumed: 1 of 2 epochs are saved in "
		if c.different != "" {
			want = "started from scratch: changed since the last run: " + c.different + "; its weights are in "
		}
		if !strings.HasPrefix(note, want) {
			t.Errorf("%s: the note is %q, want %q", c.name, note, want)
		}
	}
}

// The state of AdamW is restored completely or not at all.
func TestStateOfAdamWThatIsNotWhole(t *testing.T) {
	for name, change := range map[string]func(values map[string]*tensors.Tensor){
		"one is missing": func(v map[string]*tensors.Tensor) {
			delete(v, "optimizer//AdamOptimizer/encoder/0/weight_1st_moment")
		},
		"one has another name": func(v map[string]*tensors.Tensor) {
			v["optimizer//Adam/step"] = v["optimizer//AdamOptimizer/step"]
			delete(v, "optimizer//AdamOptimizer/step")
		},
		"one more": func(v map[string]*tensors.Tensor) { v["optimizer//more"] = tensors.FromScalar(float32(1)) },
	} {
		m, fresh := trainedFor2(t), small(t.TempDir())
		path := filepath.Join(m.Dir, "model.safetensors")
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		values, metadata, err := readAll(file)
		if err != nil {
			t.Fatal(err)
		}
		before := len(values)
		change(values)
		if len(values) == before && name != "one has another name" {
			t.Fatalf("%s: nothing was changed in %v", name, before)
		}
		record := numericsOf.ReplaceAllString(metadata["run"], "") // before there were checksums, nothing else would show it
		if err := safetensors.Write(path, values, map[string]string{"run": record}); err != nil {
			t.Fatal(err)
		}
		epochs := mustRun(t, m, recipe(3))
		if len(epochs) != 3 || !strings.HasPrefix(epochs[0].Note, "started from scratch: the state of AdamW in "+m.Dir+" is not that of this version; its weights are in ") {
			t.Errorf("%s: %d epochs, the note is %q", name, len(epochs), epochs[0].Note)
			continue
		}
		mustRun(t, fresh, recipe(3))
		wantSameTensors(t, m.Dir, fresh.Dir)
		m.Dir += ".previous"
		if _, err := m.Encode(test); err != nil {
			t.Errorf("%s: the old weights are not in .previous: %v", name, err)
		}
		faults.Row(t, "AdamW's state in a checkpoint is not whole: "+name, epochs[0].Note, "the old weights, in .previous")
	}
}

// A failed read is not damage.
func TestFailedReadIsNotDamage(t *testing.T) {
	m := trainedFor2(t)
	path := filepath.Join(m.Dir, "model.safetensors")
	if err := errors.Join(os.Rename(path, path+".kept"), os.Mkdir(path, 0o755)); err != nil {
		t.Fatal(err)
	}
	_, err := m.Encode(test) // the read of a folder fails as that of a broken disk does
	wantLine(t, err, path+" cannot be read: is a directory: the file itself may be fine; try again")
	if errors.Is(err, autoencoder.ErrDamaged) || !errors.Is(err, syscall.EISDIR) {
		t.Errorf("%v is ErrDamaged, or hides its cause", err)
	}
	faults.Row(t, "a read that fails", err.Error(), "the file; nobody is told to delete it")
	_, err = run(m, recipe(3))
	wantLine(t, err, "cannot be read")
	if err := errors.Join(os.Remove(path), os.Rename(path+".kept", path)); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Encode(test); err != nil {
		t.Error(err)
	}
}

// The error of a panic in a layer of the caller's own names the place.
func TestPanicInAnOwnLayerNamesItsPlace(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	m.Encoder = nn.Sequential(nn.Linear(64, 2), func(_ *model.Scope, x *graph.Node) *graph.Node {
		dims := x.Shape().Dimensions
		return graph.MulScalar(x, float64(dims[len(dims)]))
	})
	_, err := m.Summary(8, 8, 1)
	wantLine(t, err, "index out of range [2] with length 2 at /", "/recognise_test.go:")
	_, err = run(m, recipe(1))
	wantLine(t, err, "/recognise_test.go:")
	m.Encoder = nn.Sequential(nn.Linear(64, 2), func(*model.Scope, *graph.Node) *graph.Node { panic("not done yet") })
	_, err = m.Summary(8, 8, 1)
	wantLine(t, err, "autoencoder: not done yet at /", "/recognise_test.go:")
	m.Encoder = nn.Sequential(nn.Linear(64, 2), func(_ *model.Scope, x *graph.Node) *graph.Node { return graph.Reshape(x, 7) })
	_, err = m.Summary(8, 8, 1)
	wantLine(t, err, "autoencoder: ", "/recognise_test.go:")
	m.Encoder = func(_ *model.Scope, x *graph.Node) *graph.Node { return nil }
	_, err = m.Summary(8, 8, 1)
	wantLine(t, err, "nn: the layer encoder returns nil: it must return its output")
	m.Encoder = func(_ *model.Scope, x *graph.Node) *graph.Node { return graph.ReduceAllSum(x) }
	_, err = m.Summary(8, 8, 1)
	wantLine(t, err, "autoencoder: for 2 images the Encoder returns ", ": its first axis must be the images")
}

// Images whose axes are in another order have the same number of numbers.
func TestDecoderWithOtherAxes(t *testing.T) {
	for _, layer := range []nn.Layer{nn.Unflatten(8, 1, 8), nn.Unflatten(1, 4, 16), nn.Unflatten(4, 4, 4)} {
		m := small(filepath.Join(t.TempDir(), "model"))
		m.Decoder = nn.Sequential(nn.Linear(2, 64), layer)
		_, err := m.Summary(8, 8, 1)
		wantLine(t, err, "the decoder gives [", "but the images are [8 8 1]: the order is [height width channels], and nn.Unflatten takes (channels, height, width)")
		_, again := run(m, recipe(1))
		if again == nil || again.Error() != err.Error() {
			t.Errorf("Train: %v", again)
		}
		faults.Row(t, "a decoder whose images have other axes", err.Error(), "nothing was begun")
	}
	colour := small("")
	colour.Decoder = nn.Linear(2, 192)
	colour.Encoder = nn.Linear(192, 2)
	s, err := colour.Summary(8, 8, 3)
	if err != nil || len(s.Layers) != 2 {
		t.Errorf("a flat decoder of colour images: %v, %v", s.Layers, err)
	}
}

// Pixels from 0 to 255 give a note, not an error.
func TestPixelsThatWantScaling(t *testing.T) {
	bytes := make([]float32, 64*64)
	for i := range bytes {
		bytes[i] = float32(i % 256)
	}
	x := tensors.FromFlatDataAndDimensions(bytes, 64, 8, 8, 1)
	c := recipe(2)
	var notes []string
	for e, err := range small(t.TempDir()).Train(x, test, c) {
		if err != nil {
			t.Fatal(err)
		}
		notes = append(notes, e.Note)
	}
	want := []string{"the training images have pixels from 0 to 255, far outside of [-1, 1]: divide them by 255", ""}
	if !slices.Equal(notes, want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
	faults.Row(t, "pixels from 0 to 255", notes[0], "the training; it is a note")
	m := variational("", 2, 1)
	m.Dir = filepath.Join(t.TempDir(), "model")
	for _, err := range m.Train(x, unit(test), c) {
		wantLine(t, err, "BCE takes pixels in [0, 1], but the training images have 255: load them without Normalize, datasets.MNIST(): divide them by 255")
	}
}

// Images that could not be loaded carry the reason.
func TestImagesThatCouldNotBeLoaded(t *testing.T) {
	reason := errors.New("datasets: Fashion-MNIST: train-images-idx3-ubyte.gz is missing: run `make data`")
	m := small(filepath.Join(t.TempDir(), "model"))
	for _, err := range m.Train(input.Failed(reason), test, recipe(1)) {
		wantLine(t, err, "the training images could not be loaded: "+reason.Error())
		if !errors.Is(err, reason) {
			t.Error("its reason is not wrapped")
		}
		faults.Row(t, "trained on a data set that could not be loaded", err.Error(), "nothing was begun")
	}
	mustRun(t, m, recipe(1))
	_, err := m.Encode(input.Failed(reason))
	wantLine(t, err, reason.Error())
	_, err = m.Decode(input.Failed(reason))
	wantLine(t, err, reason.Error())
}

// numericsOf matches the version of the numerics in a record.
var numericsOf = regexp.MustCompile(`"Numerics":\d+,`)
