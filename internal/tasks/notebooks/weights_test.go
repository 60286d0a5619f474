package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/datasets"
)

// What a lesson trained is exported in half the bytes, and imported it is the same net to float16's three digits.
func TestWeightsOfALesson(t *testing.T) {
	trained, to := t.TempDir(), filepath.Join(t.TempDir(), "weights")
	mnist := datasets.MNIST(datasets.Normalize(0.5, 0.5))
	images := mnist.Train().Take(512).Images
	config := autoencoder.Tutorial()
	config.Epochs = 1
	model := linear(filepath.Join(trained, "checkpoints", "linear"))
	for _, err := range model.Train(images, images, config) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := exportWeights("01-linear-autoencoder", trained, to); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(to, "*"))
	if err != nil || len(files) != 1 || filepath.Base(files[0]) != "linear.safetensors" {
		t.Fatalf("the files are %v: %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > 219_866*2+4096 || !bytes.Contains(raw[:2000], []byte(`"F16"`)) {
		t.Errorf("the file has %d bytes, and is not in float16", len(raw))
	}
	imported := linear(t.TempDir())
	if err := imported.ImportPyTorch(files[0]); err != nil {
		t.Fatal(err)
	}
	want, err := model.Evaluate(images)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := imported.Evaluate(images); err != nil || math.Abs(got-want) > 1e-3*want || got == want {
		t.Errorf("the loss is %g with the exported weights and %g with those of the checkpoint: %v", got, want, err)
	}
	if err := exportWeights("04-variational", trained, to); err == nil {
		t.Error("nets that were never trained are exported")
	}
}
