package plots

import (
	"image"
	"image/color"
	"math"

	vgdraw "gonum.org/v1/plot/vg/draw"
)

// divergingSteps is how many shades lie on either side of white: few enough for a PNG with a palette to hold them and the
// shades of the text, and too many to be told apart.
const divergingSteps = 80

// blueToRed holds the colours of [Diverging]: those of ColorBrewer's RdBu (Harrower and Brewer 2003) at both ends and
// half-way, with white in the middle.
var blueToRed = func() color.Palette {
	stops := [][3]float64{{0x21, 0x66, 0xac}, {0x92, 0xc5, 0xde}, {0xff, 0xff, 0xff}, {0xf4, 0xa5, 0x82}, {0xb2, 0x18, 0x2b}}
	var p color.Palette
	for i := range 2*divergingSteps + 1 {
		at := float64(i) / divergingSteps * 2
		k := min(int(at), len(stops)-2)
		share := at - float64(k)
		var c [3]uint8
		for j := range c {
			c[j] = uint8(math.Round(stops[k][j]*(1-share) + stops[k+1][j]*share))
		}
		p = append(p, color.RGBA{c[0], c[1], c[2], 255})
	}
	return p
}()

// divergingStep returns which colour v has if the range ends at most.
func divergingStep(v, most float64) uint8 {
	return uint8(math.Round(divergingSteps * (1 + math.Max(-1, math.Min(1, v/most)))))
}

// drawBar draws the colours with the numbers that they stand for, below y and centred at x, in pixels of the PNG.
func drawBar(page *page, most, x, y float64) {
	const w, h, k = 2*divergingSteps + 1, 10, density
	bar := image.NewPaletted(image.Rect(0, 0, w, h), blueToRed)
	for i := range bar.Pix {
		bar.Pix[i] = uint8(i % w)
	}
	left, top := max(margin, int(x)-w*k/2), int(y)
	page.border(left, top, w*k, h*k)
	page.paste(bar, left, top, k)
	sty := style(11, false)
	sty.XAlign, sty.YAlign = vgdraw.XCenter, vgdraw.YTop
	for _, v := range []float64{-most, 0, most} {
		page.write(short(v), sty, float64(left)+(v/most+1)*w*k/2, y+(h+3)*density)
	}
}
