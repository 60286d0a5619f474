package autoencoder_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// wantLine checks that an error is one line of this package or of nn and contains the parts.
func wantLine(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	line := err.Error()
	if strings.Contains(line, "\n") || !(strings.HasPrefix(line, "autoencoder: ") || strings.HasPrefix(line, "nn: ")) {
		t.Errorf("not one line of ours: %q", line)
	}
	for _, part := range parts {
		if !strings.Contains(line, part) {
			t.Errorf("%q does not say %q", line, part)
		}
	}
}

func TestBadConfig(t *testing.T) {
	for field, change := range map[string]func(c *autoencoder.Config){
		"Epochs is 0":         func(c *autoencoder.Config) { c.Epochs = 0 },
		"BatchSize is -1":     func(c *autoencoder.Config) { c.BatchSize = -1 },
		"LearningRate is 0":   func(c *autoencoder.Config) { c.LearningRate = 0 },
		"LearningRate is NaN": func(c *autoencoder.Config) { c.LearningRate = math.NaN() },
		"WeightDecay is -1":   func(c *autoencoder.Config) { c.WeightDecay = -1 },
	} {
		c := recipe(1)
		change(&c)
		_, err := run(small(t.TempDir()), c)
		wantLine(t, err, field)
	}
}

func TestBadImages(t *testing.T) {
	flat := tensors.FromFlatDataAndDimensions(make([]float32, 128), 2, 64)
	bytes := tensors.FromFlatDataAndDimensions(make([]uint8, 128), 2, 8, 8, 1)
	wide := tensors.FromFlatDataAndDimensions(make([]float32, 2*81), 2, 9, 9, 1)
	m := small(t.TempDir())
	trainOn := func(x, y *tensors.Tensor) error {
		for _, err := range m.Train(x, y, recipe(1)) {
			return err
		}
		return nil
	}
	wantLine(t, trainOn(nil, test), "the training images are missing")
	wantLine(t, trainOn(train, nil), "test images are missing")
	wantLine(t, trainOn(flat, test), "[2 64]", "[n, height, width, channels]")
	wantLine(t, trainOn(bytes, test), "not float32")
	wantLine(t, trainOn(train, wide), "[9 9 1]", "[8 8 1]")
	wantLine(t, trainOn(wide, wide), "Linear(64, 16) takes 64 numbers per image, but got 81")

	mustRun(t, m, recipe(1))
	_, err := m.Encode(wide)
	wantLine(t, err, "[9 9 1]", "trained on [8 8 1]")
	_, err = m.Reconstruct(flat)
	wantLine(t, err, "[2 64]")
	_, err = m.Evaluate(wide)
	wantLine(t, err, "[9 9 1]")
	_, err = m.Decode(flat)
	wantLine(t, err, "latents [n, 2]")
	_, err = m.Decode(nil)
	wantLine(t, err, "the latents are missing")
}

func TestUntrainedModel(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "linear"))
	_, err := m.Encode(test)
	wantLine(t, err, "linear has no trained weights: run the training cell first")
	_, err = m.History()
	wantLine(t, err, "no trained weights")
	m.Dir = ""
	_, err = m.Encode(test)
	wantLine(t, err, "Model.Dir is empty")
	_, err = run(m, recipe(1))
	wantLine(t, err, "Model.Dir is empty")
}

func TestChangedLayers(t *testing.T) {
	m := small(t.TempDir())
	mustRun(t, m, recipe(1))
	m.Decoder = nn.Sequential(nn.Linear(2, 64), nn.Tanh())
	_, err := m.Encode(test)
	wantLine(t, err, "layers have changed since", "run the training cell again")
}

func TestLayersThatDoNotFit(t *testing.T) {
	for part, change := range map[string]func(m *autoencoder.Model){
		"Linear(0, 2): both sizes must be at least 1": func(m *autoencoder.Model) { m.Encoder = nn.Linear(0, 2) },
		"Linear(3, 64) takes 3 numbers":               func(m *autoencoder.Model) { m.Decoder = nn.Linear(3, 64) },
		"the decoder gives [63]":                      func(m *autoencoder.Model) { m.Decoder = nn.Linear(2, 63) },
		"Sequential: layer 1 is nil":                  func(m *autoencoder.Model) { m.Encoder = nn.Sequential(nn.ReLU(), nil) },
		"the Model has no Encoder or no Decoder":      func(m *autoencoder.Model) { m.Encoder = nil },
		"Noise(-1)":                                   func(m *autoencoder.Model) { m.Corrupt = nn.Noise(-1) },
		"SaltPepper(2)":                               func(m *autoencoder.Model) { m.Corrupt = nn.SaltPepper(2) },
		"Unflatten(1, 8, 0)":                          func(m *autoencoder.Model) { m.Decoder = nn.Sequential(m.Decoder, nn.Unflatten(1, 8, 0)) },
		"Model.Loss returns nil":                      func(m *autoencoder.Model) { m.Loss = func(x, output *graph.Node) *graph.Node { return nil } },
		"Model.Loss returns": func(m *autoencoder.Model) {
			m.Loss = func(x, output *graph.Node) *graph.Node { return graph.Sub(x, output) }
		},
	} {
		m := small(t.TempDir())
		change(&m)
		_, err := run(m, recipe(1))
		wantLine(t, err, part)
		_, err = m.Summary(8, 8, 1)
		wantLine(t, err, part)
	}
	_, err := small("").Summary(0, 8, 1)
	wantLine(t, err, "Summary(0, 8, 1)")
}

func TestNaNLossNamesEpochAndStep(t *testing.T) {
	m := small(t.TempDir())
	c := recipe(1)
	c.LearningRate = 1e30
	_, err := run(m, c)
	wantLine(t, err, "in epoch 1, step ", "smaller LearningRate than 1e+30", "no weights were saved")

	// A pixel that is not finite is found before training starts.
	pixels := tensors.MustCopyFlatData[float32](train)
	pixels[123*64] = float32(math.NaN())
	poisoned := tensors.FromFlatDataAndDimensions(pixels, train.Shape().Dimensions...)
	for _, err := range m.Train(poisoned, test, recipe(1)) {
		wantLine(t, err, "image 123 of the training images has a pixel that is NaN")
		if !errors.Is(err, autoencoder.ErrNotFinite) {
			t.Errorf("%v is not ErrNotFinite", err)
		}
	}
}

func TestDamagedCheckpoint(t *testing.T) {
	m := small(t.TempDir())
	mustRun(t, m, recipe(1))
	path := filepath.Join(m.Dir, "model.safetensors")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 7, 8, 100, len(whole) - 1} {
		if err := os.WriteFile(path, whole[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := m.Encode(test)
		wantLine(t, err, "model.safetensors is damaged", "delete it and train again")
		_, err = run(m, recipe(1)) // neither does training write over what may still be mended
		wantLine(t, err, "is damaged")
	}
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := run(small(filepath.Join(blocked, "model")), recipe(1))
	wantLine(t, err, "not a directory")
}
