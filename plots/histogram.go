package plots

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// Histogram returns a figure of how often values occur, given as [Values] options: one or more sets over the same bins, and
// a vertical line at 0, which the axis always reaches. Its other options are [Title], [Axes] and [Palette].
//
// The figure holds an error if there are no values, if a set is empty, and if a value is not finite or above 1e300 in
// magnitude.
func Histogram(opts ...Option) *Figure {
	const kind = "histogram"
	o, err := gather("Title Axes Palette Values", "Value", "Number of values", opts)
	if err == nil && len(o.values) == 0 {
		err = errorf("nothing to draw: give it Values")
	}
	for i, s := range o.values {
		if err == nil && len(s.values) == 0 {
			err = errorf("the values of %q are missing", s.name)
		}
		if err == nil {
			err = checkNumbers(fmt.Sprintf("%q", s.name), s.values)
		}
		o.values[i].values = slices.Clone(s.values)
	}
	if err != nil {
		return failed(kind, "Histogram: %w", err)
	}
	h := binned(o)
	return &Figure{kind: kind, opt: o, draw: h.draw, alt: h.alt}
}

// A histogramOf holds how many values of each set are in each bin: bin k goes from lo + k * step to lo + (k+1) * step.
type histogramOf struct {
	options
	lo, step float64
	bins     int
	counts   [][]int
	most     int
}

// binned counts the values. Zero is the edge of a bin, so that no bin has values of both signs. There are about as many
// bins as Freedman and Diaconis (1981) advise for the largest set, but 10 to 60.
func binned(o options) histogramOf {
	h := histogramOf{options: o}
	lo, hi, width := 0.0, 0.0, math.Inf(1)
	for _, s := range o.values {
		sorted := slices.Sorted(slices.Values(s.values))
		n := len(sorted)
		lo, hi = math.Min(lo, sorted[0]), math.Max(hi, sorted[n-1])
		if w := 2 * (sorted[3*n/4] - sorted[n/4]) / math.Cbrt(float64(n)); w > 0 {
			width = math.Min(width, w)
		}
	}
	lo, hi = widen(lo, hi, 0)
	size := hi - lo
	h.step = math.Min(size/10, math.Max(size/60, width))
	first, last := math.Floor(lo/h.step), math.Ceil(hi/h.step)
	if last*h.step <= hi { // the largest value is in a bin, too
		last++
	}
	h.lo, h.bins = first*h.step, int(last-first)
	for _, s := range o.values {
		counts := make([]int, h.bins)
		for _, v := range s.values {
			k := min(h.bins-1, max(0, int(math.Floor(v/h.step)-first)))
			counts[k]++
		}
		h.counts = append(h.counts, counts)
		h.most = max(h.most, slices.Max(counts))
	}
	return h
}

func (h histogramOf) alt() string {
	var sets []string
	for _, s := range h.values {
		sorted := slices.Sorted(slices.Values(s.values))
		n := len(sorted)
		above := 0
		for _, v := range sorted {
			if v > 0 {
				above++
			}
		}
		sets = append(sets, fmt.Sprintf("%s has %s from %s to %s, median %s, %s %% of them above 0", clip(s.name, 60), count(n, "value"),
			short(sorted[0]), short(sorted[n-1]), short(sorted[n/2]), short(math.Round(1000*float64(above)/float64(n))/10)))
	}
	return fmt.Sprintf("Histogram of %s with a line at 0: %s.", clip(h.x, 60), listed(sets, "; ", 400))
}

func (h histogramOf) draw() *page {
	page := newPage(620*density, 380*density)
	lo, hi := widen(h.lo, h.lo+float64(h.bins)*h.step, 0.02)
	p := axes(h.options, lo, hi, 0, 1.06*float64(h.most))
	p.Add(grid{}, bins(h))
	names := make([]string, len(h.values))
	for i, s := range h.values {
		names[i] = s.name
	}
	c := vgdraw.Crop(page.Canvas, 8*px, -16*px-vg.Length(swatchWidth(names))*px, 8*px, -12*px)
	fitTitle(p, c)
	p.Draw(c)
	drawSwatches(sketch{page}, h.options, names, dataArea(page, p.DataCanvas(c)))
	return page
}

// swatchWidth returns how many CSS pixels a legend of coloured squares needs at the right of a plot.
func swatchWidth(names []string) float64 {
	width := 0.0
	for _, name := range names {
		width = math.Max(width, float64(style(13, false).Width(name)/px)+40)
	}
	return width
}

// drawSwatches writes the names beside a plot's data, each with a square of its colour.
func drawSwatches(s sketch, o options, names []string, area spot) {
	x, y := area.x1/density+14, area.y0/density+12
	for i, name := range names {
		s.box(x, y+20*float64(i)-6, 12, 12, tint(o.lineColour(i), 0.75), o.lineColour(i), 1.5)
		s.say(name, style(13, false), x+20, y+20*float64(i), begin)
	}
}

// bins is a plotter of the counts, each set as steps with a transparent area below.
type bins histogramOf

func (h bins) Plot(c vgdraw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	for i, counts := range h.counts {
		line := []vg.Point{{X: trX(h.lo), Y: trY(0)}}
		for k, n := range counts {
			x0, x1, y := trX(h.lo+float64(k)*h.step), trX(h.lo+float64(k+1)*h.step), trY(float64(n))
			line = append(line, vg.Point{X: x0, Y: y}, vg.Point{X: x1, Y: y})
		}
		line = append(line, vg.Point{X: trX(h.lo + float64(h.bins)*h.step), Y: trY(0)})
		colour := h.lineColour(i)
		c.FillPolygon(see(colour, 0x60), line)
		c.StrokeLines(vgdraw.LineStyle{Color: colour, Width: 1.8 * px}, line)
	}
	c.StrokeLine2(vgdraw.LineStyle{Color: ink, Width: 1.8 * px}, trX(0), c.Min.Y, trX(0), c.Max.Y)
}
