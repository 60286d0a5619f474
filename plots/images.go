package plots

import (
	"fmt"
	"image"
	"image/draw"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// rowOptions are the options of figures of images in rows.
const rowOptions = "Title Columns Range Captions Labels ColumnNames RowNotes Diverging"

// mostImages is the largest number of images in a figure of rows. 500 images of 28x28 pixels, ten in a row, make a figure of
// 612 x 3000 CSS pixels.
const mostImages = 500

// Images returns a figure of images, float32 [n, height, width, 1 or 3], ten to a row. Its options are [Title], [Columns],
// [Range], [Captions], [ColumnNames], [RowNotes], which has a note for each row of the figure, [Diverging], and [Labels],
// which names the labels among captions and column names.
//
// The figure holds an error if images has another shape, is empty or has a number that is not finite, if there are more
// than 500 images or more than 25 million pixels in the figure, if there are not as many captions, column names or notes
// as images, columns or rows, and if Diverging is given for images with 3 channels.
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
// above reconstructions. Its options are those of [Images] and [RowNames]; [RowNotes] has a note for each of the two.
//
// The figure holds an error if the shapes differ, if there are not two names or notes, and in the cases in which that of
// [Images] does; the limit of 500 images is for both rows together.
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
// the rows are; [RowNotes] has a note for each row.
//
// The figure holds an error if there are no rows, if their shapes differ, if names or notes are not as many as the rows,
// and in the cases in which that of [Images] does; the limit of 500 images is for all rows together.
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
	case o.diverging && slices.ContainsFunc(all, func(p *pictures) bool { return p.c == 3 }):
		return nil, errorf("Diverging: images of 3 channels have colours of their own")
	}
	s := newSheet(o, kind, names, all)
	switch {
	case o.columnNames != nil && len(o.columnNames) != s.columns:
		return nil, errorf("%d column names for %d columns", len(o.columnNames), s.columns)
	case len(o.rowNotes) != 0 && len(o.rowNotes) != s.notes():
		return nil, errorf("%d row notes for %d rows", len(o.rowNotes), s.notes())
	}
	if tooLarge(s.width, s.height) {
		return nil, errorf("the figure would have %d x %d pixels, more than 25 million: draw fewer images, or smaller ones than %dx%d", s.width, s.height, all[0].h, all[0].w)
	}
	for i, p := range all {
		if err := p.read(images[i], o, whats[i]); err != nil {
			return nil, err
		}
		all[0].lo, all[0].hi = min(all[0].lo, p.lo), max(all[0].hi, p.hi)
	}
	if o.diverging && all[0].hi == 0 {
		all[0].lo, all[0].hi = -1, 1
	}
	for _, p := range all {
		p.lo, p.hi = all[0].lo, all[0].hi // black and white are the same in all rows
	}
	return &Figure{kind: kind, opt: o, draw: s.draw, alt: s.alt}, nil
}

// A sheet is the layout of rows of images below one another, wrapped together after some columns. Lengths are in pixels
// of the PNG.
type sheet struct {
	options
	kind            string
	names           []string
	rows            []*pictures
	columns, blocks int
	left, top       int // of the first image
	right           int // of the last image, to the page's edge
	scale           int // pixels to an image's pixel
	w, h            int // of an image
	under, block    int // heights of a caption, and of a block of rows with it
	step            int // from block to block
	width, height   int // of the page
}

const (
	gap      = 4 * density // between images
	margin   = 8 * density
	barSpace = 40 * density // for the bar of Diverging
)

func newSheet(o options, kind string, names []string, rows []*pictures) sheet {
	const between = 14 * density // wrapped rows, if there is more than one kind
	p := rows[0]
	s := sheet{options: o, kind: kind, names: names, rows: rows, columns: min(o.columns, p.n), left: margin, top: margin, right: margin}
	s.blocks = (p.n + s.columns - 1) / s.columns
	aside := func(text string) int {
		return margin + 10*density + int(math.Ceil(float64(style(13, false).Width(text)/px)*density))
	}
	for _, name := range names {
		s.left = max(s.left, aside(name))
	}
	for _, note := range o.rowNotes {
		s.right = max(s.right, aside(note))
	}
	if o.columnNames != nil {
		s.top += 18 * density
	}
	if o.captions != nil {
		s.under = 18 * density
	}
	largest := max(8, 56*density/max(p.w, p.h)) // filters of 3x3 weights are to be seen, too
	s.scale = min(largest, max(1, (640*density-gap*(s.columns-1))/(s.columns*p.w)))
	s.w, s.h = s.scale*p.w, s.scale*p.h
	s.block = len(rows)*(s.h+gap) - gap + s.under
	s.step = s.block + gap
	if len(rows) > 1 {
		s.step = s.block + between
	}
	across := s.columns*(s.w+gap) - gap
	if o.diverging {
		s.widen(across, (2*divergingSteps+1)*density+60*density) // the numbers stand below its ends
	}
	if o.title != "" {
		s.title = wrapped(o.title, titleStyle(), max(400, float64(across)/density))
		s.top += 6*density + s.titleHeight()
		s.widen(across, int(float64(titleStyle().Width(s.title)/px)*density))
	}
	s.width = s.left + across + s.right
	s.height = s.top + (s.blocks-1)*s.step + s.block + margin
	if o.diverging {
		s.height += barSpace
	}
	return s
}

// widen makes room for something of a width that is centred above or below the images.
func (s *sheet) widen(across, width int) {
	aside := margin + (width-across+1)/2
	s.left, s.right = max(s.left, aside), max(s.right, aside)
}

// titleHeight returns how many pixels the title takes.
func (s sheet) titleHeight() int { return 20 * density * (1 + strings.Count(s.title, "\n")) }

// notes returns how many rows can have a note at their right: those of Images are one kind, wrapped.
func (s sheet) notes() int {
	if s.kind == "images" {
		return s.blocks
	}
	return len(s.rows)
}

// note returns what stands at the right of row r of a block.
func (s sheet) note(block, r int) string {
	if s.kind == "images" {
		r = block
	}
	if r < len(s.rowNotes) {
		return s.rowNotes[r]
	}
	return ""
}

func (s sheet) alt() string {
	n, of := s.rows[0].n, fmt.Sprintf("of %d × %d pixels", s.rows[0].w, s.rows[0].h)
	var text string
	switch s.kind {
	case "images":
		text = count(n, "image") + " " + of
		if s.blocks > 1 {
			text += fmt.Sprintf(", %d in a row", s.columns)
		}
	case "pairs":
		text = count(n, "pair") + " of images " + of
	default:
		text = count(len(s.rows), "row") + " of " + count(n, "image") + " " + of
	}
	var rows []string
	for r := range max(len(s.names), len(s.rowNotes)) {
		row := fmt.Sprint("row ", r+1)
		if r < len(s.names) {
			row = clip(s.names[r], 60)
		}
		if r < len(s.rowNotes) && s.rowNotes[r] != "" {
			row += " (" + clip(s.rowNotes[r], 40) + ")"
		}
		rows = append(rows, row)
	}
	if len(rows) > 0 {
		text += ", from the top: " + listed(rows, ", ", 260)
	}
	text += "."
	if s.columnNames != nil {
		var names []string
		for i := range s.columnNames {
			names = append(names, clip(s.columnName(i), 30))
		}
		text += " Columns: " + listed(names, ", ", 100) + "."
	}
	if s.captions != nil {
		var all []string
		for i := range s.captions {
			all = append(all, clip(s.caption(i), 30))
		}
		text += " Captions: " + listed(all, ", ", 140) + "."
	}
	if s.diverging {
		text += fmt.Sprintf(" Colours from blue at %s over white at 0 to red at %s.", short(float64(s.rows[0].lo)), short(float64(s.rows[0].hi)))
	}
	return text
}

func (s sheet) draw() *page {
	page := newPage(s.width, s.height)
	middle := float64(s.left) + float64(s.columns*(s.w+gap)-gap)/2
	if s.title != "" {
		page.write(s.title, titleStyle(), middle, margin)
	}
	small := style(13, false)
	small.YAlign = vgdraw.YCenter
	left, right := small, small
	right.XAlign = vgdraw.XRight
	small.XAlign = vgdraw.XCenter
	for i := range s.columnNames {
		name := s.columnName(i)
		sty := small
		for sty.Font.Size > 8*px && sty.Width(name) > vg.Length(s.w+gap)*px/density {
			sty.Font.Size -= px
		}
		page.write(name, sty, float64(s.left+i*(s.w+gap))+float64(s.w)/2, float64(s.top-10*density))
	}
	for i := range s.rows[0].n {
		x, y := s.left+i%s.columns*(s.w+gap), s.top+i/s.columns*s.step
		for r, row := range s.rows {
			above := y + r*(s.h+gap)
			if i%s.columns == 0 {
				if r < len(s.names) {
					page.write(s.names[r], right, float64(s.left-10*density), float64(above)+float64(s.h)/2)
				}
				page.write(s.note(i/s.columns, r), left, float64(s.left+s.columns*(s.w+gap)-gap+10*density), float64(above)+float64(s.h)/2)
			}
			page.border(x, above, s.w, s.h)
			page.paste(row.at(i), x, above, s.scale)
		}
		if s.captions != nil {
			page.write(s.caption(i), small, float64(x)+float64(s.w)/2, float64(y+s.block-s.under)+9*density)
		}
	}
	if s.diverging {
		drawBar(page, float64(s.rows[0].hi), middle, float64(s.height-barSpace-margin)+14*density)
	}
	return page
}

// border draws a line around an image of w x h pixels at (x, y): a white one would have no edge.
func (p *page) border(x, y, w, h int) {
	draw.Draw(p.img, image.Rect(x-density/2, y-density/2, x+w+density/2, y+h+density/2), image.NewUniform(edge), image.Point{}, draw.Src)
}
