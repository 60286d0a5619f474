package plots

import (
	"math"
	"strconv"

	"github.com/gomlx/gomlx/core/tensors"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// rowOptions are the options of figures of images in rows.
const rowOptions = "Title Columns Range Captions Labels"

// mostImages is how many images a figure of rows holds: 500 of 28x28 pixels, ten in a row, make a figure of 612 x 3000 CSS
// pixels.
const mostImages = 500

// Images returns a figure of images, float32 [n, height, width, 1 or 3], ten to a row. Its options are [Title], [Columns],
// [Range], [Captions], and [Labels], which names the labels among the captions.
//
// The figure holds an error if images has another shape, is empty or has a number that is not finite, if there are more
// than 500 images or more pixels in the figure than 25 million, and if the captions are not as many as the images.
func Images(images *tensors.Tensor, opts ...Option) *Figure {
	const kind = "images"
	o, err := gather(rowOptions, "", "", opts)
	if err != nil {
		return failed(kind, "Images: %w", err)
	}
	f, err := rows(kind, o, nil, []*tensors.Tensor{images}, "the images")
	if err != nil {
		return failed(kind, "Images: %w", err)
	}
	return f
}

// Pairs returns a figure of the images of top above those of bottom, both float32 [n, height, width, 1 or 3]: originals
// above reconstructions. Its options are those of [Images] and [RowNames].
//
// The figure holds an error if the shapes differ, and in the cases in which that of [Images] does; the limit of 500 images
// is for both rows together.
func Pairs(top, bottom *tensors.Tensor, opts ...Option) *Figure {
	const kind = "pairs"
	o, err := gather(rowOptions+" RowNames", "", "", opts)
	if err != nil {
		return failed(kind, "Pairs: %w", err)
	}
	names := o.rowNames
	if names == nil {
		names = []string{"original", "reconstruction"}
	}
	f, err := rows(kind, o, names, []*tensors.Tensor{top, bottom}, "the images of the upper row", "the images of the lower row")
	if err != nil {
		return failed(kind, "Pairs: %w", err)
	}
	return f
}

// Grid returns a figure of several rows of images below one another, each float32 [n, height, width, 1 or 3]: noisy
// images, what several methods make of them, clean ones. Its options are those of [Images] and [RowNames], which say what
// the rows are.
//
// The figure holds an error if there are no rows, if their shapes differ, if the names are not as many as the rows, and in
// the cases in which that of [Images] does; the limit of 500 images is for all rows together.
func Grid(images []*tensors.Tensor, opts ...Option) *Figure {
	const kind = "grid"
	o, err := gather(rowOptions+" RowNames", "", "", opts)
	if err != nil {
		return failed(kind, "Grid: %w", err)
	}
	if len(images) == 0 {
		return failed(kind, "Grid: no rows")
	}
	whats := make([]string, len(images))
	for i := range whats {
		whats[i] = "the images of row " + strconv.Itoa(i+1)
	}
	f, err := rows(kind, o, o.rowNames, images, whats...)
	if err != nil {
		return failed(kind, "Grid: %w", err)
	}
	return f
}

// rows returns the figure of rows of images, which whats name in errors.
func rows(kind string, o options, names []string, images []*tensors.Tensor, whats ...string) (*Figure, error) {
	all := make([]*pictures, len(images))
	for i, t := range images {
		p, err := shapeOf(t, whats[i])
		if err != nil {
			return nil, err
		}
		if first := all[0]; i > 0 && (p.n != first.n || p.h != first.h || p.w != first.w) {
			return nil, errorf("%d images of %dx%d in row 1, %d of %dx%d in row %d", first.n, first.h, first.w, p.n, p.h, p.w, i+1)
		}
		all[i] = p
	}
	n := all[0].n
	switch {
	case len(all) == 1 && n > mostImages:
		return nil, errorf("%d images are too many for one figure: Take(100)", n)
	case len(all)*n > mostImages:
		return nil, errorf("%d rows of %d images are too many for one figure: Take(%d)", len(all), n, max(1, min(100, mostImages/len(all))))
	case o.captions != nil && len(o.captions) != n:
		return nil, errorf("%d captions for %d images", len(o.captions), n)
	case len(names) != 0 && len(names) != len(all):
		return nil, errorf("%d row names for %d rows", len(names), len(all))
	}
	s := newSheet(o, names, all)
	if tooLarge(s.width, s.height) {
		return nil, errorf("the figure would have %d x %d pixels, more than 25 million: draw fewer images, or smaller ones than %dx%d", s.width, s.height, all[0].h, all[0].w)
	}
	for i, p := range all {
		if err := p.read(images[i], o, whats[i]); err != nil {
			return nil, err
		}
		all[0].lo = min(all[0].lo, p.lo)
	}
	for _, p := range all {
		p.lo = all[0].lo // black is the same in all rows
	}
	return &Figure{kind: kind, opt: o, draw: s.draw}, nil
}

// A sheet is the layout of rows of images below one another, wrapped together after some columns. Lengths are in pixels
// of the PNG.
type sheet struct {
	options
	names           []string
	rows            []*pictures
	columns, blocks int
	left, top       int // of the first image
	scale           int // pixels to an image's pixel
	w, h            int // of an image
	under, block    int // heights of a caption, and of a block of rows with it
	step            int // from block to block
	width, height   int // of the page
}

const (
	gap    = 4 * density // between images
	margin = 8 * density
)

func newSheet(o options, names []string, rows []*pictures) sheet {
	const between = 14 * density // wrapped rows, if there is more than one kind
	p := rows[0]
	s := sheet{options: o, names: names, rows: rows, columns: min(o.columns, p.n), left: margin, top: margin}
	s.blocks = (p.n + s.columns - 1) / s.columns
	for _, name := range names {
		s.left = max(s.left, margin+10*density+int(math.Ceil(float64(style(13, false).Width(name)/px)*density)))
	}
	if o.title != "" {
		s.top += 26 * density
	}
	if o.captions != nil {
		s.under = 18 * density
	}
	s.scale = min(8, max(1, (640*density-gap*(s.columns-1))/(s.columns*p.w)))
	s.w, s.h = s.scale*p.w, s.scale*p.h
	s.block = len(rows)*(s.h+gap) - gap + s.under
	s.step = s.block + gap
	if len(rows) > 1 {
		s.step = s.block + between
	}
	s.width = s.left + s.columns*(s.w+gap) - gap + margin
	s.height = s.top + (s.blocks-1)*s.step + s.block + margin
	return s
}

func (s sheet) draw() *page {
	page := newPage(s.width, s.height)
	if s.title != "" {
		sty := style(15, true)
		sty.XAlign, sty.YAlign = vgdraw.XCenter, vgdraw.YTop
		page.write(s.title, sty, float64(s.left+s.width-margin)/2, margin)
	}
	small := style(13, false)
	small.YAlign = vgdraw.YCenter
	right := small
	right.XAlign = vgdraw.XRight
	small.XAlign = vgdraw.XCenter
	for i := range s.rows[0].n {
		x, y := s.left+i%s.columns*(s.w+gap), s.top+i/s.columns*s.step
		for r, row := range s.rows {
			if i%s.columns == 0 && r < len(s.names) {
				page.write(s.names[r], right, float64(s.left-10*density), float64(y+r*(s.h+gap))+float64(s.h)/2)
			}
			page.paste(row.at(i), x, y+r*(s.h+gap), s.scale)
		}
		if s.captions != nil {
			page.write(s.caption(i), small, float64(x)+float64(s.w)/2, float64(y+s.block-s.under)+9*density)
		}
	}
	return page
}
