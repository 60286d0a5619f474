// Command side is this project's side of `make parity`, which parity/check.py runs and compares.
//
//	side train NET EPOCHS SEEDS FOLDER    trains with the tutorial's recipe and seeds 0, 1 …,
//	                                      and exports each to FOLDER/go-NET-SEED.safetensors
//	side evaluate NET FILE …              imports each file
//
// Both print one line of JSON a model, with its mean squared error on the test images.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"autoencoders/autoencoder"
	"autoencoders/datasets"
)

// nets are the models by the names that check.py has for them.
var nets = map[string]func(dir string) autoencoder.Model{
	"linear":      func(dir string) autoencoder.Model { return autoencoder.Linear(dir, 2) },
	"compressing": func(dir string) autoencoder.Model { return autoencoder.Convolutional(dir, 16) },
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "side:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 || nets[args[1]] == nil {
		return fmt.Errorf("%q: see the doc comment", args)
	}
	dir, err := os.MkdirTemp("", "parity")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m := nets[args[1]](filepath.Join(dir, "model"))
	switch {
	case args[0] == "train" && len(args) == 5:
		epochs, errEpochs := strconv.Atoi(args[2])
		seeds, errSeeds := strconv.Atoi(args[3])
		if errEpochs != nil || errSeeds != nil {
			return fmt.Errorf("%q: EPOCHS and SEEDS are numbers", args)
		}
		return train(m, args[1], epochs, seeds, args[4])
	case args[0] == "evaluate":
		return evaluate(m, args[2:])
	}
	return fmt.Errorf("%q: see the doc comment", args)
}

var mnist = datasets.MNIST(datasets.Normalize(0.5, 0.5))

func train(m autoencoder.Model, net string, epochs, seeds int, folder string) error {
	for seed := range seeds {
		config := autoencoder.Tutorial()
		config.Epochs, config.Seed = epochs, int64(seed)
		for _, err := range m.Train(mnist.Train().Images, mnist.Test().Images, config) {
			if err != nil {
				return err
			}
		}
		if err := m.ExportPyTorch(filepath.Join(folder, fmt.Sprintf("go-%s-%d.safetensors", net, seed))); err != nil {
			return err
		}
		if err := report(m); err != nil {
			return err
		}
	}
	return nil
}

func evaluate(m autoencoder.Model, files []string) error {
	for _, file := range files {
		if err := m.ImportPyTorch(file); err != nil {
			return err
		}
		if err := report(m); err != nil {
			return err
		}
	}
	return nil
}

func report(m autoencoder.Model) error {
	mse, err := m.Evaluate(mnist.Test().Images)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{"mse": mse})
}
