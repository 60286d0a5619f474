package measure

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// LiveUnits returns how many units of a ReLU layer are live: above 0 for at least one image. The others are dead: they
// answer 0 to every image, so that training no longer changes them. activations is the layer's output, float32 [n, units],
// or [n, height, width, channels], in which case a unit is a channel, at any place.
//
// It returns an error if activations has another shape, or if a number is not finite.
func LiveUnits(activations *tensors.Tensor) (int, error) {
	t, err := read("the activations", activations)
	if err == nil && len(t.dims) != 2 && len(t.dims) != 4 {
		err = fmt.Errorf("the activations have the shape %v, not [n, units] or [n, height, width, channels]", t.dims)
	}
	if err != nil {
		return 0, named("LiveUnits", err)
	}
	units := t.dims[len(t.dims)-1]
	alive, live := make([]bool, units), 0
	for i, v := range t.values {
		if v > 0 && !alive[i%units] {
			alive[i%units] = true
			live++
		}
	}
	return live, nil
}

// Interpolate returns steps tensors on the straight line from a to b, evenly spaced, in one tensor [steps, …]: the first is
// a and the last is b. Both are float32 [1, …] of one shape, codes or images.
//
// It returns an error if steps is below 2, if the shapes differ or are not [1, …], or if a number is not finite.
func Interpolate(a, b *tensors.Tensor, steps int) (*tensors.Tensor, error) {
	from, err := read("the start", a)
	if err != nil {
		return nil, named("Interpolate", err)
	}
	to, err := read("the end", b)
	switch {
	case err != nil:
	case from.rows != 1 || !slices.Equal(from.dims, to.dims):
		err = fmt.Errorf("the start is %v and the end %v: both must be one row of the same shape, [1, …]", from.dims, to.dims)
	case steps < 2:
		err = errors.New("it takes at least 2 steps, which are the start and the end")
	default:
		err = fitting("the steps", float64(steps)*float64(from.columns))
	}
	if err != nil {
		return nil, named("Interpolate", err)
	}
	values := make([]float32, 0, steps*from.columns)
	for i := range steps {
		share := float64(i) / float64(steps-1)
		for j, v := range from.values {
			values = append(values, float32((1-share)*float64(v)+share*float64(to.values[j])))
		}
	}
	return tensors.FromFlatDataAndDimensions(values, append([]int{steps}, from.dims[1:]...)...), nil
}
