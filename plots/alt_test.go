package plots

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gomlx/gomlx/core/tensors"
)

func TestAltSaysWhatIsSeen(t *testing.T) {
	points := tensors.FromFlatDataAndDimensions([]float32{0, 0, 1, 2, 3, -1, 2, 2}, 4, 2)
	plane := Plane{X0: 0, X1: 1, Y0: 0, Y1: 1, N: 2}
	weights := tensors.FromFlatDataAndDimensions([]float32{-0.5, 0, 0.25, 0.1}, 1, 2, 2, 1)
	for _, c := range []struct {
		f    *Figure
		want string
	}{
		{Scatter(points, []uint8{1, 7, 1, 7}, Title("Figure 1. Latent space")),
			"Figure 1. Latent space. Scatter plot of 4 points in 2 classes, Latent feature 1 from 0.0 to 3.0, Latent feature 2 from −1.0 to 2.0. Class medians: 1 at (3.0, 0.0), 7 at (2.0, 2.0)."},
		{Scatter(points, nil, Circles(1, 2.5), Clouds(points, points)),
			"Scatter plot of 4 points, Latent feature 1 from 0.0 to 3.0, Latent feature 2 from −1.0 to 2.0. Circles around the origin with radius 1, 2.5. 4 ellipses of one standard deviation."},
		{Curve(Line("train", []float64{0.23154, 0.2, 0.1612}), Line("test", []float64{0.2, 0.16, 0.17}), Baseline("mean image", 0.2699)),
			"Line chart of Loss over Epoch, 1 to 3: train falls from 0.2315 at 1 to 0.1612 at 3; test falls from 0.2 at 1 to 0.17 at 3, lowest 0.16 at 2. Dashed: mean image at 0.2699."},
		{Curve(Axes("latents", "accuracy"), Ticks(2, 4), Runs("nets", [][]float64{{.5, .6}, {.8}})),
			"Line chart of accuracy over latents, 2 to 4: nets rises from 0.55 at 2 to 0.8 at 4. Bars reach from the lowest to the highest run, lines join the means."},
		{Curve(Axes("rate", "distortion"), Over([]float64{30, 3.5}), Line("VAE", []float64{60, 60}), Marks("β = 1", "β = 5")),
			"Line chart of distortion over rate, 30 to 3.5: VAE is 60 at 30 and at 3.5. Named points of the last line: β = 1, β = 5."},
		{Images(shades(12), Columns(6), Captions(7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6)),
			"12 images of 4 × 4 pixels, 6 in a row. Captions: 7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6."},
		{Pairs(shades(1), shades(1), Title("Before and after?")),
			"Before and after? 1 pair of images of 4 × 4 pixels, from the top: original, reconstruction."},
		{Grid([]*tensors.Tensor{shades(2), shades(2)}, RowNames("noisy", "clean"), RowNotes("12 dB", "20 dB"), ColumnNames([]uint8{3, 5})),
			"2 rows of 2 images of 4 × 4 pixels, from the top: noisy (12 dB), clean (20 dB). Columns: 3, 5."},
		{Grid([]*tensors.Tensor{shades(2), shades(2)}, RowNames("clean", "noisy"), RowNotes("", "20 dB")),
			"2 rows of 2 images of 4 × 4 pixels, from the top: clean, noisy (20 dB)."},
		{Images(weights, Diverging()), "1 image of 2 × 2 pixels. Colours from blue at −0.5 over white at 0 to red at 0.5."},
		{Map(plane, shades(4), Codes(points)),
			"Map of 2 × 2 images decoded from a grid of codes, Latent feature 1 from −0.5 to 1.5, Latent feature 2 from −0.5 to 1.5. 3 of 4 cells are pale: no code falls into them."},
		{Explorer(plane, shades(4), points, nil),
			"Map of 2 × 2 images decoded from a grid of codes, Latent feature 1 from −0.5 to 1.5, Latent feature 2 from −0.5 to 1.5. Beside it a scatter plot of 4 points, Latent feature 1 from 0.0 to 3.0, Latent feature 2 from −1.0 to 2.0."},
		{Arrows(floats(0, 0, 3, 0), floats(0, 4, 3, 2), []uint8{0, 1}, Behind(points, nil), Axes("x", "y")),
			"2 arrows in 2 classes, 3 long on average: they begin at x from 0.0 to 3.0, y at 0 and end at x from 0.0 to 3.0, y from 2.0 to 4.0. Paler, behind them: 4 points, x from 0.0 to 3.0, y from −1.0 to 2.0."},
		{Histogram(Values("live", []float64{-1, 1, 2, 3}), Values("dead", []float64{-5, -4}), Axes("input", "images")),
			"Histogram of input with a line at 0: live has 4 values from −1 to 3, median 2, 75 % of them above 0; dead has 2 values from −5 to −4, median −4, 0 % of them above 0."},
		{Bars([]string{"k = 1", "k = 5"}, Part("bound", []float64{96, 96}), Part("gap", []float64{8.9, 1.1}), Axes("samples", "nats")),
			"Stacked bars of nats over samples. k = 1: bound 96, gap 8.9; k = 5: bound 96, gap 1.1."},
		{Convolution(6, 3, 2, 1),
			"Drawing of a convolution: a window of 3 × 3 pixels moves over an image of 6 × 6 pixels in steps of 2, with 1 row of zeros around it; each place gives one pixel of the output, which has 3 × 3. No window reaches the last row and column, hatched."},
		{TransposedConvolution(3, 3, 2, 1, 1, Title("Figure 5")),
			"Figure 5. Drawing of a transposed convolution: each of 3 × 3 pixels lays a stamp of 3 × 3 pixels into the output, 2 apart; the output has 6 × 6 pixels, under 1, 2, 4 stamps: darker where stamps overlap. A padding of 1 cuts off the edge, hatched. An output padding of 1 keeps more at the right and at the bottom, framed."},
		{Scatter(points, []uint8{1}), ""},
		{new(Figure), ""},
		{nil, ""},
	} {
		if got := c.f.Alt(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// Whatever is named, the text is one line, is not endless, and begins with the title.
func TestAltHasAtMost600Letters(t *testing.T) {
	long := strings.Repeat("very long\n", 29)
	for place, f := range withTexts(long) {
		alt := f.Alt()
		if n := utf8.RuneCountInString(alt); n == 0 || n > 600 || strings.Contains(alt, "\n") {
			t.Errorf("%s: %d letters: %q", place, n, alt)
		}
		if strings.HasSuffix(place, ": title") && !strings.HasPrefix(alt, "very long very long") {
			t.Errorf("%s: %q", place, alt)
		}
	}
	var names []Option
	for range 40 {
		names = append(names, Line("another line", []float64{1, 2}))
	}
	if alt := Curve(names...).Alt(); !strings.Contains(alt, "another line rises from 1 at 1 to 2 at 2; and 32 more.") {
		t.Errorf("40 lines: %s", alt)
	}
}
