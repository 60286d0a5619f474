package main

import (
	"fmt"
	"os"
	"path/filepath"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
)

// A net is one of those that the website and the classroom use. Its weights are committed, so that both have them without
// running a lesson.
type net struct {
	name   string // of its file in notebooks/weights
	lesson string // that trains it
	folder string // where the lesson saves its checkpoint
	model  func(dir string) autoencoder.Model

	// Where the lesson says the test loss that the weights must give: a cell's id, and the first column of a row of its
	// table, or "" for the last row.
	cell, row string
}

var nets = []net{
	{"linear", "01-linear-autoencoder", "checkpoints/linear", linear, "training", ""},
	{"conv-16", "03-convolutional-autoencoder", "checkpoints/03/conv-16", convolutional(16, nil), "train-conv-16", ""},
	{"vae-2", "04-variational", "checkpoints/04/vae-2", variational(2), "train-vae-2", ""},
	{"vae-20", "04-variational", "checkpoints/04/vae-20-seed-0", variational(20), "rate", "0"},
	{"denoising-conv", "05-denoising", "checkpoints/05/conv-0", convolutional(32, nn.Noise(0.5)), "train-conv-seeds", "conv-0"},
}

func linear(dir string) autoencoder.Model { return autoencoder.Linear(dir, 2) }

func variational(latent int) func(string) autoencoder.Model {
	return func(dir string) autoencoder.Model { return autoencoder.Variational(dir, latent) }
}

func convolutional(latent int, noise nn.Layer) func(string) autoencoder.Model {
	return func(dir string) autoencoder.Model {
		m := autoencoder.Convolutional(dir, latent)
		m.Corrupt = noise
		return m
	}
}

// path returns the file of the net's weights in a folder.
func (n net) path(folder string) string { return filepath.Join(folder, n.name+".safetensors") }

// exportWeights writes the weights of the nets that a lesson has trained in a folder, in float16, as the files of another
// folder.
func exportWeights(lesson, trained, to string) error {
	for _, n := range nets {
		if n.lesson != lesson {
			continue
		}
		if err := os.MkdirAll(to, 0o777); err != nil {
			return err
		}
		model := n.model(filepath.Join(trained, filepath.FromSlash(n.folder)))
		if err := model.ExportPyTorchHalf(n.path(to)); err != nil {
			return fmt.Errorf("%s has no new weights of %s: %w", to, n.name, err)
		}
	}
	return nil
}
