package plots

import (
	"github.com/gomlx/gomlx/core/tensors"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// explorerDots is how many points an explorer shows at most: what is to be seen
// is the plane behind them.
const explorerDots = 2000

// Explorer draws the decoder's map beside the scatter of points, float32
// [n, 2], with their labels (nil: none), both over plane p. Its Vega-Lite
// version is the latent plane itself: wherever the reader points, the picture
// that the decoder makes of the nearest point of the grid appears beside it.
// images, float32 [N*N, height, width, 1 or 3], are the decoded [Plane.Points];
// 30 x 30 of 28 x 28 pixels make about 450 kB.
//
// Errors are those of [Map] and [Scatter].
func Explorer(p Plane, images *tensors.Tensor, points *tensors.Tensor, labels []uint8, opts ...Option) *Figure {
	const kind = "explorer"
	o := gather(latentX, latentY, opts)
	o.circles = nil // its axes are the plane's, in which they would not be round
	pics, err := planeImages(p, images, o)
	if err != nil {
		return failed(kind, "Explorer: %w", err)
	}
	pts, err := readPoints(points)
	if err == nil {
		err = checkLabels(labels, len(pts), "points")
	}
	if err != nil {
		return failed(kind, "Explorer: %w", err)
	}
	some := sample(len(pts), explorerDots)
	pts, labels = pick(pts, some), pick(labels, some)
	return &Figure{kind: kind, opt: o,
		draw: func() *page { return drawExplorer(p, o, pics, pts, labels) },
		vega: func() (any, error) { return explorerSpec(p, o, pics, pts, labels) },
	}
}

// drawExplorer is what a reader without Vega-Lite sees: the map and the scatter
// side by side, over the same ranges.
func drawExplorer(p Plane, o options, pics *pictures, pts [][2]float64, labels []uint8) *page {
	plain := o
	plain.title = ""
	pl := mapAxes(p, plain)
	k := tileScale(p, pics, 420)
	w, h := p.N*k*pics.w, p.N*k*pics.h
	left, top, right, bottom := margins(pl)
	title := 0
	if o.title != "" {
		title = 26 * density
	}
	half := left + w + right
	height := title + top + h + bottom
	page := newPage(2*half, height)
	drawMap(page, pl, p, pics, k, left, title+top)
	c := page.Canvas
	c.Min = page.point(float64(half+air), float64(height-air))
	c.Max = page.point(float64(2*half-air), float64(title+air))
	drawScatter(page, c, plain, p.box(), pts, labels)
	if o.title != "" {
		sty := style(15, true)
		sty.XAlign, sty.YAlign = vgdraw.XCenter, vgdraw.YTop
		page.write(o.title, sty, float64(page.img.Rect.Dx())/2, 8*density)
	}
	return page
}
