package plots

import (
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
)

type object = map[string]any
type array = []any

// round returns x with five digits, because browsers fetch the specification over slow lines.
func round(x float64) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 5, 64), 64)
	return y
}

// vegaAxis returns the encoding of an axis.
func vegaAxis(field, title string, lo, hi float64) object {
	return object{"field": field, "type": "quantitative", "title": title,
		"scale": object{"domain": array{round(lo), round(hi)}, "nice": false, "zero": false},
		"axis":  object{"tickCount": 7}}
}

// vegaColour returns the encoding of the colours of the classes that occur, in the legend's order.
func vegaColour(o options, labels []uint8) object {
	if labels == nil {
		return object{"value": o.palette.hex(0)}
	}
	var names, colours array
	for _, k := range present(labels) {
		names, colours = append(names, o.name(k)), append(colours, o.palette.hex(int(k)))
	}
	return object{"field": "label", "type": "nominal",
		"scale":  object{"domain": names, "range": colours},
		"legend": object{"title": "", "symbolOpacity": 1, "symbolSize": 90}}
}

// pointing returns the parameter that selects the mark nearest to the pointer. At first mark number start is selected.
func pointing(start int) array {
	return array{object{
		"name":   "at",
		"select": object{"type": "point", "fields": array{"i"}, "on": "pointermove", "nearest": true, "clear": false},
		"value":  array{object{"i": start}},
	}}
}

// panel returns the view that shows the selected one of some pictures, and a line of text below it. All pictures are one
// image, a sprite, of which the view shows a part: as images of their own they would take three times the bytes.
func panel(pics *pictures, some []int, caption object) (object, error) {
	const size = 220
	columns := int(math.Ceil(math.Sqrt(float64(len(some)))))
	rows := (len(some) + columns - 1) / columns
	uri, err := pics.sprite(some, columns)
	if err != nil {
		return nil, err
	}
	scale := size / float64(max(pics.w, pics.h))
	w, h := round(scale*float64(pics.w)), round(scale*float64(pics.h)) // of a picture
	all := [2]float64{w * float64(columns), h * float64(rows)}         // of the sprite
	at := func(size, step float64, index string) object {
		return object{"value": object{"expr": fmt.Sprintf("%v - %v * %s", size/2, step, index)}} // of the sprite's centre
	}
	return object{
		"width": w, "height": h,
		"transform": array{object{"filter": object{"param": "at", "empty": false}}},
		"layer": array{
			object{
				"mark": object{"type": "image", "width": all[0], "height": all[1], "aspect": false, "smooth": false, "clip": true},
				"encoding": object{"url": object{"value": uri},
					"x": at(all[0], w, fmt.Sprintf("(datum.i %% %d)", columns)),
					"y": at(all[1], h, fmt.Sprintf("floor(datum.i / %d)", columns))},
			},
			object{
				"mark": object{"type": "text", "fontSize": 13, "baseline": "top", "align": "center", "color": vegaInk},
				"encoding": object{"text": caption,
					"x": object{"value": w / 2}, "y": object{"value": h + 8}},
			},
		},
	}, nil
}

// vegaTable returns the data of rows as CSV, which names the columns once. All columns but the label's are numbers.
func vegaTable(columns []string, rows [][]string) (object, error) {
	var table strings.Builder
	w := csv.NewWriter(&table)
	if err := w.WriteAll(append([][]string{columns}, rows...)); err != nil {
		return nil, err
	}
	parse := object{}
	for _, c := range columns {
		parse[c] = "number"
		if c == "label" {
			parse[c] = "string"
		}
	}
	return object{"values": table.String(), "format": object{"type": "csv", "parse": parse}}, nil
}

// places returns how a range's numbers are written so that no pixel of the screen moves: to a two-thousandth of the range.
func places(lo, hi float64) func(x float64) string {
	decimals := int(math.Ceil(math.Log10(2000 / (hi - lo))))
	return func(x float64) string {
		if decimals < -6 || decimals > 9 {
			return strconv.FormatFloat(x, 'g', 5, 64)
		}
		s := strconv.FormatFloat(x, 'f', max(0, decimals), 64)
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		if s == "-0" {
			return "0"
		}
		return s
	}
}

// vegaPage returns the specification of views side by side.
func vegaPage(o options, data object, views array) object {
	spec := object{
		"$schema":    "https://vega.github.io/schema/vega-lite/v5.json",
		"background": "white",
		"padding":    12,
		"data":       data,
		"hconcat":    views,
		"spacing":    24,
		"resolve":    object{"scale": object{"color": "independent"}}, // the legend stands beside the dots
		"config": object{
			"font": "sans-serif",
			"view": object{"stroke": "#8a8a8a"},
			// The page is white in JupyterLab's dark theme as well, whose own colours of text are not to be read on it.
			"axis": object{"labelFontSize": 12, "titleFontSize": 13, "titleFontWeight": "normal", "gridColor": "#e8e8e8",
				"labelColor": vegaInk, "titleColor": vegaInk, "domainColor": "#8a8a8a", "tickColor": "#8a8a8a"},
			"title":  object{"fontSize": 15, "anchor": "middle", "color": vegaInk},
			"legend": object{"labelFontSize": 13, "labelColor": vegaInk, "titleColor": vegaInk},
		},
		// Saving the picture is the one action that needs no network.
		"usermeta": object{"embedOptions": object{"actions": object{"export": true, "source": false, "compiled": false, "editor": false}}},
	}
	if o.title != "" {
		spec["title"] = o.title
	}
	return spec
}

const vegaInk = "#262626" // as in the PNG

// A specification holds vegaSample pictures at most, and vegaPixels of their pixels.
const (
	vegaSample = 1000
	vegaPixels = 4_000_000
)

// scatterSpec returns the specification of the scatter whose dots show their pictures.
func scatterSpec(s scatter, pics *pictures) (any, error) {
	o, b := s.options, s.box
	some := sample(len(s.pts), min(vegaSample, vegaPixels/(pics.h*pics.w)))
	x, y := places(b.x0, b.x1), places(b.y0, b.y1)
	columns, rows := []string{"i", "x", "y", "label"}, make([][]string, len(some))
	if s.labels == nil {
		columns[3] = "number"
	}
	for k, i := range some {
		what := strconv.Itoa(i)
		if s.labels != nil {
			what = o.name(s.labels[i])
		}
		rows[k] = []string{strconv.Itoa(k), x(s.pts[i][0]), y(s.pts[i][1]), what}
	}
	data, err := vegaTable(columns, rows)
	if err != nil {
		return nil, err
	}
	radius, _ := dotSize(len(some))
	show, err := panel(pics, some, object{"field": columns[3], "type": "nominal"})
	if err != nil {
		return nil, err
	}
	const width, height = 440, 400
	if len(o.circles) > 0 {
		b = b.shaped(width, height)
	}
	axisX, axisY := vegaAxis("x", o.x, b.x0, b.x1), vegaAxis("y", o.y, b.y0, b.y1)
	layers := array{object{
		"params": pointing(0),
		"mark":   object{"type": "circle", "opacity": 0.9, "clip": true},
		"encoding": object{
			"x": axisX, "y": axisY,
			"color":  vegaColour(o, s.labels),
			"size":   object{"condition": object{"param": "at", "empty": false, "value": 200}, "value": round(math.Pi * radius * radius)},
			"stroke": object{"condition": object{"param": "at", "empty": false, "value": vegaInk}, "value": "transparent"},
		},
	}}
	for _, r := range o.circles {
		circle, err := vegaCircle(r, axisX, axisY)
		if err != nil {
			return nil, err
		}
		layers = append(layers, circle)
	}
	ellipses, err := vegaClouds(clouds{o.palette, s.clouds, s.labels}, b, axisX, axisY)
	if err != nil {
		return nil, err
	}
	layers = append(layers, ellipses...)
	layers = append(layers, vegaTags(s, b, width, height, axisX, axisY)...)
	layers = append(layers, vegaNote(len(some), len(s.pts), width, height)...)
	return vegaPage(o, data, array{object{"width": width, "height": height, "layer": layers}, show}), nil
}

// vegaTags returns the layers of the classes' names at their medians, white below and then in ink, with a line to those
// medians that they stand beside.
func vegaTags(s scatter, b box, width, height float64, axisX, axisY object) (layers array) {
	toPixel := func(p [2]float64) [2]float64 {
		return [2]float64{(p[0] - b.x0) / (b.x1 - b.x0) * width, (b.y1 - p[1]) / (b.y1 - b.y0) * height}
	}
	x, y := places(b.x0, b.x1), places(b.y0, b.y1)
	value := func(px, py float64) (string, string) {
		return x(b.x0 + px/width*(b.x1-b.x0)), y(b.y1 - py/height*(b.y1-b.y0))
	}
	size := func(name string) (w, h float64) {
		w, h = tagSize(name)
		return w / density, h / density
	}
	var names, lines array
	for _, t := range classTags(s.options, s.pts, s.labels, spot{0, 0, width, height}, size, toPixel) {
		cx, cy := t.spot.centre()
		px, py := value(cx, cy)
		names = append(names, object{"x": number(px), "y": number(py), "name": t.name})
		if t.moved() {
			mx, my := value(t.at[0], t.at[1])
			lines = append(lines, object{"x": number(px), "y": number(py), "x2": number(mx), "y2": number(my)})
		}
	}
	if lines != nil {
		layers = append(layers, object{
			"data": object{"values": lines},
			"mark": object{"type": "rule", "color": vegaInk, "strokeWidth": 1.2},
			"encoding": object{"x": axisX, "y": axisY,
				"x2": object{"field": "x2"}, "y2": object{"field": "y2"}},
		})
	}
	for _, mark := range []object{{"stroke": "white", "strokeWidth": 5, "strokeJoin": "round"}, {"color": vegaInk}} {
		if names == nil {
			break
		}
		mark["type"], mark["fontSize"], mark["fontWeight"] = "text", 16, "bold"
		layers = append(layers, object{
			"data":     object{"values": names},
			"mark":     mark,
			"encoding": object{"x": axisX, "y": axisY, "text": object{"field": "name", "type": "nominal"}},
		})
	}
	return layers
}

// number returns the number that a text of places holds.
func number(s string) float64 {
	x, _ := strconv.ParseFloat(s, 64)
	return x
}

// vegaNote returns the layer of the line below the axis that says how many of the points are drawn, if not all are.
func vegaNote(drawn, all int, width, height float64) array {
	if drawn == all {
		return nil
	}
	return array{object{
		"data":     object{"values": array{object{}}},
		"mark":     object{"type": "text", "fontSize": 12, "color": "#595959", "align": "right", "baseline": "top"},
		"encoding": object{"x": object{"value": width}, "y": object{"value": height + 42}, "text": object{"value": thousands(drawn) + " of " + count(all, "point") + " are drawn"}},
	}}
}

// vegaCircle returns the layer of a circle.
func vegaCircle(r float64, axisX, axisY object) (object, error) {
	line, write := outline(r), places(-r, r)
	rows := make([][]string, len(line))
	for i, p := range line {
		rows[i] = []string{strconv.Itoa(i), write(p[0]), write(p[1])}
	}
	data, err := vegaTable([]string{"i", "x", "y"}, rows)
	return object{
		"data": data,
		"mark": object{"type": "line", "color": vegaInk, "strokeWidth": 1.5, "clip": true},
		"encoding": object{"x": axisX, "y": axisY,
			"order": object{"field": "i", "type": "quantitative"}}, // otherwise by x: a line from left to right
	}, err
}

// explorerSpec returns the specification of the plane: the points under an invisible grid, whose point nearest to the
// pointer is the one shown.
func explorerSpec(m planeMap, s scatter) (any, error) {
	p, o, b := m.Plane, s.options, s.box
	some := sample(len(s.pts), explorerDots)
	// The grid is a rule, not a table: the place and the text of point i are computed.
	x0, y0 := p.at(0)
	x1, y1 := p.at(m.pics.n - 1)
	steps := float64(max(1, p.N-1))
	grid := object{"sequence": object{"start": 0, "stop": m.pics.n, "as": "i"}}
	text := "'decoded from (' + format(datum.x, '.2f') + ', ' + format(datum.y, '.2f') + ')'"
	if m.empty != nil {
		text += fmt.Sprintf(" + (slice('%s', datum.i, datum.i + 1) == '1' ? ', no code near' : '')", bits(m.empty))
	}
	place := array{
		object{"as": "x", "calculate": fmt.Sprintf("%v + %v * (datum.i %% %d)", x0, (x1-x0)/steps, p.N)},
		object{"as": "y", "calculate": fmt.Sprintf("%v + %v * floor(datum.i / %d)", y0, (y1-y0)/steps, p.N)},
		object{"as": "text", "calculate": text},
	}
	x, y := places(b.x0, b.x1), places(b.y0, b.y1)
	columns, rows := []string{"x", "y"}, make([][]string, len(some))
	if s.labels != nil {
		columns = append(columns, "label")
	}
	for k, i := range some {
		rows[k] = []string{x(s.pts[i][0]), y(s.pts[i][1])}
		if s.labels != nil {
			rows[k] = append(rows[k], o.name(s.labels[i]))
		}
	}
	dots, err := vegaTable(columns, rows)
	if err != nil {
		return nil, err
	}
	all := make([]int, m.pics.n)
	for i := range all {
		all[i] = i
	}
	show, err := panel(m.pics, all, object{"field": "text", "type": "nominal"})
	if err != nil {
		return nil, err
	}
	const width, height = 440, 440
	radius, _ := dotSize(len(some))
	axisX, axisY := vegaAxis("x", o.x, b.x0, b.x1), vegaAxis("y", o.y, b.y0, b.y1)
	layers := array{
		object{
			"data":     dots,
			"mark":     object{"type": "circle", "opacity": 0.7, "clip": true, "size": round(math.Pi * radius * radius)},
			"encoding": object{"x": axisX, "y": axisY, "color": vegaColour(o, s.labels)},
		},
		object{
			"params": pointing(p.N*(p.N/2) + p.N/2),
			"mark":   object{"type": "point", "size": 160, "strokeWidth": 2.5, "color": vegaInk, "filled": false},
			"encoding": object{"x": axisX, "y": axisY,
				"opacity": object{"condition": object{"param": "at", "empty": false, "value": 1}, "value": 0}},
		},
	}
	if f := s.frame; f != nil {
		layers = append(layers, object{
			"data": object{"values": array{object{"x": number(x(f.x0)), "y": number(y(f.y0)), "x2": number(x(f.x1)), "y2": number(y(f.y1))}}},
			"mark": object{"type": "rect", "filled": false, "stroke": vegaInk, "strokeDash": array{4, 3}},
			"encoding": object{"x": axisX, "y": axisY,
				"x2": object{"field": "x2"}, "y2": object{"field": "y2"}},
		})
	}
	layers = append(layers, vegaTags(s, b, width, height, axisX, axisY)...)
	layers = append(layers, vegaNote(len(some), len(s.pts), width, height)...)
	spec := vegaPage(o, grid, array{object{"width": width, "height": height, "layer": layers}, show})
	spec["transform"] = place
	return spec, nil
}

// bits writes yes and no as 1 and 0.
func bits(all []bool) string {
	b := make([]byte, len(all))
	for i, yes := range all {
		b[i] = '0'
		if yes {
			b[i] = '1'
		}
	}
	return string(b)
}
