package autoencoder

import "autoencoders/autoencoder/nn"

// Linear returns the tutorial's first network for 28x28 images: 784-128-64-12-latent with ReLU between the
// layers and nothing after the code, and the mirror image of it as the decoder, which ends with Tanh and so
// gives pixels in [-1, 1]. The name is that of the tutorial's class, LAutoencoder. The network is fully connected
// but not a linear autoencoder, which would have no nonlinearity. Its weights are saved in dir.
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

// Convolutional returns a network of convolutions for 28x28 images that compresses them: two Conv2d with
// stride 2 (1-16-32 channels) halve the sides to 7x7, and a Linear reduces the 32x7x7 = 1,568 numbers to
// latent. The decoder mirrors it with ConvTranspose2d and ends with Tanh. Its weights are saved in dir.
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

// Denoising returns a denoising autoencoder for 28x28 images: its input is an image with noise, and its
// output is compared with the clean image (Vincent, Larochelle, Bengio and Manzagol, Extracting and
// Composing Robust Features with Denoising Autoencoders, ICML 2008, section 2.3). The network is
// 784-128-64-latent with ReLU between the layers and nothing after the code, mirrored in the decoder, which
// ends with Tanh and so gives pixels in [-1, 1]. Unlike Linear it has no layer of 12 beside the code.
// Corrupt is nn.Noise(0.5), where the paper sets pixels to black. Its weights are saved in dir.
//
// Setting the Corrupt field makes a denoising autoencoder of any other Model; with Corrupt nil this one is
// a plain autoencoder.
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

// Variational returns a variational autoencoder for 28x28 images with pixels in [0, 1], of the sizes of
// PyTorch's example (pytorch/examples, vae): 784-400 with ReLU, then mu and logvar of latent numbers each,
// and a decoder 400-784 that ends with Sigmoid; the loss is BCE. The example trains it with Adam at a
// learning rate of 1e-3, which is a WeightDecay of 0 here. Its weights are saved in dir.
func Variational(dir string, latent int) Model {
	return Model{
		Dir:     dir,
		Encoder: nn.Sequential(nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 2*latent), nn.Reparameterize(1)),
		Decoder: nn.Sequential(nn.Linear(latent, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid()),
		Loss:    BCE,
	}
}
