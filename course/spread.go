package course

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Spread returns the mean of what several seeds gave, and in parentheses the lowest and the highest of them:
// "0.0921 (0.0880–0.0990)". It returns a single value alone, and "no values" if there are none.
func Spread(values []float64) string {
	if len(values) == 0 {
		return "no values"
	}
	write := writer(values...)
	if len(values) == 1 {
		return write(values[0])
	}
	return fmt.Sprintf("%s (%s–%s)", write(stat.Mean(values, nil)), write(slices.Min(values)), write(slices.Max(values)))
}

// writer returns the function that writes numbers as large as values: with four decimals, or with two if one of values is
// 10 or more.
func writer(values ...float64) func(v float64) string {
	decimals := 4
	for _, v := range values {
		if math.Abs(v) >= 10 {
			decimals = 2
		}
	}
	return func(v float64) string { return fmt.Sprintf("%.*f", decimals, v) }
}
