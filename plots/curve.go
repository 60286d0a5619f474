package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// Curve returns a figure of one or more lines over 1, 2, 3, …, given as [Line] or [Runs] options: losses over epochs, or
// over what [Ticks] names, or over the numbers that [Over] gives. Its other options are [Title], [Axes], [Palette],
// [Baseline], and [Marks], which names the points of the last line.
//
// The figure holds an error if there is no line, if a line has no values or one that is not finite or above 1e300 in
// magnitude, and likewise for Over and Baseline; if there are Ticks or numbers of Over for fewer places than a line has;
// if there are both; and if the Marks are not as many as the last line's values.
func Curve(opts ...Option) *Figure {
	const kind = "curve"
	o, err := gather("Title Axes Palette Line Runs Ticks Over Marks Baseline", "Epoch", "Loss", opts)
	if err == nil {
		err = checkLines(o)
	}
	if err != nil {
		return failed(kind, "Curve: %w", err)
	}
	n, b := lineBox(o)
	return &Figure{kind: kind, opt: o, alt: func() string { return altCurve(o, n) }, draw: func() *page { return drawCurve(o, b) }}
}

// largest is the largest number that a line or a bar is drawn with.
const largest = 1e300

// checkNumbers returns an error if one of the values of what cannot be drawn.
func checkNumbers(what string, values []float64) error {
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errorf("%s is %v at %d: has the training diverged?", what, v, i+1)
		}
		if math.Abs(v) > largest {
			return errorf("%s is %v at %d, too large to be drawn", what, v, i+1)
		}
	}
	return nil
}

func checkLines(o options) error {
	if len(o.lines) == 0 {
		return errorf("nothing to draw: give it a Line")
	}
	n := 0
	for _, l := range o.lines {
		if len(l.ys) == 0 {
			return errorf("line %q has no values", l.name)
		}
		if err := checkNumbers(fmt.Sprintf("line %q", l.name), l.ys); err != nil {
			return err
		}
		n = max(n, len(l.ys))
	}
	for _, b := range o.baselines {
		if !(math.Abs(b.y) <= largest) {
			return errorf("Baseline(%q, %v) cannot be drawn", b.name, b.y)
		}
	}
	if err := checkNumbers("Over", o.over); err != nil {
		return err
	}
	last := o.lines[len(o.lines)-1]
	switch {
	case o.ticks != nil && o.over != nil:
		return errorf("Ticks name the places 1, 2, 3, …, and Over gives others: leave one of them out")
	case o.ticks != nil && len(o.ticks) < n:
		return errorf("%d Ticks for %d places", len(o.ticks), n)
	case o.over != nil && len(o.over) < n:
		return errorf("Over gives %d numbers for %d places", len(o.over), n)
	case o.marks != nil && len(o.marks) != len(last.ys):
		return errorf("%d Marks for the %d values of line %q", len(o.marks), len(last.ys), last.name)
	}
	return nil
}

// lineBox returns how many places the lines have, and the box around all that is drawn.
func lineBox(o options) (n int, b box) {
	b = box{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	reach := func(y float64) { b.y0, b.y1 = math.Min(b.y0, y), math.Max(b.y1, y) }
	for _, l := range o.lines {
		for i, y := range l.ys {
			reach(y)
			if l.lo != nil {
				reach(l.lo[i])
				reach(l.hi[i])
			}
		}
		n = max(n, len(l.ys))
	}
	for _, line := range o.baselines {
		reach(line.y)
	}
	b.y0, b.y1 = widen(b.y0, b.y1, 0.06)
	for i := range n {
		x := o.place(i)
		b.x0, b.x1 = math.Min(b.x0, x), math.Max(b.x1, x)
	}
	more := 0.02
	if o.over != nil {
		more = 0.05
	}
	b.x0, b.x1 = widen(b.x0, b.x1, more)
	return n, b
}

// altCurve says where each line begins and ends, and its extremes if these lie elsewhere.
func altCurve(o options, n int) string {
	at := func(i int) string {
		if o.ticks != nil {
			return clip(o.ticks[i], 30)
		}
		return short(o.place(i))
	}
	var lines []string
	runs := false
	for _, l := range o.lines {
		end := len(l.ys) - 1
		first, last := l.ys[0], l.ys[end]
		s := clip(l.name, 60)
		switch {
		case end == 0:
			s += fmt.Sprintf(" is %s at %s", short(first), at(0))
		case short(first) == short(last):
			s += fmt.Sprintf(" is %s at %s and at %s", short(first), at(0), at(end))
		case first > last:
			s += fmt.Sprintf(" falls from %s at %s to %s at %s", short(first), at(0), short(last), at(end))
		default:
			s += fmt.Sprintf(" rises from %s at %s to %s at %s", short(first), at(0), short(last), at(end))
		}
		low, high := 0, 0
		for i, y := range l.ys {
			if y < l.ys[low] {
				low = i
			}
			if y > l.ys[high] {
				high = i
			}
		}
		least := 0.02 * (l.ys[high] - l.ys[low])
		if l.ys[low] < math.Min(first, last)-least {
			s += fmt.Sprintf(", lowest %s at %s", short(l.ys[low]), at(low))
		}
		if l.ys[high] > math.Max(first, last)+least {
			s += fmt.Sprintf(", highest %s at %s", short(l.ys[high]), at(high))
		}
		lines = append(lines, s)
		runs = runs || l.lo != nil
	}
	s := fmt.Sprintf("Line chart of %s over %s, %s to %s: %s.", clip(o.y, 60), clip(o.x, 60), at(0), at(n-1), listed(lines, "; ", 360))
	if runs {
		s += " Bars reach from the lowest to the highest run, lines join the means."
	}
	var flat []string
	for _, b := range o.baselines {
		flat = append(flat, clip(b.name, 60)+" at "+short(b.y))
	}
	if len(flat) > 0 {
		s += " Dashed: " + listed(flat, ", ", 120) + "."
	}
	if named := slices.DeleteFunc(slices.Clone(o.marks), func(name string) bool { return name == "" }); len(named) > 0 {
		s += " Named points of the last line: " + listed(named, ", ", 100) + "."
	}
	return s
}

func drawCurve(o options, b box) *page {
	page := newPage(620*density, 380*density)
	p := axes(o, b.x0, b.x1, b.y0, b.y1)
	switch {
	case o.ticks != nil:
		p.X.Tick.Marker = namedTicks(o.ticks)
	case o.over == nil:
		p.X.Tick.Marker = wholeTicks{}
	}
	p.Add(grid{}, curves{page, o})
	legend := 0.0
	for _, l := range o.lines {
		legend = math.Max(legend, float64(style(13, false).Width(l.name)/px)+48)
	}
	c := vgdraw.Crop(page.Canvas, 8*px, -16*px-vg.Length(legend)*px, 8*px, -12*px)
	fitTitle(p, c)
	p.Draw(c)
	d := p.DataCanvas(c)
	nameLines(page, o, dataArea(page, d), device(page, p, d))
	x, y := page.device(d.Max)
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

// nameLines writes the names of baselines and the marks into an area of the page, where they cover least of the lines.
func nameLines(page *page, o options, area spot, device func(at [2]float64) [2]float64) {
	if len(o.baselines) == 0 && len(o.marks) == 0 {
		return
	}
	var covered [][2]float64
	for _, l := range o.lines {
		covered = append(covered, along(o, l, device)...)
	}
	sty := style(12, false)
	size := func(name string) (w, h float64) {
		return float64(sty.Width(name)/px)*density + 10*density, float64(1+strings.Count(name, "\n"))*15*density + 5*density
	}
	var taken []spot
	write := func(name string, candidates []spot, covered [][2]float64) {
		s := best(candidates, area, taken, covered)
		taken = append(taken, s)
		x, y := s.centre()
		page.halo(name, sty, x, y)
	}
	if len(o.marks) > 0 {
		l, dashed := o.lines[len(o.lines)-1], slices.Clone(covered)
		for _, b := range o.baselines {
			y := device([2]float64{0, b.y})[1]
			dashed = append(dashed, between([2]float64{area.x0, y}, [2]float64{area.x1, y})...)
		}
		for i, y := range l.ys {
			at := device([2]float64{o.place(i), y})
			taken = append(taken, spotAt(at[0], at[1], 6*density, 6*density))
		}
		for i, y := range l.ys {
			w, h := size(o.marks[i])
			at := device([2]float64{o.place(i), y})
			var candidates []spot
			for _, far := range []float64{5 * density, 12 * density, 24 * density} {
				dx, dy := w/2+far, h/2+far
				for _, d := range [][2]float64{{dx, -dy / 2}, {dx, dy / 2}, {0, -dy}, {0, dy}, {-dx, -dy / 2}, {-dx, dy / 2}, {dx, 0}, {-dx, 0}} {
					candidates = append(candidates, spotAt(at[0]+d[0], at[1]+d[1], w, h))
				}
			}
			write(o.marks[i], candidates, dashed)
		}
	}
	for _, b := range o.baselines {
		w, h := size(b.name)
		y := device([2]float64{0, b.y})[1]
		var candidates []spot
		for _, cy := range []float64{y - h/2, y + h/2} {
			for _, cx := range []float64{area.x1 - w/2, area.x0 + w/2, (area.x0 + area.x1) / 2} {
				candidates = append(candidates, spotAt(cx, cy, w, h))
			}
		}
		write(b.name, candidates, covered)
	}
}

// along returns points of a line and of its error bars, close to one another, in pixels.
func along(o options, l line, device func(at [2]float64) [2]float64) (all [][2]float64) {
	for i, y := range l.ys {
		at := device([2]float64{o.place(i), y})
		if i == 0 {
			all = append(all, at)
		} else {
			all = append(all, between(device([2]float64{o.place(i - 1), l.ys[i-1]}), at)...)
		}
		if l.lo != nil {
			all = append(all, between(device([2]float64{o.place(i), l.lo[i]}), device([2]float64{o.place(i), l.hi[i]}))...)
		}
	}
	return all
}

// between returns points from a to b, close to one another, in pixels.
func between(a, b [2]float64) (all [][2]float64) {
	const step = 4 * density
	n := math.Min(1e4, math.Ceil(math.Hypot(b[0]-a[0], b[1]-a[1])/step))
	for k := 0.0; k <= n; k++ {
		share := k / math.Max(1, n)
		all = append(all, [2]float64{a[0] + (b[0]-a[0])*share, a[1] + (b[1]-a[1])*share})
	}
	return all
}

// lineColour returns the colour of line i. Of ten colours it begins with the two that differ most.
func (o *options) lineColour(i int) color.RGBA {
	if len(o.palette) != 10 {
		return o.palette.at(i)
	}
	return o.palette.at([10]int{0, 6, 4, 3, 8, 2, 1, 9, 5, 7}[i%10])
}

// curves is a plotter of the lines. Those of up to 60 values have a dot at each.
type curves struct {
	page *page
	o    options
}

func (cs curves) Plot(c vgdraw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	for _, b := range cs.o.baselines {
		dashed := vgdraw.LineStyle{Color: ink, Width: 1.5 * px, Dashes: []vg.Length{6 * px, 4 * px}}
		c.StrokeLine2(dashed, c.Min.X, trY(b.y), c.Max.X, trY(b.y))
	}
	for i, l := range cs.o.lines {
		pts := make([]vg.Point, len(l.ys))
		for j, y := range l.ys {
			pts[j] = vg.Point{X: trX(cs.o.place(j)), Y: trY(y)}
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
