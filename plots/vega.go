package plots

import (
	"math"
	"strconv"
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
	for _, k := range present(o, labels) {
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

// panel returns the view that shows the selected picture, and a line of text below it.
func panel(caption object) object {
	const size = 220
	return object{
		"width": size, "height": size,
		"transform": array{object{"filter": object{"param": "at", "empty": false}}},
		"layer": array{
			object{
				"mark": object{"type": "image", "width": size, "height": size, "aspect": true, "smooth": false},
				"encoding": object{"url": object{"field": "image", "type": "nominal"},
					"x": object{"value": size / 2}, "y": object{"value": size / 2}},
			},
			object{
				"mark": object{"type": "text", "fontSize": 13, "baseline": "top", "align": "center"},
				"encoding": object{"text": caption,
					"x": object{"value": size / 2}, "y": object{"value": size + 8}},
			},
		},
	}
}

// vegaPage returns the specification of views side by side.
func vegaPage(o options, datasets object, views array) object {
	spec := object{
		"$schema":    "https://vega.github.io/schema/vega-lite/v5.json",
		"background": "white",
		"padding":    12,
		"datasets":   datasets,
		"hconcat":    views,
		"spacing":    24,
		"resolve":    object{"scale": object{"color": "independent"}}, // the legend stands beside the dots
		"config": object{
			"font":   "sans-serif",
			"view":   object{"stroke": "#8a8a8a"},
			"axis":   object{"labelFontSize": 12, "titleFontSize": 13, "titleFontWeight": "normal", "gridColor": "#e8e8e8"},
			"title":  object{"fontSize": 15, "anchor": "middle"},
			"legend": object{"labelFontSize": 13},
		},
		// Saving the picture is the one action that needs no network.
		"usermeta": object{"embedOptions": object{"actions": object{"export": true, "source": false, "compiled": false, "editor": false}}},
	}
	if o.title != "" {
		spec["title"] = o.title
	}
	return spec
}

// A specification holds vegaSample pictures at most, of 400 bytes if they are digits, and vegaPixels of their pixels.
const (
	vegaSample = 1000
	vegaPixels = 4_000_000
)

// scatterSpec returns the specification of the scatter whose dots show their pictures.
func scatterSpec(o options, b box, pts [][2]float64, labels []uint8, pics *pictures) (any, error) {
	var rows array
	some := sample(len(pts), min(vegaSample, vegaPixels/(pics.h*pics.w)))
	for _, i := range some {
		uri, err := pics.uri(i)
		if err != nil {
			return nil, err
		}
		row := object{"i": i, "x": round(pts[i][0]), "y": round(pts[i][1]), "image": uri}
		if labels != nil {
			row["label"] = o.name(labels[i])
		}
		rows = append(rows, row)
	}
	radius, _ := dotSize(len(some))
	caption := object{"field": "i", "type": "quantitative"}
	if labels != nil {
		caption = object{"field": "label", "type": "nominal"}
	}
	const width, height = 440, 400
	if len(o.circles) > 0 {
		b = b.shaped(width, height)
	}
	axisX, axisY := vegaAxis("x", o.x, b.x0, b.x1), vegaAxis("y", o.y, b.y0, b.y1)
	layers := array{object{
		"params": pointing(some[0]),
		"mark":   object{"type": "circle", "opacity": 0.9, "clip": true},
		"encoding": object{
			"x": axisX, "y": axisY,
			"color":  vegaColour(o, labels),
			"size":   object{"condition": object{"param": "at", "empty": false, "value": 200}, "value": round(math.Pi * radius * radius)},
			"stroke": object{"condition": object{"param": "at", "empty": false, "value": "#262626"}, "value": "transparent"},
		},
	}}
	for _, r := range o.circles {
		layers = append(layers, vegaCircle(r, axisX, axisY))
	}
	views := array{object{"width": width, "height": height, "layer": layers}, panel(caption)}
	spec := vegaPage(o, object{"points": rows}, views)
	spec["data"] = object{"name": "points"}
	return spec, nil
}

// vegaCircle returns the layer of a circle.
func vegaCircle(r float64, axisX, axisY object) object {
	var at array
	for i, p := range outline(r) {
		at = append(at, object{"i": i, "x": round(p[0]), "y": round(p[1])})
	}
	return object{
		"data": object{"values": at},
		"mark": object{"type": "line", "color": "#262626", "strokeWidth": 1.5, "clip": true},
		"encoding": object{"x": axisX, "y": axisY,
			"order": object{"field": "i", "type": "quantitative"}}, // otherwise by x: a line from left to right
	}
}

// explorerSpec returns the specification of the plane: the points under an invisible grid, whose point nearest to the
// pointer is the one shown.
func explorerSpec(p Plane, o options, pics *pictures, pts [][2]float64, labels []uint8) (any, error) {
	b := p.box()
	var cells, dots array
	for i := range pics.n {
		uri, err := pics.uri(i)
		if err != nil {
			return nil, err
		}
		x, y := p.at(i)
		cells = append(cells, object{"i": i, "x": round(x), "y": round(y), "image": uri,
			"text": "decoded from (" + decimal(x, 2) + ", " + decimal(y, 2) + ")"})
	}
	for i := range pts {
		row := object{"x": round(pts[i][0]), "y": round(pts[i][1])}
		if labels != nil {
			row["label"] = o.name(labels[i])
		}
		dots = append(dots, row)
	}
	radius, _ := dotSize(len(pts))
	axisX, axisY := vegaAxis("x", o.x, b.x0, b.x1), vegaAxis("y", o.y, b.y0, b.y1)
	views := array{
		object{
			"width": 440, "height": 440,
			"layer": array{
				object{
					"data":     object{"name": "points"},
					"mark":     object{"type": "circle", "opacity": 0.7, "clip": true, "size": round(math.Pi * radius * radius)},
					"encoding": object{"x": axisX, "y": axisY, "color": vegaColour(o, labels)},
				},
				object{
					"params": pointing(p.N*(p.N/2) + p.N/2),
					"mark":   object{"type": "point", "size": 160, "strokeWidth": 2.5, "color": "#262626", "filled": false},
					"encoding": object{"x": axisX, "y": axisY,
						"opacity": object{"condition": object{"param": "at", "empty": false, "value": 1}, "value": 0}},
				},
			},
		},
		panel(object{"field": "text", "type": "nominal"}),
	}
	spec := vegaPage(o, object{"grid": cells, "points": dots}, views)
	spec["data"] = object{"name": "grid"}
	return spec, nil
}
