package images

import (
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// Shift returns the images x, [n, height, width, channels], moved by whole pixels: to the right, or to the left if right is
// negative, and down, or up if down is negative. Pixels that leave the image are lost, and black comes in.
func Shift(x *tensors.Tensor, right, down int) *tensors.Tensor {
	from, bad := readImages("Shift", x)
	if bad != nil {
		return bad
	}
	to, height, width, channels := from.blank(), from.dims[1], from.dims[2], from.dims[3]
	right, down = max(-width, min(right, width)), max(-height, min(down, height))
	length := (width - max(right, -right)) * channels // of the part of a row that stays
	for i := range from.dims[0] {
		for y := max(down, 0); y < min(height+down, height); y++ {
			source := ((i*height+y-down)*width + max(-right, 0)) * channels
			copy(to.values[((i*height+y)*width+max(right, 0))*channels:], from.values[source:source+length])
		}
	}
	return to.tensor()
}

// blank returns black images of b's shape.
func (b batch) blank() batch {
	values, black := make([]float32, len(b.values)), b.black()
	for i := range values {
		values[i] = black
	}
	return batch{b.dims, values}
}

// Rotate returns the images x, [n, height, width, channels], rotated counter-clockwise about their centre, or clockwise if
// degrees is negative. What comes in is black. Quarter turns of square images move whole pixels and are exact; otherwise a
// pixel is interpolated bilinearly between the four around the place that it comes from. degrees must be finite.
func Rotate(x *tensors.Tensor, degrees float64) *tensors.Tensor {
	const call = "Rotate"
	if !finite(degrees) {
		return failed(call, "the angle is %g degrees: it must be finite", degrees)
	}
	from, bad := readImages(call, x)
	if bad != nil {
		return bad
	}
	to, size, channels := from.blank(), from.row(), from.dims[3]
	black := to.values[0]
	mixtures := turned(from.dims[1], from.dims[2], degrees)
	for i := 0; i < len(from.values); i += size {
		for pixel, mix := range mixtures {
			for c := range channels {
				v := mix.outside * black
				for _, s := range mix.inside {
					v += s.weight * from.values[i+s.pixel*channels+c]
				}
				to.values[i+pixel*channels+c] = v
			}
		}
	}
	return to.tensor()
}

// A mixture says how a rotated pixel is made: of these pixels of the image, and of black. The weights sum to 1.
type mixture struct {
	inside  []share
	outside float32
}

// A share is the weight of one pixel, counted row by row.
type share struct {
	pixel  int
	weight float32
}

// turned returns the mixture of each pixel of an image of this size that is rotated counter-clockwise.
func turned(height, width int, degrees float64) []mixture {
	sin, cos := sincos(degrees)
	midY, midX := float64(height-1)/2, float64(width-1)/2
	made := make([]mixture, height*width)
	for i := range made {
		dy, dx := float64(i/width)-midY, float64(i%width)-midX
		y, x := midY+sin*dx+cos*dy, midX+cos*dx-sin*dy // rows count downwards
		made[i] = between(height, width, y, x)
	}
	return made
}

// between returns the bilinear mixture of the four pixels around (y, x).
func between(height, width int, y, x float64) (m mixture) {
	top, left := math.Floor(y), math.Floor(x)
	for _, corner := range [][2]float64{{top, left}, {top, left + 1}, {top + 1, left}, {top + 1, left + 1}} {
		weight := float32((1 - math.Abs(y-corner[0])) * (1 - math.Abs(x-corner[1])))
		row, column := int(corner[0]), int(corner[1])
		switch {
		case weight == 0:
		case row < 0 || row >= height || column < 0 || column >= width:
			m.outside += weight
		default:
			m.inside = append(m.inside, share{row*width + column, weight})
		}
	}
	return m
}

// sincos returns the sine and cosine of an angle, which are exact for quarter turns.
func sincos(degrees float64) (sin, cos float64) {
	degrees = math.Mod(degrees, 360)
	if quarters := degrees / 90; quarters == math.Trunc(quarters) {
		i := (int(quarters) + 4) % 4
		return []float64{0, 1, 0, -1}[i], []float64{1, 0, -1, 0}[i]
	}
	return math.Sincos(degrees * math.Pi / 180)
}

// Zoom returns the images x, [n, height, width, channels], enlarged k times: each pixel becomes a square of k x k equal
// pixels, so that single pixels can be seen. k must be at least 1, and the result must fit into the free memory.
func Zoom(x *tensors.Tensor, k int) *tensors.Tensor {
	const call = "Zoom"
	if k < 1 {
		return failed(call, "the factor is %d: it must be at least 1", k)
	}
	from, bad := readImages(call, x)
	if bad != nil {
		return bad
	}
	if err := from.tooLarge(float64(k) * float64(k)); err != nil {
		return failed(call, "%w", err)
	}
	n, height, width, channels := from.dims[0], from.dims[1], from.dims[2], from.dims[3]
	values := make([]float32, 0, len(from.values)*k*k)
	for row := range n * height {
		start := len(values)
		for column := range width {
			pixel := from.values[(row*width+column)*channels:][:channels]
			for range k {
				values = append(values, pixel...)
			}
		}
		line := values[start:]
		for range k - 1 {
			values = append(values, line...)
		}
	}
	return batch{[]int{n, height * k, width * k, channels}, values}.tensor()
}
