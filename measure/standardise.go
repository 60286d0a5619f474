package measure

import (
	"fmt"
	"math"

	"autoencoders/internal/input"

	"github.com/gomlx/gomlx/core/tensors"
)

// Standardise returns the latents train and test, float32 [n, d], on a scale on which each of the d features has the mean 0
// and the standard deviation 1 over the training latents. Both are moved and divided by the same numbers, those of train, as
// scikit-learn's StandardScaler does. Distances then count each feature alike, whatever its scale was.
//
// A feature that is the same in all training latents becomes 0 in both.
//
// It returns an error if d differs between train and test, or if a number is not finite or overflows.
func Standardise(train, test *tensors.Tensor) (scaledTrain, scaledTest *tensors.Tensor, err error) {
	a, err := read("the training latents", train)
	if err != nil {
		return nil, nil, named("Standardise", err)
	}
	b, err := read("the test latents", test)
	if err == nil && a.columns != b.columns {
		err = oneEncoder(a, b)
	}
	if err != nil {
		return nil, nil, named("Standardise", err)
	}
	standard := standardiser(a)
	if scaledTrain, err = a.scaled(standard); err == nil {
		scaledTest, err = b.scaled(standard)
	}
	if err != nil {
		return nil, nil, named("Standardise", err)
	}
	return scaledTrain, scaledTest, nil
}

// scaled returns the numbers that standard gives for t, in t's shape.
func (t table) scaled(standard func(table) []float64) (*tensors.Tensor, error) {
	values := make([]float32, len(t.values))
	for i, v := range standard(t) {
		values[i] = float32(v)
	}
	if i := input.NotFinite(values); i >= 0 {
		return nil, fmt.Errorf("the latents in %s overflow: they are too far from the training latents", t.place(i))
	}
	return tensors.FromFlatDataAndDimensions(values, t.dims...), nil
}

// standardiser returns a function that moves each column to the mean 0 and the standard deviation 1 that it has in t. A
// column that is constant in t becomes 0: the latents of a network whose units have died are constant.
func standardiser(t table) func(table) []float64 {
	mean, std := spread(t)
	for j, constant := range std {
		if constant == 0 {
			std[j] = math.Inf(1)
		}
	}
	return func(t table) []float64 {
		x := make([]float64, len(t.values))
		for i, v := range t.values {
			x[i] = (float64(v) - mean[i%t.columns]) / std[i%t.columns]
		}
		return x
	}
}

// spread returns the mean and the standard deviation of each column. The deviation is 0 if the column is constant but for
// the rounding of float32.
func spread(t table) (mean, std []float64) {
	mean, std = make([]float64, t.columns), make([]float64, t.columns)
	for i, v := range t.values {
		mean[i%t.columns] += float64(v) / float64(t.rows)
	}
	for i, v := range t.values {
		d := float64(v) - mean[i%t.columns]
		std[i%t.columns] += d * d / float64(t.rows)
	}
	for j, v := range std {
		if std[j] = math.Sqrt(v); std[j] < 1e-6*math.Max(1, math.Abs(mean[j])) {
			std[j] = 0
		}
	}
	return mean, std
}
