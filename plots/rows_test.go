package plots

import (
	"fmt"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

func containsOnce(s, part string) bool { return strings.Count(s, part) == 1 }

// The two ends are as far from 0, whichever number is the largest, and 0 is white.
func TestDivergingIsWhiteAtZero(t *testing.T) {
	for _, c := range []struct {
		value, largest float32
		opts           []Option
		want           color.RGBA
	}{
		{0, 2, nil, color.RGBA{255, 255, 255, 255}}, {0, -2, nil, color.RGBA{255, 255, 255, 255}},
		{2, 2, nil, color.RGBA{0xb2, 0x18, 0x2b, 255}}, {-2, 2, nil, color.RGBA{0x21, 0x66, 0xac, 255}},
		{1, -2, nil, color.RGBA{0xf4, 0xa5, 0x82, 255}}, {-1, -2, nil, color.RGBA{0x92, 0xc5, 0xde, 255}},
		{1, 0, []Option{Range(-1, 1)}, color.RGBA{0xb2, 0x18, 0x2b, 255}}, {-9, 9, []Option{Range(-1, 1)}, color.RGBA{0x21, 0x66, 0xac, 255}},
	} {
		x := tensors.FromFlatDataAndDimensions([]float32{c.value, c.value, c.value, c.value, c.largest, c.largest, c.largest, c.largest}, 2, 2, 2, 1)
		f := Images(x, append(c.opts, Diverging(), Columns(2))...)
		m := picture(t, f)
		s := newSheet(f.opt, "images", nil, []*pictures{{n: 2, h: 2, w: 2, c: 1}})
		got := color.RGBAModel.Convert(m.At(s.left+s.w/2, s.top+s.h/2)).(color.RGBA)
		if got != c.want {
			t.Errorf("%v beside %v is %v, want %v", c.value, c.largest, got, c.want)
		}
	}
	// All rows have one range: 1 is half-way to the 2 of the other.
	one, two := tensors.FromFlatDataAndDimensions([]float32{1, 1, 1, 1}, 1, 2, 2, 1), tensors.FromFlatDataAndDimensions([]float32{2, 2, 2, 2}, 1, 2, 2, 1)
	f := Grid([]*tensors.Tensor{one, two}, Diverging())
	m := picture(t, f)
	s := newSheet(f.opt, "grid", nil, []*pictures{{n: 1, h: 2, w: 2, c: 1}, {n: 1, h: 2, w: 2, c: 1}})
	if got := color.RGBAModel.Convert(m.At(s.left+9, s.top+9)).(color.RGBA); got != (color.RGBA{0xf4, 0xa5, 0x82, 255}) {
		t.Errorf("1 beside a row with 2 is %v", got)
	}
}

// darkIn counts the dark pixels of a part of a picture.
func darkIn(m interface{ At(x, y int) color.Color }, x0, y0, x1, y1 int) (n int) {
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			if color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y < 128 {
				n++
			}
		}
	}
	return n
}

func TestColumnNamesAndRowNotesStandAtTheirImages(t *testing.T) {
	white := make([]float32, 3*4*4)
	for i := range white {
		white[i] = 1
	}
	x := tensors.FromFlatDataAndDimensions(white, 3, 4, 4, 1)
	f := Grid([]*tensors.Tensor{x, x}, ColumnNames("W", "", "W"), RowNotes("", "WWW"))
	m := picture(t, f)
	s := newSheet(f.opt, "grid", nil, []*pictures{{n: 3, h: 4, w: 4, c: 1}, {n: 3, h: 4, w: 4, c: 1}})
	for i, want := range []bool{true, false, true} {
		if got := darkIn(m, s.left+i*(s.w+gap), 0, s.left+i*(s.w+gap)+s.w, s.top) > 20; got != want {
			t.Errorf("a name above column %d is %v", i, got)
		}
	}
	end := s.left + 3*(s.w+gap)
	for r, want := range []bool{false, true} {
		if got := darkIn(m, end, s.top+r*(s.h+gap), s.width, s.top+r*(s.h+gap)+s.h) > 20; got != want {
			t.Errorf("a note beside row %d is %v", r, got)
		}
	}
	for _, c := range []struct {
		given any
		want  string
	}{{-3, "−3"}, {0.5, "0.5"}, {"é", "é"}, {uint8(1), "trousers"}, {[]int{4}, "4"}} {
		o, err := gather("ColumnNames Labels", "", "", []Option{ColumnNames(c.given), Labels("shirt", "trousers")})
		if got := o.columnName(0); err != nil || got != c.want {
			t.Errorf("%v is written %q, want %q", c.given, got, c.want)
		}
	}
}

// A long title is broken, and the figure is as wide as it needs.
func TestTitlesAreNotCut(t *testing.T) {
	title := strings.Repeat("a long title ", 12)
	for name, f := range map[string]*Figure{"images": Images(shades(2), Title(title)), "curve": Curve(Line("a", []float64{1, 2}), Title(title)), "weights": Images(shades(1), Title(title), Diverging()), "bar": Images(weights(), Diverging(), Columns(1))} {
		m := picture(t, f)
		w, h := m.Bounds().Dx(), m.Bounds().Dy()
		if darkIn(m, 0, 0, 8, h)+darkIn(m, w-8, 0, w, h) > 0 {
			t.Errorf("%s: something is drawn at the edge", name)
		}
	}
}

func TestBaselineIsDashedAndOnTheAxis(t *testing.T) {
	// It is the highest value by far: the axis reaches it.
	f := Curve(Line("a", []float64{1, 1}), Baseline("mean", 3), Palette(Colours{color.RGBA{255, 255, 0, 255}}))
	m := picture(t, f)
	_, b := lineBox(f.opt)
	if b.y1 < 3 || b.y0 > 1 {
		t.Fatalf("the axis goes from %v to %v", b.y0, b.y1)
	}
	most, row := 0, 0
	for y := range m.Bounds().Dy() {
		if n := darkIn(m, 200, y, 900, y+1); n > most {
			most, row = n, y
		}
	}
	if most < 300 || most > 600 {
		t.Errorf("%d of 700 pixels are dark in row %d: not a dashed line", most, row)
	}
	_, line := centre(m, color.RGBA{255, 255, 0, 255})
	m = picture(t, Curve(Line("a", []float64{1, 1}), Line("b", []float64{3, 3}), Palette(Colours{color.RGBA{255, 255, 0, 255}, color.RGBA{0, 255, 0, 255}})))
	if _, want := centre(m, color.RGBA{0, 255, 0, 255}); math.Abs(want-float64(row)) > 2 {
		t.Errorf("the baseline at 3 is in row %d, a line at 3 in %.0f, that at 1 in %.0f", row, want, line)
	}
}

// Over puts the values where the numbers are: the middle one of three lies a tenth of the way.
func TestOverIsANumericAxis(t *testing.T) {
	colours := Colours{color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}}
	place := func(over ...float64) (x float64) {
		m := picture(t, Curve(Over(over), Line("a", []float64{1}), Line("b", []float64{2}), Palette(colours), Line("c", []float64{3, 3})))
		x, _ = centre(m, colours[1])
		return x
	}
	// Line b has one dot, at the first number; the second is the other end of the axis.
	left, right, near := place(0, 10), place(10, 0), place(1, 11)
	if !(left < right) || math.Abs(left-near) > 12 {
		t.Errorf("the first place is at %.0f from 0 to 10, %.0f from 10 to 0, %.0f from 1 to 11", left, right, near)
	}
	o, err := gather("Over Line", "", "", []Option{Over([]float64{5, 1, 3}), Line("a", []float64{1, 2, 3})})
	if _, b := lineBox(o); err != nil || fmt.Sprintf("%.2f %.2f", b.x0, b.x1) != "0.80 5.20" {
		t.Errorf("the axis goes from %v to %v: %v", b.x0, b.x1, err)
	}
}

// Cells with a code keep each pixel, the others become paler; codes off the plane count nowhere.
func TestCodesMakeEmptyCellsPale(t *testing.T) {
	plane := Plane{X0: 0, X1: 1, Y0: 0, Y1: 1, N: 2}
	codes := tensors.FromFlatDataAndDimensions([]float32{0.1, 0.9, 0.9, -0.4, 7, 7}, 3, 2) // top left and bottom right
	if got := plane.empty(must(readPoints(codes))); fmt.Sprint(got) != "[false true true false]" {
		t.Errorf("the cells without a code are %v", got)
	}
	black := tensors.FromFlatDataAndDimensions(make([]float32, 4*4*4), 4, 4, 4, 1)
	m := picture(t, Map(plane, black, Codes(codes)))
	tones := map[uint8]int{}
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			tones[color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y]++
		}
	}
	if tones[0] < 2*560*560 || tones[178] < 2*560*560 || tones[178] > 2*560*560+500 {
		t.Errorf("%d pixels are black and %d pale, want two of four cells of 560 x 560 each", tones[0], tones[178])
	}
	if s := string(Explorer(plane, black, codes, nil, Codes(codes)).VegaLite()); !strings.Contains(s, "slice('0110', datum.i, datum.i + 1)") {
		t.Error("the explorer does not say where no code is near")
	}
}

func TestCoveringLeavesNoCodeOut(t *testing.T) {
	codes := tensors.FromFlatDataAndDimensions([]float32{0, 0, 1e6, 3, -5, -1e6}, 3, 2)
	if p := Covering(codes, 5); p.X0 != -5 || p.X1 != 1e6 || p.Y0 != -1e6 || p.Y1 != 3 || p.N != 5 {
		t.Errorf("%+v", p)
	}
}
