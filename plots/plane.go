package plots

import (
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/plot"
)

// A Plane is a grid of N x N points of the latent plane, from X0 to X1 and from
// Y0 to Y1, ends included.
type Plane struct {
	X0, X1, Y0, Y1 float64
	N              int

	err error // of Around, told by Map and Explorer
}

// Around returns a grid of n x n points over the central 98 % of the latents,
// float32 [m, 2], on each axis, so that a few far-off ones do not stretch it.
//
// What is wrong with the latents or n is reported by the figure that is drawn
// on the plane.
func Around(points *tensors.Tensor, n int) Plane {
	bad := func(err error) Plane { return Plane{X0: -1, X1: 1, Y0: -1, Y1: 1, N: max(1, n), err: err} }
	if n < 1 || n > 200 {
		n = min(max(n, 1), 200)
		return bad(errorf("Around: n is to be 1-200"))
	}
	pts, err := readPoints(points)
	if err != nil {
		return bad(errorf("Around: %w", err))
	}
	p := Plane{N: n}
	p.X0, p.X1 = central(pts, 0)
	p.Y0, p.Y1 = central(pts, 1)
	return p
}

// central returns the 1st and the 99th percentile on an axis.
func central(pts [][2]float64, axis int) (lo, hi float64) {
	v := make([]float64, len(pts))
	for i, p := range pts {
		v[i] = p[axis]
	}
	slices.Sort(v)
	at := func(share float64) float64 { return v[int(math.Round(share*float64(len(v)-1)))] }
	return widen(at(0.01), at(0.99), 0)
}

// Points returns the grid's points, float32 [N*N, 2], row by row from the top
// left: Y1 first, as the rows of a picture.
func (p Plane) Points() *tensors.Tensor {
	n := max(p.N, 1)
	v := make([]float32, 0, 2*n*n)
	for i := range n * n {
		x, y := p.at(i)
		v = append(v, float32(x), float32(y))
	}
	return tensors.FromFlatDataAndDimensions(v, n*n, 2)
}

// at is point i of the grid.
func (p Plane) at(i int) (x, y float64) {
	if p.N <= 1 {
		return (p.X0 + p.X1) / 2, (p.Y0 + p.Y1) / 2
	}
	share := func(k int) float64 { return float64(k) / float64(p.N-1) }
	return p.X0 + (p.X1-p.X0)*share(i%p.N), p.Y1 + (p.Y0-p.Y1)*share(i/p.N)
}

// box is the plane with half a cell more on each side: the picture of a point
// is centred on it.
func (p Plane) box() box {
	dx, dy := (p.X1-p.X0)/2, (p.Y1-p.Y0)/2
	if p.N > 1 {
		dx, dy = dx/float64(p.N-1), dy/float64(p.N-1)
	} else {
		dx, dy = 0, 0
	}
	return box{p.X0 - dx, p.X1 + dx, p.Y0 - dy, p.Y1 + dy}
}

func (p Plane) check(pics *pictures) error {
	if p.err != nil {
		return p.err
	}
	if p.N < 1 || !(p.X0 < p.X1) || !(p.Y0 < p.Y1) || math.IsInf(p.X1-p.X0+p.Y1-p.Y0, 0) {
		return errorf("Plane{%v, %v, %v, %v, %d} is empty: X0 < X1, Y0 < Y1 and N > 0", p.X0, p.X1, p.Y0, p.Y1, p.N)
	}
	if pics.n != p.N*p.N {
		return errorf("%d images for a plane of %d x %d points", pics.n, p.N, p.N)
	}
	return nil
}

// Map draws the decoder's map of the latent plane: images, float32
// [N*N, height, width, 1 or 3], the decoded [Plane.Points], each at its place,
// with axes in latent units.
//
// It is an error if the images are not as many as the plane's points, if the
// plane is empty, and what is one for [Images].
func Map(p Plane, images *tensors.Tensor, opts ...Option) *Figure {
	const kind = "map"
	o := gather(latentX, latentY, opts)
	pics, err := planeImages(p, images, o)
	if err != nil {
		return failed(kind, "Map: %w", err)
	}
	return &Figure{kind: kind, opt: o, draw: func() *page {
		pl := mapAxes(p, o)
		k := tileScale(p, pics, 560)
		w, h := p.N*k*pics.w, p.N*k*pics.h
		left, top, right, bottom := margins(pl)
		page := newPage(left+w+right, top+h+bottom)
		drawMap(page, pl, p, pics, k, left, top)
		return page
	}}
}

func planeImages(p Plane, images *tensors.Tensor, o options) (*pictures, error) {
	if p.err != nil {
		return nil, p.err
	}
	pics, err := readImages(images, o, "images")
	if err != nil {
		return nil, err
	}
	return pics, p.check(pics)
}

func mapAxes(p Plane, o options) *plot.Plot {
	b := p.box()
	return axes(o, b.x0, b.x1, b.y0, b.y1)
}

// tileScale is the whole number of PNG pixels to an image's pixel that makes the
// map about size CSS pixels wide.
func tileScale(p Plane, pics *pictures, size float64) int {
	return max(1, int(math.Round(size*density/float64(p.N*pics.w))))
}

// air is the pixels left white at a map's edges.
const air = 12 * density

// margins are the pixels around a plot's data that title, ticks and labels
// take, and a little air.
func margins(pl *plot.Plot) (left, top, right, bottom int) {
	const probe = 800 * density
	page := newPage(probe, probe)
	d := pl.DataCanvas(page.Canvas)
	x0, y1 := page.device(d.Min)
	x1, y0 := page.device(d.Max)
	return int(x0) + air, int(y0) + air, probe - int(x1) + air, probe - int(y1) + air
}

// drawMap draws the axes so that their data begins at (left, top), and the
// pictures into them.
func drawMap(page *page, pl *plot.Plot, p Plane, pics *pictures, k, left, top int) {
	w, h := p.N*k*pics.w, p.N*k*pics.h
	l, t, r, b := margins(pl)
	c := page.Canvas
	c.Min = page.point(float64(left-l+air), float64(top+h+b-air))
	c.Max = page.point(float64(left+w+r-air), float64(top-t+air))
	pl.Draw(c)
	for i := range pics.n {
		page.paste(pics.at(i), left+i%p.N*k*pics.w, top+i/p.N*k*pics.h, k)
	}
}
