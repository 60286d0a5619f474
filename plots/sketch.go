package plots

import (
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// A sketch is a page for figures without axes: boxes, lines and texts at places in CSS pixels from the top left corner.
type sketch struct{ *page }

func newSketch(w, h float64) sketch {
	return sketch{newPage(int(math.Ceil(w))*density, int(math.Ceil(h))*density)}
}

func (s sketch) points(at [][2]float64) []vg.Point {
	all := make([]vg.Point, len(at))
	for i, p := range at {
		all[i] = s.point(p[0]*density, p[1]*density)
	}
	return all
}

// fill fills a polygon.
func (s sketch) fill(c color.Color, at ...[2]float64) { s.FillPolygon(c, s.points(at)) }

// line draws a line through some places.
func (s sketch) line(c color.Color, width float64, at ...[2]float64) {
	s.StrokeLines(vgdraw.LineStyle{Color: c, Width: vg.Length(width) * px}, s.points(at))
}

// dashes draws a dashed line through some places.
func (s sketch) dashes(c color.Color, width float64, at ...[2]float64) {
	s.StrokeLines(vgdraw.LineStyle{Color: c, Width: vg.Length(width) * px, Dashes: []vg.Length{4 * px, 3 * px}}, s.points(at))
}

// rectangle returns the corners of a rectangle, the first one again at the end.
func rectangle(x, y, w, h float64) [][2]float64 {
	return [][2]float64{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}
}

// box draws a filled rectangle with an edge.
func (s sketch) box(x, y, w, h float64, inside, edge color.Color, width float64) {
	s.fill(inside, rectangle(x, y, w, h)...)
	s.line(edge, width, rectangle(x, y, w, h)...)
}

// arrow draws a line through some places with a head at the last one.
func (s sketch) arrow(c color.Color, width float64, at ...[2]float64) {
	n := len(at)
	end, before := at[n-1], at[n-2]
	length := math.Hypot(end[0]-before[0], end[1]-before[1])
	if length == 0 {
		return
	}
	ux, uy := (end[0]-before[0])/length, (end[1]-before[1])/length
	head := math.Min(3+3*width, 0.7*length)
	neck := [2]float64{end[0] - head*ux, end[1] - head*uy}
	s.line(c, width, append(append([][2]float64{}, at[:n-1]...), neck)...)
	half := 0.42 * head
	s.fill(c, end, [2]float64{neck[0] - half*uy, neck[1] + half*ux}, [2]float64{neck[0] + half*uy, neck[1] - half*ux})
}

// hatch draws slanted lines over a rectangle.
func (s sketch) hatch(c color.Color, x, y, w, h float64) {
	const step = 5
	for at := math.Ceil((x + y) / step); at*step < x+y+w+h; at++ { // lines of x + y = at * step: those of neighbours meet
		sum := at * step
		x0 := math.Max(x, sum-y-h)
		x1 := math.Min(x+w, sum-y)
		if x0 < x1 {
			s.line(c, 0.7, [2]float64{x0, sum - x0}, [2]float64{x1, sum - x1})
		}
	}
}

// Where a text stands relative to its place.
const (
	begin, middle, end = -1, 0, 1
)

// say writes a line of text: it begins at x, has its middle there, or ends there; y is the middle of its letters.
func (s sketch) say(what string, sty text.Style, x, y float64, align int) {
	sty.XAlign = map[int]text.XAlignment{begin: vgdraw.XLeft, middle: vgdraw.XCenter, end: vgdraw.XRight}[align]
	sty.YAlign = vgdraw.YCenter
	s.write(what, sty, x*density, y*density-0.05*float64(sty.Font.Size/px)*density)
}

// titleRoom returns the title, broken into lines that fit a page, and the height that it takes at the page's top.
func titleRoom(title string, width float64) (lines string, height float64) {
	if title == "" {
		return "", 0
	}
	lines = wrapped(title, titleStyle(), width-30)
	return lines, 8 + 20*float64(1+strings.Count(lines, "\n"))
}

// inColour returns sty in another colour.
func inColour(sty text.Style, c color.Color) text.Style {
	sty.Color = c
	return sty
}

// mono returns the style of code.
func mono(size float64) text.Style {
	sty := style(size, false)
	sty.Font = font.Font{Typeface: "Liberation", Variant: "Mono", Size: vg.Length(size) * px}
	return sty
}

// fitting returns sty with letters so small that a text is at most width CSS pixels wide, but no smaller than least.
func fitting(what string, sty text.Style, width, least float64) text.Style {
	for float64(sty.Width(what)/px) > width && float64(sty.Font.Size/px) > least {
		sty.Font.Size -= 0.5 * px
	}
	return sty
}

// tint returns a share of c on white.
func tint(c color.RGBA, share float64) color.RGBA {
	mix := func(v uint8) uint8 { return uint8(math.Round(255*(1-share) + float64(v)*share)) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 255}
}

// The colours of figures without classes.
var (
	blue   = color.RGBA{0x3f, 0x90, 0xda, 0xff}
	navy   = color.RGBA{0x1b, 0x4f, 0x86, 0xff}
	red    = color.RGBA{0xbd, 0x1f, 0x01, 0xff}
	purple = color.RGBA{0x83, 0x2d, 0xb6, 0xff}
	orange = color.RGBA{0xe7, 0x63, 0x00, 0xff}
	green  = color.RGBA{0x00, 0x5a, 0x50, 0xff}
	muted  = color.RGBA{0x59, 0x59, 0x59, 0xff}
)
