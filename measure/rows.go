package measure

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/gomlx/gomlx/core/tensors"
)

// table is a tensor as rows of numbers: one for each image or latent.
type table struct {
	rows, columns int
	values        []float32 // [rows, columns]
	dims          []int     // the tensor's
}

func (t table) row(i int) []float32 { return t.values[i*t.columns : (i+1)*t.columns] }

// read copies the numbers of x, [n, …], each row of them finite. what names them in errors.
func read(what string, x *tensors.Tensor) (table, error) {
	if x == nil {
		return table{}, fmt.Errorf("no %s (nil)", what)
	}
	if err := x.CheckValid(); err != nil {
		return table{}, fmt.Errorf("the tensor of the %s is no longer there", what)
	}
	dims := x.Shape().Dimensions
	if len(dims) < 2 || x.Shape().Size() == 0 {
		return table{}, fmt.Errorf("%s are [n, …], got %v", what, dims)
	}
	values, err := tensors.CopyFlatData[float32](x)
	if err != nil {
		return table{}, fmt.Errorf("%s are float32, got %s", what, x.DType())
	}
	t := table{rows: dims[0], columns: len(values) / dims[0], values: values, dims: dims}
	for i, v := range values {
		if v-v != 0 { // NaN or infinite
			return table{}, fmt.Errorf("%s: row %d holds %v: has the training diverged?", what, i/t.columns, v)
		}
	}
	return t, nil
}

// named puts the function before an error: "measure: PSNR: …".
func named(function string, err error) error { return fmt.Errorf("measure: %s: %w", function, err) }

// parallel calls f for each of n parts, on all cores.
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

// span is the part-th of parts equal pieces of n things.
func span(n, part, parts int) (from, to int) { return n * part / parts, n * (part + 1) / parts }
