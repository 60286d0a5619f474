package plots

import (
	"fmt"
	"math"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// explorerDots is the largest number of points in the Vega-Lite version of an explorer, whose reader looks at the plane
// rather than at single points.
const explorerDots = 2000

// Explorer returns a figure that shows the decoded grid of p beside a scatter of points, float32 [n, 2], with their labels,
// 0-9, or nil. images, float32 [N*N, height, width, 1 or 3], are the decoded [Plane.Points]. Its options are [Title],
// [Axes], [Palette], [Labels], [Unlabelled], [Range] and [Codes].
//
// In a notebook the figure is the latent plane itself: pointing at a place shows the image decoded from the nearest point
// of the grid. 30 x 30 images of 28x28 pixels add about 150 kB to the notebook. If there are more than 2,000 points, this
// version draws a random choice of 2,000, always the same, and a line below the axis says so. The PNG draws all points.
//
// The axes of the scatter cover all points and the plane. If points lie outside the plane, a frame shows where it ends.
//
// The figure holds an error if the images have more than four million pixels together, and in the cases in which those of
// [Map] and [Scatter] do.
func Explorer(p Plane, images *tensors.Tensor, points *tensors.Tensor, labels []uint8, opts ...Option) *Figure {
	const kind = "explorer"
	o, err := gather("Title Axes Palette Labels Unlabelled Range Codes", latentX, latentY, opts)
	if err != nil {
		return failed(kind, "Explorer: %w", err)
	}
	m, err := readMap(p, images, o, explorerWidth)
	if err == nil && m.pics.n > vegaPixels/(m.pics.h*m.pics.w) {
		most := int(math.Sqrt(float64(vegaPixels / (m.pics.h * m.pics.w))))
		err = errorf("%d x %d images of %dx%d pixels are too many to be pointed at: use a plane of %d x %d points", p.N, p.N, m.pics.h, m.pics.w, most, most)
		if most == 0 {
			err = errorf("images of %dx%d pixels are too large to be pointed at: make them smaller than 2000x2000", m.pics.h, m.pics.w)
		}
	}
	if err != nil {
		return failed(kind, "Explorer: %w", err)
	}
	s := scatter{options: o, labels: labels, box: p.box()}
	s.pts, err = readPoints(points)
	if err == nil {
		err = checkLabels(labels, len(s.pts))
	}
	if err != nil {
		return failed(kind, "Explorer: %w", err)
	}
	if b := s.box; !b.holds(extent(s.pts)) {
		s.frame = &b
		s.box = b.and(around(s.pts, 0.03))
	}
	return &Figure{kind: kind, opt: o,
		draw: func() *page { return drawExplorer(m, s) },
		vega: func() (any, error) { return explorerSpec(m, s) },
		alt: func() string {
			return fmt.Sprintf("%s Beside it a scatter plot of %s", m.alt(), said(o, s.pts, labels))
		},
	}
}

// holds reports whether all of c is in b.
func (b box) holds(c box) bool { return c.x0 >= b.x0 && c.x1 <= b.x1 && c.y0 >= b.y0 && c.y1 <= b.y1 }

// and returns the smallest box around b and c.
func (b box) and(c box) box {
	return box{math.Min(b.x0, c.x0), math.Max(b.x1, c.x1), math.Min(b.y0, c.y0), math.Max(b.y1, c.y1)}
}

// explorerWidth is about how many CSS pixels wide an explorer's map is.
const explorerWidth = 420

// drawExplorer draws what a reader without Vega-Lite sees: the map and the scatter side by side.
func drawExplorer(m planeMap, s scatter) *page {
	title := wrapped(m.title, titleStyle(), 2*explorerWidth)
	m.title, s.title = "", ""
	pl := mapAxes(m.Plane, m.options)
	w, h := m.size()
	left, top, right, bottom := margins(pl)
	above := 0
	if title != "" {
		above = 6*density + 20*density*(1+strings.Count(title, "\n"))
	}
	half := left + w + right
	height := above + top + h + bottom
	page := newPage(2*half, height)
	m.draw(page, pl, left, above+top)
	c := page.Canvas
	c.Min = page.point(float64(half+air), float64(height-air))
	c.Max = page.point(float64(2*half-air), float64(above+air))
	s.draw(page, c)
	if title != "" {
		page.write(title, titleStyle(), float64(page.img.Rect.Dx())/2, 8*density)
	}
	return page
}

// frame is a plotter of a box's edge.
type frame box

func (f frame) Plot(c vgdraw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	x0, x1, y0, y1 := trX(f.x0), trX(f.x1), trY(f.y0), trY(f.y1)
	c.StrokeLines(vgdraw.LineStyle{Color: ink, Width: px, Dashes: []vg.Length{4 * px, 3 * px}},
		[]vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}, {X: x0, Y: y0}})
}
