package plots

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// Curve returns a figure of one or more lines over 1, 2, 3, …, given as [Line] or [Runs] options: losses over epochs, or
// over what [Ticks] names. Its other options are [Title], [Axes] and [Palette].
//
// The figure holds an error if there is no line, if a line has no values or one that is not finite or above 1e300 in
// magnitude, and if there are Ticks for fewer places than a line has.
func Curve(opts ...Option) *Figure {
	const kind = "curve"
	o, err := gather("Title Axes Palette Line Runs Ticks", "Epoch", "Loss", opts)
	if err != nil {
		return failed(kind, "Curve: %w", err)
	}
	if len(o.lines) == 0 {
		return failed(kind, "Curve: nothing to draw: give it a Line")
	}
	n, lo, hi := 1, math.Inf(1), math.Inf(-1)
	for _, l := range o.lines {
		if len(l.ys) == 0 {
			return failed(kind, "Curve: line %q has no values", l.name)
		}
		for i, y := range l.ys {
			if math.IsNaN(y) || math.IsInf(y, 0) {
				return failed(kind, "Curve: line %q is %v at %d: has the training diverged?", l.name, y, i+1)
			}
			if math.Abs(y) > 1e300 {
				return failed(kind, "Curve: line %q is %v at %d, too large to be drawn", l.name, y, i+1)
			}
			lo, hi = math.Min(lo, y), math.Max(hi, y)
			if l.lo != nil {
				lo, hi = math.Min(lo, l.lo[i]), math.Max(hi, l.hi[i])
			}
		}
		n = max(n, len(l.ys))
	}
	if o.ticks != nil && len(o.ticks) < n {
		return failed(kind, "Curve: %d Ticks for %d places", len(o.ticks), n)
	}
	lo, hi = widen(lo, hi, 0.06)
	return &Figure{kind: kind, opt: o, draw: func() *page { return drawCurve(o, n, lo, hi) }}
}

func drawCurve(o options, n int, lo, hi float64) *page {
	page := newPage(620*density, 380*density)
	x0, x1 := 1.0, float64(n)
	x0, x1 = widen(x0, x1, 0.02)
	p := axes(o, x0, x1, lo, hi)
	p.X.Tick.Marker = wholeTicks{}
	if o.ticks != nil {
		p.X.Tick.Marker = namedTicks(o.ticks)
	}
	p.Add(grid{}, curves{page, o})
	legend := 0.0
	for _, l := range o.lines {
		legend = math.Max(legend, float64(style(13, false).Width(l.name)/px)+48)
	}
	c := vgdraw.Crop(page.Canvas, 8*px, -16*px-vg.Length(legend)*px, 8*px, -12*px)
	p.Draw(c)
	x, y := page.device(p.DataCanvas(c).Max)
	for i, l := range o.lines {
		cy := y + density*(12+20*float64(i))
		sty := vgdraw.LineStyle{Color: o.lineColour(i), Width: 2 * px}
		page.StrokeLines(sty, []vg.Point{page.point(x+12*density, cy), page.point(x+34*density, cy)})
		dot(page.img, x+23*density, cy, 3.2*density, o.lineColour(i), 1)
		name := style(13, false)
		name.YAlign = vgdraw.YCenter
		page.write(l.name, name, x+42*density, cy-density)
	}
	return page
}

// lineColour returns the colour of line i. Of ten colours it begins with the two that differ most.
func (o *options) lineColour(i int) color.RGBA {
	if len(o.palette) != 10 {
		return o.palette.at(i)
	}
	return o.palette.at([10]int{0, 6, 4, 2, 8, 1, 5, 9, 7, 3}[i%10])
}

// curves is a plotter of the lines. Those of up to 60 values have a dot at each.
type curves struct {
	page *page
	o    options
}

func (cs curves) Plot(c vgdraw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	for i, l := range cs.o.lines {
		pts := make([]vg.Point, len(l.ys))
		for j, y := range l.ys {
			pts[j] = vg.Point{X: trX(float64(j + 1)), Y: trY(y)}
		}
		c.StrokeLines(vgdraw.LineStyle{Color: cs.o.lineColour(i), Width: 2 * px}, pts)
		bar := vgdraw.LineStyle{Color: cs.o.lineColour(i), Width: 1.5 * px}
		for j := range l.lo {
			const end = 4 * px // half the width of a bar's ends
			x, lo, hi := pts[j].X, trY(l.lo[j]), trY(l.hi[j])
			c.StrokeLine2(bar, x, lo, x, hi)
			c.StrokeLine2(bar, x-end, lo, x+end, lo)
			c.StrokeLine2(bar, x-end, hi, x+end, hi)
		}
		if len(pts) > 60 {
			continue
		}
		for _, pt := range pts {
			x, y := cs.page.device(pt)
			dot(cs.page.img, x, y, 3.2*density, cs.o.lineColour(i), 1)
		}
	}
}

// wholeTicks puts ticks at whole numbers from 1 on, about a dozen at most.
type wholeTicks struct{}

func (wholeTicks) Ticks(lo, hi float64) []plot.Tick {
	step := 1
	for _, s := range []int{2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10000} {
		if (hi-lo)/float64(step) <= 12 {
			break
		}
		step = s
	}
	var ticks []plot.Tick
	for i := 0; float64(i) <= hi; i += step {
		if i >= 1 && float64(i) >= lo {
			ticks = append(ticks, plot.Tick{Value: float64(i), Label: strconv.Itoa(i)})
		}
	}
	return ticks
}

// namedTicks puts a name at each of 1, 2, 3 and so on.
type namedTicks []string

func (names namedTicks) Ticks(lo, hi float64) []plot.Tick {
	var ticks []plot.Tick
	for i, name := range names {
		if x := float64(i + 1); x >= lo && x <= hi {
			ticks = append(ticks, plot.Tick{Value: x, Label: name})
		}
	}
	return ticks
}
