package plots

import (
	"fmt"
	"image/color"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// Option changes how a figure looks. An option that a figure has no use for is
// ignored.
type Option func(*options)

type options struct {
	title, x, y string
	palette     Colours
	labels      []string
	pictures    *tensors.Tensor
	columns     int
	lo, hi      float32 // equal: chosen from the pixels
	captions    []any
	rowNames    []string
	lines       []line
	ticks       []string // under 1, 2, 3, … of Curve; nil: the numbers
	circles     []float64
}

type line struct {
	name   string
	ys     []float64
	lo, hi []float64 // ends of the error bars, nil without
}

func gather(x, y string, opts []Option) options {
	o := options{x: x, y: y, palette: ColourBlind}
	for _, set := range opts {
		if set != nil {
			set(&o)
		}
	}
	return o
}

// name is what legends and captions call class k.
func (o *options) name(k uint8) string {
	if int(k) < len(o.labels) {
		return o.labels[k]
	}
	return fmt.Sprint(k)
}

// Title is written above the figure, and names its file outside a notebook.
func Title(s string) Option { return func(o *options) { o.title = s } }

// Axes names the axes.
func Axes(x, y string) Option { return func(o *options) { o.x, o.y = x, y } }

// Palette sets the colours of the classes 0-9, or of the lines of [Curve], which
// begin again where they run out. [ColourBlind] is the default; [Tutorial] or a
// []color.Color of any length but 0 goes as well.
func Palette(c Colours) Option { return func(o *options) { o.palette = c } }

// Labels names the classes, from 0 on, in legends and captions; digits need
// none.
func Labels(names ...string) Option { return func(o *options) { o.labels = names } }

// Pictures gives [Scatter] the images that its points stand for, float32
// [n, height, width, channels]: pointing at a dot then shows its picture.
func Pictures(images *tensors.Tensor) Option { return func(o *options) { o.pictures = images } }

// Columns sets how many images stand side by side; 10 is the default.
func Columns(n int) Option { return func(o *options) { o.columns = n } }

// Range sets the values drawn black and white. Without it a figure takes
// [0, 1], or [-1, 1] if any of its pixels is negative.
func Range(lo, hi float32) Option { return func(o *options) { o.lo, o.hi = lo, hi } }

// Captions writes a line under each of the images: one value for each, written
// as [Table.Row] writes it. A slice of labels or names may be given whole.
func Captions(captions ...any) Option {
	var all []any
	for _, c := range captions {
		switch c := c.(type) {
		case []uint8:
			for _, k := range c {
				all = append(all, k)
			}
		case []string:
			for _, s := range c {
				all = append(all, s)
			}
		default:
			all = append(all, c)
		}
	}
	return func(o *options) { o.captions = all }
}

// caption is what stands under image i: a class by its name.
func (o *options) caption(i int) string {
	if k, ok := o.captions[i].(uint8); ok {
		return o.name(k)
	}
	return cell(o.captions[i])
}

// RowNames names the rows of [Grid], or the two of [Pairs], whose default is
// "original" and "reconstruction"; none at all leaves them out.
func RowNames(names ...string) Option {
	return func(o *options) { o.rowNames = append([]string{}, names...) }
}

// Line adds a line to [Curve]: ys[0] stands above 1, ys[1] above 2 and so on.
func Line(name string, ys []float64) Option {
	return func(o *options) { o.lines = append(o.lines, line{name: name, ys: ys}) }
}

// Runs adds to [Curve] a line with error bars: runs[0] are what several seeds
// gave at 1, runs[1] at 2 and so on. The line goes through their means, a bar
// reaches from the lowest to the highest.
func Runs(name string, runs [][]float64) Option {
	l := line{name: name}
	for _, values := range runs {
		sum, lo, hi := 0.0, math.Inf(1), math.Inf(-1)
		for _, y := range values {
			sum, lo, hi = sum+y, math.Min(lo, y), math.Max(hi, y)
		}
		l.ys, l.lo, l.hi = append(l.ys, sum/float64(len(values))), append(l.lo, lo), append(l.hi, hi)
	}
	return func(o *options) { o.lines = append(o.lines, l) }
}

// Ticks names the places 1, 2, 3, … of [Curve], where they stand for something
// else: Ticks(2, 4, 8) where the lines go over powers of two.
func Ticks(names ...any) Option {
	ticks := make([]string, len(names))
	for i, name := range names {
		ticks[i] = fmt.Sprint(name)
	}
	return func(o *options) { o.ticks = ticks }
}

// Circles draws circles with these radii around the origin of [Scatter], and
// gives both axes one scale, so that they are round. Within radius r lies
// 1 - exp(-r²/2) of a Gaussian N(0, 1) in the plane.
func Circles(radii ...float64) Option {
	return func(o *options) { o.circles = append([]float64{}, radii...) }
}

// Colours are the colours of the classes, from 0 on.
type Colours []color.Color

// ColourBlind are ten colours that people with a colour-vision deficiency can
// tell apart (Petroff, "Accessible Color Sequences for Data Visualization",
// arXiv:2107.02270; Matplotlib's petroff10), dealt out so that digits that an
// autoencoder lays side by side (3 5 8, 4 7 9, 0 6) differ most.
var ColourBlind = Colours{
	color.RGBA{0x3f, 0x90, 0xda, 0xff}, // blue
	color.RGBA{0x71, 0x75, 0x81, 0xff}, // slate
	color.RGBA{0xbd, 0x1f, 0x01, 0xff}, // red
	color.RGBA{0x94, 0xa4, 0xa2, 0xff}, // grey
	color.RGBA{0x83, 0x2d, 0xb6, 0xff}, // purple
	color.RGBA{0xa9, 0x6b, 0x59, 0xff}, // brown
	color.RGBA{0xe7, 0x63, 0x00, 0xff}, // orange
	color.RGBA{0xb9, 0xac, 0x70, 0xff}, // sand
	color.RGBA{0xff, 0xa9, 0x0e, 0xff}, // amber
	color.RGBA{0x92, 0xda, 0xdd, 0xff}, // aqua
}

// Tutorial are the tutorial's colours: red, green, blue, maroon, yellow, pink,
// brown, black, teal and aqua for 0-9.
var Tutorial = Colours{
	color.RGBA{0xff, 0x00, 0x00, 0xff}, color.RGBA{0x00, 0x80, 0x00, 0xff}, color.RGBA{0x00, 0x00, 0xff, 0xff}, color.RGBA{0x80, 0x00, 0x00, 0xff}, color.RGBA{0xff, 0xff, 0x00, 0xff},
	color.RGBA{0xff, 0xc0, 0xcb, 0xff}, color.RGBA{0xa5, 0x2a, 0x2a, 0xff}, color.RGBA{0x00, 0x00, 0x00, 0xff}, color.RGBA{0x00, 0x80, 0x80, 0xff}, color.RGBA{0x00, 0xff, 0xff, 0xff},
}

// at is the colour of class k.
func (c Colours) at(k int) color.RGBA {
	if len(c) == 0 {
		c = ColourBlind
	}
	return color.RGBAModel.Convert(c[k%len(c)]).(color.RGBA)
}

func (c Colours) hex(k int) string {
	at := c.at(k)
	return fmt.Sprintf("#%02x%02x%02x", at.R, at.G, at.B)
}
