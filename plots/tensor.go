package plots

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// flat copies t's numbers, so that a figure can be drawn after t is gone.
// what names t in errors.
func flat(t *tensors.Tensor, what string) (dims []int, v []float32, err error) {
	if t == nil {
		return nil, nil, fmt.Errorf("no %s (nil)", what)
	}
	if err := t.CheckValid(); err != nil {
		return nil, nil, fmt.Errorf("the tensor of the %s is no longer there: %s", what, oneLine(err))
	}
	dims = t.Shape().Dimensions
	v, err = tensors.CopyFlatData[float32](t)
	if err != nil {
		return nil, nil, fmt.Errorf("%s are float32, got %s", what, t.DType())
	}
	return dims, v, nil
}

// readPoints reads latents [n, 2].
func readPoints(t *tensors.Tensor) ([][2]float64, error) {
	dims, v, err := flat(t, "points")
	if err != nil {
		return nil, err
	}
	if len(dims) != 2 || dims[1] != 2 {
		return nil, fmt.Errorf("points are [n, 2], got %v", dims)
	}
	if dims[0] == 0 {
		return nil, fmt.Errorf("no points: the tensor is %v", dims)
	}
	p := make([][2]float64, dims[0])
	for i := range p {
		x, y := float64(v[2*i]), float64(v[2*i+1])
		if math.IsNaN(x+y) || math.IsInf(x, 0) || math.IsInf(y, 0) {
			return nil, fmt.Errorf("point %d is (%v, %v): has the training diverged?", i, x, y)
		}
		p[i] = [2]float64{x, y}
	}
	return p, nil
}

// checkLabels wants one label, 0-9, for each of n things, or none at all.
func checkLabels(labels []uint8, n int, what string) error {
	if labels == nil {
		return nil
	}
	if len(labels) != n {
		return fmt.Errorf("%d labels for %d %s", len(labels), n, what)
	}
	for i, k := range labels {
		if k > 9 {
			return fmt.Errorf("label %d is %d, colours are for 0-9", i, k)
		}
	}
	return nil
}

// pictures are n images of h x w pixels with 1 or 3 channels.
type pictures struct {
	n, h, w, c int
	v          []float32
	lo, hi     float32
}

// readImages reads images [n, h, w, 1] or [n, h, w, 3].
func readImages(t *tensors.Tensor, o options, what string) (*pictures, error) {
	d, v, err := flat(t, what)
	if err != nil {
		return nil, err
	}
	if len(d) != 4 || d[3] != 1 && d[3] != 3 {
		return nil, fmt.Errorf("%s are [n, height, width, 1 or 3], got %v", what, d)
	}
	if len(v) == 0 {
		return nil, fmt.Errorf("no %s: the tensor is %v", what, d)
	}
	p := &pictures{n: d[0], h: d[1], w: d[2], c: d[3], v: v, lo: 0, hi: 1}
	for i, x := range v {
		if x != x {
			return nil, fmt.Errorf("%s: image %d holds NaN: has the training diverged?", what, i/(p.h*p.w*p.c))
		}
		if x < 0 {
			p.lo = -1
		}
	}
	if o.lo != o.hi {
		p.lo, p.hi = o.lo, o.hi
	}
	return p, nil
}

// at returns image i with black at lo and white at hi.
func (p *pictures) at(i int) image.Image {
	px := p.v[i*p.h*p.w*p.c:]
	grey := func(x float32) uint8 {
		return uint8(math.Round(255 * math.Min(1, math.Max(0, float64((x-p.lo)/(p.hi-p.lo))))))
	}
	if p.c == 1 {
		m := image.NewGray(image.Rect(0, 0, p.w, p.h))
		for j := range m.Pix {
			m.Pix[j] = grey(px[j])
		}
		return m
	}
	m := image.NewRGBA(image.Rect(0, 0, p.w, p.h))
	for j := range p.h * p.w {
		m.SetRGBA(j%p.w, j/p.w, color.RGBA{grey(px[3*j]), grey(px[3*j+1]), grey(px[3*j+2]), 255})
	}
	return m
}

// sixteen are the shades of grey of [pictures.uri].
var sixteen = func() color.Palette {
	p := make(color.Palette, 16)
	for i := range p {
		p[i] = color.Gray{uint8(17 * i)}
	}
	return p
}()

// uri returns image i as a PNG in a data URI, a grey one in 16 shades: half the
// bytes of 256.
func (p *pictures) uri(i int) (string, error) {
	m := p.at(i)
	if g, ok := m.(*image.Gray); ok {
		few := image.NewPaletted(g.Rect, sixteen)
		for j, x := range g.Pix {
			few.Pix[j] = uint8((int(x) + 8) / 17)
		}
		m = few
	}
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if err := enc.Encode(&b, m); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
