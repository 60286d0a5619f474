package measure

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"autoencoders/internal/input"
	"autoencoders/internal/memory"

	"github.com/gomlx/gomlx/core/tensors"
)

// A table holds the numbers of a tensor, one row for each image or latent.
type table struct {
	rows, columns int
	values        []float32 // [rows, columns]
	dims          []int     // of the tensor
}

func (t table) row(i int) []float32 { return t.values[i*t.columns : (i+1)*t.columns] }

// read copies the numbers of x, [n, …]. It returns an error if one of them is not finite. what is the plural that names x
// in errors: "the images".
func read(what string, x *tensors.Tensor) (table, error) {
	if err := input.CheckFloats(what, x); err != nil {
		return table{}, err
	}
	dims := x.Shape().Dimensions
	if len(dims) < 2 {
		return table{}, fmt.Errorf("%s have the shape %v, not [n, …]", what, dims)
	}
	values, err := tensors.CopyFlatData[float32](x)
	if err != nil {
		return table{}, fmt.Errorf("%s could not be read: %w", what, err)
	}
	t := table{rows: dims[0], columns: len(values) / dims[0], values: values, dims: dims}
	if i := input.NotFinite(values); i >= 0 {
		return table{}, fmt.Errorf("%s hold %v in %s: has the training diverged?", what, values[i], t.place(i))
	}
	return t, nil
}

// place names the row that holds value i.
func (t table) place(i int) string {
	if len(t.dims) == 4 {
		return fmt.Sprintf("image %d", i/t.columns)
	}
	return fmt.Sprintf("row %d", i/t.columns)
}

// farthest is the largest magnitude that readNear accepts. A sum of a million squared differences of such numbers stays
// below the largest float32, 3.4e38.
const farthest = 1e15

// readNear reads a tensor whose rows are compared by their squared distances in float32.
func readNear(what string, x *tensors.Tensor) (table, error) {
	t, err := read(what, x)
	for i, v := range t.values {
		if math.Abs(float64(v)) > farthest {
			return table{}, fmt.Errorf("%s hold %v in %s, and squared distances of numbers above %g overflow: has the training diverged?", what, v, t.place(i), farthest)
		}
	}
	return t, err
}

// fitting returns an error if this many float32 numbers do not fit into the free memory. what is the plural that names them
// in the error.
func fitting(what string, numbers float64) error {
	if size, free := 4*numbers, memory.Available(); size > math.MaxInt || size > free {
		return fmt.Errorf("%s would take %s, and %s are free: ask for fewer", what, memory.Gigabytes(size), memory.Gigabytes(free))
	}
	return nil
}

// named puts the function's name before an error: "measure: PSNR: …".
func named(function string, err error) error { return fmt.Errorf("measure: %s: %w", function, err) }

// parallel calls f once for each of n parts, on all cores.
func parallel(n int, f func(part int)) {
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for part := range next {
				f(part)
			}
		})
	}
	for part := range n {
		next <- part
	}
	close(next)
	workers.Wait()
}

// span returns the first index of a part and the index after its last one, if n things are divided into equal parts.
func span(n, part, parts int) (from, to int) { return n * part / parts, n * (part + 1) / parts }
