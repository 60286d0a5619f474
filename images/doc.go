// Package images changes images: it inverts, shifts, rotates, enlarges, mixes and averages them.
//
// Images are float32 tensors [n, height, width, channels], as in package datasets. The functions that do not look at pixels
// as neighbours ([Scale], [Blend], [Constant], [Concat], [Repeat] and [Mean]) take any float32 tensor [n, …], so codes as
// well. Each function returns a new tensor in host memory and leaves its arguments as they are.
//
// No function returns an error. If an argument is bad, the result is an empty tensor that carries the reason, and every
// function of packages plots, measure and autoencoder that is given this tensor returns the reason as its error. A tensor is
// bad if it is nil, finalized, empty, of another type or shape, or if it holds NaN or an infinite number.
//
// Black is -1 if any number of the tensor is negative and 0 otherwise; white is 1. Package plots draws them in the same way.
package images
