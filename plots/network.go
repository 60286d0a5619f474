package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mostStages is how many layers stand side by side at most.
const mostStages = 24

// Network returns a drawing of a net as an hourglass with the size of each layer's output, given the table of an
// autoencoder's Summary: its header, and a row for each layer and for the total.
//
//	plots.Network(cell.Must(net.Summary(28, 28, 1)).Table())
//
// Vectors are bars, whose height goes with the logarithm of their size; images are boxes of height x width x channels. A
// layer that keeps the shape and has no parameters, such as ReLU, is named below the layer before it. The input's size is
// that of the first layer's arguments, Linear(784, 128), or follows from the last output. Its options are [Title], and
// [Highlight] for layers that are to be drawn in red.
//
// The figure holds an error if the table has no column name, layer, output or parameters, or no layers; if an output is no
// size, such as 128 or 14 × 14 × 16; if there are more than 24 layers beside those that keep the shape; and if Highlight
// names a layer that is not in the table.
func Network(header []string, rows [][]string, opts ...Option) *Figure {
	const kind = "network"
	o, err := gather("Title Highlight", "", "", opts)
	if err != nil {
		return failed(kind, "Network: %w", err)
	}
	n, err := readNet(header, rows, o.highlight)
	if err != nil {
		return failed(kind, "Network: %w", err)
	}
	n.title = o.title
	return &Figure{kind: kind, opt: o, draw: n.draw, alt: n.alt}
}

// A net is what the drawing shows: stages[0] is the input.
type net struct {
	title      string
	stages     []stage
	parameters string // in all
}

// A stage is the output of a layer, or the input.
type stage struct {
	name, layer string
	then        []string // layers that keep the shape
	output      []int    // one number for a vector, height, width and channels for an image; nil if unknown
	parameters  string
	red         bool
}

// size is the output's text: "784" or "28 × 28 × 1".
func (s stage) size() string {
	if s.output == nil {
		return "?"
	}
	var all []string
	for _, d := range s.output {
		all = append(all, thousands(d))
	}
	return strings.Join(all, " × ")
}

// numbers returns how many numbers the output has.
func (s stage) numbers() float64 {
	n := 1.0
	for _, d := range s.output {
		n *= float64(d)
	}
	return n
}

// function returns the layer without its arguments, and these.
func (s stage) function() (name string, arguments []string) {
	name, in, found := strings.Cut(s.layer, "(")
	if !found {
		return name, nil
	}
	for a := range strings.SplitSeq(strings.TrimSuffix(in, ")"), ",") {
		if a = strings.TrimSpace(a); a != "" {
			arguments = append(arguments, a)
		}
	}
	return name, arguments
}

// readNet reads the table.
func readNet(header []string, rows [][]string, highlight []string) (net, error) {
	column := map[string]int{}
	for i, h := range header {
		column[strings.ToLower(h)] = i
	}
	for _, want := range []string{"name", "layer", "output", "parameters"} {
		if _, ok := column[want]; !ok {
			return net{}, errorf("the table has no column %q: give it the header and the rows of Summary's Table", want)
		}
	}
	n := net{stages: []stage{{}}}
	var names []string
	for i, row := range rows {
		if len(row) < len(header) {
			return net{}, errorf("row %d has %d columns, the header %d", i+1, len(row), len(header))
		}
		if err := checkTexts(row); err != nil {
			return net{}, err
		}
		cell := func(name string) string { return row[column[name]] }
		if cell("name") == "" && cell("output") == "total" {
			n.parameters = grouped(cell("parameters"))
			continue
		}
		output, err := dimensions(cell("output"))
		if err != nil {
			return net{}, errorf("row %d: %w", i+1, err)
		}
		s := stage{name: cell("name"), layer: cell("layer"), output: output, parameters: grouped(cell("parameters")), red: slices.Contains(highlight, cell("name"))}
		names = append(names, s.name)
		last := &n.stages[len(n.stages)-1]
		if kind, _ := s.function(); len(n.stages) > 1 && s.parameters == "0" && slices.Equal(s.output, last.output) {
			last.then = append(last.then, kind)
			last.red = last.red || s.red
			continue
		}
		n.stages = append(n.stages, s)
	}
	switch {
	case len(n.stages) == 1:
		return net{}, errorf("the table has no layers")
	case len(n.stages) > mostStages+1:
		return net{}, errorf("%d layers are too many to stand side by side: %d at most", len(n.stages)-1, mostStages)
	}
	for _, name := range highlight {
		if !slices.Contains(names, name) {
			return net{}, errorf("Highlight: there is no layer %q: the first is %s, the last %s", name, names[0], names[len(names)-1])
		}
	}
	n.stages[0] = stage{name: "input", output: n.input()}
	return n, nil
}

// checkTexts returns an error if a text is too long for a figure or has letters that no font has.
func checkTexts(all []string) error {
	for _, s := range all {
		if n := utf8.RuneCountInString(s); n > mostLetters {
			return errorf("a text of %d letters is too long: %d at most", n, mostLetters)
		}
	}
	return checkLetters(all...)
}

// dimensions reads "14 × 14 × 16".
func dimensions(s string) ([]int, error) {
	var all []int
	for part := range strings.SplitSeq(s, "×") {
		d, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || d < 1 {
			return nil, errorf("the output %q is no size, such as 128 or 14 × 14 × 16", s)
		}
		all = append(all, d)
	}
	return all, nil
}

// grouped writes a number with commas, and any other text as it is.
func grouped(s string) string {
	if n, err := strconv.Atoi(s); err == nil {
		return thousands(n)
	}
	return s
}

// input returns the shape of the net's input, or nil if nothing says it.
func (n net) input() []int {
	kind, arguments := n.stages[1].function()
	if len(arguments) == 0 {
		return nil
	}
	in, err := strconv.Atoi(arguments[0])
	if err != nil || in < 1 {
		return nil
	}
	last := n.stages[len(n.stages)-1]
	switch {
	case kind == "Linear":
		return []int{in}
	case kind != "Conv2d":
		return nil
	case len(last.output) == 3:
		return []int{last.output[0], last.output[1], in}
	case len(last.output) == 1:
		if side := int(math.Round(math.Sqrt(last.numbers() / float64(in)))); side*side*in == last.output[0] {
			return []int{side, side, in}
		}
	}
	return nil
}

// code returns the index of the code: the last output of the encoder, or else the smallest.
func (n net) code() int {
	smallest, encoder := 1, -1
	for i, s := range n.stages {
		if i > 0 && s.numbers() < n.stages[smallest].numbers() {
			smallest = i
		}
		if strings.HasPrefix(s.name, "encoder.") {
			encoder = i
		}
	}
	if encoder >= 0 {
		return encoder
	}
	return smallest
}

func (n net) alt() string {
	code := n.code()
	var sizes, layers []string
	for i, s := range n.stages {
		size := s.size()
		if i == code {
			size += " (the code)"
		}
		sizes = append(sizes, size)
		if i > 0 && s.red {
			layers = append(layers, s.name)
		}
	}
	text := "Drawing of a net as an hourglass: " + listed(sizes, " → ", 300)
	if n.parameters != "" {
		text += fmt.Sprintf(", with %s parameters", n.parameters)
	}
	text += "."
	if len(layers) > 0 {
		text += " In red: " + listed(layers, ", ", 100) + "."
	}
	return text
}

const (
	netHeight = 168 // of the tallest stage
	netWidth  = 760
	netColumn = 78 // from stage to stage, at least
)

// A solid is the drawn form of a stage around x: a bar, or a box whose right side is slanted.
type solid struct {
	x, y           float64 // of the top left corner of its front
	w, h           float64 // of its front
	slant          float64 // of its side, to the right and up
	whole          bool    // an image
	inside, beside color.RGBA
}

func (s solid) left() float64   { return s.x }
func (s solid) right() float64  { return s.x + s.w + s.slant }
func (s solid) top() float64    { return s.y - s.slant }
func (s solid) bottom() float64 { return s.y + s.h }

// solids returns the forms of the stages, whose middles are a column apart, around the height y.
func (n net) solids(x, column, y float64) []solid {
	most, side := 1.0, 1.0
	for _, s := range n.stages {
		most = math.Max(most, s.numbers())
		if len(s.output) == 3 {
			side = math.Max(side, float64(max(s.output[0], s.output[1])))
		}
	}
	code := n.code()
	all := make([]solid, len(n.stages))
	for i, st := range n.stages {
		s := solid{inside: blue, beside: tint(blue, 0.55)}
		switch {
		case st.red:
			s.inside, s.beside = red, tint(red, 0.55)
		case i == code:
			s.inside, s.beside = navy, tint(navy, 0.6)
		}
		if len(st.output) == 3 {
			s.whole = true
			s.h = math.Max(5, 0.76*netHeight*float64(st.output[0])/side)
			s.slant = math.Max(2, 0.24*netHeight*float64(st.output[1])/side)
			s.w = math.Min(3+5*math.Log2(float64(st.output[2])), 40)
		} else {
			s.w, s.h = 14, 14+(netHeight-14)*math.Log(st.numbers())/math.Max(1, math.Log(most))
			if st.output == nil {
				s.h = netHeight / 2
			}
		}
		s.x = x + float64(i)*column - (s.w+s.slant)/2
		s.y = y - (s.h-s.slant)/2
		all[i] = s
	}
	return all
}

func (n net) draw() *page {
	count := float64(len(n.stages))
	width := math.Max(netWidth, (count-1)*netColumn+96)
	title, top := titleRoom(n.title, width)
	const above = 46 // for the brackets and the sizes
	most := 0
	for _, st := range n.stages[1:] {
		most = max(most, len(st.lines()))
	}
	s := newSketch(width, top+above+netHeight+24+14*float64(most)+28)
	if title != "" {
		s.write(title, titleStyle(), width/2*density, 8*density)
	}
	column := (width - 96) / math.Max(1, count-1)
	first, centre := 48.0, top+above+netHeight/2.0
	forms := n.solids(first, column, centre)
	for i := range forms[1:] {
		n.connect(s, n.stages[i+1], forms[i], forms[i+1], centre)
	}
	code := n.code()
	for i, f := range forms {
		s.solid(f, n.stages[i].output == nil)
		colour := ink
		if n.stages[i].red {
			colour = red
		}
		sty := inColour(fitting(n.stages[i].size(), style(13, true), column-6, 8), colour)
		s.say(n.stages[i].size(), sty, first+float64(i)*column, f.top()-10, middle)
		under := ""
		switch {
		case i == code:
			under = "code"
		case i == 0:
			under = "input"
		case i == len(forms)-1:
			under = "output"
		}
		s.say(under, inColour(style(11, i == code), colour), first+float64(i)*column, f.bottom()+9, middle)
	}
	for i, st := range n.stages[1:] {
		n.describe(s, st, first+(float64(i)+0.5)*column, top+above+netHeight+24, column)
	}
	n.brackets(s, first, column, top+10)
	if n.parameters != "" {
		s.say("Below each layer: its name, its kind and its parameters. In all, the net has "+n.parameters+".", inColour(style(11, false), muted), width/2, s.height()-14, middle)
	}
	return s.page
}

// height returns the height of the page in CSS pixels.
func (s sketch) height() float64 { return float64(s.img.Rect.Dy()) / density }

// solid draws a form.
func (s sketch) solid(f solid, unknown bool) {
	if unknown {
		s.dashes(grey, 1.2, rectangle(f.x, f.y, f.w, f.h)...)
		return
	}
	edge := color.White
	if f.whole {
		s.fill(f.beside, [2]float64{f.x + f.w, f.y}, [2]float64{f.x + f.w + f.slant, f.y - f.slant}, [2]float64{f.x + f.w + f.slant, f.y + f.h - f.slant}, [2]float64{f.x + f.w, f.y + f.h})
		s.fill(tint(f.inside, 0.8), [2]float64{f.x, f.y}, [2]float64{f.x + f.slant, f.y - f.slant}, [2]float64{f.x + f.w + f.slant, f.y - f.slant}, [2]float64{f.x + f.w, f.y})
	}
	s.fill(f.inside, rectangle(f.x, f.y, f.w, f.h)...)
	if f.whole {
		s.line(edge, 1, [2]float64{f.x, f.y}, [2]float64{f.x + f.w, f.y}, [2]float64{f.x + f.w, f.y + f.h})
		s.line(edge, 1, [2]float64{f.x + f.w, f.y}, [2]float64{f.x + f.w + f.slant, f.y - f.slant})
	}
}

// connect draws what lies between two stages: a wedge for a layer that joins every number with every other, an arrow else.
func (n net) connect(s sketch, layer stage, from, to solid, centre float64) {
	kind, _ := layer.function()
	if kind == "Linear" && !from.whole && !to.whole {
		c := tint(blue, 0.16)
		if layer.red {
			c = tint(red, 0.16)
		}
		s.fill(c, [2]float64{from.right(), from.y}, [2]float64{to.left(), to.y}, [2]float64{to.left(), to.bottom()}, [2]float64{from.right(), from.bottom()})
		return
	}
	if room := to.left() - from.right(); room > 8 {
		s.arrow(grey, 1.3, [2]float64{from.right() + 3, centre}, [2]float64{to.left() - 3, centre})
	}
}

// lines returns the layer's name, kind and parameters.
func (s stage) lines() []string {
	kind, arguments := s.function()
	lines := []string{s.name, kind}
	if strings.HasPrefix(kind, "Conv") && len(arguments) >= 3 {
		detail := []string{fmt.Sprintf("%s × %s", arguments[2], arguments[2])}
		for _, a := range arguments[3:] {
			if strings.HasPrefix(a, "stride ") {
				detail = append(detail, a)
			}
		}
		lines = append(lines, strings.Join(detail, ", "))
	}
	for _, then := range s.then {
		lines = append(lines, "+ "+then)
	}
	if len(lines) > 5 {
		lines = append(lines[:4], "…")
	}
	return append(lines, s.parameters)
}

// describe writes a layer's lines below one another.
func (n net) describe(s sketch, st stage, x, y, column float64) {
	colour := ink
	if st.red {
		colour = red
	}
	lines := st.lines()
	for i, line := range lines {
		sty := fitting(line, style(11, i == 0), column-4, 7)
		if i == len(lines)-1 {
			sty = inColour(sty, muted)
		}
		if st.red || i == 0 {
			sty = inColour(sty, colour)
		}
		s.say(line, sty, x, y+float64(i)*14, middle)
	}
}

// brackets names encoder and decoder above the stages.
func (n net) brackets(s sketch, first, column, y float64) {
	code := n.code()
	if !strings.HasPrefix(n.stages[code].name, "encoder.") {
		return
	}
	draw := func(name string, from, to int) {
		if from >= to {
			return
		}
		x0, x1 := first+float64(from)*column+4, first+float64(to)*column-4
		s.line(grey, 1.2, [2]float64{x0, y + 6}, [2]float64{x0, y}, [2]float64{x1, y}, [2]float64{x1, y + 6})
		sty := inColour(style(12, false), muted)
		half := float64(sty.Width(name)/px)/2 + 6
		s.fill(color.White, rectangle((x0+x1)/2-half, y-8, 2*half, 16)...)
		s.say(name, sty, (x0+x1)/2, y, middle)
	}
	draw("encoder", 0, code)
	draw("decoder", code, len(n.stages)-1)
}
