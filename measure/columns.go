package measure

import "github.com/gomlx/gomlx/core/tensors"

// Columns returns the columns of x, float32 [n, …] read as n rows: for the outputs of a layer, [n, units], the n numbers of
// each unit.
//
// It returns an error if x is not [n, …], or if a number is not finite.
func Columns(x *tensors.Tensor) ([][]float64, error) {
	t, err := read("the rows", x)
	if err != nil {
		return nil, named("Columns", err)
	}
	columns := make([][]float64, t.columns)
	for i, v := range t.values {
		columns[i%t.columns] = append(columns[i%t.columns], float64(v))
	}
	return columns, nil
}
