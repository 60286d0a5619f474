package autoencoder

import (
	"strconv"
	"strings"
)

// Summary lists a model's layers in order.
type Summary struct {
	Layers     []LayerSummary
	Parameters int // trainable numbers in all, those of layers that are not of package nn included
}

// LayerSummary is one line of a Summary.
type LayerSummary struct {
	Name       string // of PyTorch's state_dict: encoder.0
	Layer      string // with its arguments: Linear(784, 128); "your own" for a function that is not of package nn
	Output     []int  // shape of one output
	Parameters int    // trainable numbers
}

// Summary lists the layers for images of one shape, [height, width, channels]: 28, 28, 1 for MNIST. No
// weights are needed. It returns the error that a layer with bad arguments carries, or that names what a
// checkpoint cannot hold.
func (m Model) Summary(height, width, channels int) (Summary, error) {
	n, err := m.networkFor("Summary(", height, width, channels)
	if err != nil {
		return Summary{}, err
	}
	var s Summary
	for _, l := range n.layers {
		s.Layers = append(s.Layers, LayerSummary{l.Name, l.Kind, l.Output, l.Parameters})
	}
	for _, p := range n.parameters {
		s.Parameters += p.shape.Size()
	}
	return s, nil
}

// Table returns the summary as header and rows of text, the total last.
func (s Summary) Table() (header []string, rows [][]string) {
	for _, l := range s.Layers {
		rows = append(rows, []string{l.Name, l.Layer, strings.ReplaceAll(dims(l.Output), " ", " × "), strconv.Itoa(l.Parameters)})
	}
	rows = append(rows, []string{"", "", "total", strconv.Itoa(s.Parameters)})
	return []string{"name", "layer", "output", "parameters"}, rows
}
