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
	"autoencoders/autoencoder/internal/safetensors"
	"autoencoders/autoencoder/nn"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// weightsOf returns the initial weights of m for a seed, by state_dict name.
func weightsOf(t *testing.T, m autoencoder.Model, seed int64) map[string]*tensors.Tensor {
	t.Helper()
	store, err := m.NewStore(seed, 8, 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	weights := map[string]*tensors.Tensor{}
	for v := range store.IterVariables() {
		if v.Trainable {
			weights[nameOf(v)] = v.MustValue()
		}
	}
	return weights
}

func nameOf(v *model.Variable) string {
	return strings.ReplaceAll(strings.TrimPrefix(v.Path(), "/"), "/", ".")
}

func writeWeights(t *testing.T, weights map[string]*tensors.Tensor) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "weights.safetensors")
	if err := safetensors.Write(path, weights, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExportedAndImportedIsTheSameModel(t *testing.T) {
	m, other := small(t.TempDir()), small(filepath.Join(t.TempDir(), "other"))
	mustRun(t, m, recipe(2))
	path := filepath.Join(t.TempDir(), "small.safetensors")
	if err := m.ExportPyTorch(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values, metadata, err := readAll(file)
	if err != nil || len(values) != 8 || len(metadata) != 1 || metadata["format"] != "pt" {
		t.Errorf("the export holds %d tensors, metadata %v: %v", len(values), metadata, err)
	}
	if w := values["encoder.0.weight"].Shape(); w.DType != dtypes.Float32 || !slices.Equal(w.Dimensions, []int{16, 64}) {
		t.Errorf("encoder.0.weight is %v", w)
	}
	if err := other.ImportPyTorch(path); err != nil {
		t.Fatal(err)
	}
	sameWeights(t, m, other)
	a, errA := m.Evaluate(test)
	b, errB := other.Evaluate(test)
	if a != b || errA != nil || errB != nil {
		t.Errorf("evaluated to %v (%v) and %v (%v)", a, errA, b, errB)
	}
	if history, err := other.History(); err != nil || len(history) != 0 {
		t.Errorf("the history of imported weights is %v, %v", history, err)
	}
}

// Float16 halves the file; the weights come back rounded to 11 significant bits, as float32.
func TestExportedInHalfAndImported(t *testing.T) {
	m, other := small(t.TempDir()), small(filepath.Join(t.TempDir(), "other"))
	mustRun(t, m, recipe(20))
	path := filepath.Join(t.TempDir(), "half.safetensors")
	if err := m.ExportPyTorchHalf(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values, _, err := readAll(file)
	if err != nil || len(values) != 8 || values["encoder.0.weight"].DType() != dtypes.Float16 {
		t.Fatalf("the export holds %v: %v", values, err)
	}
	if err := other.ImportPyTorch(path); err != nil {
		t.Fatal(err)
	}
	_, a := withWeights(t, m)
	_, b := withWeights(t, other)
	rounded := false
	for v := range a.IterVariables() {
		if !v.Trainable {
			continue
		}
		want, got := tensors.MustCopyFlatData[float32](v.MustValue()), tensors.MustCopyFlatData[float32](b.GetVariable(v.Path()).MustValue())
		for i, w := range want {
			rounded = rounded || got[i] != w
			if math.Abs(float64(got[i]-w)) > max(math.Abs(float64(w))/2048, 1.0/(1<<25)) {
				t.Errorf("%s: %g comes back as %g", v.Path(), w, got[i])
			}
		}
	}
	x, errX := m.Evaluate(test)
	y, errY := other.Evaluate(test)
	if errX != nil || errY != nil || math.Abs(x-y) > 1e-3 || !rounded {
		t.Errorf("evaluated to %v (%v), from float16 to %v (%v); rounded: %v", x, errX, y, errY, rounded)
	}
}

// A file of two types, written here byte by byte.
func TestImportReadsHalf(t *testing.T) {
	m := autoencoder.Model{Dir: t.TempDir(), Encoder: nn.Linear(1, 1), Decoder: nn.Linear(1, 1)}
	tensor := func(name, dtype, shape string, begin, end int) string {
		return fmt.Sprintf(`%q:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, dtype, shape, begin, end)
	}
	file := tensorFile("{"+strings.Join([]string{
		tensor("encoder.weight", "F16", "[1,1]", 0, 2), tensor("encoder.bias", "F16", "[1]", 2, 4),
		tensor("decoder.weight", "F32", "[1,1]", 4, 8), tensor("decoder.bias", "F16", "[1]", 8, 10),
	}, ",")+"}", 0)
	file = append(file, 0x00, 0x42, 0x00, 0xb8, 0, 0, 0x80, 0x40, 0x01, 0x00) // 3, -0.5, 4 and 2^-24
	path := filepath.Join(t.TempDir(), "half.safetensors")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := m.ImportPyTorch(path); err != nil {
		t.Fatal(err)
	}
	_, store := withWeights(t, m)
	for name, want := range map[string]float32{"/encoder/weight": 3, "/encoder/bias": -0.5, "/decoder/weight": 4, "/decoder/bias": 1.0 / (1 << 24)} {
		if got := tensors.MustCopyFlatData[float32](store.GetVariable(name).MustValue()); len(got) != 1 || got[0] != want {
			t.Errorf("%s is %v, want %g", name, got, want)
		}
	}
	// Infinity in float16.
	copy(file[len(file)-10:], []byte{0x00, 0x7c})
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	wantLine(t, m.ImportPyTorch(path), "encoder.weight holds +Inf")
}

func TestExportInHalfRefusesWhatDoesNotFit(t *testing.T) {
	m := small(t.TempDir())
	weights := weightsOf(t, m, 0)
	large := tensors.MustCopyFlatData[float32](weights["encoder.0.bias"])
	large[5] = 1e6
	weights["encoder.0.bias"] = tensors.FromFlatDataAndDimensions(large, 16)
	if err := m.ImportPyTorch(writeWeights(t, weights)); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.safetensors")
	wantLine(t, m.ExportPyTorchHalf(out), "encoder.0.bias is not exported: it holds 1e+06, and float16 ends at 65504: ExportPyTorch writes float32")
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Error("a refused export left a file")
	}
}

// If the weights that Train would have drawn are imported, the run is the same bit for bit, even when it is
// stopped.
func TestTrainGoesOnFromImportedWeights(t *testing.T) {
	whole, imported := small(t.TempDir()), small(t.TempDir())
	want := mustRun(t, whole, recipe(3))
	other := recipe(3)
	other.Seed = 9
	for _, c := range []autoencoder.Config{recipe(3), other} {
		if err := imported.ImportPyTorch(writeWeights(t, weightsOf(t, imported, 0))); err != nil {
			t.Fatal(err)
		}
		for e, err := range imported.Train(train, test, c) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Number != 1 || e.Note != "started with the weights imported from weights.safetensors" {
				t.Errorf("epoch %d begins with the note %q", e.Number, e.Note)
			}
			break
		}
		rest := mustRun(t, imported, c)
		if rest[0].Number != 2 || !strings.HasPrefix(rest[0].Note, "resumed: ") {
			t.Errorf("goes on with %+v", rest[0])
		}
		got, err := imported.History()
		if err != nil {
			t.Fatal(err)
		}
		if same := slices.Equal(losses(got), losses(want)); same != (c.Seed == 0) {
			t.Errorf("seed %d: the losses are\n%v\nof the same weights, not imported\n%v", c.Seed, losses(got), losses(want))
		}
	}
	again := mustRun(t, imported, other)
	if note := again[0].Note; !strings.Contains(note, "started from scratch: the last run was complete") || !strings.HasSuffix(note, "the initial weights are new, not those imported from weights.safetensors") {
		t.Errorf("the note of a run after the imported one was finished is %q", note)
	}
}

func TestTrainOfOtherLayersThanTheImported(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	if err := m.ImportPyTorch(writeWeights(t, weightsOf(t, m, 0))); err != nil {
		t.Fatal(err)
	}
	want, err := m.Evaluate(test)
	if err != nil {
		t.Fatal(err)
	}
	wide := m
	wide.Encoder = nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 2))
	if e := mustRun(t, wide, recipe(1)); !strings.HasPrefix(e[0].Note, "started from scratch: the layers are not those of the weights imported from") {
		t.Errorf("the note is %q", e[0].Note)
	}
	m.Dir += ".previous"
	if got, err := m.Evaluate(test); got != want || err != nil {
		t.Errorf("the imported weights are not in .previous: %v, %v", got, err)
	}
}

func TestImportKeepsTheOldModelInPrevious(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	mustRun(t, m, recipe(1))
	want, err := m.Evaluate(test)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.ImportPyTorch(writeWeights(t, weightsOf(t, m, 5))); err != nil {
		t.Fatal(err)
	}
	if now, err := m.Evaluate(test); now == want || err != nil {
		t.Errorf("after the import it evaluates as before, %v: %v", now, err)
	}
	m.Dir += ".previous"
	if got, err := m.Evaluate(test); got != want || err != nil {
		t.Errorf("the old model is not in .previous: %v, %v", got, err)
	}
}

func TestImportNamesWhatDoesNotFitAndChangesNothing(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	mustRun(t, m, recipe(1))
	want, err := m.Evaluate(test)
	if err != nil {
		t.Fatal(err)
	}
	zeros := func(dtype dtypes.DType, dims ...int) *tensors.Tensor {
		return tensors.FromShape(shapes.Make(dtype, dims...))
	}
	for says, change := range map[string]func(w map[string]*tensors.Tensor){
		"does not contain decoder.2.bias [64]":                           func(w map[string]*tensors.Tensor) { delete(w, "decoder.2.bias") },
		"has decoder.4.weight [64 64], which the model does not have":    func(w map[string]*tensors.Tensor) { w["decoder.4.weight"] = zeros(dtypes.Float32, 64, 64) },
		"encoder.2.weight is [2 12], but in the model [2 16]":            func(w map[string]*tensors.Tensor) { w["encoder.2.weight"] = zeros(dtypes.Float32, 2, 12) },
		"encoder.0.weight is [64 16], but in the model [16 64]":          func(w map[string]*tensors.Tensor) { w["encoder.0.weight"] = zeros(dtypes.Float32, 64, 16) },
		"encoder.0.bias is Float64, but in the model Float32: in PyTorc": func(w map[string]*tensors.Tensor) { w["encoder.0.bias"] = zeros(dtypes.Float64, 16) },
	} {
		w := weightsOf(t, m, 0)
		change(w)
		wantLine(t, m.ImportPyTorch(writeWeights(t, w)), says, "weights.safetensors")
		fresh := small(filepath.Join(t.TempDir(), "fresh"))
		wantLine(t, fresh.ImportPyTorch(writeWeights(t, w)), says)
		if _, err := os.Stat(fresh.Dir); !os.IsNotExist(err) {
			t.Error("a refused import made the model's folder")
		}
	}
	pickle := filepath.Join(t.TempDir(), "model.pt")
	half := filepath.Join(t.TempDir(), "half.safetensors")
	for path, file := range map[string][]byte{
		pickle: []byte("PK\x03\x04 a zip file, as torch.save writes it"),
		half:   tensorFile(`{"encoder.0.bias":{"dtype":"BF16","shape":[16],"data_offsets":[0,32]}}`, 32),
	} {
		if err := os.WriteFile(path, file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wantLine(t, m.ImportPyTorch(pickle), "model.pt is not read", "safetensors.torch.save_file(")
	wantLine(t, m.ImportPyTorch(half), `"encoder.0.bias": type "BF16" is not read here; F32 and F16 are`, "model.float()")
	wantLine(t, m.ImportPyTorch(half+".none"), "nothing to import", "half.safetensors.none")
	wantLine(t, m.ImportPyTorch(t.TempDir()), "not a file")
	if got, err := m.Evaluate(test); got != want || err != nil {
		t.Errorf("afterwards the model evaluates to %v (%v), not %v", got, err, want)
	}
	if _, err := os.Stat(m.Dir + ".previous"); !os.IsNotExist(err) {
		t.Error("a refused import moved the model")
	}
	m.Encoder = nn.Linear(0, 2)
	wantLine(t, m.ImportPyTorch(writeWeights(t, weightsOf(t, small(""), 0))), "Linear(0, 2): both sizes must be at least 1")
}

func TestExportRefuses(t *testing.T) {
	m := small(t.TempDir())
	out := filepath.Join(t.TempDir(), "out.safetensors")
	wantLine(t, m.ExportPyTorch(out), "no trained weights")
	mustRun(t, m, recipe(1))
	wantLine(t, m.ExportPyTorch(filepath.Join(m.Dir, "model.safetensors")), "the model's own checkpoint")
	wantLine(t, m.ExportPyTorch(filepath.Join(m.Dir, "none", "out.safetensors")), "the export cannot be written", "no such file or directory")
	m.Decoder = nn.Sequential(nn.Linear(2, 64), nn.Tanh())
	wantLine(t, m.ExportPyTorch(out), "layers have changed")
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Error("a refused export left a file")
	}
}
