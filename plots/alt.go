package plots

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mostAlt is how many letters an alt text has at most: a screen reader says them in half a minute.
const mostAlt = 600

// Alt returns what can be seen in the figure in words, for readers who cannot see it: title, kind, axes with their ranges,
// and what the rows, lines or classes show. It is made from the figure's data and has at most 600 letters. It is empty if
// the figure was given invalid input.
func (f *Figure) Alt() string {
	if f == nil || f.err != nil || f.alt == nil {
		return ""
	}
	return clip(strings.TrimSpace(sentence(f.opt.title)+" "+f.alt()), mostAlt)
}

// sentence returns s as one line that ends like a sentence.
func sentence(s string) string {
	s = strings.Join(strings.Fields(valid(s)), " ")
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") {
		return s
	}
	return s + "."
}

// clip returns s with at most n letters, cut after a word.
func clip(s string, n int) string {
	s = strings.Join(strings.Fields(valid(s)), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	s = string([]rune(s)[:n-1])
	if i := strings.LastIndex(s, " "); i > len(s)/2 {
		s = s[:i]
	}
	return strings.TrimRight(s, " ,;:") + "…"
}

// listed returns items with sep between them, as many as fit into n letters, and how many are left out.
func listed(items []string, sep string, n int) string {
	length, kept := 0, 0
	for kept < len(items) && (kept == 0 || length+utf8.RuneCountInString(items[kept]) <= n) {
		length += utf8.RuneCountInString(items[kept]) + len(sep)
		kept++
	}
	s := strings.Join(items[:kept], sep)
	if more := len(items) - kept; more > 0 {
		s += sep + "and " + strconv.Itoa(more) + " more"
	}
	return s
}

// count returns a number of things in words: "1 point", "10,000 points".
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return thousands(n) + " " + thing
}

// thousands formats n with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// short formats x with four significant digits.
func short(x float64) string {
	if size := math.Abs(x); size != 0 && (size < 1e-4 || size >= 1e7) {
		return exponential(x, 4)
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	s := strconv.FormatFloat(rounded, 'f', -1, 64)
	if digits, ok := strings.CutPrefix(s, "-"); ok {
		if digits == "0" {
			return digits
		}
		return "\u2212" + digits
	}
	return s
}

// near returns the format of numbers of a range: a twentieth of it can be told apart.
func near(lo, hi float64) func(x float64) string {
	if lo == hi {
		return short
	}
	decimals := math.Ceil(math.Log10(20 / (hi - lo)))
	return func(x float64) string {
		if !(decimals >= -6 && decimals <= 6) {
			return exponential(x, 3)
		}
		return decimal(x, int(math.Max(0, decimals)))
	}
}

// span says where an axis goes.
func span(name string, lo, hi float64) string {
	write := near(lo, hi)
	if lo == hi {
		return name + " at " + write(lo)
	}
	return fmt.Sprintf("%s from %s to %s", name, write(lo), write(hi))
}

// extent returns the smallest box around all points, which may have no size.
func extent(pts [][2]float64) box {
	b := box{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	for _, p := range pts {
		b.x0, b.x1 = math.Min(b.x0, p[0]), math.Max(b.x1, p[0])
		b.y0, b.y1 = math.Min(b.y0, p[1]), math.Max(b.y1, p[1])
	}
	return b
}

// medians returns the median of each class on both axes, and how many points it has.
func medians(pts [][2]float64, labels []uint8) (at map[uint8][2]float64, size map[uint8]int) {
	values := map[uint8][2][]float64{}
	for i, k := range labels {
		v := values[k]
		v[0], v[1] = append(v[0], pts[i][0]), append(v[1], pts[i][1])
		values[k] = v
	}
	at, size = map[uint8][2]float64{}, map[uint8]int{}
	for k, v := range values {
		size[k] = len(v[0])
		var m [2]float64
		for axis := range m {
			slices.Sort(v[axis])
			m[axis] = v[axis][len(v[axis])/2]
		}
		at[k] = m
	}
	return at, size
}

// said describes a scatter of points: how many, over which ranges, and where the classes are.
func said(o options, pts [][2]float64, labels []uint8) string {
	b := extent(pts)
	x, y := near(b.x0, b.x1), near(b.y0, b.y1)
	s := count(len(pts), "point")
	classes := present(labels)
	if len(classes) > 0 {
		s += fmt.Sprintf(" in %d class", len(classes))
		if len(classes) > 1 {
			s += "es"
		}
	}
	s += ", " + span(clip(o.x, 60), b.x0, b.x1) + ", " + span(clip(o.y, 60), b.y0, b.y1)
	if len(classes) == 0 {
		return s + "."
	}
	at, _ := medians(pts, labels)
	var all []string
	for _, k := range classes {
		all = append(all, fmt.Sprintf("%s at (%s, %s)", clip(o.name(k), 30), x(at[k][0]), y(at[k][1])))
	}
	return s + ". Class medians: " + listed(all, ", ", 300) + "."
}
