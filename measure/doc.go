// Package measure provides baselines and quality measures for images and latent vectors: principal components, a median
// filter, MSE, PSNR and SSIM, the accuracy of simple classifiers, Gaussians and mixtures fitted to codes, and diagnostics of
// ReLU layers and of variational posteriors.
//
// Images are float32 tensors [n, height, width, channels] and latents are float32 tensors [n, d], as in package
// autoencoder. Results are deterministic and do not depend on the number of CPU cores. Arguments are never changed.
//
// Every function returns an error if a tensor is nil, finalized, empty, of another type or shape, or holds NaN or an
// infinite number, so that a diverged training cannot show up as a plausible number. An error is one line that names the
// function and the argument.
package measure
