package exercise

import (
	"fmt"
	"math"
	"slices"
)

// Project checks a function that returns the number that PCA has for an image: how far the image lies from the mean image
// along a direction of length 1.
func Project(yours func(x, mean, direction []float64) float64) {
	report(project(yours), "PCA with d numbers does this with d directions, and adds the directions, times these numbers, to the "+
		"mean image. The sum is its copy. Encoder and decoder share the same directions.")
}

func project(yours func(x, mean, direction []float64) float64) error {
	for _, c := range [][3][]float64{
		{{3, 4}, {1, 1}, {1, 0}},
		{{3, 4, 0}, {1, 2, -1}, {0.6, 0, 0.8}},
		{{-1, -1}, {-1, -1}, {0, 1}},
	} {
		x, mean, direction := c[0], c[1], c[2]
		call := fmt.Sprintf("project(%v, %v, %v)", x, mean, direction)
		got, err := number(call, func() float64 {
			return yours(slices.Clone(x), slices.Clone(mean), slices.Clone(direction))
		})
		if err != nil {
			return err
		}
		var want, uncentred, distance, reverse float64
		for i := range x {
			want += (x[i] - mean[i]) * direction[i]
			uncentred += x[i] * direction[i]
			reverse += (mean[i] - x[i]) * direction[i]
			distance += (x[i] - mean[i]) * (x[i] - mean[i])
		}
		if err := compare(call, got, want,
			slip{uncentred, "subtract the mean image first"},
			slip{reverse, "the sign is the wrong way round: subtract the mean from the image"},
			slip{want / float64(len(x)), "this is a mean; a projection is a sum"},
			slip{math.Sqrt(distance), "this is the distance from the mean; multiply each difference by the direction's number, and add"},
		); err != nil {
			return err
		}
	}
	return nil
}

// LiveUnits checks a function that counts the live units of a layer: those that are above 0 for at least one image.
// activations has a row for each image and a column for each unit.
func LiveUnits(yours func(activations [][]float64) int) {
	report(liveUnits(yours), "A unit that is 0 for most images can still be useful: it may stand for something rare. A unit "+
		"that is 0 for all of them tells the next layer nothing about any image.")
}

func liveUnits(yours func(activations [][]float64) int) error {
	for _, a := range [][][]float64{
		{{0, 1, 0, 0, 0}, {0, 2, 0, 0.5, 0}, {0, 1, 0, 2, 0}, {0, 3, 0, 0, 0}}, // each slip counts something else here
		{{0, 0}, {0, 0}},
		{{1, 2, 3, 4}},
		{{0, 0, 1}, {0, 0, 2}},
	} {
		call := fmt.Sprintf("liveUnits(%v)", a)
		got, err := number(call, func() float64 { return float64(yours(clone(a))) })
		if err != nil {
			return err
		}
		var live, always, answers, images int
		for unit := range a[0] {
			n := 0
			for _, row := range a {
				if row[unit] > 0 {
					n++
				}
			}
			answers += n
			if n > 0 {
				live++
			}
			if n == len(a) {
				always++
			}
		}
		for _, row := range a {
			if slices.Max(row) > 0 {
				images++
			}
		}
		if err := compare(call, got, float64(live),
			slip{float64(len(a[0]) - live), "these are the dead units"},
			slip{float64(answers), "this counts answers, so a unit that answers to several images counts several times"},
			slip{float64(always), "one image above 0 is enough: a live unit need not answer to all"},
			slip{float64(images), "this counts images; a unit is a column, not a row"},
			slip{float64(len(a[0])), "these are all units"},
		); err != nil {
			return err
		}
	}
	return nil
}

func clone(rows [][]float64) (copied [][]float64) {
	for _, row := range rows {
		copied = append(copied, slices.Clone(row))
	}
	return copied
}

// Nearest checks a function that returns the index of the code that is nearest to z; of several, the first.
func Nearest(yours func(codes [][]float64, z []float64) int) {
	report(nearest(yours), "The root is not needed: the code with the smallest squared distance has the smallest distance, too. With "+
		"k = 1 this is the whole classifier: the label of the nearest training code is the answer.")
}

func nearest(yours func(codes [][]float64, z []float64) int) error {
	for _, c := range []struct {
		codes [][]float64
		z     []float64
	}{
		{[][]float64{{0, 0}, {3, 3}, {1, 0}}, []float64{0.9, 0.2}},
		{[][]float64{{0, 3}, {2, 2}}, []float64{0, 0}}, // by the sum of absolute differences the first is nearer
		{[][]float64{{5, 5}, {-1, -1}, {1, 1}}, []float64{0, 0}},
		{[][]float64{{-9, 0}, {2, 0}}, []float64{0, 0}}, // by the signed differences the second is farther
	} {
		call := fmt.Sprintf("nearest(%v, %v)", c.codes, c.z)
		got, err := number(call, func() float64 { return float64(yours(clone(c.codes), slices.Clone(c.z))) })
		if err != nil {
			return err
		}
		by := func(distance func(d float64) float64) (index int, last int) {
			var sums []float64
			for _, code := range c.codes {
				sum := 0.0
				for i := range code {
					sum += distance(code[i] - c.z[i])
				}
				sums = append(sums, sum)
			}
			lowest := slices.Min(sums)
			for i, s := range sums {
				if s == lowest {
					last = i
				}
			}
			return slices.Index(sums, lowest), last
		}
		want, last := by(func(d float64) float64 { return d * d })
		absolute, _ := by(math.Abs)
		signed, _ := by(func(d float64) float64 { return d })
		farthest, _ := by(func(d float64) float64 { return -d * d })
		if err := compare(call, got, float64(want),
			slip{float64(absolute), "by the sum of absolute differences this one is nearest; square them"},
			slip{float64(signed), "differences cancel unless you square them"},
			slip{float64(farthest), "this is the farthest code"},
			slip{float64(last), "of several codes at the same distance, take the first"},
		); err != nil {
			return err
		}
	}
	return nil
}

// Blend checks a function that returns the point at t on the straight line between two codes: a at t = 0, b at t = 1.
func Blend(yours func(a, b []float64, t float64) []float64) {
	report(blend(yours), "The decoder draws something at every point of this line. Whether that is a digit depends on the latent "+
		"space between the two codes, not on the formula.")
}

func blend(yours func(a, b []float64, t float64) []float64) error {
	for _, c := range []struct {
		a, b []float64
		t    float64
	}{
		{[]float64{0, 4, -2}, []float64{1, 0, 2}, 0.25},
		{[]float64{1, 2}, []float64{5, -2}, 0},
		{[]float64{1, 2}, []float64{5, -2}, 1},
		{[]float64{3}, []float64{5}, 0.5},
	} {
		call := fmt.Sprintf("blend(%v, %v, %v)", c.a, c.b, c.t)
		a, b := slices.Clone(c.a), slices.Clone(c.b)
		got, err := numbers(call, func() []float64 { return yours(a, b, c.t) })
		if err != nil {
			return err
		}
		if !slices.Equal(a, c.a) || !slices.Equal(b, c.b) {
			return failf(call, " changes one of its codes: write into a new slice, for example make([]float64, len(a))")
		}
		mixed := func(first, second float64) (values []float64) {
			for i := range c.a {
				values = append(values, first*c.a[i]+second*c.b[i])
			}
			return values
		}
		if err := compareAll(call, got, mixed(1-c.t, c.t),
			sliceSlip{mixed(c.t, 1-c.t), "it begins at b: the share of b is t, that of a is 1 - t"},
			sliceSlip{mixed(1, c.t), "this adds b to a; the share of a has to become smaller: 1 - t"},
			sliceSlip{mixed(0.5, 0.5), "this is the middle for every t"},
		); err != nil {
			return err
		}
	}
	return nil
}
