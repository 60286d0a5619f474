package main

import (
	"fmt"
	"image/color"
	"io"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// size is what the linear net is trained on, and how wide it is: its hidden layers are width times 128-64-12.
type size struct{ batch, images, width int }

var usual = size{batch: 128, images: 60_000, width: 1}

// growth is how the cost of an epoch depends on one of these.
type growth struct {
	what    string
	sizes   []size
	of      func(size) int
	seconds []float64 // of the faster of two epochs after the first, for each size
}

func growths() []*growth {
	batches := &growth{what: "batch", of: func(s size) int { return s.batch }}
	for batch := 32; batch <= 2048; batch *= 2 {
		batches.sizes = append(batches.sizes, size{batch, usual.images, usual.width})
	}
	images := &growth{what: "images", of: func(s size) int { return s.images }}
	for _, n := range []int{10_000, 30_000, 60_000, 120_000, 240_000} {
		images.sizes = append(images.sizes, size{usual.batch, n, usual.width})
	}
	widths := &growth{what: "width", of: func(s size) int { return s.width }}
	for width := 1; width <= 8; width *= 2 {
		widths.sizes = append(widths.sizes, size{usual.batch, usual.images, width})
	}
	return []*growth{batches, images, widths}
}

// measure trains each size in a program of its own.
func (g *growth) measure(root string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, s := range g.sizes {
		c, err := start(g.what, root, self, "-serve", "linear", "-batch", fmt.Sprint(s.batch), "-images", fmt.Sprint(s.images), "-width", fmt.Sprint(s.width))
		if err != nil {
			return err
		}
		for range 3 {
			if err = c.epoch(); err != nil {
				break
			}
		}
		c.stop()
		if err != nil {
			return err
		}
		g.seconds = append(g.seconds, min(c.seconds[1], c.seconds[2]))
	}
	return nil
}

// multiplications is the number of products in an epoch: three passes, less the gradient of the images.
func (s size) multiplications() float64 {
	w := float64(s.width)
	half := 784*128*w + (128*64+64*12)*w*w + 12*w*2
	return float64(s.images) * (3*2*half - 784*128*w)
}

func (g *growth) print(w io.Writer) {
	fmt.Fprintf(w, "\nlinear net, by %s: seconds an epoch, microseconds an image, and GFLOP a second\n", g.what)
	for i, s := range g.sizes {
		fmt.Fprintf(w, "%8d %8.2f %8.2f %8.0f\n", g.of(s), g.seconds[i], 1e6*g.seconds[i]/float64(s.images), 2*s.multiplications()/g.seconds[i]/1e9)
	}
}

// powersOfTwo are the ticks of a logarithmic axis of seconds.
func powersOfTwo(low, high float64) (ticks []plot.Tick) {
	for v := 1. / 64; v <= high; v *= 2 {
		if v >= low {
			ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.3g", v)})
		}
	}
	return ticks
}

// chartGrowth draws, for each growth, the seconds of an epoch against the size, on logarithmic scales. The grey line is
// what would be proportional to the number of multiplications.
func chartGrowth(all []*growth, path string) error {
	const width, height = 3.2 * vg.Inch, 2.8 * vg.Inch
	canvas := vgimg.New(width*vg.Length(len(all)), height)
	tiles := draw.Tiles{Rows: 1, Cols: len(all), PadX: vg.Millimeter * 4}
	for i, g := range all {
		p := plot.New()
		p.Title.Text = "linear net, by " + g.what
		p.X.Label.Text, p.Y.Label.Text = g.what, "seconds an epoch"
		p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
		p.Y.Tick.Marker = plot.TickerFunc(powersOfTwo)
		var ticks []plot.Tick
		var measured, work plotter.XYs
		for j, s := range g.sizes {
			ticks = append(ticks, plot.Tick{Value: float64(g.of(s)), Label: fmt.Sprint(g.of(s))})
			measured = append(measured, plotter.XY{X: float64(g.of(s)), Y: g.seconds[j]})
			work = append(work, plotter.XY{X: float64(g.of(s)), Y: g.seconds[0] * s.multiplications() / g.sizes[0].multiplications()})
		}
		p.X.Tick.Marker = plot.ConstantTicks(ticks)
		grey, err := plotter.NewLine(work)
		if err != nil {
			return err
		}
		grey.Color, grey.Width = color.Gray{170}, 1
		line, points, err := plotter.NewLinePoints(measured)
		if err != nil {
			return err
		}
		line.Color, points.Color = color.RGBA{0, 114, 178, 255}, color.RGBA{0, 114, 178, 255}
		points.Shape = draw.CircleGlyph{}
		p.Add(grey, line, points)
		p.Draw(tiles.At(draw.New(canvas), i, 0))
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = vgimg.PngCanvas{Canvas: canvas}.WriteTo(file)
	return err
}
