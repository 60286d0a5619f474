package plots

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// circles is a plotter of circles around the origin, given their radii.
type circles []float64

// segments is how many straight lines make a circle: so many that none is seen.
const segments = 180

// corners returns points at the circles' ends: a box around them has room for the circles.
func corners(radii []float64) (points [][2]float64) {
	for _, r := range radii {
		points = append(points, [2]float64{-r, -r}, [2]float64{r, r})
	}
	return points
}

// outline returns points of a circle, from its rightmost one round and back to it.
func outline(r float64) (points [][2]float64) {
	for i := range segments + 1 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / segments)
		points = append(points, [2]float64{r * cos, r * sin})
	}
	return points
}

func (cs circles) Plot(c vgdraw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	for _, r := range cs {
		var line []vg.Point
		for _, at := range outline(r) {
			line = append(line, vg.Point{X: trX(at[0]), Y: trY(at[1])})
		}
		c.StrokeLines(vgdraw.LineStyle{Color: ink, Width: 1.5 * px}, line)
	}
}

// oneScale extends one axis, so that a unit has the same length on both.
func oneScale(p *plot.Plot, c vgdraw.Canvas) {
	for range 3 { // new ticks may have wider labels, which leave less room for the data
		d := p.DataCanvas(c)
		b := box{p.X.Min, p.X.Max, p.Y.Min, p.Y.Max}.shaped(float64(d.Max.X-d.Min.X), float64(d.Max.Y-d.Min.Y))
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = b.x0, b.x1, b.y0, b.y1
	}
}

// shaped returns the smallest box around b, with b's centre, whose sides are in the ratio of width to height.
func (b box) shaped(width, height float64) box {
	unit := math.Max((b.x1-b.x0)/width, (b.y1-b.y0)/height)
	x, y := (b.x0+b.x1)/2, (b.y0+b.y1)/2
	return box{x - unit*width/2, x + unit*width/2, y - unit*height/2, y + unit*height/2}
}
