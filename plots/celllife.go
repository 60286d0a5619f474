package plots

import (
	"image/color"
	"math"
)

// CellLife returns a drawing of the life of a Go cell: what a cell declares is kept and put in front of every later cell; a
// cell that begins with %% is the function main of a program, and its values end with it; weights are on disk, where later
// cells find them; and a cell that forgets %% is told so. Its option is [Title].
func CellLife(opts ...Option) *Figure {
	const kind = "cell life"
	o, err := gather("Title", "", "", opts)
	if err != nil {
		return failed(kind, "CellLife: %w", err)
	}
	return &Figure{kind: kind, opt: o, draw: func() *page { return drawCellLife(o.title) }, alt: func() string {
		return "Drawing of four notebook cells and what becomes of them. Cell 1 holds import, var and func: the kernel keeps these declarations and puts them in front of every later cell. " +
			"Cells 2 and 3 begin with %%: each is func main of a program of its own, whose values end with it. Cell 2 trains and saves weights in a folder on disk; cell 3 reads them there. " +
			"Cell 4 forgets %% and gets the message: this cell needs %% as its first line."
	}}
}

// typed and cell are the left side and the width of the drawn cells.
const typed, cell = 44, 262

// drawCellLife draws three columns: what is typed, the program that runs, and what stays after it.
func drawCellLife(title string) *page {
	const (
		width          = 760
		runs, program  = 352, 164
		stays, keep    = 592, 150
		first, rowStep = 48.0, 118.0
	)
	title, top := titleRoom(title, width)
	s := newSketch(width, top+first+3*rowStep+82)
	if title != "" {
		s.write(title, titleStyle(), width/2*density, 8*density)
	}
	heading := inColour(style(13, true), muted)
	s.say("what you type", heading, typed+cell/2, top+22, middle)
	s.say("the program that runs", heading, runs+program/2, top+22, middle)
	s.say("what stays", heading, stays+keep/2, top+22, middle)
	row := func(i int) float64 { return top + first + rowStep*float64(i) }

	s.typed(row(0), 88, "[1]", green, `import "autoencoders/autoencoder"`, `var net = autoencoder.Linear(`, `    "checkpoints/linear", 2)`, `func loss() float64 { … }`)
	s.typed(row(1), 88, "[2]", blue, "%%", "for e, err := range net.Train(…) {", "    …", "}")
	s.typed(row(2), 88, "[3]", blue, "%%", "z := cell.Must(net.Encode(x))", "cell.Show(plots.Scatter(z, …))")
	s.typed(row(3), 44, "[4]", red, "cell.Show(plots.Scatter(z, …))")

	// Cell 1 runs nothing; its declarations go into a box of their own, and from there into each later program.
	s.say("nothing runs:", style(12, false), runs+program/2, row(0)+24, middle)
	s.say("declarations only", style(12, false), runs+program/2, row(0)+40, middle)
	s.arrow(green, 2, [2]float64{typed + cell + 4, row(0) + 58}, [2]float64{stays - 4, row(0) + 58})
	s.kept(stays, row(0), keep, 88)
	spine := float64(stays - 30)
	s.line(green, 2, [2]float64{stays, row(0) + 76}, [2]float64{spine, row(0) + 76}, [2]float64{spine, row(2) + 13})
	for _, i := range []int{1, 2} {
		y := row(i)
		s.arrow(green, 2, [2]float64{spine, y + 13}, [2]float64{runs + program + 2, y + 13})
		s.arrow(blue, 2, [2]float64{typed + cell + 4, y + 50}, [2]float64{runs - 3, y + 50})
		s.program(runs, y, program, 88)
	}

	// The weights go to the disk in one program and come back in the next.
	folder := row(1) + 44
	s.cylinder(stays, folder, keep, 104)
	s.say("checkpoints/linear", inColour(mono(11.5), ink), stays+keep/2, folder+44, middle)
	s.say("the weights, on disk", style(12, true), stays+keep/2, folder+64, middle)
	s.say("later cells find them", style(12, false), stays+keep/2, folder+81, middle)
	s.arrow(orange, 2, [2]float64{runs + program, row(1) + 66}, [2]float64{stays - 3, row(1) + 66})
	s.page.halo("saves", inColour(style(12, true), orange), (runs+program+24)*density, (row(1)+56)*density)
	s.arrow(orange, 2, [2]float64{stays, row(2) + 20}, [2]float64{stays - 16, row(2) + 20}, [2]float64{stays - 16, row(2) + 62}, [2]float64{runs + program + 3, row(2) + 62})
	s.page.halo("reads", inColour(style(12, true), orange), (runs+program+24)*density, (row(2)+52)*density)

	s.arrow(red, 2, [2]float64{typed + cell + 4, row(3) + 22}, [2]float64{runs - 3, row(3) + 22})
	s.box(runs, row(3), stays+keep-runs, 44, tint(red, 0.08), red, 1.5)
	s.say("no %%, so nothing runs; the message says:", style(12, false), runs+(stays+keep-runs)/2, row(3)+14, middle)
	s.say("this cell needs %% as its first line", inColour(mono(12.5), red), runs+(stays+keep-runs)/2, row(3)+31, middle)
	return s.page
}

// typed draws a notebook cell with its number at the left.
func (s sketch) typed(y, h float64, number string, c color.RGBA, code ...string) {
	s.box(typed, y, cell, h, color.RGBA{0xf7, 0xf7, 0xf7, 0xff}, edge, 1)
	s.fill(c, rectangle(typed, y, 4, h)...)
	s.say(number, inColour(mono(12), muted), typed-8, y+15, end)
	for i, line := range code {
		sty := mono(11.5)
		if line == "%%" {
			sty = inColour(mono(13), blue)
		}
		s.say(line, sty, typed+14, y+h/2+18*(float64(i)-float64(len(code)-1)/2), begin)
	}
}

// kept draws what the kernel keeps.
func (s sketch) kept(x, y, w, h float64) {
	s.box(x, y, w, h, tint(green, 0.08), green, 1.5)
	s.say("declarations, kept", style(12, true), x+w/2, y+18, middle)
	s.say("import  var  func", mono(11.5), x+w/2, y+37, middle)
	s.say("put in front of", style(12, false), x+w/2, y+56, middle)
	s.say("every later cell", style(12, false), x+w/2, y+71, middle)
}

// program draws the program of a cell: the declarations, and main.
func (s sketch) program(x, y, w, h float64) {
	const front = 26
	s.box(x, y, w, front, tint(green, 0.14), green, 1.5)
	s.say("declarations", style(12, false), x+w/2, y+front/2, middle)
	s.box(x, y+front, w, h-front, tint(blue, 0.14), blue, 1.5)
	s.say("func main() { … }", mono(12), x+w/2, y+front+20, middle)
	s.say("its values end with it", style(12, false), x+w/2, y+front+42, middle)
}

// cylinder draws a disk.
func (s sketch) cylinder(x, y, w, h float64) {
	const rise = 9
	half := func(y, from, to float64) (all [][2]float64) {
		for k := range 41 {
			sin, cos := math.Sincos(from + (to-from)*float64(k)/40)
			all = append(all, [2]float64{x + w/2 + w/2*cos, y + rise*sin})
		}
		return all
	}
	side := append(half(y+h-rise, 0, math.Pi), half(y+rise, math.Pi, 2*math.Pi)...)
	side = append(side, side[0])
	s.fill(tint(orange, 0.1), side...)
	s.line(orange, 1.5, side...)
	s.fill(tint(orange, 0.22), half(y+rise, 0, 2*math.Pi)...)
	s.line(orange, 1.5, half(y+rise, 0, 2*math.Pi)...)
}
