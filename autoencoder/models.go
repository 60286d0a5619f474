package autoencoder

import "autoencoders/autoencoder/nn"

// Linear is the tutorial's first network on 28x28 images: 784-128-64-12-latent with ReLU between,
// nothing after the code, and the same way back to a Tanh, so pixels in [-1, 1]. Its weights live in dir.
func Linear(dir string, latent int) Model {
	return Model{
		Dir: dir,
		Encoder: nn.Sequential(
			nn.Linear(784, 128), nn.ReLU(),
			nn.Linear(128, 64), nn.ReLU(),
			nn.Linear(64, 12), nn.ReLU(),
			nn.Linear(12, latent),
		),
		Decoder: nn.Sequential(
			nn.Linear(latent, 12), nn.ReLU(),
			nn.Linear(12, 64), nn.ReLU(),
			nn.Linear(64, 128), nn.ReLU(),
			nn.Linear(128, 784), nn.Tanh(),
		),
	}
}
