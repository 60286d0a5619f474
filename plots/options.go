package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"autoencoders/internal/text"

	"github.com/gomlx/gomlx/core/tensors"
)

// An Option changes how a figure looks. The comment of each figure lists the options that it accepts. With any other option
// the figure holds an error, so that a mistake is noticed.
type Option func(*options)

type options struct {
	given []string // the names of the options that were given

	title, x, y string
	palette     Colours
	labels      []string
	pictures    *tensors.Tensor
	columns     int
	ranged      bool    // otherwise lo and hi are chosen from the pixels
	lo, hi      float32 // black and white
	captions    []any
	rowNames    []string
	columnNames []any
	rowNotes    []string
	diverging   bool
	lines       []line
	ticks       []string  // under 1, 2, 3, … of Curve; nil: the numbers
	over        []float64 // the lines' x values; nil: 1, 2, 3, …
	marks       []string  // at the points of the last line
	baselines   []baseline
	circles     []float64
	unlabelled  bool
	highlight   []string
	values      []series // of Histogram
	parts       []series // of Bars

	mu, logvar   *tensors.Tensor // of the clouds
	codes        *tensors.Tensor
	behind       *tensors.Tensor
	behindLabels []uint8
}

type line struct {
	name   string
	ys     []float64
	lo, hi []float64 // ends of the error bars, nil without
}

// A series is numbers with a name.
type series struct {
	name   string
	values []float64
}

type baseline struct {
	name string
	y    float64
}

// place returns the x value of a line's value number i.
func (o *options) place(i int) float64 {
	if o.over != nil {
		return o.over[i]
	}
	return float64(i + 1)
}

// gather applies opts for a figure that accepts the options named in uses, and checks what can be checked without the
// figure's data. x and y are the default names of the axes.
func gather(uses, x, y string, opts []Option) (options, error) {
	o := options{x: x, y: y, palette: ColourBlind, columns: 10}
	for _, set := range opts {
		if set != nil {
			set(&o)
		}
	}
	for _, name := range o.given {
		if !slices.Contains(strings.Fields(uses), name) {
			return o, errorf("no use for %s: its options are %s", name, strings.Join(strings.Fields(uses), ", "))
		}
	}
	return o, o.check()
}

func (o *options) check() error {
	if o.ranged && o.diverging && o.lo != -o.hi {
		return errorf("Range(%v, %v) with Diverging: the range must have 0 in its middle", o.lo, o.hi)
	}
	if o.ranged && (!(o.lo < o.hi) || math.IsInf(float64(o.hi)-float64(o.lo), 0)) {
		return errorf("Range(%v, %v): the first value is drawn black, the second, which must be above it, white", o.lo, o.hi)
	}
	if o.columns < 1 {
		return errorf("Columns(%d): at least one image stands in a row", o.columns)
	}
	for i, c := range o.palette {
		if c == nil {
			return errorf("Palette: colour %d is missing (nil)", i)
		}
	}
	for _, r := range o.circles {
		if !(r > 0) || r > math.MaxFloat32 {
			return errorf("a circle of radius %v: a radius is a number above 0", r)
		}
	}
	for _, s := range o.texts() {
		if n := utf8.RuneCountInString(s); n > mostLetters {
			return errorf("a text of %d letters is too long: %d at most", n, mostLetters)
		}
	}
	return checkLetters(o.texts()...)
}

// mostLetters is the largest number of letters in a title, a name or a caption. There must be a limit, because a page is at
// least as high as the name of its vertical axis is long.
const mostLetters = 300

// texts returns all that the options may write into the figure.
func (o *options) texts() []string {
	all := append([]string{o.title, o.x, o.y}, o.labels...)
	for _, more := range [][]string{o.rowNames, o.ticks, o.rowNotes, o.marks} {
		all = append(all, more...)
	}
	for _, l := range o.lines {
		all = append(all, l.name)
	}
	for _, b := range o.baselines {
		all = append(all, b.name)
	}
	for _, s := range slices.Concat(o.values, o.parts) {
		all = append(all, s.name)
	}
	for i := range o.captions {
		all = append(all, o.caption(i))
	}
	for i := range o.columnNames {
		all = append(all, o.columnName(i))
	}
	return all
}

// option returns the option of this name, which sets what set does.
func option(name string, set func(*options)) Option {
	return func(o *options) {
		o.given = append(o.given, name)
		set(o)
	}
}

// name returns what legends and captions call class k.
func (o *options) name(k uint8) string {
	if int(k) < len(o.labels) {
		return o.labels[k]
	}
	return fmt.Sprint(k)
}

// Title sets the line above the figure. A long title is broken into several lines. Outside a notebook the title also names
// the figure's file.
//
// Letters that are missing from the figures' typeface, in the title or in any other text, are drawn in a font of the
// operating system. If no font has them, or if a text has more than 300 letters, the figure holds an error.
func Title(s string) Option { return option("Title", func(o *options) { o.title = s }) }

// Axes names the axes.
func Axes(x, y string) Option { return option("Axes", func(o *options) { o.x, o.y = x, y }) }

// Palette sets the colours of the classes 0-9, of the lines of [Curve], or of the sets and parts of [Histogram] and [Bars].
// If there are too few colours, they repeat from the first one. The default is [ColourBlind], also for an empty palette.
func Palette(c Colours) Option { return option("Palette", func(o *options) { o.palette = c }) }

// Labels names the classes, starting with class 0, in legends, captions and column names. By default a class is called by
// its number.
func Labels(names ...string) Option { return option("Labels", func(o *options) { o.labels = names }) }

// Pictures gives [Scatter] the images that its points stand for, float32 [n, height, width, 1 or 3]: pointing at a dot
// then shows its picture.
func Pictures(images *tensors.Tensor) Option {
	return option("Pictures", func(o *options) { o.pictures = images })
}

// Columns sets how many images stand side by side. The default is 10.
func Columns(n int) Option { return option("Columns", func(o *options) { o.columns = n }) }

// Range sets the value that is drawn black and the value that is drawn white; lo must be below hi. The default is [0, 1],
// or [-1, 1] if any pixel of the figure is negative.
func Range(lo, hi float32) Option {
	return option("Range", func(o *options) { o.ranged, o.lo, o.hi = true, lo, hi })
}

// Captions writes a line under each image: one value for each, a number with four decimals. A slice of labels or
// of names counts as its elements; a label is written by its name if there are [Labels].
func Captions(captions ...any) Option {
	return option("Captions", func(o *options) { o.captions = elements(captions) })
}

// elements returns the values with slices replaced by their elements.
func elements(values []any) []any {
	all := []any{}
	for _, v := range values {
		switch v := v.(type) {
		case []uint8:
			all = appendAny(all, v)
		case []string:
			all = appendAny(all, v)
		case []int:
			all = appendAny(all, v)
		case []float64:
			all = appendAny(all, v)
		default:
			all = append(all, v)
		}
	}
	return all
}

func appendAny[T any](all []any, values []T) []any {
	for _, v := range values {
		all = append(all, v)
	}
	return all
}

// caption returns what stands under image i.
func (o *options) caption(i int) string {
	if k, ok := o.captions[i].(uint8); ok {
		return o.name(k)
	}
	return text.Value(o.captions[i])
}

// RowNames names the rows of [Grid], or the two rows of [Pairs]. The default of Pairs is "original" and "reconstruction";
// RowNames() without names leaves them out.
func RowNames(names ...string) Option {
	return option("RowNames", func(o *options) { o.rowNames = append([]string{}, names...) })
}

// ColumnNames writes a name above each column of [Images], [Pairs] or [Grid]. A slice counts as its elements; a label is
// written by its name if there are [Labels], and a number in as few digits as it has.
func ColumnNames(names ...any) Option {
	return option("ColumnNames", func(o *options) { o.columnNames = elements(names) })
}

// columnName returns what stands above column i.
func (o *options) columnName(i int) string {
	switch v := o.columnNames[i].(type) {
	case uint8:
		return o.name(v)
	case string:
		return v
	default:
		s := fmt.Sprint(v)
		if digits, ok := strings.CutPrefix(s, "-"); ok {
			return "\u2212" + digits
		}
		return s
	}
}

// RowNotes writes a note at the right of each row of [Images], [Pairs] or [Grid], such as the score of a method.
func RowNotes(notes ...string) Option {
	return option("RowNotes", func(o *options) { o.rowNotes = append([]string{}, notes...) })
}

// Diverging draws numbers of both signs, such as the weights of a filter, in [Images], [Pairs] or [Grid]: negative ones
// blue, 0 white, positive ones red. All images share one range, which is symmetric around 0 and is shown by a bar below
// them. It reaches to the largest magnitude, unless [Range] sets it. The images must have one channel.
func Diverging() Option { return option("Diverging", func(o *options) { o.diverging = true }) }

// Line adds a line to [Curve]. ys[0] is its value at 1, ys[1] its value at 2, and so on.
func Line(name string, ys []float64) Option {
	return option("Line", func(o *options) { o.lines = append(o.lines, line{name: name, ys: ys}) })
}

// Runs adds a line with error bars to [Curve]. runs[0] holds the values of several seeds at 1, runs[1] those at 2, and so
// on. The line joins their means; each bar reaches from the lowest to the highest value.
func Runs(name string, runs [][]float64) Option {
	l := line{name: name}
	for _, values := range runs {
		sum, lo, hi := 0.0, math.Inf(1), math.Inf(-1)
		for _, y := range values {
			sum, lo, hi = sum+y, math.Min(lo, y), math.Max(hi, y)
		}
		l.ys, l.lo, l.hi = append(l.ys, sum/float64(len(values))), append(l.lo, lo), append(l.hi, hi)
	}
	return option("Runs", func(o *options) { o.lines = append(o.lines, l) })
}

// Over sets the x values of the lines of [Curve], in place of 1, 2, 3, …: Over(rates) plots distortions over rates. The
// values may be in any order; each line joins its points in the order given.
func Over(xs []float64) Option {
	return option("Over", func(o *options) { o.over = append([]float64{}, xs...) })
}

// Marks writes a name at each point of the last line of [Curve].
func Marks(names ...string) Option {
	return option("Marks", func(o *options) { o.marks = append([]string{}, names...) })
}

// Baseline draws a dashed horizontal line with a name into [Curve], at the height y: the value that the other lines are
// compared with. The vertical axis is extended to reach it.
func Baseline(name string, y float64) Option {
	return option("Baseline", func(o *options) { o.baselines = append(o.baselines, baseline{name, y}) })
}

// Ticks names the places 1, 2, 3, … on the horizontal axis of [Curve]: Ticks(2, 4, 8) if the values belong to powers of
// two.
func Ticks(names ...any) Option {
	ticks := make([]string, len(names))
	for i, name := range names {
		ticks[i] = fmt.Sprint(name)
	}
	return option("Ticks", func(o *options) { o.ticks = ticks })
}

// Circles draws circles with these radii around the origin of [Scatter], and gives both axes the same scale, so that they
// are round. The share 1 - exp(-r²/2) of a Gaussian N(0, I) in the plane lies within radius r.
func Circles(radii ...float64) Option {
	return option("Circles", func(o *options) { o.circles = append([]float64{}, radii...) })
}

// Unlabelled leaves out the names of the classes, which [Scatter], [Explorer] and [Arrows] write at the classes' medians.
func Unlabelled() Option { return option("Unlabelled", func(o *options) { o.unlabelled = true }) }

// Clouds draws Gaussians into [Scatter], each as the ellipse of one standard deviation. mu holds their means and logvar the
// logarithms of their variances, both float32 [n, 2], as a variational encoder returns them; at most 2,000 are drawn. There
// may be fewer Gaussians than points. If there are as many, each ellipse has the colour of its point's label.
func Clouds(mu, logvar *tensors.Tensor) Option {
	return option("Clouds", func(o *options) { o.mu, o.logvar = mu, logvar })
}

// Codes gives [Map] or [Explorer] the codes of images, float32 [n, 2]. The cells of the grid into which no code falls are
// drawn paler: none of the images has its code there.
func Codes(points *tensors.Tensor) Option {
	return option("Codes", func(o *options) { o.codes = points })
}

// Behind gives [Arrows] points that are drawn paler behind them, float32 [n, 2], with their labels, 0-9, or nil.
func Behind(points *tensors.Tensor, labels []uint8) Option {
	return option("Behind", func(o *options) { o.behind, o.behindLabels = points, labels })
}

// Highlight draws layers of [Network] in red, given their names in the table: "encoder.4".
func Highlight(names ...string) Option {
	return option("Highlight", func(o *options) { o.highlight = append([]string{}, names...) })
}

// Values adds a set of numbers to [Histogram].
func Values(name string, values []float64) Option {
	return option("Values", func(o *options) { o.values = append(o.values, series{name, values}) })
}

// Part adds a part of each stack to [Bars]: values[0] belongs to the first stack, values[1] to the second and so on.
func Part(name string, values []float64) Option {
	return option("Part", func(o *options) { o.parts = append(o.parts, series{name, values}) })
}

// Colours holds the colours of the classes, from 0 on.
type Colours []color.Color

// ColourBlind is the default palette: ten colours, none of them grey, that people with a colour-vision deficiency can tell
// apart. Eight are from Petroff, "Accessible Color Sequences for Data Visualization", arXiv:2107.02270 (Matplotlib's
// petroff10). Pink and green replace his two greys; they were found by a search over sRGB. The closest two colours of this
// palette are farther apart than those of petroff10, for normal vision and in simulations of protanopia, deuteranopia and
// tritanopia (Machado, Oliveira and Fernandes 2009; distances in Oklab). Digits that an autoencoder tends to place side by
// side (3 5 8, 4 7 9, 0 6) have colours that differ strongly.
var ColourBlind = Colours{
	color.RGBA{0x3f, 0x90, 0xda, 0xff}, // blue
	color.RGBA{0xd8, 0x78, 0x98, 0xff}, // pink
	color.RGBA{0xbd, 0x1f, 0x01, 0xff}, // red
	color.RGBA{0x00, 0x5a, 0x50, 0xff}, // green
	color.RGBA{0x83, 0x2d, 0xb6, 0xff}, // purple
	color.RGBA{0xa9, 0x6b, 0x59, 0xff}, // brown
	color.RGBA{0xe7, 0x63, 0x00, 0xff}, // orange
	color.RGBA{0xb9, 0xac, 0x70, 0xff}, // sand
	color.RGBA{0xff, 0xa9, 0x0e, 0xff}, // amber
	color.RGBA{0x92, 0xda, 0xdd, 0xff}, // aqua
}

// Tutorial is the palette of the tutorial that the lessons follow: red, green, blue, maroon, yellow, pink, brown, black,
// teal and aqua for 0-9.
var Tutorial = Colours{
	color.RGBA{0xff, 0x00, 0x00, 0xff}, color.RGBA{0x00, 0x80, 0x00, 0xff}, color.RGBA{0x00, 0x00, 0xff, 0xff}, color.RGBA{0x80, 0x00, 0x00, 0xff}, color.RGBA{0xff, 0xff, 0x00, 0xff},
	color.RGBA{0xff, 0xc0, 0xcb, 0xff}, color.RGBA{0xa5, 0x2a, 0x2a, 0xff}, color.RGBA{0x00, 0x00, 0x00, 0xff}, color.RGBA{0x00, 0x80, 0x80, 0xff}, color.RGBA{0x00, 0xff, 0xff, 0xff},
}

// at returns the colour of class k.
func (c Colours) at(k int) color.RGBA {
	if len(c) == 0 {
		c = ColourBlind
	}
	return color.RGBAModel.Convert(c[k%len(c)]).(color.RGBA)
}

// hex returns the colour of class k as CSS writes it: "#3f90da".
func (c Colours) hex(k int) string {
	at := c.at(k)
	return fmt.Sprintf("#%02x%02x%02x", at.R, at.G, at.B)
}
