package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math"
	"os"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/datasets"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

func model(net, dir string, width int) (autoencoder.Model, error) {
	if width != 1 {
		return wide(dir, width), nil
	}
	switch net {
	case "linear":
		return autoencoder.Linear(dir, 2), nil
	case "denoising":
		m := autoencoder.Linear(dir, 2)
		m.Corrupt = nn.Noise(0.5)
		return m, nil
	case "variational":
		return autoencoder.Variational(dir, 20), nil
	case "mended":
		return autoencoder.Model{
			Dir:     dir,
			Encoder: nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.Conv2d(6, 16, 5), nn.ReLU()),
			Decoder: nn.Sequential(nn.ConvTranspose2d(16, 6, 5), nn.ReLU(), nn.ConvTranspose2d(6, 1, 5), nn.Tanh()),
		}, nil
	case "compressing":
		return autoencoder.Convolutional(dir, 16), nil
	}
	return autoencoder.Model{}, fmt.Errorf("-serve %s: no such net", net)
}

// wide is autoencoder.Linear with hidden layers that are width times as wide.
func wide(dir string, width int) autoencoder.Model {
	sizes := []int{784, 128 * width, 64 * width, 12 * width, 2}
	var encoder, decoder []nn.Layer
	for i := range len(sizes) - 1 {
		encoder = append(encoder, nn.Linear(sizes[i], sizes[i+1]), nn.ReLU())
		decoder = append([]nn.Layer{nn.Linear(sizes[i+1], sizes[i]), nn.ReLU()}, decoder...)
	}
	decoder[len(decoder)-1] = nn.Tanh()
	return autoencoder.Model{Dir: dir, Encoder: nn.Sequential(encoder[:len(encoder)-1]...), Decoder: nn.Sequential(decoder...)}
}

// repeated returns n images, those of x again and again.
func repeated(x *tensors.Tensor, n int) *tensors.Tensor {
	dims := x.Shape().Clone().Dimensions
	dims[0] = n
	y := tensors.FromShape(shapes.Make(x.DType(), dims...))
	tensors.MustConstFlatData(x, func(from []float32) {
		tensors.MustMutableFlatData(y, func(to []float32) {
			for len(to) > 0 {
				to = to[copy(to, from):]
			}
		})
	})
	return y
}

// serve is this project as a contestant. Its test set is one image, so that an epoch is its steps;
// the checkpoint that each epoch writes is counted.
func serve(net string, of size, questions io.Reader, answers io.Writer) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m, err := model(net, dir, of.width)
	if err != nil {
		return err
	}
	answer := json.NewEncoder(answers)
	config := autoencoder.Tutorial()
	config.BatchSize = of.batch
	config.Epochs = math.MaxInt32 // the questions end it
	first := true
	config.Progress = func(step, _ int) {
		if first {
			first = false
			_ = answer.Encode(map[string]int{"step": step}) // the next answer fails as well, and is looked at
		}
	}
	mnist := datasets.MNIST(datasets.Normalize(0.5, 0.5))
	if net == "variational" {
		mnist = datasets.MNIST() // BCE takes pixels in [0, 1]
	}
	images := mnist.Train()
	training := images.Images
	if of.images != usual.images {
		training = repeated(training, of.images)
	}
	next, stop := iter.Pull2(m.Train(training, images.Take(1).Images, config))
	defer stop()
	for lines := bufio.NewScanner(questions); lines.Scan(); {
		e, err, _ := next()
		if err != nil {
			return err
		}
		if err := answer.Encode(map[string]float64{"seconds": e.Elapsed.Seconds(), "loss": e.Loss}); err != nil {
			return err
		}
	}
	return nil
}
