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

// Convolutional is a network of convolutions for 28x28 images that does compress: two Conv2d of
// stride 2, 1-16-32 channels, halve the sides to 7x7, a Linear makes latent numbers of the
// 32x7x7 = 1,568, and ConvTranspose2d go the same way back to a Tanh. Its weights live in dir.
func Convolutional(dir string, latent int) Model {
	half := []nn.ConvOption{nn.Stride(2), nn.Padding(1)}
	double := append(half[:2:2], nn.OutputPadding(1)) // 7 to 14 and 14 to 28, not to 13 and 27
	return Model{
		Dir: dir,
		Encoder: nn.Sequential(
			nn.Conv2d(1, 16, 3, half...), nn.ReLU(), // [batch, 14, 14, 16]
			nn.Conv2d(16, 32, 3, half...), nn.ReLU(), // [batch, 7, 7, 32]
			nn.Flatten(), nn.Linear(1568, latent),
		),
		Decoder: nn.Sequential(
			nn.Linear(latent, 1568), nn.ReLU(), nn.Unflatten(32, 7, 7),
			nn.ConvTranspose2d(32, 16, 3, double...), nn.ReLU(), // [batch, 14, 14, 16]
			nn.ConvTranspose2d(16, 1, 3, double...), nn.Tanh(), // [batch, 28, 28, 1]
		),
	}
}

// Denoising is a denoising autoencoder on 28x28 images: it gets an image with noise on it, and is
// judged by the clean one (Vincent, Larochelle, Bengio and Manzagol, Extracting and Composing Robust
// Features with Denoising Autoencoders, ICML 2008, section 2.3). The network is 784-128-64-latent with
// ReLU between, nothing after the code, and the same way back to a Tanh, so pixels in [-1, 1]; unlike
// Linear it has no 12-wide layer beside the code. Corrupt is nn.Noise(0.5); the paper itself sets
// pixels to black. Its weights live in dir.
//
// Any other Model becomes one by its Corrupt field; with Corrupt nil this one is a plain autoencoder.
func Denoising(dir string, latent int) Model {
	return Model{
		Dir: dir,
		Encoder: nn.Sequential(
			nn.Linear(784, 128), nn.ReLU(),
			nn.Linear(128, 64), nn.ReLU(),
			nn.Linear(64, latent),
		),
		Decoder: nn.Sequential(
			nn.Linear(latent, 64), nn.ReLU(),
			nn.Linear(64, 128), nn.ReLU(),
			nn.Linear(128, 784), nn.Tanh(),
		),
		Corrupt: nn.Noise(0.5),
	}
}

// Variational is a variational autoencoder for 28x28 images with pixels in [0, 1], of the sizes of
// PyTorch's example (pytorch/examples, vae): 784-400 with ReLU, mu and logvar of latent numbers each,
// and 400-784 back to a Sigmoid, with BCE as the loss. There it is trained with Adam at a learning rate
// of 1e-3, which here is a WeightDecay of 0. Its weights live in dir.
func Variational(dir string, latent int) Model {
	return Model{
		Dir:     dir,
		Encoder: nn.Sequential(nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 2*latent), nn.Reparameterize(1)),
		Decoder: nn.Sequential(nn.Linear(latent, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid()),
		Loss:    BCE,
	}
}
