// Package measure provides baselines and quality measures for images and latent vectors: principal components, a median
// filter, MSE, PSNR and SSIM, the accuracy of simple classifiers, and diagnostics of variational posteriors.
//
// Images are float32 tensors [n, height, width, channels] and latents float32 tensors [n, d], as in package
// autoencoder. Results are deterministic and do not depend on the number of CPU cores. Arguments are never changed.
//
// A tensor that is nil, finalized, empty, of another type or shape, or that holds NaN or an infinite number is an error
// of every function, so that a training that diverged cannot end as a plausible number. An error is one line that names
// the function and the argument.
package measure
