package exercise

import (
	"fmt"
	"math"
	"slices"
)

// MSE checks a function that returns the mean squared error of two images, given as their pixels.
func MSE(yours func(x, y []float64) float64) {
	report(mse(yours), "The squared error is the same in both directions, and a pixel that is off by 2 costs four times as "+
		"much as one that is off by 1. So a net that is unsure avoids large errors: it draws grey.")
}

func mse(yours func(x, y []float64) float64) error {
	for _, c := range [][2][]float64{
		{{1, -1, 0.5, 0}, {1, 1, -0.5, 0}},
		{{0.25, 0.5}, {0.75, -0.5}},
		{{-1, -1, -1}, {-1, -1, -1}},
	} {
		x, y := c[0], c[1]
		call := fmt.Sprintf("mse(%v, %v)", x, y)
		var got float64
		if err := attempt(call, func() { got = yours(slices.Clone(x), slices.Clone(y)) }); err != nil {
			return err
		}
		var squares, absolute, signed float64
		for i := range x {
			d := x[i] - y[i]
			squares, absolute, signed = squares+d*d, absolute+math.Abs(d), signed+d
		}
		n := float64(len(x))
		if err := compare(call, got, squares/n,
			slip{squares, "this is the sum of the squares; divide it by the number of pixels"},
			slip{math.Sqrt(squares / n), "this is the root of the mean squared error; leave the root out"},
			slip{absolute / n, "this is the mean absolute error; square the differences"},
			slip{signed / n, "this is the mean difference, in which errors cancel each other; square the differences"},
			slip{squares / 2 / n, "this is half of it"},
		); err != nil {
			return err
		}
	}
	return nil
}
