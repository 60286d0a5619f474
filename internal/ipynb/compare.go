package ipynb

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// duration matches how long something took, as a table shows it: "0.3 s", with the spaces that put it under its column.
var duration = regexp.MustCompile(` *\b\d+(\.\d+)?\s?(ns|µs|ms|s|min|h)\b`)

// Difference returns the first difference of two executions of a notebook, and where it is, in one line. It returns an
// empty string if they differ only in how long things took, and in what [Notebook.Clean] removes.
func Difference(a, b Notebook) string {
	a.Clean()
	b.Clean()
	cellsA, cellsB := a.Cells(), b.Cells()
	for i := range min(len(cellsA), len(cellsB)) {
		if d := difference(fmt.Sprintf("cell %d", i+1), cellsA[i], cellsB[i]); d != "" {
			return d
		}
	}
	return difference("notebook", map[string]any(a), map[string]any(b))
}

func difference(where string, a, b any) string {
	a, b = text(a), text(b)
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s: %s and %s", where, short(a), short(b))
		}
		for _, key := range slices.Sorted(maps.Keys(x)) {
			if _, ok := y[key]; !ok {
				return fmt.Sprintf("%s: only the first has %s", where, key)
			}
			if d := difference(where+", "+key, x[key], y[key]); d != "" {
				return d
			}
		}
		for _, key := range slices.Sorted(maps.Keys(y)) {
			if _, ok := x[key]; !ok {
				return fmt.Sprintf("%s: only the second has %s", where, key)
			}
		}
		return ""
	case []any:
		y, ok := b.([]any)
		if !ok {
			return fmt.Sprintf("%s: %s and %s", where, short(a), short(b))
		}
		for i := range min(len(x), len(y)) {
			if d := difference(fmt.Sprintf("%s %d", where, i+1), x[i], y[i]); d != "" {
				return d
			}
		}
		if len(x) != len(y) {
			return fmt.Sprintf("%s: %d and %d", where, len(x), len(y))
		}
		return ""
	case string:
		y, ok := b.(string)
		if !ok || duration.ReplaceAllString(x, " TIME") != duration.ReplaceAllString(y, " TIME") {
			return fmt.Sprintf("%s: %s", where, lines(a, b))
		}
		return ""
	}
	if a != b {
		return fmt.Sprintf("%s: %s and %s", where, short(a), short(b))
	}
	return ""
}

// text joins a text that the format keeps as a list of lines.
func text(v any) any {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return v
	}
	var all strings.Builder
	for _, line := range list {
		s, ok := line.(string)
		if !ok {
			return v
		}
		all.WriteString(s)
	}
	return all.String()
}

// lines shows the first lines in which two texts differ, times apart.
func lines(a, b any) string {
	x, okX := a.(string)
	y, okY := b.(string)
	if okX && okY {
		xs, ys := strings.Split(x, "\n"), strings.Split(y, "\n")
		for i := range min(len(xs), len(ys)) {
			if duration.ReplaceAllString(xs[i], " TIME") != duration.ReplaceAllString(ys[i], " TIME") {
				return fmt.Sprintf("line %d is %s and %s", i+1, short(xs[i]), short(ys[i]))
			}
		}
		return fmt.Sprintf("%d and %d lines", len(xs), len(ys))
	}
	return fmt.Sprintf("%s and %s", short(a), short(b))
}

// short returns v as JSON, cut off after some eighty characters.
func short(v any) string {
	s := []rune(string(line(v)))
	if len(s) > 80 {
		return string(s[:80]) + "…"
	}
	return string(s)
}
