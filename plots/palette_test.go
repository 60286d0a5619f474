package plots

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

func rgb(c color.Color) uint32 {
	r, g, b, _ := c.RGBA()
	return r>>8<<16 | g>>8<<8 | b>>8
}

// squaredErrors returns the largest squared distance between the colours of two pictures, and the mean one.
func squaredErrors(a, b image.Image) (most int, mean float64) {
	size, sum := a.Bounds().Size(), 0
	for i := range size.X * size.Y {
		d := distance(rgb(a.At(i%size.X, i/size.X)), rgb(b.At(i%size.X, i/size.X)))
		most, sum = max(most, d), sum+d
	}
	return most, float64(sum) / float64(size.X*size.Y)
}

func tenColours(f *Figure) (ten []color.Color) {
	for k := range 10 {
		ten = append(ten, f.opt.palette.at(k))
	}
	return ten
}

// deficiencies are what people with dichromacy see of light, after Machado, Oliveira and Fernandes, "A Physiologically-based
// Model for Simulation of Color Vision Deficiency" (2009), at severity 1.0: matrices for linear RGB.
var deficiencies = map[string][3][3]float64{
	"normal":       {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

func multiplied(m [3][3]float64, v [3]float64) (w [3]float64) {
	for i, row := range m {
		w[i] = row[0]*v[0] + row[1]*v[1] + row[2]*v[2]
	}
	return w
}

// oklab returns how a colour looks to somebody: its place in Ottosson's Oklab (2020), in which distances are about those
// that are seen, from 0 for black to 100 for white.
func oklab(c color.RGBA, sight [3][3]float64) (lab [3]float64) {
	var linear [3]float64
	for i, v := range [3]uint8{c.R, c.G, c.B} {
		linear[i] = float64(v) / 255 / 12.92
		if v > 10 {
			linear[i] = math.Pow((float64(v)/255+0.055)/1.055, 2.4)
		}
	}
	seen := multiplied(sight, linear)
	for i := range seen {
		seen[i] = min(1, max(0, seen[i]))
	}
	cones := multiplied([3][3]float64{{0.4122214708, 0.5363325363, 0.0514459929}, {0.2119034982, 0.6806995451, 0.1073969566}, {0.0883024619, 0.2817188376, 0.6299787005}}, seen)
	for i := range cones {
		cones[i] = 100 * math.Cbrt(cones[i])
	}
	return multiplied([3][3]float64{{0.2104542553, 0.7936177850, -0.0040720468}, {1.9779984951, -2.4285922050, 0.4505937099}, {0.0259040371, 0.7827717662, -0.8086757660}}, cones)
}

func apart(a, b [3]float64) float64 {
	return math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2]))
}

// petroff10 is Matplotlib's palette of that name, which has two greys.
var petroff10 = Colours{
	color.RGBA{0x3f, 0x90, 0xda, 0xff}, color.RGBA{0xff, 0xa9, 0x0e, 0xff}, color.RGBA{0xbd, 0x1f, 0x01, 0xff}, color.RGBA{0x94, 0xa4, 0xa2, 0xff}, color.RGBA{0x83, 0x2d, 0xb6, 0xff},
	color.RGBA{0xa9, 0x6b, 0x59, 0xff}, color.RGBA{0xe7, 0x63, 0x00, 0xff}, color.RGBA{0xb9, 0xac, 0x70, 0xff}, color.RGBA{0x71, 0x75, 0x81, 0xff}, color.RGBA{0x92, 0xda, 0xdd, 0xff},
}

// closest returns the least distance between two colours of ten, as somebody sees them.
func closest(c Colours, sight [3][3]float64) float64 {
	least := math.Inf(1)
	for i := range 10 {
		for j := range i {
			least = math.Min(least, apart(oklab(c.at(i), sight), oklab(c.at(j), sight)))
		}
	}
	return least
}

func TestColourBlindCanBeToldApart(t *testing.T) {
	for who, sight := range deficiencies {
		if d, theirs := closest(ColourBlind, sight), closest(petroff10, sight); d < 7.5 || d < theirs {
			t.Errorf("%s: the closest two colours are %.1f apart, those of petroff10 %.1f", who, d, theirs)
		}
		for i := range 10 {
			if d := apart(oklab(ColourBlind.at(i), sight), oklab(color.RGBA{255, 255, 255, 255}, sight)); d < 13 {
				t.Errorf("%s: colour %d is only %.1f from white", who, i, d)
			}
		}
	}
	// Digits that lie side by side in a latent space differ more.
	for _, pair := range [][2]int{{3, 5}, {5, 8}, {3, 8}, {4, 7}, {7, 9}, {4, 9}, {0, 6}} {
		for _, who := range []string{"normal", "protanopia", "deuteranopia"} {
			if d := apart(oklab(ColourBlind.at(pair[0]), deficiencies[who]), oklab(ColourBlind.at(pair[1]), deficiencies[who])); d < 11 {
				t.Errorf("%s: the colours of %v are %.1f apart", who, pair, d)
			}
		}
	}
}

func TestColourBlindHasNoGrey(t *testing.T) {
	for k := range 10 {
		lab := oklab(ColourBlind.at(k), deficiencies["normal"])
		if chroma := math.Hypot(lab[1], lab[2]); chroma < 7 {
			t.Errorf("colour %d has a chroma of %.1f: it looks grey", k, chroma)
		}
	}
}

// coloured returns figures with thousands of colours.
func coloured() map[string]*Figure {
	points, labels := cloud(10000)
	plane := Around(points, 12)
	soft := make([]float32, 144*28*28)
	for i := range soft {
		soft[i] = float32(i%784) / 783
	}
	return map[string]*Figure{
		"10,000 dots":          Scatter(points, labels, Title("Latent space"), Circles(1, 2, 3)),
		"the tutorial's dots":  Scatter(points, labels, Palette(Tutorial)),
		"dots beside pictures": Explorer(plane, tensors.FromFlatDataAndDimensions(soft, 144, 28, 28, 1), points, labels),
		"ten lines": Curve(Line("a", []float64{1, 3, 2}), Line("b", []float64{2, 1, 3}), Line("c", []float64{3, 2, 1}), Line("d", []float64{1, 2, 3}),
			Line("e", []float64{3, 1, 2}), Line("f", []float64{2, 3, 1}), Line("g", []float64{1, 1, 2}), Line("h", []float64{2, 2, 1}),
			Line("i", []float64{3, 3, 2}), Line("j", []float64{1, 3, 3})),
	}
}

// A step of 26 of 255 in one pixel at the edge of a dot, and one of 4 on average, are not seen.
func TestAPaletteKeepsColours(t *testing.T) {
	for name, f := range coloured() {
		page := f.draw()
		colours, _ := histogram(page.img)
		if len(colours) <= paletteSize {
			t.Errorf("%s has %d colours: this tests nothing", name, len(colours))
		}
		m := picture(t, f)
		few, ok := m.(*image.Paletted)
		if !ok {
			t.Errorf("%s is a %T", name, m)
			continue
		}
		if most, mean := squaredErrors(page.img, few); most > 26*26 || mean > 18 {
			t.Errorf("%s: the largest squared error is %d, the mean %.2f", name, most, mean)
		}
		for k, c := range append([]color.Color{color.White, ink}, tenColours(f)...) {
			if d := distance(rgb(c), rgb(few.Palette.Convert(c))); d > 0 {
				t.Errorf("%s: colour %d, %v, is drawn as %v, a squared error of %d", name, k, c, few.Palette.Convert(c), d)
			}
		}
	}
}

func TestAPaletteOfAllColoursIsExact(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 64, 32))
	for i := range 64 * 32 {
		m.SetRGBA(i%64, i/64, color.RGBA{uint8(i % 256), uint8(3 * (i % 256)), uint8(255 - i%256), 255})
	}
	few := paletted(m, nil)
	if most, _ := squaredErrors(m, few); most != 0 || len(few.Palette) != 256 {
		t.Errorf("%d entries for 256 colours, the largest squared error is %d", len(few.Palette), most)
	}
	m.SetRGBA(0, 0, color.RGBA{9, 9, 9, 255})
	if few := paletted(m, nil); len(few.Palette) != 256 {
		t.Errorf("%d entries for 257 colours", len(few.Palette))
	}
}

// A palette that hung on the order of a map would make a notebook differ from run to run.
func TestAPaletteIsTheSameEachTime(t *testing.T) {
	m, r := image.NewRGBA(image.Rect(0, 0, 100, 100)), rand.New(rand.NewPCG(1, 1))
	for i := range m.Pix {
		m.Pix[i] = uint8(r.IntN(256)) | uint8(i%4/3*255) // opaque
	}
	want := paletted(m, nil)
	for range 3 {
		if got := paletted(m, nil); !slices.Equal(got.Palette, want.Palette) || !bytes.Equal(got.Pix, want.Pix) {
			t.Fatal("the palette differs from the first one")
		}
	}
}

func TestPicturesKeepEachPixel(t *testing.T) {
	colours := make([]float32, 12*20*20*3)
	for i := range colours {
		colours[i] = rand.New(rand.NewPCG(uint64(i), 1)).Float32()
	}
	plane := Plane{X0: -1, X1: 1, Y0: -1, Y1: 1, N: 2}
	greys := tensors.FromFlatDataAndDimensions(colours[:4*20*20], 4, 20, 20, 1)
	for name, f := range map[string]*Figure{
		"grey":       Images(greys, Title("a title"), Captions(1, 2, 3, 4)),
		"a map":      Map(plane, greys),
		"in colour":  Images(tensors.FromFlatDataAndDimensions(colours, 12, 20, 20, 3), Title("a title")),
		"one colour": Images(tensors.FromFlatDataAndDimensions(make([]float32, 2*20*20*3), 2, 20, 20, 3)),
	} {
		if most, _ := squaredErrors(f.draw().img, picture(t, f)); most != 0 {
			t.Errorf("%s: the largest squared error is %d", name, most)
		}
	}
}

// What a figure's file costs beside what it cost without a palette: "rgb" is png.Encode of the page as it is drawn.
func BenchmarkPalette(b *testing.B) {
	for name, f := range coloured() {
		page := f.draw()
		for kind, m := range map[string]func() image.Image{"rgb": func() image.Image { return page.img }, "palette": func() image.Image { return page.compact(f.opt.palette) }} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				var file bytes.Buffer
				for b.Loop() {
					file.Reset()
					if err := png.Encode(&file, m()); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(file.Len()), "bytes")
			})
		}
	}
}
