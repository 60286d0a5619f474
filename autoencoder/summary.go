package autoencoder

import (
	"fmt"
	"strconv"
	"strings"
)

// Summary is a model's layers in order, counted while the network was built.
type Summary struct {
	Layers     []LayerSummary
	Parameters int // trainable numbers in all
}

// LayerSummary is one line of a Summary.
type LayerSummary struct {
	Name       string // of PyTorch's state_dict: encoder.0
	Layer      string // with its arguments: Linear(784, 128)
	Output     []int  // shape of one output
	Parameters int    // trainable numbers
}

// Summary lists the layers for images of one shape, [height, width, channels]: 28, 28, 1 for MNIST.
// No weights are needed. It returns the error that a layer with bad arguments carries.
func (m Model) Summary(height, width, channels int) (Summary, error) {
	if height < 1 || width < 1 || channels < 1 {
		return Summary{}, fmt.Errorf("autoencoder: Summary(%d, %d, %d): each size must be at least 1", height, width, channels)
	}
	b, err := Backend()
	if err != nil {
		return Summary{}, err
	}
	n, err := m.trace(b, []int{height, width, channels})
	if err != nil {
		return Summary{}, err
	}
	var s Summary
	for _, step := range n.steps {
		s.Layers = append(s.Layers, LayerSummary{step.Name, step.Kind, step.Output, step.Parameters})
	}
	for _, p := range n.parameters {
		s.Parameters += p.shape.Size()
	}
	return s, nil
}

// Table is the summary as header and rows of text, the total last.
func (s Summary) Table() (header []string, rows [][]string) {
	for _, l := range s.Layers {
		rows = append(rows, []string{l.Name, l.Layer, strings.ReplaceAll(dims(l.Output), " ", " × "), strconv.Itoa(l.Parameters)})
	}
	rows = append(rows, []string{"", "", "total", strconv.Itoa(s.Parameters)})
	return []string{"name", "layer", "output", "parameters"}, rows
}
