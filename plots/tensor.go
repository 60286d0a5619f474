package plots

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"slices"

	"autoencoders/internal/input"

	"github.com/gomlx/gomlx/core/tensors"
)

// readPoints copies points [n, 2], so that a figure can be drawn after the tensor is gone.
func readPoints(t *tensors.Tensor) ([][2]float64, error) { return readPairs(t, "the points", "point") }

// readPairs copies n pairs of numbers, float32 [n, 2]. what names all of them in errors, and one a single pair.
func readPairs(t *tensors.Tensor, what, one string) ([][2]float64, error) {
	if err := input.CheckFloats(what, t); err != nil {
		return nil, err
	}
	dims := t.Shape().Dimensions
	if len(dims) != 2 || dims[1] != 2 {
		return nil, fmt.Errorf("%s have the shape %v, not [n, 2]", what, dims)
	}
	v, err := tensors.CopyFlatData[float32](t)
	if err != nil {
		return nil, fmt.Errorf("%s could not be read: %w", what, err)
	}
	if i := input.NotFinite(v); i >= 0 {
		i /= 2
		return nil, fmt.Errorf("%s %d is (%v, %v): has the training diverged?", one, i, v[2*i], v[2*i+1])
	}
	p := make([][2]float64, dims[0])
	for i := range p {
		p[i] = [2]float64{float64(v[2*i]), float64(v[2*i+1])}
	}
	return p, nil
}

// checkLabels returns an error unless there is one label, 0-9, for each of n points, or none at all.
func checkLabels(labels []uint8, n int) error {
	if labels == nil {
		return nil
	}
	if len(labels) != n {
		return fmt.Errorf("%d labels for %d points", len(labels), n)
	}
	for i, k := range labels {
		if k > 9 {
			return fmt.Errorf("label %d is %d, colours are for 0-9", i, k)
		}
	}
	return nil
}

// pictures holds n images of h x w pixels with 1 or 3 channels.
type pictures struct {
	n, h, w, c int
	v          []float32
	lo, hi     float32 // black and white, or blue and red
	diverging  bool
}

// shapeOf returns images [n, h, w, 1] or [n, h, w, 3] without their pixels. They are copied later, by read, so that a figure
// that turns out to be too large copies nothing.
func shapeOf(t *tensors.Tensor, what string) (*pictures, error) {
	if err := input.Check(what, t); err != nil {
		return nil, err
	}
	d := t.Shape().Dimensions
	if d[3] != 1 && d[3] != 3 {
		return nil, fmt.Errorf("%s have the shape %v: 1 channel is drawn in grey and 3 in colour", what, d)
	}
	return &pictures{n: d[0], h: d[1], w: d[2], c: d[3]}, nil
}

// read copies the pixels of t, and chooses what is black and white.
func (p *pictures) read(t *tensors.Tensor, o options, what string) error {
	v, err := tensors.CopyFlatData[float32](t)
	if err != nil {
		return fmt.Errorf("%s could not be read: %w", what, err)
	}
	if i := input.NotFinite(v); i >= 0 {
		return fmt.Errorf("%s hold %v in image %d: has the training diverged?", what, v[i], i/(p.h*p.w*p.c))
	}
	p.v, p.lo, p.hi, p.diverging = v, 0, 1, o.diverging
	if slices.Min(v) < 0 {
		p.lo = -1
	}
	if o.diverging {
		p.hi = max(slices.Max(v), -slices.Min(v))
		p.lo = -p.hi
	}
	if o.ranged {
		p.lo, p.hi = o.lo, o.hi
	}
	return nil
}

// at returns image i with black at lo and white at hi.
func (p *pictures) at(i int) image.Image {
	px := p.v[i*p.h*p.w*p.c:]
	if p.diverging {
		m := image.NewPaletted(image.Rect(0, 0, p.w, p.h), blueToRed)
		for j := range m.Pix {
			m.Pix[j] = divergingStep(float64(px[j]), float64(p.hi))
		}
		return m
	}
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

// sixteen holds the shades of grey of [pictures.sprite].
var sixteen = func() color.Palette {
	p := make(color.Palette, 16)
	for i := range p {
		p[i] = color.Gray{uint8(17 * i)}
	}
	return p
}()

// sprite returns some of the images, row by row in one PNG in a data URI. Grey ones have 16 shades, which take half the
// bytes of 256.
func (p *pictures) sprite(some []int, columns int) (string, error) {
	area := image.Rect(0, 0, columns*p.w, (len(some)+columns-1)/columns*p.h)
	var all draw.Image = image.NewRGBA(area)
	if p.c == 1 {
		all = image.NewPaletted(area, sixteen)
	}
	for k, i := range some {
		x, y, m := k%columns*p.w, k/columns*p.h, p.at(i)
		if few, ok := all.(*image.Paletted); ok {
			for j, v := range m.(*image.Gray).Pix {
				few.Pix[few.PixOffset(x+j%p.w, y+j/p.w)] = uint8((int(v) + 8) / 17)
			}
			continue
		}
		draw.Draw(all, image.Rect(x, y, x+p.w, y+p.h), m, image.Point{}, draw.Src)
	}
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestCompression}
	if err := enc.Encode(&b, all); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
