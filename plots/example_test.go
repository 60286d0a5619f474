package plots_test

import (
	"bytes"
	"fmt"
	"image/png"

	"autoencoders/plots"

	"github.com/gomlx/gomlx/core/tensors"
)

func ExampleScatter() {
	latents := tensors.FromFlatDataAndDimensions([]float32{0, 0, 1, 2, 3, -1}, 3, 2)
	f := plots.Scatter(latents, []uint8{7, 2, 1},
		plots.Title("Three test images"), plots.Palette(plots.Tutorial))
	// In a notebook: cell.Show(f)
	var b bytes.Buffer
	f.WriteTo(&b)
	size, _ := png.DecodeConfig(&b)
	fmt.Println(size.Width, "x", size.Height)
	// Output: 1240 x 1040
}

// Invalid input is reported when the picture is asked for.
func ExampleFigure_WriteTo() {
	latents := tensors.FromFlatDataAndDimensions([]float32{0, 0, 1, 2, 3, -1}, 2, 3)
	var b bytes.Buffer
	_, err := plots.Scatter(latents, nil).WriteTo(&b)
	fmt.Println(err)
	// Output: plots: Scatter: the points have the shape [2 3], not [n, 2]
}

func ExampleAround() {
	latents := tensors.FromFlatDataAndDimensions([]float32{0, 10, 4, 12, 2, 11}, 3, 2)
	plane := plots.Around(latents, 3)
	fmt.Println(plane.X0, plane.X1, plane.Y0, plane.Y1)
	fmt.Println(plane.Points().Shape().Dimensions)
	// Output:
	// 0 4 10 12
	// [9 2]
}

// Decode the plane's points, and draw what comes out.
func ExampleExplorer() {
	latents := tensors.FromFlatDataAndDimensions([]float32{0, 10, 4, 12, 2, 11}, 3, 2)
	plane := plots.Around(latents, 2)
	decode := func(z *tensors.Tensor) *tensors.Tensor { // a model's Decode
		return tensors.FromFlatDataAndDimensions(make([]float32, 4*28*28), 4, 28, 28, 1)
	}
	f := plots.Explorer(plane, decode(plane.Points()), latents, []uint8{7, 2, 1})
	fmt.Println(len(f.VegaLite()) > 0)
	// Output: true
}

// A net is drawn from the table of its summary: plots.Network(cell.Must(net.Summary(28, 28, 1)).Table()).
func ExampleNetwork() {
	header := []string{"name", "layer", "output", "parameters"}
	rows := [][]string{
		{"encoder.0", "Linear(784, 32)", "32", "25120"},
		{"encoder.1", "ReLU()", "32", "0"},
		{"encoder.2", "Linear(32, 2)", "2", "66"},
		{"decoder.0", "Linear(2, 784)", "784", "2352"},
		{"", "", "total", "27538"},
	}
	f := plots.Network(header, rows, plots.Title("A small net"), plots.Highlight("encoder.2"))
	fmt.Println(f.Alt())
	// Output: A small net. Drawing of a net as an hourglass: 784 → 32 → 2 (the code) → 784, with 27,538 parameters. In red: encoder.2.
}
