package autoencoder_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/internal/faults"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

func mustOpen(t *testing.T, m autoencoder.Model) *autoencoder.Trained {
	t.Helper()
	opened, err := m.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { opened.Close() })
	return opened
}

// part returns the rows from … to-1 of x.
func part(x *tensors.Tensor, from, to int) *tensors.Tensor {
	dims := x.Shape().Clone().Dimensions
	all := tensors.MustCopyFlatData[float32](x)
	row := len(all) / dims[0]
	dims[0] = to - from
	return tensors.FromFlatDataAndDimensions(slices.Clone(all[from*row:to*row]), dims...)
}

// A Trained gives what its Model gives, and the result for an image does not depend on how many there are.
func TestOpenGivesWhatTheModelGives(t *testing.T) {
	m := variational(filepath.Join(t.TempDir(), "model"), 2, 1)
	mustTrain(t, m, adam(2))
	o, x := mustOpen(t, m), unit(train)
	compare := func(name string, of *tensors.Tensor, f, g func(x *tensors.Tensor) (*tensors.Tensor, error)) {
		t.Helper()
		whole, err := f(of)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, span := range [][2]int{{0, 1}, {3, 40}, {100, 356}, {99, 356}, {0, 500}} {
			got, err := g(part(of, span[0], span[1]))
			if err != nil {
				t.Fatal(name, err)
			}
			if !got.Equal(part(whole, span[0], span[1])) {
				t.Errorf("%s of images %v differs from that of all", name, span)
			}
		}
	}
	compare("Encode", x, m.Encode, o.Encode)
	compare("Reconstruct", x, o.Reconstruct, m.Reconstruct)
	z, err := m.Encode(x)
	if err != nil {
		t.Fatal(err)
	}
	compare("Decode", z, o.Decode, m.Decode)
	second := func(f func(*tensors.Tensor) (*tensors.Tensor, *tensors.Tensor, error)) func(*tensors.Tensor) (*tensors.Tensor, error) {
		return func(x *tensors.Tensor) (*tensors.Tensor, error) { _, y, err := f(x); return y, err }
	}
	compare("Posterior", x, second(m.Posterior), second(o.Posterior))
	for _, n := range []int{1, 100, 500} {
		a, errA := m.Evaluate(part(x, 0, n))
		b, errB := o.Evaluate(part(x, 0, n))
		c, errC := o.Evaluate(part(x, 0, n))
		if a != b || a != c || errors.Join(errA, errB, errC) != nil {
			t.Errorf("%d images are evaluated to %v, %v, %v: %v", n, a, b, c, errors.Join(errA, errB, errC))
		}
	}
	mean, errA := m.LogLikelihood(part(x, 0, 30), 5)
	each, errB := o.LogLikelihoods(part(x, 0, 30), 5)
	if errA != nil || errB != nil || len(each) != 30 {
		t.Fatal(errA, errB, len(each))
	}
	var sum float64
	for _, v := range each {
		sum += v
	}
	if math.Abs(sum/30-mean) > 1e-12 || slices.Max(each) == slices.Min(each) {
		t.Errorf("LogLikelihood is %v, the mean of LogLikelihoods %v, which are %v to %v", mean, sum/30, slices.Min(each), slices.Max(each))
	}
}

func TestTrainedOfManyGoroutines(t *testing.T) {
	m := variational(filepath.Join(t.TempDir(), "model"), 2, 1)
	mustTrain(t, m, adam(1))
	o, x := mustOpen(t, m), unit(test)
	want, err := m.Encode(x)
	if err != nil {
		t.Fatal(err)
	}
	loss, err := m.Evaluate(x)
	if err != nil {
		t.Fatal(err)
	}
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for range 5 {
				z, errA := o.Encode(x)
				l, errB := o.Evaluate(x)
				_, errC := o.Sample(3, 1)
				_, errD := o.LogLikelihoods(x, 2)
				if err := errors.Join(errA, errB, errC, errD); err != nil || !z.Equal(want) || l != loss {
					t.Errorf("%v, loss %v, want %v", err, l, loss)
				}
			}
		})
	}
	workers.Wait()
	if err := errors.Join(o.Close(), o.Close()); err != nil {
		t.Error(err)
	}
	_, err = o.Encode(x)
	wantLine(t, err, "the Trained is closed: open the model again")
	_, err = o.Evaluate(x)
	wantLine(t, err, "the Trained is closed")
	faults.Row(t, "a Trained that was closed, used", err.Error(), "the weights on disk")
}

// A Trained keeps the weights that it had when it was opened.
func TestTrainedKeepsItsWeights(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	mustRun(t, m, recipe(1))
	o := mustOpen(t, m)
	before, err := o.Encode(test)
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, m, recipe(2))
	after, err := o.Encode(test)
	now, errNow := m.Encode(test)
	if err != nil || errNow != nil || !after.Equal(before) || now.Equal(before) {
		t.Errorf("the weights of an open model changed with the training: %v, %v", err, errNow)
	}
}

func TestSample(t *testing.T) {
	m := variational(filepath.Join(t.TempDir(), "model"), 2, 1)
	mustTrain(t, m, adam(3))
	many, err := m.Sample(300, 7)
	if err != nil {
		t.Fatal(err)
	}
	if got := many.Shape().Dimensions; !slices.Equal(got, []int{300, 8, 8, 1}) {
		t.Fatalf("300 samples are %v", got)
	}
	few, errFew := m.Sample(5, 7)
	other, errOther := m.Sample(5, 8)
	if errFew != nil || errOther != nil || !few.Equal(part(many, 0, 5)) || few.Equal(other) {
		t.Errorf("the draws do not depend on the seed alone: %v, %v", errFew, errOther)
	}
	// The samples are what the decoder makes of draws from N(0, I).
	if pixels := tensors.MustCopyFlatData[float32](many); slices.Min(pixels) < 0 || slices.Max(pixels) > 1 || slices.Min(pixels) == slices.Max(pixels) {
		t.Errorf("pixels lie between %v and %v", slices.Min(pixels), slices.Max(pixels))
	}
	_, err = m.Sample(0, 1)
	wantLine(t, err, "Sample(0, …): at least 1 image is needed")
	plain := small(t.TempDir())
	mustRun(t, plain, recipe(1))
	_, err = plain.Sample(1, 1)
	wantLine(t, err, "Sample draws from the prior of a variational model, but this Encoder does not end with nn.Reparameterize")
	faults.Row(t, "samples of a net without a prior", err.Error(), "the weights")
	after := m
	after.Dir = t.TempDir()
	after.Encoder = nn.Sequential(m.Encoder, nn.ReLU())
	mustTrain(t, after, adam(1))
	_, err = after.Sample(1, 1)
	wantLine(t, err, "does not end with nn.Reparameterize")
}

// Numbers that are not finite are an error, not a result.
func TestResultsThatAreNotFinite(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	m.Decoder = nn.Linear(2, 64)
	weights := weightsOf(t, m, 0)
	huge := tensors.MustCopyFlatData[float32](weights["encoder.0.weight"])
	for i := range huge {
		huge[i] = 3e38
	}
	weights["encoder.0.weight"] = tensors.FromFlatDataAndDimensions(huge, 16, 64)
	if err := m.ImportPyTorch(writeWeights(t, weights)); err != nil {
		t.Fatal(err)
	}
	ones := make([]float32, 64)
	for i := range ones {
		ones[i] = 1
	}
	x := tensors.FromFlatDataAndDimensions(ones, 1, 8, 8, 1)
	_, errEncode := m.Encode(x)
	_, errReconstruct := m.Reconstruct(x)
	_, errEvaluate := m.Evaluate(x)
	for name, err := range map[string]error{"Encode gives ": errEncode, "Reconstruct gives ": errReconstruct, "the loss of these images is ": errEvaluate} {
		wantLine(t, err, name)
		if !errors.Is(err, autoencoder.ErrNotFinite) {
			t.Errorf("%v is not ErrNotFinite", err)
		}
	}
	faults.Row(t, "weights so large that the latents are infinite", errEncode.Error(), "the weights")

	nan := slices.Clone(ones)
	nan[7] = float32(math.NaN())
	_, err := m.Encode(tensors.FromFlatDataAndDimensions(slices.Concat(ones, nan), 2, 8, 8, 1))
	wantLine(t, err, "image 1 of the images has a pixel that is NaN")
	faults.Row(t, "a pixel that is NaN, encoded", err.Error(), "the weights")
	_, err = m.Decode(tensors.FromFlatDataAndDimensions([]float32{0, 0, 0, float32(math.Inf(-1))}, 2, 2))
	wantLine(t, err, "latent 1 is -Inf")
	_, err = m.Decode(tensors.FromShape(shapes.Make(dtypes.Float32, 0, 2)))
	wantLine(t, err, "the latents are empty: [0 2]")
	faults.Row(t, "no latents, decoded", err.Error(), "the weights")

	bad := weightsOf(t, m, 0)
	b := tensors.MustCopyFlatData[float32](bad["encoder.0.bias"])
	b[3] = float32(math.NaN())
	bad["encoder.0.bias"] = tensors.FromFlatDataAndDimensions(b, 16)
	err = m.ImportPyTorch(writeWeights(t, bad))
	wantLine(t, err, "encoder.0.bias holds NaN")
	faults.Row(t, "imported weights that are NaN", err.Error(), "the weights that were in the folder")
}

func TestHomeInDir(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	m := small("~/models/tiny")
	mustRun(t, m, recipe(2))
	if _, err := os.Stat(filepath.Join(home, "models/tiny/model.safetensors")); err != nil {
		t.Error("~ is not the home:", err)
	}
	if _, err := os.Stat("~"); !os.IsNotExist(err) {
		t.Error("a folder named ~ was made:", err)
	}
	if _, err := m.Encode(test); err != nil {
		t.Error(err)
	}
	other := small("~/models/other")
	c := recipe(1)
	c.From = "~/models/tiny"
	mustRun(t, other, c)
	t.Setenv("HOME", "")
	_, err := m.Encode(test)
	wantLine(t, err, "~/models/tiny is in your home, but $HOME is not defined: write out the folder")
	faults.Row(t, `Dir "~/models/tiny" without a home`, err.Error(), "nothing was begun")
}

// The error of an untrained model names the most common cause.
func TestTrainThatNobodyRangesOver(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "tiny"))
	m.Train(train, test, recipe(2))
	_, err := m.Encode(test)
	wantLine(t, err, "tiny has no trained weights: run the training cell first, in which a loop ranges over Train: for epoch, err := range model.Train(…)")
	if !errors.Is(err, autoencoder.ErrUntrained) {
		t.Errorf("%v is not ErrUntrained", err)
	}
	faults.Row(t, "Train as a statement, which no loop ranges over", err.Error(), "nothing was begun")
	if _, err := os.Stat(m.Dir); !os.IsNotExist(err) {
		t.Error("its folder was made:", err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Error("more than a line")
	}
}
