package plots_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	. "autoencoders/plots" // as a cell calls them

	"github.com/gomlx/gomlx/core/tensors"
)

// tensor makes a float32 tensor of these dimensions; value gives number i.
func tensor(value func(i int) float32, dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = value(i)
	}
	return tensors.FromFlatDataAndDimensions(v, dims...)
}

func constant(x float32) func(int) float32 { return func(int) float32 { return x } }

// ramp spreads points and pixels over [-1, 1].
func ramp(i int) float32 { return float32(math.Sin(float64(i))) }

// digits cycles through the labels.
func digits(n int) []uint8 {
	labels := make([]uint8, n)
	for i := range labels {
		labels[i] = uint8(i % 10)
	}
	return labels
}

func picture(t *testing.T, f *Figure) image.Image {
	t.Helper()
	var b bytes.Buffer
	n, err := f.WriteTo(&b)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(b.Len()) {
		t.Errorf("WriteTo says %d bytes and wrote %d", n, b.Len())
	}
	m, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// count returns how many pixels of m have exactly the colour c.
func count(m image.Image, c color.Color) int {
	r, g, b, a := c.RGBA()
	n := 0
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
			if r1, g1, b1, a1 := m.At(x, y).RGBA(); r == r1 && g == g1 && b == b1 && a == a1 {
				n++
			}
		}
	}
	return n
}

func everyFigure() map[string]*Figure {
	plane := Plane{X0: -1, X1: 1, Y0: -1, Y1: 1, N: 3}
	images := tensor(ramp, 9, 4, 5, 1)
	points := tensor(ramp, 9, 2)
	return map[string]*Figure{
		"scatter":  Scatter(points, digits(9), Title("Dots"), Pictures(images)),
		"circles":  Scatter(points, digits(9), Pictures(images), Circles(0.5, 2)),
		"clouds":   Scatter(points, digits(9), Pictures(images), Clouds(points, points)),
		"weights":  Images(images, Diverging(), Title("Weights"), RowNotes("of a filter"), ColumnNames(digits(9))),
		"over":     Curve(Line("loss", []float64{3, 2, 1}), Over([]float64{1, 4, 2}), Marks("a", "b", "c"), Baseline("mean", 4)),
		"codes":    Map(plane, images, Codes(points)),
		"arrows":   Arrows(points, tensor(constant(0), 9, 2), digits(9), Behind(points, digits(9))),
		"values":   Histogram(Values("a", []float64{1, 2, 2, 5}), Values("b", []float64{-1})),
		"bars":     Bars([]string{"a", "b"}, Part("c", []float64{1, 2}), Part("d", []float64{0.1, -3})),
		"network":  Network([]string{"name", "layer", "output", "parameters"}, [][]string{{"encoder.0", "Linear(784, 2)", "2", "1570"}, {"decoder.0", "Linear(2, 784)", "784", "2352"}}),
		"stamps":   Convolution(5, 3, 2, 1),
		"laid":     TransposedConvolution(3, 3, 2, 1, 1),
		"cells":    CellLife(),
		"images":   Images(images, Captions(digits(9))),
		"pairs":    Pairs(images, images),
		"curve":    Curve(Line("loss", []float64{3, 2, 1})),
		"map":      Map(plane, images),
		"explorer": Explorer(plane, images, points, digits(9)),
	}
}

func TestEveryFigureIsOpaqueOnWhiteAndDrawnTheSameTwice(t *testing.T) {
	again := everyFigure()
	for name, f := range everyFigure() {
		m := picture(t, f)
		if m.At(0, 0) != (color.RGBA{255, 255, 255, 255}) && m.At(0, 0) != (color.Gray{255}) {
			t.Errorf("%s: the corner is %v", name, m.At(0, 0))
		}
		if _, colours := m.(*image.RGBA); colours {
			t.Errorf("%s has more than 256 colours", name)
		}
		if f.Alt() == "" {
			t.Errorf("%s has no alt text", name)
		}
		if o, ok := m.(interface{ Opaque() bool }); !ok || !o.Opaque() {
			t.Errorf("%s is not opaque", name)
		}
		if m.Bounds().Dx()%2 != 0 || m.Bounds().Dy()%2 != 0 {
			t.Errorf("%s is %v, not a whole number of CSS pixels", name, m.Bounds().Size())
		}
		var a, b bytes.Buffer
		_, _ = f.WriteTo(&a)
		_, _ = again[name].WriteTo(&b)
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s differs from run to run", name)
		}
	}
}

func TestPaletteOfAnyLength(t *testing.T) {
	two := []color.Color{color.Gray{10}, color.RGBA{1, 2, 3, 255}}
	points := tensor(ramp, 40, 2)
	m := picture(t, Scatter(points, digits(40), Palette(two)))
	if count(m, two[0]) == 0 || count(m, two[1]) == 0 {
		t.Error("the two colours do not take turns")
	}
	written := func(f *Figure) []byte {
		var b bytes.Buffer
		if _, err := f.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if !bytes.Equal(written(Scatter(points, digits(40), Palette(nil))), written(Scatter(points, digits(40)))) {
		t.Error("an empty palette is not the default")
	}
	lines := []Option{Palette(two), Line("a", []float64{1}), Line("b", []float64{2})}
	before := picture(t, Curve(lines...))
	after := picture(t, Curve(append(lines, Line("c", []float64{3}))...))
	if 3*count(before, two[0]) > 2*count(after, two[0]) || count(after, two[1]) > count(before, two[1])+20 {
		t.Errorf("the third line is not in the first colour: %d and %d pixels in the two, %d and %d without it",
			count(after, two[0]), count(after, two[1]), count(before, two[0]), count(before, two[1]))
	}
}

func TestPairsShareOneRange(t *testing.T) {
	// A top row of [0, 1] above a bottom row with negatives: 0 is mid-grey in both.
	f := Pairs(tensor(constant(0), 1, 2, 2, 1), tensor(func(i int) float32 { return float32(i%2) - 1 }, 1, 2, 2, 1), RowNames())
	if n := count(picture(t, f), color.Gray{128}); n < 200 {
		t.Errorf("%d mid-grey pixels", n)
	}
}

func TestGridSharesOneRange(t *testing.T) {
	// As for Pairs: the one negative is in the last row, and 0 is mid-grey in all three.
	zeros := tensor(constant(0), 1, 2, 2, 1)
	f := Grid([]*tensors.Tensor{zeros, zeros, tensor(func(i int) float32 { return float32(i%2) - 1 }, 1, 2, 2, 1)})
	grey := count(picture(t, f), color.Gray{128})
	if two := count(picture(t, Pairs(zeros, tensor(constant(-1), 1, 2, 2, 1), RowNames())), color.Gray{128}); grey < 2*two {
		t.Errorf("%d mid-grey pixels, one row of zeros has %d", grey, two)
	}
}

func TestImagesWrapAtColumns(t *testing.T) {
	images := tensor(ramp, 12, 28, 28, 1)
	wide, square := picture(t, Images(images, Columns(12))).Bounds(), picture(t, Images(images, Columns(4))).Bounds()
	if wide.Dx() < 8*wide.Dy() || square.Dx() > 2*square.Dy() {
		t.Errorf("12 in a row: %v, 4 in a row: %v", wide, square)
	}
}

func TestFigureIsDrawnFromACopy(t *testing.T) {
	points := tensor(ramp, 4, 2)
	f := Scatter(points, nil)
	points.MustFinalizeAll()
	picture(t, f)
}

// One dot, one value, all dots in one place, all losses the same: nothing to spread over an axis, and no reason to fail or
// to draw nothing.
func TestFlatDataIsDrawn(t *testing.T) {
	red := color.RGBA{255, 0, 0, 255}
	dot := color.RGBA{255, 25, 25, 255} // at 90 %
	palette := Palette(Colours{red})
	one := Around(tensor(constant(3), 5, 2), 2)
	for name, c := range map[string]struct {
		f      *Figure
		colour color.Color
		pixels int // of the colour, at least
	}{
		"one dot":    {Scatter(tensor(ramp, 1, 2), []uint8{3}, palette), dot, 100},
		"one place":  {Scatter(tensor(constant(1e6), 2, 2), nil, palette), color.RGBA{255, 2, 2, 255}, 100}, // a dot on a dot
		"no spread":  {Scatter(tensor(func(i int) float32 { return float32(i % 2 * i) }, 50, 2), nil, palette), dot, 2000},
		"huge":       {Scatter(tensor(func(i int) float32 { return ramp(i) * 1e30 }, 20, 2), nil, palette), dot, 1000},
		"tiny":       {Scatter(tensor(func(i int) float32 { return ramp(i) * 1e-20 }, 20, 2), nil, palette), color.RGBA{255, 0, 0, 255}, 100},
		"one epoch":  {Curve(Line("loss", []float64{0.5}), palette), red, 100},
		"flat":       {Curve(Line("loss", []float64{0, 0, 0}), palette), red, 2000},
		"long":       {Curve(Line("loss", make([]float64, 5000)), palette), red, 2000},
		"one pixel":  {Images(tensor(ramp, 1, 1, 1, 1)), color.Gray{0}, 64}, // sin(0), in squares of 8 x 8
		"in colours": {Images(tensor(func(i int) float32 { return float32(i % 3 / 2) }, 2, 4, 4, 3)), color.RGBA{0, 0, 255, 255}, 2 * 16 * 64},
		"one point":  {Map(Plane{X0: 0, X1: 1, Y0: 0, Y1: 1, N: 1}, tensor(constant(0.5), 1, 4, 4, 1)), color.Gray{128}, 1120 * 1120},
		"collapsed":  {Explorer(one, tensor(constant(0.5), 4, 4, 4, 1), tensor(constant(3), 5, 2), nil, palette), color.Gray{128}, 840 * 840},
	} {
		if n := count(picture(t, c.f), c.colour); n < c.pixels {
			t.Errorf("%s: %d pixels are %v, want %d at least", name, n, c.colour, c.pixels)
		}
	}
}
