package plots

import (
	"cmp"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// A spot is a rectangle for a text, in pixels from the top left corner.
type spot struct{ x0, y0, x1, y1 float64 }

// spotAt returns the spot of w x h pixels around (x, y).
func spotAt(x, y, w, h float64) spot { return spot{x - w/2, y - h/2, x + w/2, y + h/2} }

func (s spot) centre() (x, y float64) { return (s.x0 + s.x1) / 2, (s.y0 + s.y1) / 2 }

func (s spot) meets(t spot) bool { return s.x0 < t.x1 && t.x0 < s.x1 && s.y0 < t.y1 && t.y0 < s.y1 }

func (s spot) within(t spot) bool {
	return s.x0 >= t.x0 && s.y0 >= t.y0 && s.x1 <= t.x1 && s.y1 <= t.y1
}

func (s spot) holds(p [2]float64) bool {
	return p[0] >= s.x0 && p[0] <= s.x1 && p[1] >= s.y0 && p[1] <= s.y1
}

// into returns s moved into t, at its left and its top if it is too large.
func (s spot) into(t spot) spot {
	dx := math.Max(t.x0-s.x0, math.Min(0, t.x1-s.x1))
	dy := math.Max(t.y0-s.y0, math.Min(0, t.y1-s.y1))
	return spot{s.x0 + dx, s.y0 + dy, s.x1 + dx, s.y1 + dy}
}

// A tag is the name of a class at its median.
type tag struct {
	name string
	at   [2]float64 // the median, in pixels
	spot spot
}

// moved reports whether the name is so far from the median that a line must connect them.
func (t tag) moved() bool {
	x, y := t.spot.centre()
	return math.Hypot(x-t.at[0], y-t.at[1]) > 1.2*(t.spot.y1-t.spot.y0)
}

// tags returns where in an area the names of classes stand, given their medians and the sizes of the texts in pixels: on
// the median, or on the nearest place beside it that is free, and always beside it if the class has so few points that its
// name would hide them. Large classes choose first; a name that finds no place within reach is left out.
func tags(names []string, medians [][2]float64, points []int, size func(name string) (w, h float64), area spot) []tag {
	const directions, steps, few = 24, 20, 3
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(points[b], points[a]) })
	var placed []tag
	free := func(s spot) bool {
		return s.within(area) && !slices.ContainsFunc(placed, func(t tag) bool { return t.spot.meets(s) })
	}
	for _, i := range order {
		w, h := size(names[i])
		x, y := medians[i][0], medians[i][1]
		best, room, first := spotAt(x, y, w, h).into(area), -1.0, 1
		if points[i] <= few {
			first = 4
		} else if free(best) {
			placed = append(placed, tag{names[i], medians[i], best})
			continue
		}
		step := h / 4
		for k := first; k <= steps && room < 0; k++ {
			for d := range directions {
				sin, cos := math.Sincos(2 * math.Pi * float64(d) / directions)
				s := spotAt(x+float64(k)*step*cos, y+float64(k)*step*sin, w, h)
				if !free(s) {
					continue
				}
				nearest := math.Inf(1) // of the other medians
				cx, cy := s.centre()
				for j, m := range medians {
					if j != i {
						nearest = math.Min(nearest, math.Hypot(cx-m[0], cy-m[1]))
					}
				}
				if nearest > room {
					best, room = s, nearest
				}
			}
		}
		if room >= 0 {
			placed = append(placed, tag{names[i], medians[i], best})
		}
	}
	return placed
}

// tagStyle is the style of class names at the medians.
func tagStyle() text.Style { return style(16, true) }

// tagSize returns how many pixels of the PNG a name needs, with its halo.
func tagSize(name string) (w, h float64) {
	return float64(tagStyle().Width(name)/px)*density + 4*density, 17 * density
}

// drawTags writes the names of the classes at their medians, in an area of the page.
func drawTags(page *page, o options, pts [][2]float64, labels []uint8, area spot, device func(p [2]float64) [2]float64) {
	for _, t := range classTags(o, pts, labels, area, tagSize, device) {
		x, y := t.spot.centre()
		if t.moved() {
			from, to := page.point(t.at[0], t.at[1]), page.point(x, y)
			page.StrokeLines(vgdraw.LineStyle{Color: color.White, Width: 3 * px}, []vg.Point{from, to})
			page.StrokeLines(vgdraw.LineStyle{Color: ink, Width: 1.2 * px}, []vg.Point{from, to})
		}
		page.halo(t.name, tagStyle(), x, y)
	}
}

// classTags returns the names of the classes that occur, placed at their medians.
func classTags(o options, pts [][2]float64, labels []uint8, area spot, size func(name string) (w, h float64), device func(p [2]float64) [2]float64) []tag {
	if o.unlabelled {
		return nil
	}
	at, points := medians(pts, labels)
	var names []string
	var where [][2]float64
	var sizes []int
	for _, k := range present(labels) {
		names, where, sizes = append(names, o.name(k)), append(where, device(at[k])), append(sizes, points[k])
	}
	return tags(names, where, sizes, size, area)
}

// halo writes s around (x, y), in pixels of the PNG, in white and then on that in its colour: it can be read on any ground.
func (p *page) halo(s string, sty text.Style, x, y float64) {
	const directions, width = 16, 2.2 * density
	sty.XAlign, sty.YAlign = vgdraw.XCenter, vgdraw.YCenter
	y -= 0.06 * float64(sty.Font.Size/px) * density // capitals and digits have nothing below the line
	white := sty
	white.Color = color.White
	for d := range directions {
		sin, cos := math.Sincos(2 * math.Pi * float64(d) / directions)
		p.write(s, white, x+width*cos, y+width*sin)
	}
	p.write(s, sty, x, y)
}

// best returns the first of the candidates that leaves the area least, then meets the fewest taken spots, and then covers
// the fewest points; it is moved into the area.
func best(candidates []spot, area spot, taken []spot, points [][2]float64) spot {
	at, least := 0, math.Inf(1)
	for i, c := range candidates {
		cost := 0.0
		if !c.within(area) {
			cost += 1e6
		}
		for _, t := range taken {
			if c.meets(t) {
				cost += 1e3
			}
		}
		for _, p := range points {
			if c.holds(p) {
				cost++
			}
		}
		if cost < least {
			at, least = i, cost
		}
	}
	return candidates[at].into(area)
}
