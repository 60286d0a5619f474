package plots

import (
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

// Wherever the medians lie, on one heap or in the corners, no name is off the area and none on another.
func TestNamesOfClassesStandApart(t *testing.T) {
	area := spot{100, 50, 900, 700}
	r := rand.New(rand.NewPCG(3, 4))
	for name, median := range map[string]func(i int) [2]float64{
		"anywhere": func(int) [2]float64 { return [2]float64{100 + 800*r.Float64(), 50 + 650*r.Float64()} },
		"a heap":   func(int) [2]float64 { return [2]float64{500 + 5*r.Float64(), 400 + 5*r.Float64()} },
		"a place":  func(int) [2]float64 { return [2]float64{300, 300} },
		"corners":  func(i int) [2]float64 { return [2]float64{100 + 800*float64(i%2), 50 + 650*float64(i/2%2)} },
	} {
		for range 20 {
			var names []string
			var at [][2]float64
			var points []int
			for i := range 10 {
				names, at, points = append(names, fmt.Sprint(i)), append(at, median(i)), append(points, 5+i)
			}
			placed := tags(names, at, points, tagSize, area)
			if len(placed) != 10 {
				t.Errorf("%s: %d of 10 names are placed, and there is room for all", name, len(placed))
			}
			for i, a := range placed {
				if !a.spot.within(area) {
					t.Errorf("%s: %s stands at %v, off %v", name, a.name, a.spot, area)
				}
				for _, b := range placed[:i] {
					if a.spot.meets(b.spot) {
						t.Errorf("%s: %s at %v stands on %s at %v", name, a.name, a.spot, b.name, b.spot)
					}
				}
			}
			if x, y := placed[0].spot.centre(); placed[0].name != "9" || math.Hypot(x-at[9][0], y-at[9][1]) > 25 {
				t.Errorf("%s: the largest class, 9 at %v, is not the first: %+v", name, at[9], placed[0])
			}
		}
	}
	// There is no room for these, and the largest stays.
	wide := func(string) (w, h float64) { return 700, 500 }
	if placed := tags([]string{"a", "b"}, [][2]float64{{500, 300}, {500, 300}}, []int{10, 20}, wide, area); len(placed) != 1 || placed[0].name != "b" {
		t.Errorf("of two names that fill the area these are placed: %+v", placed)
	}
}

// What is drawn of a name lies in the spot that was kept for it.
func TestANameIsDrawnInItsSpot(t *testing.T) {
	for _, name := range []string{"0", "8", "W", "Ankle boot", "Äg"} {
		page := newPage(600, 120)
		w, h := tagSize(name)
		page.halo(name, tagStyle(), 300, 60)
		s := spotAt(300, 60, w, h)
		n := 0
		for y := range 120 {
			for x := range 600 {
				if page.img.RGBAAt(x, y).R < 200 {
					n++
					if !(spot{float64(x), float64(y), float64(x + 1), float64(y + 1)}).within(spot{s.x0, s.y0 - 4, s.x1, s.y1 + 6}) {
						t.Fatalf("%s: pixel (%d, %d) is off %v", name, x, y, s)
					}
				}
			}
		}
		if n < 50 {
			t.Errorf("%s: %d dark pixels", name, n)
		}
	}
}

// The names are written on the dots, in white and then in ink, and Unlabelled leaves them out.
func TestScatterNamesItsClasses(t *testing.T) {
	points, labels := cloud(400)
	named, plain := picture(t, Scatter(points, labels)), picture(t, Scatter(points, labels, Unlabelled()))
	dark, white := 0, 0
	for y := range 1040 {
		for x := range 1240 {
			a, b := color.GrayModel.Convert(named.At(x, y)).(color.Gray).Y, color.GrayModel.Convert(plain.At(x, y)).(color.Gray).Y
			if a < 0x30 && b > 0x50 {
				dark++
			}
			if a == 255 && b < 230 {
				white++
			}
		}
	}
	if dark < 500 || white < 200 {
		t.Errorf("%d pixels become dark and %d white with names", dark, white)
	}
	if view := specOf(t, Scatter(points, labels, Pictures(shades(400))))["hconcat"].([]any)[0]; len(view.(map[string]any)["layer"].([]any)) != 3 {
		t.Error("the Vega-Lite version does not have the names, below in white and above in ink")
	} else {
		rows := view.(map[string]any)["layer"].([]any)[2].(map[string]any)["data"].(map[string]any)["values"].([]any)
		at, _ := medians(must(readPoints(points)), labels)
		for i, row := range rows {
			r := row.(map[string]any)
			if k := r["name"].(string)[0] - '0'; math.Hypot(r["x"].(float64)-at[k][0], r["y"].(float64)-at[k][1]) > 0.01 {
				t.Errorf("row %d: %v, want it at %v", i, r, at[k])
			}
		}
		if len(rows) != 10 {
			t.Errorf("%d names", len(rows))
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A mean at 0 with a variance of 4 on one axis and 1 on the other: the ellipse goes half-way to the dots.
func TestCloudsReachOneStandardDeviation(t *testing.T) {
	full := Colours{color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}, color.RGBA{255, 0, 255, 255}}
	points := tensors.FromFlatDataAndDimensions([]float32{4, 0, -4, 0, 0, 2, 0, -2}, 4, 2)
	mu := tensors.FromFlatDataAndDimensions([]float32{0, 0}, 1, 2)
	logvar := tensors.FromFlatDataAndDimensions([]float32{float32(math.Log(4)), 0}, 1, 2)
	m := picture(t, Scatter(points, []uint8{0, 1, 2, 3}, Palette(full), Clouds(mu, logvar), Unlabelled()))
	x0, y := centre(m, over(full[0]))
	x1, _ := centre(m, over(full[1]))
	_, up := centre(m, over(full[2]))
	_, down := centre(m, over(full[3]))
	x, rx, ry := (x0+x1)/2, (x0-x1)/4, (down-up)/4
	for i := range 16 {
		sin, cos := math.Sincos(2 * math.Pi * (float64(i) + 0.5) / 16)
		for r, want := range map[float64]bool{0.8: false, 1: true, 1.2: false} {
			dark := false
			for _, off := range []float64{-2, -1, 0, 1, 2} {
				red, _, _, _ := m.At(int(x+(r*rx+off)*cos), int(y-(r*ry+off)*sin)).RGBA()
				dark = dark || red>>8 < 0x80
			}
			if dark != want {
				t.Errorf("at %v standard deviations, point %d of 16: a line is %v", r, i, dark)
			}
		}
	}
	layer := specOf(t, Scatter(points, nil, Pictures(shades(4)), Clouds(mu, logvar)))["hconcat"].([]any)[0].(map[string]any)["layer"].([]any)[1]
	for _, row := range table(t, layer) {
		if d := math.Hypot(parsed(row["x"])/2, parsed(row["y"])); math.Abs(d-1) > 0.01 {
			t.Errorf("in Vega-Lite a point is at %.3f standard deviations", d)
		}
	}
}

// No point is dropped without a note: the axes cover all, and a line says how many of them are drawn.
func TestExplorerShowsAllCodes(t *testing.T) {
	points, labels := cloud(3000)
	plane := Plane{X0: -1, X1: 1, Y0: -1, Y1: 1, N: 2}
	f := Explorer(plane, shades(4), points, labels)
	layers := specOf(t, f)["hconcat"].([]any)[0].(map[string]any)["layer"].([]any)
	encoding := layers[0].(map[string]any)["encoding"].(map[string]any)
	domain := func(axis string) (lo, hi float64) {
		d := encoding[axis].(map[string]any)["scale"].(map[string]any)["domain"].([]any)
		return d[0].(float64), d[1].(float64)
	}
	x0, x1 := domain("x")
	y0, y1 := domain("y")
	b := extent(must(readPoints(points)))
	if x0 > b.x0 || x1 < b.x1 || y0 > b.y0 || y1 < b.y1 {
		t.Errorf("the axes go from %v to %v and from %v to %v, the codes lie in %v", x0, x1, y0, y1, b)
	}
	notes := 0
	for _, l := range layers {
		if text, ok := l.(map[string]any)["encoding"].(map[string]any)["text"].(map[string]any); ok && text["value"] == "2,000 of 3,000 points are drawn" {
			notes++
		}
	}
	if notes != 1 {
		t.Errorf("%d notes say how many points are drawn", notes)
	}
	// A plane that is larger than the codes keeps its axes.
	large := Plane{X0: -50, X1: 50, Y0: -50, Y1: 50, N: 2}
	layers = specOf(t, Explorer(large, shades(4), points, labels))["hconcat"].([]any)[0].(map[string]any)["layer"].([]any)
	encoding = layers[0].(map[string]any)["encoding"].(map[string]any)
	if lo, hi := domain("x"); lo != -100 || hi != 100 {
		t.Errorf("the axis goes from %v to %v, the plane's cells from -100 to 100", lo, hi)
	}
	// In the PNG each point is a dot: those far out as well.
	red := Colours{color.RGBA{255, 0, 0, 255}}
	far := tensors.FromFlatDataAndDimensions([]float32{-9, -9, 9, 9, 0, 9}, 3, 2)
	s := picture(t, Explorer(plane, shades(4), far, nil, Palette(red)))
	dots := 0
	for y := range s.Bounds().Dy() {
		for x := range s.Bounds().Dx() {
			if r, g, _, _ := s.At(x, y).RGBA(); r>>8 == 255 && g>>8 == 25 {
				dots++
			}
		}
	}
	if dots < 3*150 {
		t.Errorf("%d pixels of three dots: one of them is cut", dots)
	}
	points, _ = cloud(1500)
	if s := string(Scatter(points, nil, Pictures(shades(1500))).VegaLite()); !containsOnce(s, "1,000 of 1,500 points are drawn") {
		t.Error("the scatter does not say how many points are drawn")
	}
}
