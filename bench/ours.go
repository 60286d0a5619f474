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
)

func model(net, dir string) (autoencoder.Model, error) {
	switch net {
	case "linear":
		return autoencoder.Linear(dir, 2), nil
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

// serve is this project as a contestant. Its test set is one image, so that an epoch is its steps;
// the checkpoint that each epoch writes is counted.
func serve(net string, questions io.Reader, answers io.Writer) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m, err := model(net, dir)
	if err != nil {
		return err
	}
	answer := json.NewEncoder(answers)
	config := autoencoder.Tutorial()
	config.Epochs = math.MaxInt32 // the questions end it
	first := true
	config.Progress = func(step, _ int) {
		if first {
			first = false
			_ = answer.Encode(map[string]int{"step": step}) // the next answer fails as well, and is looked at
		}
	}
	images := datasets.MNIST(datasets.Normalize(0.5, 0.5)).Train()
	next, stop := iter.Pull2(m.Train(images.Images, images.Take(1).Images, config))
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
