// Package autoencoder trains autoencoders and uses them. An autoencoder is a network that maps x to
// itself, f(x) ≈ x, through a code z that is smaller than x.
//
// A [Model] is a description: an encoder, a decoder and a folder. It holds no weights, so it costs
// nothing to declare again, as a notebook does in every cell. [Model.Train] writes the weights into the
// folder after each epoch. [Model.Encode], [Model.Decode], [Model.Reconstruct] and the other methods
// read them there; [Model.Open] reads them once for many calls.
//
// Images are float32 tensors [n, height, width, channels].
//
// Errors are one line that names the cause and what to do. [ErrUntrained], [ErrBusy], [ErrDamaged],
// [ErrNotFinite] and [ErrInterrupted] can be recognised with [errors.Is].
package autoencoder

import "autoencoders/autoencoder/nn"

// Model describes an autoencoder: how images x become latents z (Encoder), how z becomes an output of
// the shape of x (Decoder), how the output is scored (Loss), and where the weights are saved (Dir).
//
// Encoder and Decoder may contain any GoMLX function with the signature of [nn.Layer]. Dropout and batch
// normalization work differently in training, the variables that they keep are saved with the weights,
// and what a layer adds to the loss enters the training loss. Outside of training a layer must treat each
// image by itself, because images are computed in batches.
type Model struct {
	// Dir is the folder of the trained weights. Train creates it. A leading ~ is the user's home.
	Dir string

	// Encoder maps images [batch, height, width, channels] to latents [batch, d]. If it begins with
	// nn.Linear, its images are flattened. Decoder maps latents back to images; if its output is flat, it is
	// given the shape of the images.
	Encoder, Decoder nn.Layer

	// Loss is what training minimises; nil is MSE. A variational Encoder, one with nn.Reparameterize, adds its
	// KL divergence.
	Loss Loss

	// Corrupt, unless nil, adds noise to the input while the target stays clean: in training, and with a fixed
	// seed in Epoch.TestLoss and Evaluate. Encode and Reconstruct never add it.
	Corrupt nn.Layer
}
