package plots

import (
	"math"
	"strconv"

	"github.com/gomlx/gomlx/core/tensors"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// Images draws images, float32 [n, height, width, 1 or 3], as a grid, ten to a
// row unless [Columns] says otherwise, with labels under them if [Captions] gives them.
//
// It is an error if images has another shape, has no images or holds NaN, and
// if the captions are not as many as the images.
func Images(images *tensors.Tensor, opts ...Option) *Figure {
	const kind = "images"
	o := gather("", "", opts)
	pics, err := readImages(images, o, "images")
	if err == nil {
		err = checkCaptions(o, pics.n)
	}
	if err != nil {
		return failed(kind, "Images: %w", err)
	}
	return &Figure{kind: kind, opt: o, draw: func() *page { return drawRows(o, nil, pics) }}
}

// Pairs draws the images of top above those of bottom, both float32
// [n, height, width, 1 or 3]: originals above reconstructions, unless
// [RowNames] says otherwise.
//
// It is an error if the shapes differ, and what is one for [Images].
func Pairs(top, bottom *tensors.Tensor, opts ...Option) *Figure {
	const kind = "pairs"
	o := gather("", "", opts)
	a, err := readImages(top, o, "images of the upper row")
	if err != nil {
		return failed(kind, "Pairs: %w", err)
	}
	b, err := readImages(bottom, o, "images of the lower row")
	if err != nil {
		return failed(kind, "Pairs: %w", err)
	}
	if a.n != b.n || a.h != b.h || a.w != b.w {
		return failed(kind, "Pairs: %d images of %dx%d above %d of %dx%d", a.n, a.h, a.w, b.n, b.h, b.w)
	}
	if err := checkCaptions(o, a.n); err != nil {
		return failed(kind, "Pairs: %w", err)
	}
	lo := min(a.lo, b.lo)
	a.lo, b.lo = lo, lo
	names := o.rowNames
	if names == nil {
		names = []string{"original", "reconstruction"}
	}
	if len(names) != 0 && len(names) != 2 {
		return failed(kind, "Pairs: %d row names for 2 rows", len(names))
	}
	return &Figure{kind: kind, opt: o, draw: func() *page { return drawRows(o, names, a, b) }}
}

// Grid draws rows of images below one another, each float32 [n, height, width,
// 1 or 3]: noisy ones, what several methods make of them, clean ones. [RowNames]
// says what the rows are.
//
// It is an error if there are no rows, if their shapes differ, if the names are
// not as many as the rows, and what is one for [Images].
func Grid(rows []*tensors.Tensor, opts ...Option) *Figure {
	const kind = "grid"
	o := gather("", "", opts)
	if len(rows) == 0 {
		return failed(kind, "Grid: no rows")
	}
	if len(o.rowNames) != 0 && len(o.rowNames) != len(rows) {
		return failed(kind, "Grid: %d row names for %d rows", len(o.rowNames), len(rows))
	}
	all := make([]*pictures, len(rows))
	for i, row := range rows {
		p, err := readImages(row, o, "images of row "+strconv.Itoa(i+1))
		if err != nil {
			return failed(kind, "Grid: %w", err)
		}
		if first := all[0]; i > 0 && (p.n != first.n || p.h != first.h || p.w != first.w) {
			return failed(kind, "Grid: %d images of %dx%d in row 1, %d of %dx%d in row %d", first.n, first.h, first.w, p.n, p.h, p.w, i+1)
		}
		all[i] = p
		all[0].lo = min(all[0].lo, p.lo)
	}
	for _, p := range all {
		p.lo = all[0].lo // black is the same in all rows
	}
	if err := checkCaptions(o, all[0].n); err != nil {
		return failed(kind, "Grid: %w", err)
	}
	return &Figure{kind: kind, opt: o, draw: func() *page { return drawRows(o, o.rowNames, all...) }}
}

func checkCaptions(o options, n int) error {
	if o.captions != nil && len(o.captions) != n {
		return errorf("%d captions for %d images", len(o.captions), n)
	}
	return nil
}

// drawRows sets the images of rows below one another, wrapping all of them
// together after o.columns.
func drawRows(o options, names []string, rows ...*pictures) *page {
	const (
		gap     = 4 * density
		margin  = 8 * density
		between = 14 * density // wrapped rows, if there is more than one kind
	)
	p := rows[0]
	columns := o.columns
	if columns <= 0 {
		columns = 10
	}
	columns = min(columns, p.n)
	blocks := (p.n + columns - 1) / columns
	left, top, caption := margin, margin, 0
	for _, s := range names {
		left = max(left, margin+10*density+int(math.Ceil(float64(style(13, false).Width(s)/px)*density)))
	}
	if o.title != "" {
		top += 26 * density
	}
	if o.captions != nil {
		caption = 18 * density
	}
	k := min(8, max(1, (640*density-gap*(columns-1))/(columns*p.w))) // pixels to a pixel
	w, h := k*p.w, k*p.h
	block := len(rows)*(h+gap) - gap + caption
	step := block + gap
	if len(rows) > 1 {
		step = block + between
	}
	width := left + columns*(w+gap) - gap + margin
	page := newPage(width, top+(blocks-1)*step+block+margin)
	if o.title != "" {
		sty := style(15, true)
		sty.XAlign, sty.YAlign = vgdraw.XCenter, vgdraw.YTop
		page.write(o.title, sty, float64(left+width-margin)/2, margin)
	}
	small := style(13, false)
	small.YAlign = vgdraw.YCenter
	right := small
	right.XAlign = vgdraw.XRight
	small.XAlign = vgdraw.XCenter
	for i := range p.n {
		x, y := left+i%columns*(w+gap), top+i/columns*step
		for r, row := range rows {
			if i%columns == 0 && r < len(names) {
				page.write(names[r], right, float64(left-10*density), float64(y+r*(h+gap))+float64(h)/2)
			}
			page.paste(row.at(i), x, y+r*(h+gap), k)
		}
		if o.captions != nil {
			page.write(o.caption(i), small, float64(x)+float64(w)/2, float64(y+block-caption)+9*density)
		}
	}
	return page
}
