package plots

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"autoencoders/internal/faults"

	"github.com/gomlx/gomlx/core/tensors"
)

var update = flag.Bool("update", false, "draw the pictures of testdata again")

func picture(t *testing.T, f *Figure) image.Image {
	t.Helper()
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// centre is where the pixels of colour c lie on average, in the left of the
// picture: the legend is not counted.
func centre(m image.Image, c color.Color) (x, y float64) {
	n := 0.0
	want := color.RGBAModel.Convert(c).(color.RGBA)
	near := func(a uint32, b uint8) bool { return math.Abs(float64(a>>8)-float64(b)) <= 1 }
	for j := range m.Bounds().Dy() {
		for i := range m.Bounds().Dx() - 140 {
			r, g, b, _ := m.At(i, j).RGBA()
			if near(r, want.R) && near(g, want.G) && near(b, want.B) {
				x, y, n = x+float64(i), y+float64(j), n+1
			}
		}
	}
	return x / n, y / n
}

// over is a dot's colour on white: dots are drawn at 90 %.
func over(c color.Color) color.Color {
	r := color.RGBAModel.Convert(c).(color.RGBA)
	mix := func(v uint8) uint8 { return uint8(math.Round(0.1*255 + 0.9*float64(v))) }
	return color.RGBA{mix(r.R), mix(r.G), mix(r.B), 255}
}

func TestScatterPutsDotsAtTheirPlaceInTheirColour(t *testing.T) {
	full := Colours{color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}}
	points := tensors.FromFlatDataAndDimensions([]float32{0, 0, 8, 4, 2, 3}, 3, 2)
	f := Scatter(points, []uint8{0, 1, 2}, Palette(full), Unlabelled())
	m := picture(t, f)
	x0, y0 := centre(m, over(full[0]))
	x1, y1 := centre(m, over(full[1]))
	x2, y2 := centre(m, over(full[2]))
	if wantX, wantY := x0+(x1-x0)*2/8, y0+(y1-y0)*3/4; math.Abs(x2-wantX) > 1 || math.Abs(y2-wantY) > 1 {
		t.Errorf("(2, 3) is at pixel (%.1f, %.1f), want (%.1f, %.1f) between (0, 0) and (8, 4)", x2, y2, wantX, wantY)
	}
	if !(x1 > x0 && y1 < y0) {
		t.Errorf("(8, 4) is at (%.1f, %.1f), want right of and above (0, 0) at (%.1f, %.1f)", x1, y1, x0, y0)
	}
}

func TestRunsReachFromTheLowestToTheHighest(t *testing.T) {
	colours := Colours{color.RGBA{0, 0, 255, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{255, 0, 0, 255}}
	m := picture(t, Curve(Palette(colours), Line("a", []float64{1, 1}), Line("b", []float64{5, 5}), Line("c", []float64{2, 2})))
	_, low := centre(m, colours[0])
	_, high := centre(m, colours[1])
	_, mean := centre(m, colours[2])
	m = picture(t, Curve(Palette(colours[2:]), Runs("a", [][]float64{{1, 1, 1, 5}, {2, 2}})))
	top, bottom, dots := m.Bounds().Dy(), 0, 0.0
	for j := range m.Bounds().Dy() {
		row := 0
		for i := range m.Bounds().Dx() - 140 {
			if r, g, b, _ := m.At(i, j).RGBA(); r>>8 == 255 && g == 0 && b == 0 {
				row++
			}
		}
		if row > 0 {
			top, bottom = min(top, j), max(bottom, j)
		}
		if row > 200 { // the line between the two means
			dots = float64(j)
		}
	}
	if math.Abs(float64(top)-high) > 3 || math.Abs(float64(bottom)-low) > 3 || math.Abs(dots-mean) > 4 {
		t.Errorf("the bar goes from row %d to %d and the line is in %.0f; 5, 1 and 2 are in %.0f, %.0f and %.0f", top, bottom, dots, high, low, mean)
	}
}

func TestTicksNameThePlaces(t *testing.T) {
	ticks := namedTicks{"2", "4", "8"}.Ticks(0.98, 2.02)
	if len(ticks) != 2 || ticks[0].Value != 1 || ticks[0].Label != "2" || ticks[1].Label != "4" {
		t.Errorf("%+v", ticks)
	}
}

func TestTicksOfAnySize(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		want   string
	}{
		{0, 1, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{-3, 3, "−3 −2 −1 0 1 2 3"},
		{0, 4e-300, "0 1e−300 2e−300 3e−300 4e−300"},
		{-1e38, 1e38, "−1e+38 −8e+37 −6e+37 −4e+37 −2e+37 0 2e+37 4e+37 6e+37 8e+37 1e+38"},
		{3e15, 3.0000004e15, "3e+15 3.0000001e+15 3.0000002e+15 3.0000003e+15 3.0000004e+15"},
		{100000, 500000, "100000 200000 300000 400000 500000"},
	} {
		var labels []string
		for _, tick := range (ticks{}).Ticks(c.lo, c.hi) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("from %v to %v: %s, want %s", c.lo, c.hi, got, c.want)
		}
	}
}

// The four dots lie on the circle at the axes, so it is known where its points between them must be.
func TestCirclesAreRoundAndAtTheirRadius(t *testing.T) {
	full := Colours{color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{0, 0, 255, 255}, color.RGBA{255, 0, 255, 255}, color.RGBA{0, 255, 255, 255}}
	// The last one makes the plane higher than wide, and its own scale would be flat.
	points := tensors.FromFlatDataAndDimensions([]float32{1, 0, -1, 0, 0, 1, 0, -1, 0, -7}, 5, 2)
	m := picture(t, Scatter(points, []uint8{0, 1, 2, 3, 4}, Palette(full), Circles(1.5, 3), Unlabelled()))
	x0, y0 := centre(m, over(full[0]))
	x1, y1 := centre(m, over(full[1]))
	_, up := centre(m, over(full[2]))
	_, down := centre(m, over(full[3]))
	x, y, unit := (x0+x1)/2, (y0+y1)/2, (x0-x1)/2
	if math.Abs((down-up)/2-unit) > 1 {
		t.Errorf("a unit has %.1f pixels to the side and %.1f up", unit, (down-up)/2)
	}
	for i := range 16 {
		sin, cos := math.Sincos(2 * math.Pi * (float64(i) + 0.5) / 16)
		for r, want := range map[float64]bool{1.25: false, 1.5: true, 2: false, 3: true, 3.25: false} {
			dark := false
			for _, off := range []float64{-1, 0, 1} {
				red, _, _, _ := m.At(int(x+(r*unit+off)*cos), int(y-(r*unit+off)*sin)).RGBA()
				dark = dark || red>>8 < 0x80
			}
			if dark != want {
				t.Errorf("at radius %v, point %d of 16: a line is %v", r, i, dark)
			}
		}
	}
}

func TestVegaLiteOfCircles(t *testing.T) {
	points, labels := cloud(10)
	views := specOf(t, Scatter(points, labels, Pictures(shades(10)), Circles(1, 2), Unlabelled()))["hconcat"].([]any)
	scatter := views[0].(map[string]any)
	layers := scatter["layer"].([]any)
	if len(layers) != 3 {
		t.Fatalf("%d layers, want the dots and two circles", len(layers))
	}
	encoding := layers[1].(map[string]any)["encoding"].(map[string]any)
	var span [2]float64
	for i, axis := range []string{"x", "y"} {
		domain := encoding[axis].(map[string]any)["scale"].(map[string]any)["domain"].([]any)
		span[i] = domain[1].(float64) - domain[0].(float64)
	}
	if want := scatter["width"].(float64) / scatter["height"].(float64); math.Abs(span[0]/span[1]-want) > 0.01 {
		t.Errorf("the axes span %v, but the view is %.2f times as wide as high", span, want)
	}
	for i, l := range layers[1:] {
		for _, at := range table(t, l) {
			if r := math.Hypot(parsed(at["x"]), parsed(at["y"])); math.Abs(r-float64(i+1)) > 0.01 {
				t.Errorf("a point of circle %d is at radius %.3f", i+1, r)
			}
		}
	}
}

func TestTutorialColours(t *testing.T) {
	// CSS: red, green, blue, maroon, yellow, pink, brown, black, teal, aqua.
	want := strings.Fields("#ff0000 #008000 #0000ff #800000 #ffff00 #ffc0cb #a52a2a #000000 #008080 #00ffff")
	for k, hex := range want {
		if got := Tutorial.hex(k); got != hex {
			t.Errorf("%d is %s, want %s", k, got, hex)
		}
	}
}

// A tenth of a second on one core.
func BenchmarkScatterOfTenThousand(b *testing.B) {
	points, labels := cloud(10000)
	for b.Loop() {
		if _, err := Scatter(points, labels).WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// pasteByPixel is how paste was first written: one pixel at a time.
func pasteByPixel(p *page, src image.Image, x, y, k int) {
	b := src.Bounds()
	for j := range b.Dy() {
		for i := range b.Dx() {
			r := image.Rect(x+i*k, y+j*k, x+(i+1)*k, y+(j+1)*k)
			draw.Draw(p.img, r, image.NewUniform(src.At(b.Min.X+i, b.Min.Y+j)), image.Point{}, draw.Src)
		}
	}
}

func TestPasteMakesASquareOfEachPixel(t *testing.T) {
	pics := &pictures{n: 2, h: 5, w: 7, c: 1, v: make([]float32, 2*5*7*3), lo: -1, hi: 1}
	for i := range pics.v {
		pics.v[i] = float32(math.Sin(float64(i)))
	}
	for _, pics.c = range []int{1, 3} {
		for k := 1; k <= 9; k++ {
			fast, slow := newPage(100, 80), newPage(100, 80)
			fast.paste(pics.at(1), 11, 13, k)
			pasteByPixel(slow, pics.at(1), 11, 13, k)
			if !bytes.Equal(fast.img.Pix, slow.img.Pix) {
				t.Errorf("%d channels, squares of %d: the page differs", pics.c, k)
			}
		}
	}
}

// 100 digits, as a figure of images has them.
func BenchmarkPaste(b *testing.B) {
	page, digit := newPage(1224, 1224), image.NewGray(image.Rect(0, 0, 28, 28))
	for i := range digit.Pix {
		digit.Pix[i] = uint8(i)
	}
	for name, paste := range map[string]func(src image.Image, x, y, k int){
		"rows":   page.paste,
		"pixels": func(src image.Image, x, y, k int) { pasteByPixel(page, src, x, y, k) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for i := range 100 {
					paste(digit, i%10*120, i/10*120, 4)
				}
			}
		})
	}
}

// TestPictures compares with pictures that were looked at: go test -update draws them again.
func TestPictures(t *testing.T) {
	points, labels := cloud(60)
	plane := Around(points, 6)
	figures := map[string]*Figure{
		"scatter": Scatter(points, labels, Title("Latent space"), Palette(Tutorial)),
		"circles": Scatter(points, labels, Title("Circles"), Circles(1, 2, 3)),
		"images":  Images(shades(12), Columns(6), Captions([]uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1})),
		"pairs":   Pairs(shades(4), shades(4), Title("Shades")),
		"grid":    Grid([]*tensors.Tensor{shades(4), shades(4), shades(4)}, RowNames("noisy", "denoised", "clean")),
		"curve":   Curve(Line("train", []float64{.19, .17, .165}), Line("test", []float64{.175, .168, .164})),
		"map":     Map(plane, shades(36)),
		"runs": Curve(Axes("latents", "accuracy"), Ticks(2, 4, 8, 16), Line("PCA", []float64{.4, .5, .7, .9}),
			Runs("three seeds", [][]float64{{.6, .7, .65}, {.8, .82, .81}, {.1, .88, .9}, {.9, .9, .9}})),
	}
	header, layers := summaryTable()
	from, ends := cloud(20)
	figures["network"] = Network(header, layers, Title("A fully connected net"), Highlight("encoder.4"))
	header, layers = convolutionalTable()
	figures["network-convolutional"] = Network(header, layers)
	figures["convolution"] = Convolution(6, 3, 2, 1)
	figures["transposed"] = TransposedConvolution(3, 3, 2, 1, 1, Title("A transposed convolution"))
	figures["cells"] = CellLife()
	figures["arrows"] = Arrows(from, tensors.FromFlatDataAndDimensions(make([]float32, 40), 20, 2), ends, Behind(points, labels))
	figures["histogram"] = Histogram(Values("live", []float64{-1, 0.5, 1, 1.5, 1, 2, 3}), Values("dead", []float64{-3, -2, -2.5, -2, -1, -4, -2}))
	figures["bars"] = Bars([]string{"k = 1", "k = 50"}, Part("bound", []float64{96, 96}), Part("gap", []float64{8.9, 1.1}), Axes("samples", "nats"))
	figures["over"] = Curve(Over([]float64{30, 18, 3}), Line("VAE", []float64{60, 85, 160}), Marks("β = 0.1", "β = 1", "β = 5"), Baseline("mean image", 205), Axes("rate", "distortion"))
	figures["clouds"] = Scatter(from, ends, Clouds(from, tensors.FromFlatDataAndDimensions(make([]float32, 40), 20, 2)), Unlabelled())
	figures["weights"] = Images(weights(), Diverging(), Columns(2), ColumnNames("first", "second"), RowNotes("upper", "lower"), Title("Filters"))
	figures["codes"] = Map(plane, shades(36), Codes(points))
	for name, f := range figures {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name+".png")
			if *update {
				w, err := os.Create(file)
				if err != nil {
					t.Fatal(err)
				}
				defer w.Close()
				if _, err := f.WriteTo(w); err != nil {
					t.Fatal(err)
				}
				return
			}
			r, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			want, err := png.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			got := picture(t, f)
			if got.Bounds() != want.Bounds() {
				t.Fatalf("%v, want %v", got.Bounds(), want.Bounds())
			}
			// Edges may round otherwise on another processor.
			differ := 0
			for j := range got.Bounds().Dy() {
				for i := range got.Bounds().Dx() {
					r0, g0, b0, _ := got.At(i, j).RGBA()
					r1, g1, b1, _ := want.At(i, j).RGBA()
					d := func(a, b uint32) float64 { return math.Abs(float64(a) - float64(b)) }
					if d(r0, r1)+d(g0, g1)+d(b0, b1) > 3*8*257 {
						differ++
					}
				}
			}
			if differ > 50 {
				t.Errorf("%d pixels differ from %s", differ, file)
			}
		})
	}
}

func TestFiguresAreWhiteAndOpaque(t *testing.T) {
	m := picture(t, Curve(Line("loss", []float64{1})))
	if r, g, b, a := m.At(0, 0).RGBA(); r&g&b&a != 0xffff {
		t.Errorf("the corner is %v: unreadable in a dark theme", m.At(0, 0))
	}
}

func TestImagesShowsBlackToWhite(t *testing.T) {
	at := func(v float32, opts ...Option) uint8 {
		f := Images(tensors.FromFlatDataAndDimensions([]float32{v, v, v, v}, 1, 2, 2, 1), opts...)
		m := picture(t, f)
		return color.GrayModel.Convert(m.At(m.Bounds().Dx()/2, m.Bounds().Dy()/2)).(color.Gray).Y
	}
	for _, c := range []struct {
		value float32
		opts  []Option
		want  uint8
	}{
		{0, nil, 0}, {1, nil, 255}, {0.5, nil, 128}, {2, nil, 255},
		{-1, nil, 0}, {-0.5, nil, 64}, // normalised as in the tutorial
		{-0.5, []Option{Range(0, 1)}, 0}, {0, []Option{Range(-1, 1)}, 128},
	} {
		if got := at(c.value, c.opts...); got != c.want {
			t.Errorf("%v is drawn %d, want %d", c.value, got, c.want)
		}
	}
}

func TestPlaneGoesRowByRowFromTheTop(t *testing.T) {
	p := Plane{X0: 0, X1: 2, Y0: 10, Y1: 14, N: 3}
	got, err := tensors.CopyFlatData[float32](p.Points())
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{0, 14, 1, 14, 2, 14, 0, 12, 1, 12, 2, 12, 0, 10, 1, 10, 2, 10}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}

func TestAroundLeavesFarOffPointsOut(t *testing.T) {
	v := make([]float32, 0, 402)
	for i := range 200 {
		v = append(v, float32(i), float32(-i))
	}
	v = append(v, 1e6, -1e6)
	p := Around(tensors.FromFlatDataAndDimensions(v, 201, 2), 5)
	if p.X0 != 2 || p.X1 != 198 || p.Y0 != -198 || p.Y1 != -2 {
		t.Errorf("%+v, want the 1st to the 99th percentile", p)
	}
}

func TestMapPutsEachImageOnItsPoint(t *testing.T) {
	m := picture(t, Map(Plane{X0: 0, X1: 1, Y0: 0, Y1: 1, N: 2}, shades(4)))
	// Four flat tiles: the biggest areas of the picture are their shades.
	x, y := map[uint8]float64{}, map[uint8]float64{}
	for _, g := range []uint8{85, 170} {
		x[g], y[g] = centre(m, color.Gray{g})
	}
	if !(x[85] > x[170] && y[85] < y[170]) {
		t.Errorf("image 1 is at (%.0f, %.0f) and 2 at (%.0f, %.0f), want top right and bottom left", x[85], y[85], x[170], y[170])
	}
}

// table returns the rows of the CSV that a part of a specification has as its data, by column.
func table(t *testing.T, part any) (rows []map[string]string) {
	t.Helper()
	text, ok := part.(map[string]any)["data"].(map[string]any)["values"].(string)
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if !ok || err != nil || len(lines) == 0 {
		t.Fatalf("no table in %v: %v", part, err)
	}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, column := range lines[0] {
			row[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// parsed returns the number that s holds, and NaN if it holds none.
func parsed(s string) float64 {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return x
}

// sprite returns the picture of all pictures in a specification, and the width of one of them in pixels of the panel.
func sprite(t *testing.T, spec map[string]any) (all image.Image, size float64) {
	t.Helper()
	panel := spec["hconcat"].([]any)[1].(map[string]any)
	layer := panel["layer"].([]any)[0].(map[string]any)
	uri := layer["encoding"].(map[string]any)["url"].(map[string]any)["value"].(string)
	encoded, ok := strings.CutPrefix(uri, "data:image/png;base64,")
	if !ok {
		t.Fatalf("no picture in %.100s", uri)
	}
	all, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(encoded)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := layer["mark"].(map[string]any)["width"].(float64)/panel["width"].(float64), float64(all.Bounds().Dx()); want != 4*got && want != 28*got {
		t.Errorf("the panel has %v pictures of 4 or 28 pixels side by side, the sprite %v pixels", got, want)
	}
	return all, panel["width"].(float64)
}

func TestVegaLiteOfTheScatter(t *testing.T) {
	points, labels := cloud(3000)
	f := Scatter(points, labels, Pictures(shades(3000)), Palette(Tutorial), Labels(`T-shirt, "top"`))
	spec := specOf(t, f)
	rows := table(t, spec)
	if len(rows) != vegaSample {
		t.Fatalf("%d rows, want %d", len(rows), vegaSample)
	}
	some, pts := sample(3000, vegaSample), tensors.MustCopyFlatData[float32](points)
	all, size := sprite(t, spec)
	for k, row := range rows {
		i := some[k]
		if parsed(row["i"]) != float64(k) || math.Abs(parsed(row["x"])-float64(pts[2*i])) > 0.01 || math.Abs(parsed(row["y"])-float64(pts[2*i+1])) > 0.01 {
			t.Errorf("row %d is %v, point %d at (%v, %v)", k, row, i, pts[2*i], pts[2*i+1])
		}
		want := fmt.Sprint(labels[i])
		if labels[i] == 0 {
			want = `T-shirt, "top"`
		}
		if row["label"] != want {
			t.Errorf("row %d is %v, want the label %s", k, row, want)
		}
		// The sprite is 32 pictures wide, and each of them one shade.
		grey := int(math.Round(255 * float64(i) / 2999))
		if r, _, _, _ := all.At(k%32*4+1, k/32*4+2).RGBA(); math.Abs(float64(r>>8)-float64(grey)) > 9 {
			t.Errorf("picture %d is %d, want about %d, that of point %d", k, r>>8, grey, i)
		}
	}
	s := string(f.VegaLite())
	for _, want := range []string{"#800000", `"expr":"3520 - 220 * (datum.i % 32)"`, `"expr":"3520 - 220 * floor(datum.i / 32)"`} {
		if !strings.Contains(s, want) {
			t.Errorf("no %s", want)
		}
	}
	if size != 220 {
		t.Errorf("a picture is %v pixels wide", size)
	}
	if Scatter(points, labels).VegaLite() != nil {
		t.Error("a scatter without pictures has nothing to point at")
	}
	if row := table(t, specOf(t, Scatter(points, nil, Pictures(shades(3000)))))[1]; row["number"] != fmt.Sprint(some[1]) {
		t.Errorf("without labels a point is named %v, want its number, %d", row, some[1])
	}
}

func TestVegaLiteOfTheExplorer(t *testing.T) {
	points, labels := cloud(10000)
	rings := make([]float32, 900*28*28) // as soft as a decoder's digits
	for i := range rings {
		k, x, y := i/784, float64(i%28), float64(i/28%28)
		d := math.Hypot(x-11-float64(k%30)/5, y-11-float64(k/30)/5) - 6
		rings[i] = float32(2*math.Exp(-d*d/4) - 1)
	}
	plane := Around(points, 30)
	f := Explorer(plane, tensors.FromFlatDataAndDimensions(rings, 900, 28, 28, 1), points, labels)
	spec := specOf(t, f)
	if n := len(f.VegaLite()); n > 100_000 {
		t.Errorf("the specification has %d bytes", n)
	}
	if all, _ := sprite(t, spec); all.Bounds() != image.Rect(0, 0, 840, 840) {
		t.Errorf("the sprite is %v", all.Bounds())
	}
	var at [2]struct {
		start, step float64
	}
	for axis, rule := range []string{"%f + %f * (datum.i %% 30)", "%f + %f * floor(datum.i / 30)"} {
		said := spec["transform"].([]any)[axis].(map[string]any)["calculate"].(string)
		if _, err := fmt.Sscanf(said, rule, &at[axis].start, &at[axis].step); err != nil {
			t.Fatalf("%s: %v", said, err)
		}
	}
	for i := range 900 {
		x, y := plane.at(i)
		if gotX, gotY := at[0].start+at[0].step*float64(i%30), at[1].start+at[1].step*float64(i/30); math.Abs(gotX-x)+math.Abs(gotY-y) > 1e-9 {
			t.Fatalf("point %d of the grid is at (%v, %v), want (%v, %v)", i, gotX, gotY, x, y)
		}
	}
	dots := spec["hconcat"].([]any)[0].(map[string]any)["layer"].([]any)[0]
	if rows := table(t, dots); len(rows) != explorerDots {
		t.Errorf("%d dots, want %d", len(rows), explorerDots)
	}
	s := string(f.VegaLite())
	for _, want := range []string{`"on":"pointermove"`, `"nearest":true`, `"clear":false`, `"value":[{"i":465}]`, `"sequence":{"as":"i","start":0,"stop":900}`} {
		if !strings.Contains(s, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestNumbersAreAsLongAsTheScreenShows(t *testing.T) {
	for _, c := range []struct {
		lo, hi, x float64
		want      string
	}{
		{-3, 3, 1.23456, "1.235"}, {-3, 3, 1.5, "1.5"}, {-3, 3, -0.0001, "0"}, {-3, 3, 2, "2"},
		{0, 100, 33.333, "33.33"}, {0, 1e6, 123456.7, "123457"}, {0, 1e6, 100, "100"}, {1e9, 1e9 + 10, 1e9 + 1.23456, "1000000001.235"},
		{0, 1e38, 1.23456789e37, "1.2346e+37"}, {0, 1e-300, 1.23456789e-301, "1.2346e-301"},
	} {
		if got := places(c.lo, c.hi)(c.x); got != c.want {
			t.Errorf("%v of %v to %v is %s, want %s", c.x, c.lo, c.hi, got, c.want)
		}
	}
}

// specOf parses f's specification, and wants nothing in it that runs or is
// fetched.
func specOf(t *testing.T, f *Figure) map[string]any {
	t.Helper()
	b := f.VegaLite()
	var spec map[string]any
	if err := json.Unmarshal(b, &spec); err != nil {
		t.Fatal(err)
	}
	if spec["$schema"] != "https://vega.github.io/schema/vega-lite/v5.json" {
		t.Errorf("$schema is %v", spec["$schema"])
	}
	rest := strings.Replace(string(b), spec["$schema"].(string), "", 1)
	for _, no := range []string{"http", "<script", "null"} {
		if strings.Contains(rest, no) {
			t.Errorf("the specification holds %q", no)
		}
	}
	return spec
}

func TestBadInputIsOneLine(t *testing.T) {
	points, labels := cloud(9)
	nan := tensors.FromFlatDataAndDimensions([]float32{0, 0, 1, float32(math.NaN())}, 2, 2)
	wide := tensors.FromFlatDataAndDimensions(make([]float32, 8), 2, 4)
	none := tensors.FromFlatDataAndDimensions([]float32{}, 0, 2)
	ints := tensors.FromFlatDataAndDimensions([]int32{1, 2}, 1, 2)
	gone := tensors.FromFlatDataAndDimensions([]float32{1, 2}, 1, 2)
	gone.MustFinalizeAll()
	bad := []struct {
		f    *Figure
		want string
	}{
		{Scatter(nil, nil), "plots: Scatter: the points are missing: the tensor is nil"},
		{Scatter(wide, nil), "plots: Scatter: the points have the shape [2 4], not [n, 2]"},
		{Scatter(none, nil), "plots: Scatter: the points are empty: [0 2]"},
		{Scatter(ints, nil), "plots: Scatter: the points are Int32, not float32"},
		{Scatter(gone, nil), "plots: Scatter: the points are no longer there: their tensor was finalized"},
		{Scatter(nan, nil), "plots: Scatter: point 1 is (1, NaN): has the training diverged?"},
		{Scatter(points, labels[:5]), "plots: Scatter: 5 labels for 9 points"},
		{Scatter(points, []uint8{0, 1, 2, 3, 4, 5, 6, 7, 10}), "plots: Scatter: label 8 is 10, colours are for 0-9"},
		{Scatter(points, labels, Pictures(shades(3))), "plots: Scatter: 3 pictures for 9 points"},
		{Scatter(points, nil, Circles(1, 0)), "plots: Scatter: a circle of radius 0: a radius is a number above 0"},
		{Scatter(points, nil, Circles(math.NaN())), "plots: Scatter: a circle of radius NaN"},
		{Images(points), "plots: Images: the images have the shape [9 2], not [n, height, width, channels]"},
		{Images(nil), "plots: Images: the images are missing: the tensor is nil"},
		{Images(shades(2), Captions("one")), "plots: Images: 1 captions for 2 images"},
		{Pairs(shades(2), shades(3)), "plots: Pairs: 2 images of 4x4 in row 1, 3 of 4x4 in row 2"},
		{Grid(nil), "plots: Grid: no rows"},
		{Grid([]*tensors.Tensor{shades(2), nil}), "plots: Grid: the images of row 2 are missing: the tensor is nil"},
		{Grid([]*tensors.Tensor{shades(2), shades(3)}), "plots: Grid: 2 images of 4x4 in row 1, 3 of 4x4 in row 2"},
		{Grid([]*tensors.Tensor{shades(2)}, RowNames("one", "two")), "plots: Grid: 2 row names for 1 rows"},
		{Grid([]*tensors.Tensor{shades(2)}, Captions("one")), "plots: Grid: 1 captions for 2 images"},
		{Curve(), "plots: Curve: nothing to draw: give it a Line"},
		{Curve(Line("loss", nil)), `plots: Curve: line "loss" has no values`},
		{Curve(Line("loss", []float64{1, math.NaN()})), `plots: Curve: line "loss" is NaN at 2: has the training diverged?`},
		{Curve(Runs("loss", [][]float64{{1, 2}, {}})), `plots: Curve: line "loss" is NaN at 2: has the training diverged?`},
		{Curve(Line("loss", []float64{1, 2}), Ticks("one")), "plots: Curve: 1 Ticks for 2 places"},
		{Map(Around(points, 3), shades(4)), "plots: Map: 4 images for a plane of 3 x 3 points"},
		{Map(Plane{}, shades(4)), "plots: Map: Plane{0, 0, 0, 0, 0} is empty: X0 < X1, Y0 < Y1 and N > 0"},
		{Map(Around(wide, 2), shades(4)), "plots: Map: Around: the points have the shape [2 4], not [n, 2]"},
		{Explorer(Around(points, 2), shades(4), nan, nil), "plots: Explorer: point 1 is (1, NaN): has the training diverged?"},
		{new(Figure), "plots: an empty Figure"},
	}
	var line string
	for _, c := range bad {
		_, err := c.f.WriteTo(io.Discard)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want %s", err, c.want)
			continue
		}
		if strings.HasPrefix(c.want, "plots: Scatter: 5 labels") {
			line = err.Error()
		}
	}
	faults.Row(t, fmt.Sprintf("a wrong tensor, label or line in a figure (%d cases)", len(bad)), line, "the other cells and their figures")
}

// cloud are n points in ten clouds on a circle, and their labels.
func cloud(n int) (*tensors.Tensor, []uint8) {
	r := rand.New(rand.NewPCG(1, 1))
	v, labels := make([]float32, 0, 2*n), make([]uint8, n)
	for i := range labels {
		labels[i] = uint8(i % 10)
		a := 2 * math.Pi * float64(i%10) / 10
		v = append(v, float32(4*math.Cos(a)+r.NormFloat64()), float32(4*math.Sin(a)+r.NormFloat64()))
	}
	return tensors.FromFlatDataAndDimensions(v, n, 2), labels
}

// shades are n images of 4 x 4 pixels, from black to white.
func shades(n int) *tensors.Tensor {
	v := make([]float32, n*16)
	for i := range v {
		v[i] = float32(i/16) / float32(max(1, n-1))
	}
	return tensors.FromFlatDataAndDimensions(v, n, 4, 4, 1)
}

func threePoints() *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions([]float32{0, 0, 1, 2, 3, -1}, 3, 2)
}

// weights are four filters of 3 x 3 numbers of both signs.
func weights() *tensors.Tensor {
	v := make([]float32, 4*9)
	for i := range v {
		v[i] = float32(math.Sin(float64(i * i)))
	}
	return tensors.FromFlatDataAndDimensions(v, 4, 3, 3, 1)
}
