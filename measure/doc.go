// Package measure has what is computed on images and latents besides an autoencoder: the linear answer to compare it
// with, and numbers for how good a latent space or a picture is.
//
// Images are float32 tensors [n, height, width, channels] and latents float32 tensors [n, d], as in package
// autoencoder. Results depend neither on chance nor on the number of cores.
package measure
