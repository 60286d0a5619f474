package plots

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// mostBars is how many stacks stand side by side at most.
const mostBars = 24

// Bars returns a figure of stacked bars, one stack for each name, given the parts of the stacks as [Part] options. Positive
// values are stacked upwards from 0 and negative ones downwards. Each value stands in its part, or beside it if the part is
// thin, and the sum stands at the end of the stack. Its other options are [Title], [Axes] and [Palette].
//
// The figure holds an error if there are no names or no parts, if a part has not as many values as there are names, if a
// value is not finite or above 1e300 in magnitude, and if there are more than 24 names.
func Bars(names []string, opts ...Option) *Figure {
	const kind = "bars"
	o, err := gather("Title Axes Palette Part", "", "", opts)
	if err == nil {
		err = checkBars(names, o)
	}
	if err != nil {
		return failed(kind, "Bars: %w", err)
	}
	s := stacked(names, o)
	return &Figure{kind: kind, opt: o, draw: s.draw, alt: s.alt}
}

func checkBars(names []string, o options) error {
	switch {
	case len(names) == 0:
		return errorf("no names: there is a stack for each")
	case len(names) > mostBars:
		return errorf("%d stacks are too many to stand side by side: %d at most", len(names), mostBars)
	case len(o.parts) == 0:
		return errorf("nothing to draw: give it a Part")
	}
	for _, s := range o.parts {
		if len(s.values) != len(names) {
			return errorf("part %q has %d values for %d names", s.name, len(s.values), len(names))
		}
		if err := checkNumbers(fmt.Sprintf("part %q", s.name), s.values); err != nil {
			return err
		}
	}
	return checkTexts(names)
}

// A stack holds where the parts of each bar begin and end: ends[part][bar].
type stack struct {
	options
	names  []string
	ends   [][][2]float64
	lo, hi float64
}

func stacked(names []string, o options) stack {
	s := stack{options: o, names: append([]string{}, names...)}
	up, down := make([]float64, len(names)), make([]float64, len(names))
	for _, part := range o.parts {
		ends := make([][2]float64, len(names))
		for i, v := range part.values {
			from := &up[i]
			if v < 0 {
				from = &down[i]
			}
			ends[i] = [2]float64{*from, *from + v}
			*from += v
			s.lo, s.hi = math.Min(s.lo, *from), math.Max(s.hi, *from)
		}
		s.ends = append(s.ends, ends)
	}
	return s
}

func (s stack) alt() string {
	var all []string
	for i, name := range s.names {
		var parts []string
		for k, p := range s.parts {
			v := s.ends[k][i]
			parts = append(parts, clip(p.name, 40)+" "+short(v[1]-v[0]))
		}
		all = append(all, clip(name, 40)+": "+strings.Join(parts, ", "))
	}
	over := ""
	if s.y != "" {
		over = " of " + clip(s.y, 60)
	}
	if s.x != "" {
		over += " over " + clip(s.x, 60)
	}
	return fmt.Sprintf("Stacked bars%s. %s.", over, listed(all, "; ", 400))
}

func (s stack) draw() *page {
	page := newPage(620*density, 400*density)
	size := s.hi - s.lo
	lo, hi := s.lo, s.hi
	if lo < 0 {
		lo -= 0.09 * size
	}
	if hi > 0 || size == 0 {
		hi += math.Max(0.09*size, 1e-300)
	}
	lo, hi = widen(lo, hi, 0)
	parts := make([]string, len(s.parts))
	for i, p := range s.parts {
		parts[i] = p.name
	}
	legend := swatchWidth(parts)
	slot := math.Max(10, (620-90-legend)/float64(len(s.names)))
	p := axes(s.options, 0, float64(len(s.names)), lo, hi)
	p.X.Tick.Marker = slots(s.labels(slot))
	p.X.Tick.Length = 0
	p.Add(levels{}, bars{s, page})
	c := vgdraw.Crop(page.Canvas, 8*px, -16*px-vg.Length(legend)*px, 8*px, -12*px)
	fitTitle(p, c)
	p.Draw(c)
	drawSwatches(sketch{page}, s.options, parts, dataArea(page, p.DataCanvas(c)))
	return page
}

// labels returns the names, broken into lines where they are wider than a slot.
func (s stack) labels(slot float64) []string {
	all := make([]string, len(s.names))
	for i, name := range s.names {
		all[i] = wrapped(name, style(12, false), slot-4)
	}
	return all
}

// levels is a plotter of pale horizontal lines at the ticks.
type levels struct{}

func (levels) Plot(c vgdraw.Canvas, p *plot.Plot) {
	_, trY := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		c.StrokeLine2(vgdraw.LineStyle{Color: pale, Width: px}, c.Min.X, trY(t.Value), c.Max.X, trY(t.Value))
	}
}

// slots puts a name into the middle of each unit of the axis.
type slots []string

func (names slots) Ticks(lo, hi float64) []plot.Tick {
	var ticks []plot.Tick
	for i, name := range names {
		ticks = append(ticks, plot.Tick{Value: float64(i) + 0.5, Label: name})
	}
	return ticks
}

// bars is a plotter of the stacks with the values of their parts.
type bars struct {
	stack
	page *page
}

func (b bars) Plot(c vgdraw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	s := sketch{b.page}
	const thin, line = 15, 13 // what has no room for a value, and how far apart values beside a bar are
	beside := make([]float64, len(b.names))
	for i := range beside {
		beside[i] = math.Inf(1)
	}
	for k := range b.parts {
		colour := b.lineColour(k)
		for i, e := range b.ends[k] {
			x0, x1, y0, y1 := trX(float64(i)+0.18), trX(float64(i)+0.82), trY(e[0]), trY(e[1])
			if e[0] == e[1] {
				continue
			}
			c.FillPolygon(tint(colour, 0.75), []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}})
			c.StrokeLines(vgdraw.LineStyle{Color: color.White, Width: px}, []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}, {X: x0, Y: y0}})
			what, sty := short(e[1]-e[0]), style(12, true)
			width := float64(sty.Width(what) / px)
			x, y := b.page.device(vg.Point{X: (x0 + x1) / 2, Y: (y0 + y1) / 2})
			switch {
			case len(b.parts) == 1: // the sum says it
			case math.Abs(float64((y1-y0)/px)) >= thin && width <= float64((x1-x0)/px):
				s.say(what, inColour(sty, onto(tint(colour, 0.75))), x/density, y/density, middle)
			case width+4 <= float64((trX(1)-trX(0)-(x1-x0))/px) && math.Abs(beside[i]-y/density) >= line:
				beside[i] = y / density
				s.say(what, style(12, false), x/density+float64((x1-x0)/px)/2+3, y/density, begin)
			}
		}
	}
	b.totals(s, trX, trY)
	c.StrokeLine2(vgdraw.LineStyle{Color: ink, Width: 1.2 * px}, c.Min.X, trY(0), c.Max.X, trY(0))
}

// totals writes the sum of each stack whose parts have one sign above it, or below it if it is negative.
func (b bars) totals(s sketch, trX, trY func(float64) vg.Length) {
	for i := range b.names {
		lo, hi := 0.0, 0.0
		for k := range b.parts {
			lo, hi = math.Min(lo, b.ends[k][i][1]), math.Max(hi, b.ends[k][i][1])
		}
		if lo < 0 && hi > 0 || lo == hi {
			continue
		}
		sty := style(12, true)
		if what := short(lo + hi); sty.Width(what) <= trX(1)-trX(0)-4*px {
			x, y := b.page.device(vg.Point{X: trX(float64(i) + 0.5), Y: trY(lo + hi)})
			off := -10.0
			if lo < 0 {
				off = 10
			}
			s.say(what, sty, x/density, y/density+off, middle)
		}
	}
}

// onto returns the colour of text on a ground: white or ink, whichever differs more from it.
func onto(ground color.RGBA) color.Color {
	if color.GrayModel.Convert(ground).(color.Gray).Y < 120 {
		return color.White
	}
	return ink
}
