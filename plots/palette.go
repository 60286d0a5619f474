package plots

import (
	"image"
	"image/color"
	"slices"
)

// A figure of axes, text and dots has a few colours, and thousands of shades at edges, where one fades into another. With a
// palette it takes a third of the bytes in a notebook, which is committed with its figures. Common quantisers average
// colours. Here every entry of the palette is a colour of the figure, so white, the text and the classes keep their colours.
const (
	paletteSize  = 256 // of PNG
	paletteAreas = 64  // entries chosen for the pixels that they cover; the others are for edges
)

// paletted returns m, which is opaque, with a palette of at most 256 of its colours. It is exact if m has no more than that.
// Otherwise the palette has those of classes that occur in m; then, one after the other, the colours that take most away
// from the sum of all errors; and then those that are furthest from every entry (Gonzalez, "Clustering to minimize the
// maximum intercluster distance", 1985), which bounds the error of a single pixel. Nothing is random or dithered.
func paletted(m *image.RGBA, classes Colours) *image.Paletted {
	shades, of := histogram(m)
	var palette color.Palette
	enter := func(c color.RGBA) {
		for i := range shades {
			s := &shades[i]
			if d := distance(s.rgb, packed(c)); d < s.error {
				s.error, s.entry = d, uint8(len(palette))
			}
		}
		palette = append(palette, c)
	}
	if len(classes) == 0 {
		classes = ColourBlind
	}
	for k := range classes[:min(len(classes), paletteAreas)] {
		c := classes.at(k)
		if slices.ContainsFunc(shades, func(s shade) bool { return s.rgb == packed(c) && s.error > 0 }) {
			enter(c)
		}
	}
	for len(palette) < min(paletteSize, len(shades)) {
		next, most := 0, -1
		for i, s := range shades {
			worth := s.error
			if len(palette) < paletteAreas {
				worth *= s.pixels
			}
			if worth > most {
				next, most = i, worth
			}
		}
		c := shades[next].rgb
		enter(color.RGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 255})
	}
	few := image.NewPaletted(m.Rect, palette)
	for i, s := range of {
		few.Pix[i] = shades[s].entry
	}
	return few
}

// A shade is a colour of a figure.
type shade struct {
	rgb    uint32
	pixels int
	entry  uint8 // the nearest of the palette
	error  int   // its distance from that
}

// histogram returns the colours of m in the order in which they occur, and the index of each pixel's.
func histogram(m *image.RGBA) (shades []shade, of []int32) {
	of = make([]int32, len(m.Pix)/4)
	index := map[uint32]int32{}
	var at int32
	for i := range of {
		p := m.Pix[4*i : 4*i+3 : 4*i+3]
		rgb := packed(color.RGBA{p[0], p[1], p[2], 255})
		if i == 0 || rgb != shades[at].rgb { // most pixels are like their left neighbour
			known := false
			if at, known = index[rgb]; !known {
				at = int32(len(shades))
				index[rgb] = at
				shades = append(shades, shade{rgb: rgb, error: 3 * 255 * 255})
			}
		}
		shades[at].pixels++
		of[i] = at
	}
	return shades, of
}

// packed returns c as a shade's rgb.
func packed(c color.RGBA) uint32 { return uint32(c.R)<<16 | uint32(c.G)<<8 | uint32(c.B) }

// distance returns the squared distance of two colours.
func distance(a, b uint32) int {
	d := 0
	for _, shift := range []int{0, 8, 16} {
		x := int(a>>shift&0xff) - int(b>>shift&0xff)
		d += x * x
	}
	return d
}
