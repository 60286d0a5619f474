// Package autoencoder trains autoencoders and uses them: f(x) ≈ x, through a code z that is smaller
// than x.
//
// A [Model] is a description: an encoder, a decoder and a folder. It holds no weights, so it costs
// nothing to declare again, as a notebook does in every cell. [Model.Train] writes the weights into
// the folder after each epoch; [Model.Encode], [Model.Decode] and [Model.Reconstruct] read them there.
//
// Images are float32 tensors [n, height, width, channels].
package autoencoder

import "autoencoders/autoencoder/nn"

// Model describes an autoencoder: how x becomes a latent z (Encoder), how z becomes an output of
// x's shape (Decoder), what the output is to be good at (Loss), and where the weights live (Dir).
type Model struct {
	// Dir is the folder of the trained weights. Train makes it.
	Dir string

	// Encoder takes images [batch, height, width, channels] to latents [batch, d]. One that begins
	// with nn.Linear gets its images flattened. Decoder takes latents back; its output may be flat,
	// it is given the images' shape.
	Encoder, Decoder nn.Layer

	// Loss is what training makes small; nil is MSE. A variational Encoder, one with nn.Reparameterize,
	// adds its KL divergence.
	Loss Loss

	// Corrupt, unless nil, is noise put on the input while the target stays clean: in training, and
	// with a fixed seed in Epoch.TestLoss and Evaluate. Encode and Reconstruct never corrupt.
	Corrupt nn.Layer
}
