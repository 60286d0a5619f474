package autoencoder_test

import (
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/datasets"
)

// BenchmarkEpoch measures an epoch of 60,000 MNIST images in batches of 128, with its checkpoint. The first
// epoch, which compiles, is a separate metric. `make bench` measures the same beside JAX and PyTorch, and
// `make gpu-check` runs this benchmark on a GPU.
func BenchmarkEpoch(b *testing.B) {
	images := datasets.MNIST(datasets.Normalize(0.5, 0.5)).Train()
	noisy := autoencoder.Linear("", 2)
	noisy.Corrupt = nn.Noise(0.5)
	for _, net := range []struct {
		name         string
		model        autoencoder.Model
		oneStepACall bool
	}{
		{name: "linear", model: autoencoder.Linear("", 2)},
		{name: "linear, a call a step", model: autoencoder.Linear("", 2), oneStepACall: true},
		{name: "mended", model: autoencoder.Model{Encoder: convTutorial.encoder, Decoder: convTutorial.decoder}},
		{name: "mended, a call a step", model: autoencoder.Model{Encoder: convTutorial.encoder, Decoder: convTutorial.decoder}, oneStepACall: true},
		{name: "compressing", model: autoencoder.Convolutional("", 16)},
		{name: "compressing, a call a step", model: autoencoder.Convolutional("", 16), oneStepACall: true},
		{name: "denoising", model: noisy},
	} {
		b.Run(net.name, func(b *testing.B) {
			if net.oneStepACall {
				defer autoencoder.OneStepACall()()
			}
			m, c := net.model, autoencoder.Tutorial()
			m.Dir, c.Epochs = b.TempDir(), b.N+1
			var first float64
			for e, err := range m.Train(images.Images, images.Take(1).Images, c) {
				if err != nil {
					b.Fatal(err)
				}
				if e.Number == 1 {
					first = e.Elapsed.Seconds()
					b.ResetTimer()
				}
			}
			b.ReportMetric(first, "s/first")
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/epoch")
		})
	}
}
