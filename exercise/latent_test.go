package exercise

import (
	"math"
	"slices"
	"testing"
)

func TestProject(t *testing.T) {
	type F = func(x, mean, direction []float64) float64
	sum := func(f func(x, mean, direction float64) float64) F {
		return func(x, mean, direction []float64) (sum float64) {
			for i := range x {
				sum += f(x[i], mean[i], direction[i])
			}
			return sum
		}
	}
	right := sum(func(x, mean, direction float64) float64 { return (x - mean) * direction })
	examine(t, "project(", project, []F{right, func(x, mean, direction []float64) (sum float64) { // changes what it was given
		for i := range x {
			x[i] -= mean[i]
			sum += x[i] * direction[i]
		}
		return sum
	}}, func(_, _, _ []float64) float64 { panic(stub) }, []answer[F]{
		{sum(func(x, _, direction float64) float64 { return x * direction }), ": subtract the mean image first"},
		{sum(func(x, mean, direction float64) float64 { return (mean - x) * direction }), ": the sign is the wrong way round: subtract the mean from the image"},
		{func(x, mean, direction []float64) float64 { return right(x, mean, direction) / float64(len(x)) }, ": this is a mean; a projection is a sum"},
		{func(x, mean, direction []float64) float64 {
			return math.Sqrt(sum(func(x, mean, _ float64) float64 { return (x - mean) * (x - mean) })(x, mean, direction))
		}, ": this is the distance from the mean; multiply each difference by the direction's number, and add"},
		{sum(func(x, mean, _ float64) float64 { return x - mean }), "returns 5, but 2 is right"},
		{func(x, mean, direction []float64) float64 {
			p := right(x, mean, direction)
			return p * p / p
		}, "project([-1 -1], [-1 -1], [0 1]) returns NaN, but 0 is right" + notANumber},
		{func(x, _, _ []float64) float64 { return x[len(x)] }, " panics: index out of range [2] with length 2"},
	})
	teaches(t, func() { Project(right) }, "PCA with d numbers does this with d directions")
}

func TestLiveUnits(t *testing.T) {
	type F = func(activations [][]float64) int
	// count returns how many units there are whose number of answers is as wanted.
	count := func(wanted func(answers, images int) bool) F {
		return func(a [][]float64) (units int) {
			for unit := range a[0] {
				answers := 0
				for _, row := range a {
					if row[unit] > 0 {
						answers++
					}
				}
				if wanted(answers, len(a)) {
					units++
				}
			}
			return units
		}
	}
	right := count(func(answers, _ int) bool { return answers > 0 })
	examine(t, "liveUnits(", liveUnits, []F{right, func(a [][]float64) (live int) {
		for unit := range a[0] {
			if slices.ContainsFunc(a, func(row []float64) bool { return row[unit] > 0 }) {
				live++
			}
		}
		return live
	}, func(a [][]float64) (live int) { // adds the rows into the first
		for _, row := range a[1:] {
			for unit := range row {
				a[0][unit] += row[unit]
			}
		}
		for _, total := range a[0] {
			if total > 0 {
				live++
			}
		}
		return live
	}}, func([][]float64) int { panic(stub) }, []answer[F]{
		{count(func(answers, _ int) bool { return answers == 0 }), ": these are the dead units"},
		{func(a [][]float64) (n int) {
			for _, row := range a {
				for _, activation := range row {
					if activation > 0 {
						n++
					}
				}
			}
			return n
		}, ": this counts answers, so a unit that answers to several images counts several times"},
		{count(func(answers, images int) bool { return answers == images }), ": one image above 0 is enough: a live unit need not answer to all"},
		{func(a [][]float64) (n int) {
			for _, row := range a {
				if slices.Max(row) > 0 {
					n++
				}
			}
			return n
		}, ": this counts images; a unit is a column, not a row"},
		{func(a [][]float64) int { return len(a[0]) }, ": these are all units"},
		{func(a [][]float64) int { return 2 + 0*len(a) }, "liveUnits([[0 0] [0 0]]) returns 2, but 0 is right: these are the dead units"},
		{func(a [][]float64) (live int) { // indices exchanged
			for unit := range a[0] {
				for image := range a {
					if a[unit][image] > 0 {
						live++
						break
					}
				}
			}
			return live
		}, " panics: index out of range [4] with length 4"},
	})
	teaches(t, func() { LiveUnits(right) }, "A unit that is 0 for most images")
}

func TestNearest(t *testing.T) {
	type F = func(codes [][]float64, z []float64) int
	by := func(distance func(d float64) float64, better func(sum, least float64) bool) F {
		return func(codes [][]float64, z []float64) (index int) {
			var least float64
			for i, code := range codes {
				sum := 0.0
				for j := range z {
					sum += distance(code[j] - z[j])
				}
				if i == 0 || better(sum, least) {
					least, index = sum, i
				}
			}
			return index
		}
	}
	square := func(d float64) float64 { return d * d }
	less := func(sum, least float64) bool { return sum < least }
	right := by(square, less)
	examine(t, "nearest(", nearest, []F{right, func(codes [][]float64, z []float64) int {
		var distances []float64
		for _, c := range codes {
			distances = append(distances, math.Hypot(c[0]-z[0], c[1]-z[1]))
		}
		return slices.Index(distances, slices.Min(distances))
	}, func(codes [][]float64, z []float64) int { // moves the codes that it was given
		for _, code := range codes {
			for j := range code {
				code[j] -= z[j]
			}
		}
		return right(codes, make([]float64, len(z)))
	}}, func([][]float64, []float64) int { panic(stub) }, []answer[F]{
		{by(math.Abs, less), ": by the sum of absolute differences this one is nearest; square them"},
		{by(func(d float64) float64 { return d }, less), ": differences cancel unless you square them"},
		{by(square, func(sum, least float64) bool { return sum > least }), ": this is the farthest code"},
		{by(square, func(sum, least float64) bool { return sum <= least }), ": of several codes at the same distance, take the first"},
		{func(codes [][]float64, _ []float64) int { return len(codes) }, "returns 3, but 2 is right"},
		{func(codes [][]float64, _ []float64) int { return int(codes[len(codes)][0]) }, " panics: index out of range [3] with length 3"},
	})
	teaches(t, func() { Nearest(right) }, "The root is not needed")
}

func TestBlend(t *testing.T) {
	type F = func(a, b []float64, t float64) []float64
	mix := func(f func(a, b, t float64) float64) F {
		return func(a, b []float64, t float64) (c []float64) {
			for i := range a {
				c = append(c, f(a[i], b[i], t))
			}
			return c
		}
	}
	right := mix(func(a, b, t float64) float64 { return (1-t)*a + t*b })
	examine(t, "blend(", blend, []F{right, mix(func(a, b, t float64) float64 { return a + t*(b-a) })},
		func(_, _ []float64, _ float64) []float64 { panic(stub) }, []answer[F]{
			{mix(func(a, b, t float64) float64 { return t*a + (1-t)*b }), ": it begins at b: the share of b is t, that of a is 1 - t"},
			{mix(func(a, b, t float64) float64 { return a + t*b }), ": this adds b to a; the share of a has to become smaller: 1 - t"},
			{mix(func(a, b, _ float64) float64 { return (a + b) / 2 }), ": this is the middle for every t"},
			{func(a, b []float64, t float64) []float64 {
				for i := range a {
					a[i] = (1-t)*a[i] + t*b[i]
				}
				return a
			}, " changes one of its codes: write into a new slice, for example make([]float64, len(a))"},
			{func(a, b []float64, t float64) []float64 {
				c := right(a, b, t)
				b[0] = 7
				return c
			}, " changes one of its codes: write into a new slice, for example make([]float64, len(a))"},
			{func(a, b []float64, t float64) []float64 { return append(make([]float64, len(a)), right(a, b, t)...) }, "returns 6 numbers, but 3 are right" + appended},
			{func(_, _ []float64, _ float64) []float64 { return nil }, "returns 0 numbers, but 3 are right"},
			{mix(func(a, b, t float64) float64 { return (1-t)*a + t*b + 0*math.Log(t-1) }), "is right (index 0)" + notANumber},
			{mix(func(a, _, _ float64) float64 { return a }), "returns [0 4 -2], but [0.25 3 -1] is right (index 0)"},
			{func(a, b []float64, t float64) []float64 {
				c := []float64{}
				c[len(b)-len(a)] = t
				return c
			}, " panics: index out of range [0] with length 0" + noElements},
		})
	teaches(t, func() { Blend(right) }, "The decoder draws something at every point of this line")
}
