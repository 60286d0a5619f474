package plots

import (
	"fmt"
	"image"
	"math"
	"slices"

	"autoencoders/internal/input"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/plot"
)

// A Plane is a grid of N x N points of a two-dimensional latent space, from X0 to X1 and from Y0 to Y1, ends included.
// X0 must be below X1 and Y0 below Y1, by more than a billionth of their size; N is 1-1000. [Around] and [Covering] choose
// a plane for given codes.
type Plane struct {
	X0, X1, Y0, Y1 float64
	N              int

	err error // of Around and Covering; Points, Map and Explorer report it
}

// Around returns a grid of n x n points, n of 1-200, that covers the central 98 % of the codes, float32 [m, 2], on each
// axis, so that a few outliers do not stretch it. [Covering] leaves none out.
//
// If the codes or n are invalid, the error is reported by whatever uses the plane: its [Plane.Points], [Map] and
// [Explorer].
func Around(points *tensors.Tensor, n int) Plane { return planeOver("Around", points, n, 0.01) }

// Covering returns a grid of n x n points, n of 1-200, that covers all codes, float32 [m, 2], however far out they lie. It
// reports errors as [Around] does.
func Covering(points *tensors.Tensor, n int) Plane { return planeOver("Covering", points, n, 0) }

// planeOver returns a plane from one quantile of the codes to the opposite one, on each axis.
func planeOver(function string, points *tensors.Tensor, n int, share float64) Plane {
	bad := func(err error) Plane { return Plane{X0: -1, X1: 1, Y0: -1, Y1: 1, N: max(1, n), err: err} }
	if n < 1 || n > 200 {
		err := errorf("%s: n is %d, it must be 1-200", function, n)
		n = min(max(n, 1), 200)
		return bad(err)
	}
	pts, err := readPoints(points)
	if err != nil {
		return bad(errorf("%s: %w", function, err))
	}
	p := Plane{N: n}
	p.X0, p.X1 = central(pts, 0, share)
	p.Y0, p.Y1 = central(pts, 1, share)
	return p
}

// central returns the quantiles of share and of 1 - share on an axis.
func central(pts [][2]float64, axis int, share float64) (lo, hi float64) {
	v := make([]float64, len(pts))
	for i, p := range pts {
		v[i] = p[axis]
	}
	slices.Sort(v)
	at := func(share float64) float64 { return v[int(math.Round(share*float64(len(v)-1)))] }
	return widen(at(share), at(1-share), 0)
}

// Points returns the grid's points, float32 [N*N, 2], row by row from the top left as in a picture: Y1 first. Decode them,
// and give the images to [Map] or [Explorer].
//
// If the plane is invalid, every function that gets the tensor reports why.
func (p Plane) Points() *tensors.Tensor {
	if err := p.check(); err != nil {
		return input.Failed(fmt.Errorf("plots: %w", err))
	}
	n := p.N
	v := make([]float32, 0, 2*n*n)
	for i := range n * n {
		x, y := p.at(i)
		v = append(v, float32(x), float32(y))
	}
	return tensors.FromFlatDataAndDimensions(v, n*n, 2)
}

// at returns point i of the grid.
func (p Plane) at(i int) (x, y float64) {
	if p.N <= 1 {
		return (p.X0 + p.X1) / 2, (p.Y0 + p.Y1) / 2
	}
	share := func(k int) float64 { return float64(k) / float64(p.N-1) }
	return p.X0 + (p.X1-p.X0)*share(i%p.N), p.Y1 + (p.Y0-p.Y1)*share(i/p.N)
}

// box returns the plane with half a cell more on each side, because the picture of a point is centred on it.
func (p Plane) box() box {
	dx, dy := (p.X1-p.X0)/2, (p.Y1-p.Y0)/2
	if p.N > 1 {
		dx, dy = dx/float64(p.N-1), dy/float64(p.N-1)
	} else {
		dx, dy = 0, 0
	}
	return box{p.X0 - dx, p.X1 + dx, p.Y0 - dy, p.Y1 + dy}
}

// check returns an error if p is invalid.
func (p Plane) check() error {
	switch {
	case p.err != nil:
		return p.err
	case p.N < 1 || !spans(p.X0, p.X1) || !spans(p.Y0, p.Y1):
		return errorf("Plane{%v, %v, %v, %v, %d} is empty: X0 < X1, Y0 < Y1 and N > 0", p.X0, p.X1, p.Y0, p.Y1, p.N)
	case p.N > 1000:
		return errorf("Plane{%v, %v, %v, %v, %d} is too fine: N is 1-1000", p.X0, p.X1, p.Y0, p.Y1, p.N)
	}
	return nil
}

// spans reports whether an axis can go from lo to hi: they are numbers of float32's size, and far enough apart for nine
// digits to tell them from one another.
func spans(lo, hi float64) bool {
	size := math.Max(math.Abs(lo), math.Abs(hi))
	return hi-lo > 1e-9*size && size <= math.MaxFloat32
}

// Map returns a figure of the decoder's map of the latent plane: images, float32 [N*N, height, width, 1 or 3], are the
// decoded [Plane.Points], each drawn at its place, with axes in latent units. Its options are [Title], [Axes], [Range] and
// [Codes].
//
// The figure holds an error if the images are not as many as the plane's points, if the plane is invalid, if the images
// have more than 25 million pixels together as they are drawn, and if images or Codes have another shape, are empty or
// have a number that is not finite.
func Map(p Plane, images *tensors.Tensor, opts ...Option) *Figure {
	const kind = "map"
	o, err := gather("Title Axes Range Codes", latentX, latentY, opts)
	if err != nil {
		return failed(kind, "Map: %w", err)
	}
	m, err := readMap(p, images, o, 560)
	if err != nil {
		return failed(kind, "Map: %w", err)
	}
	return &Figure{kind: kind, opt: o, alt: m.alt, draw: func() *page {
		pl := mapAxes(p, o)
		w, h := m.size()
		pl.Title.Text = wrapped(o.title, titleStyle(), math.Max(300, float64(w)/density))
		left, top, right, bottom := margins(pl)
		page := newPage(left+w+right, top+h+bottom)
		m.draw(page, pl, left, top)
		return page
	}}
}

// A planeMap holds the images of a plane.
type planeMap struct {
	Plane
	options
	pics  *pictures
	scale int    // pixels of the PNG to an image's pixel
	empty []bool // the cells without a code; nil if no codes were given
}

// readMap reads the images of a plane that is to be drawn about size CSS pixels wide, and the codes.
func readMap(p Plane, images *tensors.Tensor, o options, size float64) (planeMap, error) {
	pics, err := planeImages(p, images, o, size)
	if err != nil {
		return planeMap{}, err
	}
	m := planeMap{p, o, pics, tileScale(p, pics, size), nil}
	if slices.Contains(o.given, "Codes") {
		codes, err := readPairs(o.codes, "Codes: the points", "Codes: point")
		if err != nil {
			return planeMap{}, err
		}
		m.empty = p.empty(codes)
	}
	return m, nil
}

// empty returns for each cell of the grid whether none of the codes falls into it.
func (p Plane) empty(codes [][2]float64) []bool {
	all := make([]bool, p.N*p.N)
	for i := range all {
		all[i] = true
	}
	b := p.box()
	for _, c := range codes {
		x := math.Floor((c[0] - b.x0) / (b.x1 - b.x0) * float64(p.N))
		y := math.Floor((b.y1 - c[1]) / (b.y1 - b.y0) * float64(p.N))
		if last := float64(p.N - 1); x >= 0 && x <= last && y >= 0 && y <= last {
			all[int(y)*p.N+int(x)] = false
		}
	}
	return all
}

// size returns how many pixels of the PNG the images take together.
func (m planeMap) size() (w, h int) { return m.N * m.scale * m.pics.w, m.N * m.scale * m.pics.h }

func (m planeMap) alt() string {
	b := m.box()
	text := fmt.Sprintf("Map of %d × %d images decoded from a grid of codes, %s, %s.", m.N, m.N, span(clip(m.x, 60), b.x0, b.x1), span(clip(m.y, 60), b.y0, b.y1))
	if n := m.emptyCells(); n > 0 {
		text += fmt.Sprintf(" %s of %s cells are pale: no code falls into them.", thousands(n), thousands(len(m.empty)))
	}
	return text
}

func (m planeMap) emptyCells() (n int) {
	for _, yes := range m.empty {
		if yes {
			n++
		}
	}
	return n
}

// planeImages reads the images of a plane that is to be drawn about size CSS pixels wide.
func planeImages(p Plane, images *tensors.Tensor, o options, size float64) (*pictures, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	const what = "the images"
	pics, err := shapeOf(images, what)
	if err != nil {
		return nil, err
	}
	if pics.n != p.N*p.N {
		return nil, errorf("%d images for a plane of %d x %d points", pics.n, p.N, p.N)
	}
	if k := tileScale(p, pics, size); tooLarge(p.N*k*pics.w, p.N*k*pics.h) {
		return nil, errorf("the figure would have %d x %d pixels, more than 25 million: use a plane of fewer points, or smaller images than %dx%d",
			p.N*k*pics.w, p.N*k*pics.h, pics.h, pics.w)
	}
	return pics, pics.read(images, o, what)
}

func mapAxes(p Plane, o options) *plot.Plot {
	b := p.box()
	return axes(o, b.x0, b.x1, b.y0, b.y1)
}

// tileScale returns the side, in pixels of the PNG, with which an image's pixel is drawn so that the map becomes about size
// CSS pixels wide.
func tileScale(p Plane, pics *pictures, size float64) int {
	return max(1, int(math.Round(size*density/float64(p.N*pics.w))))
}

// air is how many pixels stay white at a map's edges.
const air = 12 * density

// margins returns how many pixels title, ticks and labels take around a plot's data, and a little air.
func margins(pl *plot.Plot) (left, top, right, bottom int) {
	const probe = 800 * density
	page := newPage(probe, probe)
	d := pl.DataCanvas(page.Canvas)
	x0, y1 := page.device(d.Min)
	x1, y0 := page.device(d.Max)
	return int(x0) + air, int(y0) + air, probe - int(x1) + air, probe - int(y1) + air
}

// draw draws the axes so that their data area begins at (left, top), and the images into it.
func (m planeMap) draw(page *page, pl *plot.Plot, left, top int) {
	w, h := m.size()
	l, t, r, b := margins(pl)
	c := page.Canvas
	c.Min = page.point(float64(left-l+air), float64(top+h+b-air))
	c.Max = page.point(float64(left+w+r-air), float64(top-t+air))
	pl.Draw(c)
	for i := range m.pics.n {
		one := m.pics.at(i)
		if m.empty != nil && m.empty[i] {
			one = faded(one)
		}
		page.paste(one, left+i%m.N*m.scale*m.pics.w, top+i/m.N*m.scale*m.pics.h, m.scale)
	}
}

// faded returns m with a third of its contrast, towards white.
func faded(m image.Image) image.Image {
	fade := func(pix []uint8) []uint8 {
		pale := make([]uint8, len(pix))
		for i, v := range pix {
			pale[i] = 255 - uint8(math.Round(0.3*float64(255-v)))
		}
		return pale
	}
	switch m := m.(type) {
	case *image.Gray:
		return &image.Gray{Pix: fade(m.Pix), Stride: m.Stride, Rect: m.Rect}
	case *image.RGBA: // opaque: 255 stays 255
		return &image.RGBA{Pix: fade(m.Pix), Stride: m.Stride, Rect: m.Rect}
	}
	return m
}
