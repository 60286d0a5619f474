package plots

import (
	"math"

	"github.com/gomlx/gomlx/core/tensors"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// explorerDots is how many points an explorer contains at most: the plane behind them is what is looked at.
const explorerDots = 2000

// Explorer returns a figure that shows the decoded grid of p beside a scatter of points, float32 [n, 2], with their labels,
// 0-9, or nil. images, float32 [N*N, height, width, 1 or 3], are the decoded [Plane.Points]. Its options are [Title],
// [Axes], [Palette], [Labels] and [Range].
//
// In a notebook the figure is the latent plane itself: pointing at a place shows the image decoded from the nearest point
// of the grid. 30 x 30 images of 28x28 pixels add about 150 kB to the notebook. Of more than 2,000 points a fixed random
// choice is drawn.
//
// The figure holds an error if the images have more than four million pixels together, and in the cases in which those of
// [Map] and [Scatter] do.
func Explorer(p Plane, images *tensors.Tensor, points *tensors.Tensor, labels []uint8, opts ...Option) *Figure {
	const kind = "explorer"
	o, err := gather("Title Axes Palette Labels Range", latentX, latentY, opts) // its axes are p's, in which circles are not round
	if err != nil {
		return failed(kind, "Explorer: %w", err)
	}
	pics, err := planeImages(p, images, o, explorerWidth)
	if err == nil && pics.n > vegaPixels/(pics.h*pics.w) {
		most := int(math.Sqrt(float64(vegaPixels / (pics.h * pics.w))))
		err = errorf("%d x %d images of %dx%d pixels are too many to be pointed at: use a plane of %d x %d points", p.N, p.N, pics.h, pics.w, most, most)
		if most == 0 {
			err = errorf("images of %dx%d pixels are too large to be pointed at: make them smaller than 2000x2000", pics.h, pics.w)
		}
	}
	if err != nil {
		return failed(kind, "Explorer: %w", err)
	}
	pts, err := readPoints(points)
	if err == nil {
		err = checkLabels(labels, len(pts))
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

// explorerWidth is about how many CSS pixels wide an explorer's map is.
const explorerWidth = 420

// drawExplorer draws what a reader without Vega-Lite sees: the map and the scatter side by side, over the same ranges.
func drawExplorer(p Plane, o options, pics *pictures, pts [][2]float64, labels []uint8) *page {
	plain := o
	plain.title = ""
	pl := mapAxes(p, plain)
	k := tileScale(p, pics, explorerWidth)
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
