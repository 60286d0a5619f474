package plots

import (
	"image/color"
	"math"
	"strconv"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// mostClouds is how many ellipses a figure has at most: more cover one another.
const mostClouds = 2000

// An ellipse is the outline of one standard deviation of a Gaussian with independent axes.
type ellipse struct{ x, y, rx, ry float64 }

// readClouds reads the clouds of means and log variances, both float32 [n, 2].
func readClouds(mu, logvar *tensors.Tensor) ([]ellipse, error) {
	means, err := readPairs(mu, "Clouds: the means", "mean")
	if err != nil {
		return nil, err
	}
	logs, err := readPairs(logvar, "Clouds: the log variances", "log variance")
	switch {
	case err != nil:
		return nil, err
	case len(means) != len(logs):
		return nil, errorf("Clouds: %d means and %d log variances", len(means), len(logs))
	case len(means) > mostClouds:
		return nil, errorf("Clouds: %d ellipses are too many to be told apart: 2000 at most", len(means))
	}
	all := make([]ellipse, len(means))
	for i, m := range means {
		c := ellipse{m[0], m[1], math.Exp(logs[i][0] / 2), math.Exp(logs[i][1] / 2)}
		if math.Max(c.rx, c.ry) > math.MaxFloat32 {
			return nil, errorf("Clouds: log variance %d is (%v, %v), too large to be drawn", i, logs[i][0], logs[i][1])
		}
		all[i] = c
	}
	return all, nil
}

// outline returns points of the ellipse, from its rightmost one round and back to it.
func (e ellipse) outline(segments int) (points [][2]float64) {
	for i := range segments + 1 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(segments))
		points = append(points, [2]float64{e.x + e.rx*cos, e.y + e.ry*sin})
	}
	return points
}

// cloudCorners returns points at the ends of the ellipses: a box around them has room for all.
func cloudCorners(all []ellipse) (points [][2]float64) {
	for _, c := range all {
		points = append(points, [2]float64{c.x - c.rx, c.y - c.ry}, [2]float64{c.x + c.rx, c.y + c.ry})
	}
	return points
}

// clouds is a plotter of the ellipses, in the colours of their points' labels if these are as many.
type clouds struct {
	palette Colours
	all     []ellipse
	labels  []uint8
}

// colour returns the colour of cloud i.
func (cs clouds) colour(i int) color.RGBA {
	if len(cs.labels) == len(cs.all) {
		return cs.palette.at(int(cs.labels[i]))
	}
	return ink
}

func (cs clouds) Plot(c vgdraw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	for i, one := range cs.all {
		var line []vg.Point
		for _, at := range one.outline(segments) {
			line = append(line, vg.Point{X: trX(at[0]), Y: trY(at[1])})
		}
		colour := cs.colour(i)
		c.FillPolygon(color.NRGBA{colour.R, colour.G, colour.B, 0x28}, line)
		c.StrokeLines(vgdraw.LineStyle{Color: colour, Width: 1.5 * px}, line)
	}
}

// vegaClouds returns the layers of the ellipses, one for each colour.
func vegaClouds(cs clouds, b box, axisX, axisY object) (array, error) {
	const segments = 48
	x, y := places(b.x0, b.x1), places(b.y0, b.y1)
	var colours []string
	rows := map[string][][]string{}
	for i, one := range cs.all {
		colour := Colours{cs.colour(i)}.hex(0)
		if rows[colour] == nil {
			colours = append(colours, colour)
		}
		for j, p := range one.outline(segments) {
			rows[colour] = append(rows[colour], []string{strconv.Itoa(i), strconv.Itoa(j), x(p[0]), y(p[1])})
		}
	}
	var layers array
	for _, colour := range colours {
		data, err := vegaTable([]string{"cloud", "i", "x", "y"}, rows[colour])
		if err != nil {
			return nil, err
		}
		layers = append(layers, object{
			"data": data,
			"mark": object{"type": "line", "strokeWidth": 1.5, "clip": true, "color": colour},
			"encoding": object{"x": axisX, "y": axisY,
				"detail": object{"field": "cloud", "type": "nominal"},
				"order":  object{"field": "i", "type": "quantitative"}},
		})
	}
	return layers, nil
}
