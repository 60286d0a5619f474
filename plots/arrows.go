package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// mostArrows is how many arrows a figure has at most: more cover one another.
const mostArrows = 2000

// Arrows returns a figure of arrows in the plane from the points of one tensor to those of another, both float32 [n, 2], in
// the colours of their labels, 0-9; labels may be nil. A ring stands where an arrow begins. Its options are [Title], [Axes],
// [Palette], [Labels], [Unlabelled], and [Behind] for points that are drawn paler below the arrows, with the names of their
// classes at the medians. Both axes have the same scale.
//
// The figure holds an error if there are not as many ends as beginnings, or more than 2,000 arrows, and if points or labels
// are what [Scatter] refuses.
func Arrows(from, to *tensors.Tensor, labels []uint8, opts ...Option) *Figure {
	const kind = "arrows"
	o, err := gather("Title Axes Palette Labels Unlabelled Behind", latentX, latentY, opts)
	if err != nil {
		return failed(kind, "Arrows: %w", err)
	}
	a, err := readArrows(from, to, labels, o)
	if err != nil {
		return failed(kind, "Arrows: %w", err)
	}
	return &Figure{kind: kind, opt: o, draw: a.draw, alt: a.alt}
}

// An arrowField is what a figure of arrows draws.
type arrowField struct {
	options
	from, to [][2]float64
	labels   []uint8
	back     scatter
}

func readArrows(from, to *tensors.Tensor, labels []uint8, o options) (arrowField, error) {
	a := arrowField{options: o, labels: labels}
	var err error
	if a.from, err = readPairs(from, "the beginnings", "beginning"); err != nil {
		return a, err
	}
	if a.to, err = readPairs(to, "the ends", "end"); err != nil {
		return a, err
	}
	switch {
	case len(a.from) != len(a.to):
		return a, errorf("%d beginnings and %d ends", len(a.from), len(a.to))
	case len(a.from) > mostArrows:
		return a, errorf("%d arrows are too many to be told apart: %d at most", len(a.from), mostArrows)
	}
	if err := checkLabels(labels, len(a.from)); err != nil {
		return a, err
	}
	a.back = scatter{options: o, labels: o.behindLabels}
	if slices.Contains(o.given, "Behind") {
		if a.back.pts, err = readPairs(o.behind, "Behind: the points", "Behind: point"); err != nil {
			return a, err
		}
		if err := checkLabels(o.behindLabels, len(a.back.pts)); err != nil {
			return a, errorf("Behind: %w", err)
		}
	}
	a.back.box = around(slices.Concat(a.from, a.to, a.back.pts), 0.04)
	return a, nil
}

func (a arrowField) alt() string {
	length := 0.0
	for i := range a.from {
		length += math.Hypot(a.to[i][0]-a.from[i][0], a.to[i][1]-a.from[i][1]) / float64(len(a.from))
	}
	text := count(len(a.from), "arrow")
	if n := len(present(a.labels)); n > 1 {
		text += fmt.Sprintf(" in %d classes", n)
	}
	from, to := extent(a.from), extent(a.to)
	x, y := clip(a.x, 40), clip(a.y, 40)
	text += fmt.Sprintf(", %s long on average: they begin at %s, %s and end at %s, %s.", short(length),
		span(x, from.x0, from.x1), span(y, from.y0, from.y1), span(x, to.x0, to.x1), span(y, to.y0, to.y1))
	if len(a.back.pts) > 0 {
		text += " Paler, behind them: " + said(a.options, a.back.pts, a.back.labels)
	}
	return text
}

func (a arrowField) draw() *page {
	page := newPage(620*density, 520*density)
	b := a.back.box
	p := axes(a.options, b.x0, b.x1, b.y0, b.y1)
	p.Add(grid{}, dots{page: page, palette: paler(a.palette), pts: a.back.pts, labels: a.back.labels}, arrows(a))
	classes := present(slices.Concat(a.labels, a.back.labels))
	c := vgdraw.Crop(page.Canvas, 8*px, -16*px-vg.Length(legendWidth(a.options, classes))*px, 8*px, -12*px)
	fitTitle(p, c)
	oneScale(p, c)
	p.Draw(c)
	d := p.DataCanvas(c)
	if len(a.back.labels) > 0 {
		drawTags(page, a.options, a.back.pts, a.back.labels, dataArea(page, d), device(page, p, d))
	}
	drawLegend(page, a.options, classes, d)
	return page
}

// paler returns colours for points that are not to be looked at first.
func paler(c Colours) Colours {
	all := make(Colours, 10)
	for k := range all {
		all[k] = tint(c.at(k), 0.35)
	}
	return all
}

// arrows is a plotter of the arrows.
type arrows arrowField

func (a arrows) Plot(c vgdraw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	for i := range a.from {
		colour := ink
		if a.labels != nil {
			colour = a.palette.at(int(a.labels[i]))
		}
		from, to := vg.Point{X: trX(a.from[i][0]), Y: trY(a.from[i][1])}, vg.Point{X: trX(a.to[i][0]), Y: trY(a.to[i][1])}
		length := vg.Length(math.Hypot(float64(to.X-from.X), float64(to.Y-from.Y)))
		if length > 0.1*px {
			ux, uy := (to.X-from.X)/length, (to.Y-from.Y)/length
			head := min(8*px, 0.7*length)
			neck := vg.Point{X: to.X - head*ux, Y: to.Y - head*uy}
			wing := func(side vg.Length) vg.Point {
				return vg.Point{X: neck.X - 0.42*side*head*uy, Y: neck.Y + 0.42*side*head*ux}
			}
			c.StrokeLines(vgdraw.LineStyle{Color: color.White, Width: 3.6 * px}, []vg.Point{from, neck})
			c.StrokeLines(vgdraw.LineStyle{Color: colour, Width: 1.8 * px}, []vg.Point{from, neck})
			c.FillPolygon(colour, []vg.Point{to, wing(1), wing(-1)})
		}
		ring := func(r vg.Length) (all []vg.Point) {
			for k := range 25 {
				sin, cos := math.Sincos(2 * math.Pi * float64(k) / 24)
				all = append(all, vg.Point{X: from.X + r*vg.Length(cos), Y: from.Y + r*vg.Length(sin)})
			}
			return all
		}
		c.FillPolygon(color.White, ring(2.6*px))
		c.StrokeLines(vgdraw.LineStyle{Color: colour, Width: 1.4 * px}, ring(2.6*px))
	}
}
