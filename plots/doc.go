// Package plots draws the figures of the lessons: latent spaces, images, losses, and drawings that explain a net.
//
// A [Figure] writes itself as a PNG, so it works in any Go program. It also describes itself in words ([Figure.Alt]), and
// some figures have a Vega-Lite version in which readers can point at things. In a notebook, show one with package cell:
//
//	cell.Show(plots.Scatter(latents, labels, plots.Title("Figure 1. Latent space")))
//
// Invalid input never panics. The figure keeps the error, and [Figure.WriteTo] returns it.
package plots
