package plots

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	xfont "golang.org/x/image/font"
)

// A Figure is a picture that is rendered on first use. Make one of points with [Scatter] or [Arrows]; of images with
// [Images], [Pairs], [Grid], [Map] or [Explorer]; of numbers with [Curve], [Histogram] or [Bars]; and a drawing with
// [Network], [Convolution], [TransposedConvolution] or [CellLife].
type Figure struct {
	kind string // file name without a title
	opt  options
	err  error
	draw func() *page        // nil if err
	alt  func() string       // nil if err
	vega func() (any, error) // nil if there is no Vega-Lite version
	png  []byte
	w, h int // in CSS pixels, set with png
}

func errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }

func failed(kind, format string, args ...any) *Figure {
	return &Figure{kind: kind, err: fmt.Errorf("plots: "+format, args...)}
}

// WriteTo writes the figure to w as a PNG with a white background and two pixels per CSS pixel. Images are written pixel by
// pixel; figures with lines or dots have at most 256 colours, which keeps notebooks small. If the figure was given invalid
// input, WriteTo returns the error and writes nothing.
func (f *Figure) WriteTo(w io.Writer) (int64, error) {
	if err := f.render(); err != nil {
		return 0, err
	}
	n, err := w.Write(f.png)
	return int64(n), err
}

func (f *Figure) render() error {
	if f == nil || f.err == nil && f.draw == nil {
		return fmt.Errorf("plots: an empty Figure: make one with Scatter, Images, Curve or another function of plots")
	}
	if f.err != nil || f.png != nil {
		return f.err
	}
	p := f.draw()
	var b bytes.Buffer
	if err := png.Encode(&b, p.compact(f.opt.palette)); err != nil {
		return fmt.Errorf("plots: %w", err)
	}
	f.png, f.w, f.h = b.Bytes(), p.img.Rect.Dx()/density, p.img.Rect.Dy()/density
	return nil
}

// VegaLite returns the figure's Vega-Lite specification as JSON: a version in which the reader can point at things. It
// returns nil if the figure has none, or if it was given invalid input, which [Figure.WriteTo] reports.
func (f *Figure) VegaLite() []byte {
	spec, err := f.specification()
	if err != nil {
		return nil
	}
	return spec
}

func (f *Figure) specification() ([]byte, error) {
	if f == nil || f.vega == nil {
		return nil, nil
	}
	spec, err := f.vega()
	if err != nil {
		return nil, fmt.Errorf("plots: %w", err)
	}
	b, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("plots: %w", err)
	}
	return b, nil
}

// compact returns the page's picture in a form that takes few bytes: an exact grey image if there are no colours, otherwise
// an image with a palette. Colour photographs are returned as they are, because a palette of 256 would be visible in them.
func (p *page) compact(classes Colours) image.Image {
	m := p.img
	g := image.NewGray(m.Rect)
	for i := range g.Pix {
		r := m.Pix[4*i]
		if r != m.Pix[4*i+1] || r != m.Pix[4*i+2] {
			if p.photo {
				return m
			}
			return paletted(m, classes)
		}
		g.Pix[i] = r
	}
	return g
}

// Title returns the figure's title. A figure without one returns its kind, such as "scatter".
func (f *Figure) Title() string {
	if f == nil {
		return ""
	}
	if f.opt.title != "" {
		return f.opt.title
	}
	return f.kind
}

// Size returns the width and height at which the figure should be shown, in CSS pixels. They are half the PNG's, so that the
// figure is sharp on high-resolution screens. Both are 0 if the figure was given invalid input.
func (f *Figure) Size() (width, height int) {
	if f.render() != nil {
		return 0, 0
	}
	return f.w, f.h
}

// density is how many pixels of the PNG make one CSS pixel.
const density = 2

// px is one CSS pixel as a length of gonum's.
const px = vg.Inch / 96

// mostPixels is the largest number of pixels in a figure's PNG: 5000 x 5000. Many browsers do not show larger pictures, and
// a page takes eight bytes per pixel while it is drawn.
const mostPixels = 25_000_000

// tooLarge reports whether a figure of w x h pixels of the PNG has more than mostPixels.
func tooLarge(w, h int) bool { return float64(w)*float64(h) > mostPixels }

// A page is a canvas with a white background, and the image that it draws on.
type page struct {
	vgdraw.Canvas
	img   *image.RGBA
	photo bool // a picture in colour was pasted
}

// newPage returns a page of w x h pixels of the PNG.
func newPage(w, h int) *page {
	c := vgimg.NewWith(
		vgimg.UseWH(vg.Length(w)*px/density, vg.Length(h)*px/density),
		vgimg.UseDPI(96*density))
	return &page{Canvas: vgdraw.New(c), img: c.Image().(*image.RGBA)}
}

// device returns where pt lies, in pixels from the top left corner.
func (p *page) device(pt vg.Point) (x, y float64) {
	return float64(pt.X/px) * density, float64(p.img.Rect.Dy()) - float64(pt.Y/px)*density
}

// point is the inverse of device.
func (p *page) point(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(x) * px / density, Y: vg.Length(float64(p.img.Rect.Dy())-y) * px / density}
}

// paste draws src at (x, y), each of its pixels as a square of k x k. It must fit on the page.
func (p *page) paste(src image.Image, x, y, k int) {
	switch src.(type) {
	case *image.Gray, *image.Paletted:
	default:
		p.photo = true
	}
	b := src.Bounds()
	small := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(small, small.Rect, src, b.Min, draw.Src)
	for j := range b.Dy() {
		row := p.img.Pix[p.img.PixOffset(x, y+j*k):][:4*k*b.Dx()]
		for i := range b.Dx() {
			pixel := [4]byte(small.Pix[j*small.Stride+4*i:])
			for at := 4 * k * i; at < 4*k*(i+1); at += 4 {
				*(*[4]byte)(row[at:]) = pixel
			}
		}
		for below := 1; below < k; below++ {
			copy(p.img.Pix[p.img.PixOffset(x, y+j*k+below):], row)
		}
	}
}

// write puts s at (x, y), in pixels of the PNG.
func (p *page) write(s string, sty text.Style, x, y float64) {
	p.FillText(sty, p.point(x, y), s)
}

var (
	ink  = color.RGBA{0x26, 0x26, 0x26, 0xff}
	grey = color.RGBA{0x8a, 0x8a, 0x8a, 0xff}
	pale = color.RGBA{0xe8, 0xe8, 0xe8, 0xff}
	edge = color.RGBA{0xc8, 0xc8, 0xc8, 0xff}
)

// handler sets the text of all figures.
var handler = letters{text.Plain{Fonts: font.DefaultCache}}

// style returns the text style of all figures at a size in CSS pixels.
func style(size float64, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(size) * px}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return text.Style{Color: ink, Font: f, Handler: handler}
}

// titleStyle is the style of titles, whose place is the middle of their top.
func titleStyle() text.Style {
	sty := style(15, true)
	sty.XAlign, sty.YAlign = vgdraw.XCenter, vgdraw.YTop
	return sty
}

// wrapped returns s with line breaks in place of spaces, so that it is at most width CSS pixels wide where words allow it.
func wrapped(s string, sty text.Style, width float64) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		var now string
		for word := range strings.SplitSeq(line, " ") {
			if now != "" && float64(sty.Width(now+" "+word)/px) > width {
				lines, now = append(lines, now), word
				continue
			}
			if now != "" {
				now += " "
			}
			now += word
		}
		lines = append(lines, now)
	}
	return strings.Join(lines, "\n")
}

// fitTitle breaks the title of a plot that is drawn on c.
func fitTitle(p *plot.Plot, c vgdraw.Canvas) {
	p.Title.Text = wrapped(p.Title.Text, titleStyle(), math.Max(300, float64((c.Max.X-c.Min.X)/px)))
}

// axes returns a gonum plot in the figures' typeface, without minor ticks, whose data area reaches the axes.
func axes(o options, xmin, xmax, ymin, ymax float64) *plot.Plot {
	p := plot.New()
	p.Title.Text = o.title
	p.Title.TextStyle = titleStyle()
	p.Title.Padding = 10 * px
	for _, a := range []struct {
		axis     *plot.Axis
		label    string
		min, max float64
	}{{&p.X, o.x, xmin, xmax}, {&p.Y, o.y, ymin, ymax}} {
		ax := a.axis
		ax.Min, ax.Max, ax.Padding = a.min, a.max, 0
		ax.Label.Text = a.label
		align := ax.Label.TextStyle
		ax.Label.TextStyle = style(13, false)
		ax.Label.TextStyle.XAlign, ax.Label.TextStyle.YAlign, ax.Label.TextStyle.Rotation = align.XAlign, align.YAlign, align.Rotation
		ax.Label.Padding = 4 * px
		align = ax.Tick.Label
		ax.Tick.Label = style(12, false)
		ax.Tick.Label.XAlign, ax.Tick.Label.YAlign = align.XAlign, align.YAlign
		ax.Tick.Length = 4 * px
		ax.Tick.LineStyle = vgdraw.LineStyle{Color: grey, Width: px}
		ax.LineStyle = vgdraw.LineStyle{Color: grey, Width: px}
		ax.Tick.Marker = ticks{}
	}
	return p
}

// ticks puts about six ticks at multiples of 1, 2 or 5 times a power of ten.
type ticks struct{}

func (ticks) Ticks(lo, hi float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/4)))
	for _, k := range []float64{5, 2} {
		if (hi-lo)/(k*step) >= 4 {
			step *= k
			break
		}
	}
	decimals := int(math.Max(0, -math.Floor(math.Log10(step)+1e-9)))
	size := math.Max(math.Abs(lo), math.Abs(hi))
	var all []plot.Tick
	for i := math.Ceil(lo/step - 1e-9); i*step <= hi+1e-9*step; i++ {
		label := decimal(i*step, decimals)
		if decimals > 9 || size >= 1e12 { // 1e-300 has as many digits
			label = exponential(i*step, int(math.Log10(size/step))+1)
		}
		all = append(all, plot.Tick{Value: i * step, Label: label})
	}
	return all
}

// exponential formats x with an exponent and a minus sign instead of a hyphen, both only if needed.
func exponential(x float64, digits int) string {
	if x == 0 { // −0 as well
		return "0"
	}
	return strings.ReplaceAll(strconv.FormatFloat(x, 'g', min(max(digits, 1), 12), 64), "-", "\u2212")
}

// decimal formats x with a minus sign instead of a hyphen.
func decimal(x float64, decimals int) string {
	s := strconv.FormatFloat(x, 'f', decimals, 64)
	if digits, ok := strings.CutPrefix(s, "-"); ok {
		if strings.Trim(digits, "0.") == "" {
			return digits
		}
		return "\u2212" + digits
	}
	return s
}

// grid is a plotter of pale lines at the ticks.
type grid struct{}

func (grid) Plot(c vgdraw.Canvas, p *plot.Plot) {
	sty := vgdraw.LineStyle{Color: pale, Width: px}
	trX, trY := p.Transforms(&c)
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		c.StrokeLine2(sty, trX(t.Value), c.Min.Y, trX(t.Value), c.Max.Y)
	}
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		c.StrokeLine2(sty, c.Min.X, trY(t.Value), c.Max.X, trY(t.Value))
	}
}
