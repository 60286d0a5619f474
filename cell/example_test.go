package cell_test

import (
	"time"

	"autoencoders/cell"
)

// A table in a training cell; in a notebook it grows in place.
func ExampleTable() {
	table := cell.NewTable("epoch", "train loss", "test loss", "time")
	table.Row(1, 0.18731, 0.17550, 2400*time.Millisecond)
	table.Row(2, 0.17012, 0.16801, 1300*time.Millisecond)
	table.Note("Both epochs are saved.")
	// Output:
	//    epoch  train loss  test loss      time
	//        1      0.1873     0.1755     2.4 s
	//        2      0.1701     0.1680     1.3 s
	// Both epochs are saved.
}

func ExampleRows() {
	cell.Rows([]string{"layer", "output", "parameters"}, [][]string{
		{"Linear(784, 128)", "[128]", "100480"},
		{"ReLU", "[128]", "0"},
	}).Show()
	// Output:
	// layer             output    parameters
	// Linear(784, 128)  [128]         100480
	// ReLU              [128]              0
}
