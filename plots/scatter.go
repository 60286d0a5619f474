package plots

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

const latentX, latentY = "Latent feature 1", "Latent feature 2"

// Scatter returns a figure of points, float32 [n, 2], in the colours of their labels, 0-9, with a legend; labels may be nil.
// The name of each class stands at the median of its points on both axes, or as near to it as there is room. Its options are
// [Title], [Axes], [Palette], [Labels], [Unlabelled], [Circles], [Clouds], [Pictures] and [Range], which is for the pictures.
//
// With [Pictures] the figure has a Vega-Lite version in which pointing at a dot shows its picture. If there are more than
// 1,000 points, or if their pictures have more than four million pixels together, this version draws a random choice, always
// the same, and a line below the axis says how many. The PNG draws all points.
//
// The figure holds an error if points has another shape, is empty or has a number that is not finite, if the labels are
// not as many as the points or not in 0-9, if the pictures are not as many as the points or have more than 80,000
// pixels each, if a radius of [Circles] is not above 0, and if [Clouds] are not pairs of means and log variances.
func Scatter(points *tensors.Tensor, labels []uint8, opts ...Option) *Figure {
	const kind = "scatter"
	o, err := gather("Title Axes Palette Labels Unlabelled Circles Clouds Pictures Range", latentX, latentY, opts)
	if err != nil {
		return failed(kind, "Scatter: %w", err)
	}
	s := scatter{options: o, labels: labels}
	s.pts, err = readPoints(points)
	if err == nil {
		err = checkLabels(labels, len(s.pts))
	}
	if err == nil && slices.Contains(o.given, "Clouds") {
		s.clouds, err = readClouds(o.mu, o.logvar)
	}
	if err != nil {
		return failed(kind, "Scatter: %w", err)
	}
	s.box = around(slices.Concat(corners(o.circles), cloudCorners(s.clouds), s.pts), 0.04)
	f := &Figure{kind: kind, opt: o, alt: s.alt}
	f.draw = func() *page {
		page := newPage(620*density, 520*density)
		s.draw(page, vgdraw.Crop(page.Canvas, 8*px, -16*px, 8*px, -12*px))
		return page
	}
	if slices.Contains(o.given, "Pictures") {
		pics, err := readPictures(o, len(s.pts))
		if err != nil {
			return failed(kind, "Scatter: %w", err)
		}
		f.vega = func() (any, error) { return scatterSpec(s, pics) }
	}
	return f
}

// A scatter is what a figure of points draws.
type scatter struct {
	options
	box    box
	pts    [][2]float64
	labels []uint8
	clouds []ellipse
	frame  *box // of a map beside the scatter; nil without
}

func (s scatter) alt() string {
	text := "Scatter plot of " + said(s.options, s.pts, s.labels)
	if n := len(s.circles); n > 0 {
		var radii []string
		for _, r := range s.circles {
			radii = append(radii, short(r))
		}
		text += " Circles around the origin with radius " + listed(radii, ", ", 60) + "."
	}
	if n := len(s.clouds); n > 0 {
		text += " " + count(n, "ellipse") + " of one standard deviation."
	}
	return text
}

// readPictures reads the pictures of n points.
func readPictures(o options, n int) (*pictures, error) {
	const what = "the pictures"
	p, err := shapeOf(o.pictures, what)
	switch {
	case err != nil:
		return nil, err
	case p.n != n:
		return nil, errorf("%d pictures for %d points", p.n, n)
	case vegaPixels/(p.h*p.w) < 50: // too few dots to see anything in
		return nil, errorf("pictures of %dx%d pixels are too large to be pointed at: make them smaller than 283x283", p.h, p.w)
	}
	return p, p.read(o.pictures, o, what)
}

// A box is a range of the plane.
type box struct{ x0, x1, y0, y1 float64 }

// around returns the smallest box around all points, larger by a share of its size on each side.
func around(pts [][2]float64, more float64) box {
	b := extent(pts)
	b.x0, b.x1 = widen(b.x0, b.x1, more)
	b.y0, b.y1 = widen(b.y0, b.y1, more)
	return b
}

// widen returns a range that is larger by a share of its size on each side. A range of no size gets one.
func widen(lo, hi, more float64) (float64, float64) {
	d := (hi - lo) * more
	if size := math.Abs(hi); hi-lo <= 1e-9*math.Max(1, size) {
		d = math.Max(0.5, 1e-8*size)
	}
	return lo - d, hi + d
}

// draw fills c with axes, dots and, if there are labels, the classes' names and a legend.
func (s scatter) draw(page *page, c vgdraw.Canvas) {
	p := axes(s.options, s.box.x0, s.box.x1, s.box.y0, s.box.y1)
	p.Add(grid{}, clouds{s.palette, s.clouds, s.labels}, dots{page, s.palette, s.pts, s.labels, len(s.clouds) == len(s.pts)}, circles(s.circles))
	if s.frame != nil {
		p.Add(frame(*s.frame))
	}
	names := present(s.labels)
	c = vgdraw.Crop(c, 0, -vg.Length(legendWidth(s.options, names))*px, 0, 0)
	fitTitle(p, c)
	if len(s.circles) > 0 {
		oneScale(p, c)
	}
	p.Draw(c)
	d := p.DataCanvas(c)
	if len(names) > 0 {
		drawTags(page, s.options, s.pts, s.labels, dataArea(page, d), device(page, p, d))
	}
	drawLegend(page, s.options, names, d)
}

// dataArea returns where a plot's data lie on the page.
func dataArea(page *page, d vgdraw.Canvas) spot {
	x0, y1 := page.device(d.Min)
	x1, y0 := page.device(d.Max)
	return spot{x0, y0, x1, y1}
}

// device returns the function from a plot's data to pixels of the page.
func device(page *page, p *plot.Plot, d vgdraw.Canvas) func(at [2]float64) [2]float64 {
	trX, trY := p.Transforms(&d)
	return func(at [2]float64) [2]float64 {
		x, y := page.device(vg.Point{X: trX(at[0]), Y: trY(at[1])})
		return [2]float64{x, y}
	}
}

// legendWidth returns how many CSS pixels the names of classes need at the right of a plot.
func legendWidth(o options, classes []uint8) float64 {
	if len(classes) == 0 {
		return 0
	}
	width := 40.0
	for _, k := range classes {
		width = math.Max(width, float64(style(13, false).Width(o.name(k))/px)+36)
	}
	return width
}

// drawLegend writes the names of classes beside a plot's data.
func drawLegend(page *page, o options, classes []uint8, d vgdraw.Canvas) {
	x, y := page.device(d.Max)
	for i, k := range classes {
		cy := y + density*(12+20*float64(i))
		dot(page.img, x+density*20, cy, density*5, o.palette.at(int(k)), 1)
		sty := style(13, false)
		sty.YAlign = vgdraw.YCenter
		page.write(o.name(k), sty, x+density*32, cy-density)
	}
}

// present returns the classes that occur, in order.
func present(labels []uint8) []uint8 {
	var seen [10]bool
	for _, k := range labels {
		seen[k] = true
	}
	var names []uint8
	for k, yes := range seen {
		if yes {
			names = append(names, uint8(k))
		}
	}
	return names
}

// dots is a plotter that draws the points directly into the page's pixels. Drawing 10,000 of them as paths takes a second.
type dots struct {
	page    *page
	palette Colours
	pts     [][2]float64
	labels  []uint8
	clouded bool // the dots mark the middle of clouds, which they must not hide
}

func (d dots) Plot(c vgdraw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	radius, alpha := dotSize(len(d.pts))
	if d.clouded {
		radius = math.Min(radius, 1.6)
	}
	var colours [10]color.RGBA
	for k := range colours {
		colours[k] = d.palette.at(k)
	}
	for i, pt := range d.pts {
		at := c.Min
		at.X, at.Y = trX(pt[0]), trY(pt[1])
		if at.X < c.Min.X || at.X > c.Max.X || at.Y < c.Min.Y || at.Y > c.Max.Y {
			continue
		}
		colour := colours[0]
		if d.labels != nil {
			colour = colours[d.labels[i]]
		}
		x, y := d.page.device(at)
		dot(d.page.img, x, y, radius*density, colour, alpha)
	}
}

// dotSize returns the radius in CSS pixels and the opacity of n dots, so that many do not hide one another: the radius is
// 3.2 for 512 dots and 1.3 for 10,000.
func dotSize(n int) (radius, alpha float64) {
	radius = math.Min(4, math.Max(1.1, 3.2*math.Pow(512/float64(n), 0.3)))
	if n > 2000 {
		return radius, 0.7
	}
	return radius, 0.9
}

// dot draws a disc with smooth edges around (x, y), all in pixels of m.
func dot(m *image.RGBA, x, y, radius float64, c color.RGBA, alpha float64) {
	r := image.Rect(int(x-radius-1), int(y-radius-1), int(x+radius+2), int(y+radius+2)).Intersect(m.Rect)
	for j := r.Min.Y; j < r.Max.Y; j++ {
		for i := r.Min.X; i < r.Max.X; i++ {
			d := math.Hypot(float64(i)+0.5-x, float64(j)+0.5-y)
			a := alpha * math.Min(1, math.Max(0, radius+0.5-d))
			if a == 0 {
				continue
			}
			px := m.Pix[m.PixOffset(i, j):]
			for k, v := range [3]uint8{c.R, c.G, c.B} {
				px[k] = uint8(math.Round(float64(px[k])*(1-a) + float64(v)*a))
			}
		}
	}
}

// sample returns at most n of the numbers below size, in ascending order, and the same ones every time.
func sample(size, n int) []int {
	some := rand.New(rand.NewPCG(1, 2)).Perm(size)[:min(n, size)]
	slices.Sort(some)
	return some
}
