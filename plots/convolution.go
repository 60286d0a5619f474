package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/text"
)

// mostCells is how many cells a drawn convolution has on a side at most.
const mostCells = 64

// Convolution returns a drawing of what a convolution does to an image of size x size pixels: the image with its padding,
// the window of kernel x kernel pixels at two or three of its places, and the output, in which each place has one pixel. Its
// option is [Title].
//
// The figure holds an error unless size, kernel and stride are at least 1 and padding at least 0, if the kernel is larger
// than the image with its padding, and if that has more than 64 pixels on a side.
func Convolution(size, kernel, stride, padding int, opts ...Option) *Figure {
	const kind = "convolution"
	o, err := gather("Title", "", "", opts)
	if err != nil {
		return failed(kind, "Convolution: %w", err)
	}
	c := convolved{title: o.title, size: size, kernel: kernel, stride: stride, padding: padding}
	if err := c.check(); err != nil {
		return failed(kind, "Convolution: %w", err)
	}
	return &Figure{kind: kind, opt: o, draw: c.draw, alt: c.alt}
}

// A convolved is a convolution of a square image.
type convolved struct {
	title                         string
	size, kernel, stride, padding int
}

func (c convolved) check() error {
	switch {
	case c.size < 1 || c.kernel < 1 || c.stride < 1 || c.padding < 0:
		return errorf("size %d, kernel %d, stride %d, padding %d: the first three are at least 1, the padding at least 0", c.size, c.kernel, c.stride, c.padding)
	case c.size > mostCells || c.padding > mostCells || c.padded() > mostCells:
		return errorf("an image of %d pixels with a padding of %d is too large to be drawn: %d pixels on a side at most", c.size, c.padding, mostCells)
	case c.kernel > c.padded():
		return errorf("a kernel of %d is larger than the image with its padding, %d", c.kernel, c.padded())
	}
	return nil
}

// padded returns the side of the image with its padding.
func (c convolved) padded() int { return c.size + 2*c.padding }

// output returns the side of the output, as torch.nn.Conv2d defines it.
func (c convolved) output() int { return (c.padded()-c.kernel)/c.stride + 1 }

// reached returns how many rows of the image with its padding the windows cover, if no stride leaves a gap.
func (c convolved) reached() int { return (c.output()-1)*c.stride + c.kernel }

func (c convolved) alt() string {
	text := fmt.Sprintf("Drawing of a convolution: a window of %d × %d pixels moves over an image of %d × %d pixels in steps of %d", c.kernel, c.kernel, c.size, c.size, c.stride)
	if c.padding > 0 {
		text += fmt.Sprintf(", with %s of zeros around it", count(c.padding, "row"))
	}
	text += fmt.Sprintf("; each place gives one pixel of the output, which has %d × %d.", c.output(), c.output())
	if n := c.padded() - c.reached(); n > 0 {
		last := "row and column"
		if n > 1 {
			last = fmt.Sprintf("%d rows and columns", n)
		}
		text += " No window reaches the last " + last + ", hatched."
	}
	return text
}

// A place is a stamp that is drawn: its pixel of the small grid, and its colour.
type place struct {
	row, column int
	colour      color.RGBA
}

// stampPlaces returns the first place, the one beside it, and the last one of a grid, as far as there are so many.
func stampPlaces(n int) []place {
	all := []place{{0, 0, orange}, {0, 1, purple}, {n - 1, n - 1, green}}
	if n == 1 {
		return all[:1]
	}
	return all
}

// cells draws a grid of n x n cells with a corner at (x, y).
func (s sketch) cells(x, y, cell float64, n int, c color.Color) {
	side := float64(n) * cell
	width := math.Min(1, cell/8)
	for i := range n + 1 {
		at := float64(i) * cell
		s.line(c, width, [2]float64{x + at, y}, [2]float64{x + at, y + side})
		s.line(c, width, [2]float64{x, y + at}, [2]float64{x + side, y + at})
	}
}

// numbered draws the pixel of a place, filled, with its number.
func (s sketch) numbered(p place, i int, x, y, cell float64) {
	s.fill(p.colour, rectangle(x+float64(p.column)*cell, y+float64(p.row)*cell, cell, cell)...)
	if cell >= 11 {
		s.say(fmt.Sprint(i+1), inColour(style(math.Min(14, 0.62*cell), true), color.White), x+(float64(p.column)+0.5)*cell, y+(float64(p.row)+0.5)*cell, middle)
	}
}

// nameStamp writes the number of a stamp into one of its cells: its middle one, or one in a column that no other numbered stamp
// covers if the next one overlaps. Only where such columns are too narrow for a number it lies on the lines of the grid.
func (s sketch) nameStamp(i int, c color.RGBA, x, y, side, stride, cell float64) {
	if side < 16 {
		return
	}
	middle := (math.Floor((side/cell-1)/2) + 0.5) * cell
	at := middle
	if stride < side && i < 2 {
		at = [2]float64{stride - cell/2, side - stride + cell/2}[i]
		if stride < 16 {
			at = [2]float64{9, side - 9}[i]
		}
	}
	s.page.halo(fmt.Sprint(i+1), inColour(style(15, true), c), (x+at)*density, (y+middle)*density)
}

// caption writes a text over whatever is there, with its middle at (x, y).
func (s sketch) caption(what string, sty text.Style, x, y float64) {
	s.page.halo(what, sty, x*density, y*density)
}

// see returns a colour that lets through what is below it.
func see(c color.RGBA, alpha uint8) color.NRGBA { return color.NRGBA{c.R, c.G, c.B, alpha} }

const gridWidth, gridSide = 720, 300

func (c convolved) draw() *page {
	title, top := titleRoom(c.title, gridWidth)
	n, out := c.padded(), c.output()
	cell := math.Min(32, gridSide/float64(n))
	side, small := float64(n)*cell, float64(out)*cell
	const above, below = 44, 62
	s := newSketch(gridWidth, top+above+side+below)
	if title != "" {
		s.write(title, titleStyle(), gridWidth/2*density, 8*density)
	}
	x, y := 40+(gridSide-side)/2, top+above
	x1, y1 := 440+(240-math.Min(240, small))/2, y+(side-small)/2
	if small > 240 {
		x1 = gridWidth - 20 - small
	}
	pad := float64(c.padding) * cell
	inner := float64(c.size) * cell
	s.fill(tint(blue, 0.22), rectangle(x+pad, y+pad, inner, inner)...)
	for i := range n {
		for j := range n {
			cx, cy := x+float64(j)*cell, y+float64(i)*cell
			if c.padding > 0 && (min(i, j) < c.padding || max(i, j) >= c.padding+c.size) && cell >= 14 {
				s.say("0", inColour(style(0.42*cell, false), grey), cx+cell/2, cy+cell/2, middle)
			}
		}
	}
	s.cells(x, y, cell, n, edge)
	s.line(ink, 1.4, rectangle(x+pad, y+pad, inner, inner)...)
	if left := c.padded() - c.reached(); left > 0 {
		at := float64(c.reached()) * cell
		s.hatch(muted, x+at, y, side-at, side)
		s.hatch(muted, x, y+at, at, side-at)
	}
	s.box(x1, y1, small, small, tint(blue, 0.1), edge, 1)
	s.cells(x1, y1, cell, out, edge)
	s.line(ink, 1.4, rectangle(x1, y1, small, small)...)
	stamp := float64(c.kernel) * cell
	for i, p := range slices.Backward(stampPlaces(out)) {
		sx, sy := x+float64(p.column*c.stride)*cell, y+float64(p.row*c.stride)*cell
		px, py := x1+float64(p.column)*cell, y1+float64(p.row)*cell
		s.line(see(p.colour, 0x90), 1, [2]float64{sx + stamp, sy}, [2]float64{px, py})
		s.line(see(p.colour, 0x90), 1, [2]float64{sx + stamp, sy + stamp}, [2]float64{px, py + cell})
		s.fill(see(p.colour, 0x38), rectangle(sx, sy, stamp, stamp)...)
		s.line(p.colour, 2.5, rectangle(sx, sy, stamp, stamp)...)
		s.numbered(p, i, x1, y1, cell)
		s.nameStamp(i, p.colour, sx, sy, stamp, float64(c.stride)*cell, cell)
	}
	bold := style(13, true)
	s.say(fmt.Sprintf("input %d × %d", c.size, c.size), bold, x+side/2, y-28, middle)
	if c.padding > 0 {
		s.say(fmt.Sprintf("with a padding of %d: %d × %d", c.padding, n, n), style(12, false), x+side/2, y-12, middle)
	}
	s.caption(fmt.Sprintf("output %d × %d", out, out), bold, x1+small/2, y1-28)
	s.caption("one pixel for each place of the window", style(12, false), x1+small/2, y1-12)
	line := fmt.Sprintf("kernel %d × %d, stride %d:  ", c.kernel, c.kernel, c.stride)
	rounded := ""
	if (n-c.kernel)%c.stride != 0 {
		rounded = ", rounded down,"
	}
	sum := fmt.Sprintf("(%d + 2 · %d − %d) / %d%s + 1 = %d", c.size, c.padding, c.kernel, c.stride, rounded, out)
	s.say(line+sum, style(13, false), gridWidth/2, y+side+24, middle)
	if left := n - c.reached(); left > 0 {
		s.say("hatched: the window never reaches these pixels", inColour(style(12, false), muted), gridWidth/2, y+side+44, middle)
	}
	return s.page
}

// TransposedConvolution returns a drawing of what a transposed convolution does to an image of size x size pixels: the
// image, and the output with the stamp of kernel x kernel pixels that each of its pixels lays into it, a stride apart. The
// more stamps overlap in a pixel, the darker it is. The rows and columns that the padding cuts off are hatched; those that
// the output padding keeps or adds have a frame. Its option is [Title].
//
// The figure holds an error unless size, kernel and stride are at least 1, padding is at least 0, and the output padding,
// which is at least 0, is smaller than the stride, as PyTorch demands; if the padding leaves nothing; and if the output
// has, with what is cut off, more than 64 pixels on a side.
func TransposedConvolution(size, kernel, stride, padding, outputPadding int, opts ...Option) *Figure {
	const kind = "transposed convolution"
	o, err := gather("Title", "", "", opts)
	if err != nil {
		return failed(kind, "TransposedConvolution: %w", err)
	}
	t := transposed{title: o.title, size: size, kernel: kernel, stride: stride, padding: padding, extra: outputPadding}
	if err := t.check(); err != nil {
		return failed(kind, "TransposedConvolution: %w", err)
	}
	return &Figure{kind: kind, opt: o, draw: t.draw, alt: t.alt}
}

// A transposed is a transposed convolution of a square image.
type transposed struct {
	title                                string
	size, kernel, stride, padding, extra int
}

func (t transposed) check() error {
	numbers := fmt.Sprintf("size %d, kernel %d, stride %d, padding %d, output padding %d", t.size, t.kernel, t.stride, t.padding, t.extra)
	switch {
	case t.size < 1 || t.kernel < 1 || t.stride < 1 || t.padding < 0 || t.extra < 0:
		return errorf("%s: the first three are at least 1, the others at least 0", numbers)
	case t.extra >= t.stride:
		return errorf("%s: the output padding must be smaller than the stride", numbers)
	case max(t.size, t.kernel, t.stride, t.padding) > mostCells || t.whole() > mostCells:
		return errorf("%s: too large to be drawn, %d pixels on a side at most", numbers, mostCells)
	case t.output() < 1:
		return errorf("%s: the padding leaves nothing of the output", numbers)
	}
	return nil
}

// stamped returns the side of the square that all stamps cover together.
func (t transposed) stamped() int { return (t.size-1)*t.stride + t.kernel }

// output returns the side of the output, as torch.nn.ConvTranspose2d defines it.
func (t transposed) output() int { return t.stamped() - 2*t.padding + t.extra }

// whole returns the side of what is drawn: stamps and output.
func (t transposed) whole() int { return max(t.stamped(), t.padding+t.output()) }

// overlap returns for each row, or column, how many stamps cover it. A pixel has the product of its row's and its column's.
func (t transposed) overlap() []int {
	rows := make([]int, t.whole())
	for i := range t.size {
		for k := range t.kernel {
			rows[i*t.stride+k]++
		}
	}
	return rows
}

// counts returns the numbers of stamps that occur in a pixel of the output, in order.
func (t transposed) counts() []int {
	rows := t.overlap()[t.padding : t.padding+t.output()]
	var all []int
	for _, a := range rows {
		for _, b := range rows {
			all = append(all, a*b)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (t transposed) alt() string {
	text := fmt.Sprintf("Drawing of a transposed convolution: each of %d × %d pixels lays a stamp of %d × %d pixels into the output, %d apart; the output has %d × %d pixels", t.size, t.size, t.kernel, t.kernel, t.stride, t.output(), t.output())
	counts := t.counts()
	if len(counts) == 1 {
		text += fmt.Sprintf(", each under %s.", count(counts[0], "stamp"))
	} else {
		var all []string
		for _, n := range counts {
			all = append(all, fmt.Sprint(n))
		}
		text += ", under " + listed(all, ", ", 60) + " stamps: darker where stamps overlap."
	}
	if t.padding > 0 {
		text += fmt.Sprintf(" A padding of %d cuts off the edge, hatched.", t.padding)
	}
	if t.extra > 0 {
		text += fmt.Sprintf(" An output padding of %d keeps more at the right and at the bottom, framed.", t.extra)
	}
	return text
}

func (t transposed) draw() *page {
	title, top := titleRoom(t.title, gridWidth)
	n, out := t.whole(), t.output()
	const above, below, room = 44, 66, 340
	cell := math.Min(32, room/float64(n))
	side, small := float64(n)*cell, float64(t.size)*cell
	s := newSketch(gridWidth, top+above+math.Max(side, 160)+below)
	if title != "" {
		s.write(title, titleStyle(), gridWidth/2*density, 8*density)
	}
	y := top + above
	x, x1 := 40+(220-math.Min(220, small))/2, gridWidth-40-room+(room-side)/2
	y0 := y + math.Max(0, (side-small)/2)
	s.fill(tint(blue, 0.22), rectangle(x, y0, small, small)...)
	s.cells(x, y0, cell, t.size, edge)
	s.line(ink, 1.4, rectangle(x, y0, small, small)...)

	rows, counts := t.overlap(), t.counts()
	most := float64(max(1, slices.Max(counts)))
	for i, a := range rows {
		for j, b := range rows {
			s.fill(t.shade(a*b, most), rectangle(x1+float64(j)*cell, y+float64(i)*cell, cell, cell)...)
		}
	}
	s.cells(x1, y, cell, n, edge)
	from, to := float64(t.padding)*cell, float64(t.padding+out)*cell
	if t.padding > 0 {
		veil := color.NRGBA{255, 255, 255, 0xa8}
		for _, r := range [][4]float64{{0, 0, side, from}, {0, from, from, side - from}, {to, from, side - to, side - from}, {from, to, to - from, side - to}} {
			if r[2] > 0 && r[3] > 0 {
				s.fill(veil, rectangle(x1+r[0], y+r[1], r[2], r[3])...)
				s.hatch(muted, x1+r[0], y+r[1], r[2], r[3])
			}
		}
	}
	stamp := float64(t.kernel) * cell
	for i, p := range slices.Backward(stampPlaces(t.size)) {
		sx, sy := x1+float64(p.column*t.stride)*cell, y+float64(p.row*t.stride)*cell
		px, py := x+float64(p.column)*cell, y0+float64(p.row)*cell
		s.line(see(p.colour, 0x90), 1, [2]float64{px + cell, py}, [2]float64{sx, sy})
		s.line(see(p.colour, 0x90), 1, [2]float64{px + cell, py + cell}, [2]float64{sx, sy + stamp})
		s.line(p.colour, 2.5, rectangle(sx, sy, stamp, stamp)...)
		s.numbered(p, i, x, y0, cell)
		s.nameStamp(i, p.colour, sx, sy, stamp, float64(t.stride)*cell, cell)
	}
	s.line(ink, 2, rectangle(x1+from, y+from, to-from, to-from)...)
	if t.extra > 0 {
		kept := float64(t.extra) * cell
		a, b := x1+to-kept, y+to-kept
		s.line(red, 2.5, [2]float64{a, y + from}, [2]float64{x1 + to, y + from}, [2]float64{x1 + to, y + to}, [2]float64{x1 + from, y + to}, [2]float64{x1 + from, b}, [2]float64{a, b}, [2]float64{a, y + from})
	}
	bold := style(13, true)
	s.caption(fmt.Sprintf("input %d × %d", t.size, t.size), bold, x+small/2, y0-28)
	s.caption("each pixel lays a stamp", style(12, false), x+small/2, y0-12)
	s.say(fmt.Sprintf("output %d × %d", out, out), bold, x1+side/2, y-28, middle)
	s.say(fmt.Sprintf("(%d − 1) · %d + %d − 2 · %d + %d = %d", t.size, t.stride, t.kernel, t.padding, t.extra, out), style(12, false), x1+side/2, y-12, middle)
	t.legend(s, counts, most, y+math.Max(side, 160)+22)
	return s.page
}

// shade returns the colour of a pixel under n stamps, of which there are most.
func (t transposed) shade(n int, most float64) color.RGBA {
	if n == 0 {
		return color.RGBA{255, 255, 255, 255}
	}
	if most == 1 {
		return tint(navy, 0.25)
	}
	return tint(navy, 0.12+0.7*(float64(n)-1)/(most-1))
}

// legend says below the grids what shades, hatching and frame mean.
func (t transposed) legend(s sketch, counts []int, most, y float64) {
	type entry struct {
		draw func(x float64)
		text string
	}
	var all []entry
	if len(counts) > 6 {
		counts = []int{counts[0], counts[len(counts)/2], counts[len(counts)-1]}
	}
	for _, n := range counts {
		all = append(all, entry{func(x float64) { s.box(x, y-6, 12, 12, t.shade(n, most), grey, 1) }, count(n, "stamp")})
	}
	if t.padding > 0 {
		all = append(all, entry{func(x float64) {
			s.box(x, y-6, 12, 12, color.White, grey, 1)
			s.hatch(muted, x, y-6, 12, 12)
		}, fmt.Sprintf("cut off by padding %d", t.padding)})
	}
	if t.extra > 0 {
		all = append(all, entry{func(x float64) { s.box(x, y-6, 12, 12, color.White, red, 2.5) }, fmt.Sprintf("output padding %d", t.extra)})
	}
	sty := style(12, false)
	width := -18.0
	for _, e := range all {
		width += 36 + float64(sty.Width(e.text)/px)
	}
	x := (gridWidth - width) / 2
	for _, e := range all {
		e.draw(x)
		s.say(e.text, sty, x+18, y, begin)
		x += 36 + float64(sty.Width(e.text)/px)
	}
	s.say(fmt.Sprintf("kernel %d × %d, stride %d, padding %d, output padding %d", t.kernel, t.kernel, t.stride, t.padding, t.extra), inColour(sty, muted), gridWidth/2, y+22, middle)
}
