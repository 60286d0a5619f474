package plots

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

// summaryTable is what Summary(28, 28, 1) of autoencoder.Linear(…, 2) gives.
func summaryTable() (header []string, rows [][]string) {
	return []string{"name", "layer", "output", "parameters"}, [][]string{
		{"encoder.0", "Linear(784, 128)", "128", "100480"}, {"encoder.1", "ReLU()", "128", "0"},
		{"encoder.2", "Linear(128, 64)", "64", "8256"}, {"encoder.3", "ReLU()", "64", "0"},
		{"encoder.4", "Linear(64, 12)", "12", "780"}, {"encoder.5", "ReLU()", "12", "0"},
		{"encoder.6", "Linear(12, 2)", "2", "26"},
		{"decoder.0", "Linear(2, 12)", "12", "36"}, {"decoder.1", "ReLU()", "12", "0"},
		{"decoder.2", "Linear(12, 64)", "64", "832"}, {"decoder.3", "ReLU()", "64", "0"},
		{"decoder.4", "Linear(64, 128)", "128", "8320"}, {"decoder.5", "ReLU()", "128", "0"},
		{"decoder.6", "Linear(128, 784)", "784", "101136"}, {"decoder.7", "Tanh()", "784", "0"},
		{"", "", "total", "219866"},
	}
}

// convolutionalTable is what Summary(28, 28, 1) of autoencoder.Convolutional(…, 16) gives.
func convolutionalTable() (header []string, rows [][]string) {
	return []string{"name", "layer", "output", "parameters"}, [][]string{
		{"encoder.0", "Conv2d(1, 16, 3, stride 2, padding 1)", "14 × 14 × 16", "160"}, {"encoder.1", "ReLU()", "14 × 14 × 16", "0"},
		{"encoder.2", "Conv2d(16, 32, 3, stride 2, padding 1)", "7 × 7 × 32", "4640"}, {"encoder.3", "ReLU()", "7 × 7 × 32", "0"},
		{"encoder.4", "Flatten()", "1568", "0"}, {"encoder.5", "Linear(1568, 16)", "16", "25104"},
		{"decoder.0", "Linear(16, 1568)", "1568", "26656"}, {"decoder.1", "ReLU()", "1568", "0"}, {"decoder.2", "Unflatten(32, 7, 7)", "7 × 7 × 32", "0"},
		{"decoder.3", "ConvTranspose2d(32, 16, 3, stride 2, padding 1, output padding 1)", "14 × 14 × 16", "4624"}, {"decoder.4", "ReLU()", "14 × 14 × 16", "0"},
		{"decoder.5", "ConvTranspose2d(16, 1, 3, stride 2, padding 1, output padding 1)", "28 × 28 × 1", "145"}, {"decoder.6", "Tanh()", "28 × 28 × 1", "0"},
		{"", "", "total", "61329"},
	}
}

func TestNetworkSaysEachSize(t *testing.T) {
	if alt := Network(summaryTable()).Alt(); !strings.HasPrefix(alt, "Drawing of a net") { // as a cell calls it: a Table returns both
		t.Error(alt)
	}
	header, rows := summaryTable()
	if got, want := Network(header, rows, Highlight("encoder.4", "decoder.1")).Alt(), "Drawing of a net as an hourglass: 784 → 128 → 64 → 12 → 2 (the code) → 12 → 64 → 128 → 784, with 219,866 parameters. In red: encoder.4, decoder.0."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	header, rows = convolutionalTable()
	if got, want := Network(header, rows).Alt(), "Drawing of a net as an hourglass: 28 × 28 × 1 → 14 × 14 × 16 → 7 × 7 × 32 → 1,568 → 16 (the code) → 1,568 → 7 × 7 × 32 → 14 × 14 × 16 → 28 × 28 × 1, with 61,329 parameters."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What the input is, follows from the first layer or from the last output, and otherwise is not said.
func TestNetworkKnowsItsInput(t *testing.T) {
	header, _ := summaryTable()
	for _, c := range []struct{ layer, last, want string }{
		{"Linear(784, 2)", "784", "784"}, {"Linear(784, 2)", "28 × 28 × 1", "784"}, {"Conv2d(1, 6, 5)", "28 × 28 × 1", "28 × 28 × 1"},
		{"Conv2d(3, 6, 5)", "32 × 20 × 3", "32 × 20 × 3"}, {"Conv2d(1, 6, 5)", "784", "28 × 28 × 1"}, {"Conv2d(3, 6, 5)", "3072", "32 × 32 × 3"},
		{"Conv2d(1, 6, 5)", "10", "?"}, {"your own", "784", "?"}, {"Flatten()", "784", "?"},
	} {
		n, err := readNet(header, [][]string{{"a", c.layer, "2", "1"}, {"b", "Linear(2, 2)", c.last, "1"}}, nil)
		if got := n.stages[0].size(); err != nil || got != c.want {
			t.Errorf("before %s, with %s at the end, the input is %s, want %s: %v", c.layer, c.last, got, c.want, err)
		}
	}
}

// A bar is the higher the more numbers it has, an hourglass has its waist at the code, and nothing leaves the page.
func TestNetworkIsAnHourglass(t *testing.T) {
	for _, table := range []func() ([]string, [][]string){summaryTable, convolutionalTable} {
		header, rows := table()
		n, err := readNet(header, rows, nil)
		if err != nil {
			t.Fatal(err)
		}
		forms := n.solids(48, 83, 200)
		for i, f := range forms {
			if f.left() < 0 || f.right() > netWidth || f.top() < 200-netHeight/2-1 || f.bottom() > 200+netHeight/2+1 {
				t.Errorf("stage %d is drawn from (%.0f, %.0f) to (%.0f, %.0f)", i, f.left(), f.top(), f.right(), f.bottom())
			}
			for j, g := range forms {
				a, b := n.stages[i], n.stages[j]
				if len(a.output) == len(b.output) && (a.output[0] < b.output[0]) != (f.h < g.h) {
					t.Errorf("%s is %.0f high, %s %.0f", a.size(), f.h, b.size(), g.h)
				}
			}
			if mirror := forms[len(forms)-1-i]; mirror.h != f.h {
				t.Errorf("stage %d is %.0f high, its mirror image %.0f", i, f.h, mirror.h)
			}
		}
		if n.code() != (len(forms)-1)/2 {
			t.Errorf("the code is stage %d of %d", n.code(), len(forms))
		}
	}
}

func TestHighlightIsRed(t *testing.T) {
	header, rows := summaryTable()
	reds := func(names ...string) (n int) {
		m := picture(t, Network(header, rows, Highlight(names...)))
		for y := range m.Bounds().Dy() {
			for x := range m.Bounds().Dx() {
				if color.RGBAModel.Convert(m.At(x, y)) == red {
					n++
				}
			}
		}
		return n
	}
	none, one, two := reds(), reds("encoder.4"), reds("encoder.4", "decoder.6")
	if none != 0 || one < 2000 || two < one+5000 {
		t.Errorf("%d pixels are red without a layer, %d with one, %d with two", none, one, two)
	}
}

// Sizes as torch.nn.Conv2d and torch.nn.ConvTranspose2d give them (PyTorch 2.5).
func TestSizesOfConvolutions(t *testing.T) {
	for _, c := range []struct{ size, kernel, stride, padding, want int }{
		{28, 5, 1, 0, 24}, {24, 5, 1, 0, 20}, {28, 3, 2, 1, 14}, {27, 3, 2, 1, 14}, {14, 3, 2, 1, 7}, {5, 3, 2, 1, 3}, {1, 1, 1, 0, 1}, {28, 4, 2, 1, 14},
	} {
		v := convolved{size: c.size, kernel: c.kernel, stride: c.stride, padding: c.padding}
		if got := v.output(); got != c.want || v.check() != nil {
			t.Errorf("%+v: %d, want %d", c, got, c.want)
		}
		if alt := Convolution(c.size, c.kernel, c.stride, c.padding).Alt(); !strings.Contains(alt, fmt.Sprintf("which has %d × %d", c.want, c.want)) {
			t.Error(alt)
		}
	}
	for _, c := range []struct{ size, kernel, stride, padding, extra, want int }{
		{20, 5, 1, 0, 0, 24}, {24, 5, 1, 0, 0, 28}, {7, 3, 2, 1, 1, 14}, {7, 3, 2, 1, 0, 13}, {14, 3, 2, 1, 1, 28}, {14, 3, 2, 1, 0, 27}, {7, 4, 2, 1, 0, 14}, {3, 2, 3, 0, 2, 10},
	} {
		v := transposed{size: c.size, kernel: c.kernel, stride: c.stride, padding: c.padding, extra: c.extra}
		if got := v.output(); got != c.want || v.check() != nil {
			t.Errorf("%+v: %d, want %d", c, got, c.want)
		}
	}
}

// A kernel of 3 with a stride of 2 covers pixels unevenly, a checkerboard; one of 4 evenly but for the edge.
func TestStampsOverlap(t *testing.T) {
	for _, c := range []struct {
		t    transposed
		want string
	}{
		{transposed{size: 3, kernel: 3, stride: 2, padding: 1, extra: 1}, "[1 1 2 1 2 1 1] [1 2 4]"},
		{transposed{size: 3, kernel: 4, stride: 2, padding: 1}, "[1 1 2 2 2 2 1 1] [1 2 4]"},
		{transposed{size: 4, kernel: 4, stride: 2, padding: 3}, "[1 1 2 2 2 2 2 2 1 1] [4]"},
		{transposed{size: 2, kernel: 1, stride: 3, extra: 2}, "[1 0 0 1 0 0] [0 1]"},
	} {
		if got := fmt.Sprint(c.t.overlap(), c.t.counts()); got != c.want {
			t.Errorf("%+v: %s, want %s", c.t, got, c.want)
		}
	}
}

// shadeAt returns the colour of a cell of the drawn output, near its corner.
func shadeAt(t *testing.T, v transposed, row, column int) color.RGBA {
	m := picture(t, TransposedConvolution(v.size, v.kernel, v.stride, v.padding, v.extra))
	cell := min(32, 340/float64(v.whole()))
	x1, y := gridWidth-40-340+(340-float64(v.whole())*cell)/2, 44.0
	at := image.Pt(int((x1+(float64(column)+0.25)*cell)*density), int((y+(float64(row)+0.8)*cell)*density))
	return color.RGBAModel.Convert(m.At(at.X, at.Y)).(color.RGBA)
}

func TestOverlapsAreDarker(t *testing.T) {
	v := transposed{size: 5, kernel: 3, stride: 2, padding: 1}
	one, two, four := shadeAt(t, v, 5, 5), shadeAt(t, v, 5, 4), shadeAt(t, v, 4, 4)
	if one != v.shade(1, 4) || two != v.shade(2, 4) || four != v.shade(4, 4) {
		t.Errorf("under 1, 2 and 4 stamps: %v, %v, %v", one, two, four)
	}
	if !(one.R > two.R && two.R > four.R) {
		t.Errorf("more stamps are not darker: %v, %v, %v", one, two, four)
	}
}

func TestHistogramCountsEachValueOnce(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want string
	}{
		{[]float64{-1, -0.5, 0, 0.5, 1}, []float64{2}, "[5 1]"}, {[]float64{0, 0, 0}, nil, "[3]"}, {[]float64{-5, -5}, nil, "[2]"},
		{[]float64{1e300, -1e300}, nil, "[2]"}, {[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, nil, "[10]"},
	} {
		o := options{values: []series{{"a", c.a}}}
		if c.b != nil {
			o.values = append(o.values, series{"b", c.b})
		}
		h := binned(o)
		var sums []int
		for _, counts := range h.counts {
			n := 0
			for _, k := range counts {
				n += k
			}
			sums = append(sums, n)
		}
		if fmt.Sprint(sums) != c.want || h.bins < 10 || h.bins > 63 {
			t.Errorf("%v and %v: %v in %d bins", c.a, c.b, sums, h.bins)
		}
		if edge := -h.lo / h.step; edge != float64(int(edge)) || h.lo > 0 || h.lo+float64(h.bins)*h.step < 0 {
			t.Errorf("%v: 0 is not the edge of a bin: they begin at %v and are %v wide", c.a, h.lo, h.step)
		}
	}
}

// Negative values hang below, positive ones stand above, each on the one before.
func TestBarsAreStacked(t *testing.T) {
	s := stacked([]string{"a", "b"}, options{parts: []series{{"p", []float64{3, -1}}, {"q", []float64{2, 4}}, {"r", []float64{-1, -2}}}})
	if got, want := fmt.Sprint(s.ends), "[[[0 3] [0 -1]] [[3 5] [0 4]] [[0 -1] [-1 -3]]]"; got != want || s.lo != -3 || s.hi != 5 {
		t.Errorf("%s from %v to %v, want %s", got, s.lo, s.hi, want)
	}
}

func TestArrowsPointFromTheRing(t *testing.T) {
	green := color.RGBA{0, 255, 0, 255}
	m := picture(t, Arrows(floats(0, 0), floats(8, 0), []uint8{0}, Palette(Colours{green}), Labels("")))
	// The head at the right is wider than the line, the ring at the left is white inside.
	columns := map[int]int{}
	first, last := m.Bounds().Dx(), 0
	for x := range m.Bounds().Dx() - 140 {
		for y := range m.Bounds().Dy() {
			if color.RGBAModel.Convert(m.At(x, y)) == green {
				columns[x]++
				first, last = min(first, x), max(last, x)
			}
		}
	}
	middle := columns[(first+last)/2]
	if head := columns[last-12]; middle < 2 || head < 2*middle {
		t.Errorf("the line is %d pixels wide, the head %d", middle, head)
	}
	x, y := centre(m, green)
	if r, g, b, _ := m.At(first+4, int(y)).RGBA(); r&g&b>>8 != 255 {
		t.Errorf("the ring at (%d, %.0f) is not white inside; the arrow's middle is at %.0f", first+4, y, x)
	}
}

// floats are points.
func floats(v ...float32) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(v, len(v)/2, 2)
}
