package course

import (
	"errors"
	"fmt"
	"slices"

	"autoencoders/cell"
	"autoencoders/measure"
	"autoencoders/plots"

	"github.com/gomlx/gomlx/core/tensors"
)

// Codes is a way to encode images, in several sizes.
type Codes struct {
	Name  string // what tables and figures call it
	Sizes []int  // latent dimensions, from the smallest to the largest

	// Encode holds, for each size and each seed, a function that returns the codes [n, d] of images, as
	// [autoencoder.Model.Encode] does.
	Encode [][]func(x *tensors.Tensor) (*tensors.Tensor, error)
}

// Codes returns the codes of the trained nets of s, under a name for tables and figures.
func (s Sweep) Codes(name string) Codes {
	nets, err := s.nets()
	cell.Check(err)
	c := Codes{Name: name, Sizes: s.Sizes, Encode: make([][]func(*tensors.Tensor) (*tensors.Tensor, error), len(nets))}
	for i, seeds := range nets {
		for _, m := range seeds {
			c.Encode[i] = append(c.Encode[i], m.Encode)
		}
	}
	return c
}

// PCACodes returns the principal components of p as codes: the first 2, the first 4, or whatever the sizes are.
func PCACodes(p *measure.PCA, sizes ...int) Codes {
	c := Codes{Name: "PCA", Sizes: sizes}
	for _, d := range sizes {
		encode := func(x *tensors.Tensor) (*tensors.Tensor, error) { return p.Encode(x, d) }
		c.Encode = append(c.Encode, []func(*tensors.Tensor) (*tensors.Tensor, error){encode})
	}
	return c
}

// Neighbours compares how well codes separate the classes of d by the vote of their 5 nearest neighbours, the first
// accuracy of [Separation]. It shows a row for each size, with the [Spread] over the seeds, and returns what draws the table
// as a [plots.Curve]: a line for each of the codes, the sizes as ticks, and the names of the axes.
//
//	lines := course.Neighbours(mnist, course.PCACodes(pca, 2, 4, 8), sweep.Codes("wide net"))
//	cell.Show(plots.Curve(append(lines, plots.Baseline("guessing", 0.1))...))
func Neighbours(d Data, all ...Codes) []plots.Option {
	lines, err := compareCodes("Neighbours", d, all, separated.neighbours)
	cell.Check(err)
	return lines
}

// Linear compares how well codes separate the classes of d for a linear classifier, the second accuracy of [Separation]. It
// shows and returns what [Neighbours] does.
func Linear(d Data, all ...Codes) []plots.Option {
	lines, err := compareCodes("Linear", d, all, separated.linear)
	cell.Check(err)
	return lines
}

// compareCodes shows the table of Neighbours and Linear and returns its lines.
func compareCodes(call string, d Data, all []Codes, accuracy func(z separated) (float64, error)) ([]plots.Option, error) {
	encoders, err := alike(all)
	if err != nil {
		return nil, fmt.Errorf("course: %s: %w", call, err)
	}
	columns, accuracies := []string{"latent dimensions"}, make([][][]float64, len(all)) // [codes][size][seed]
	for i, c := range all {
		columns, accuracies[i] = append(columns, c.Name), make([][]float64, len(c.Sizes))
	}
	s, err := newSeparator(d)
	if err != nil {
		return nil, fmt.Errorf("course: %s: %w", call, err)
	}
	table, done := cell.NewTable(columns...), 0
	for i, size := range all[0].Sizes {
		row := []any{size}
		for k, c := range all {
			for _, encode := range c.Encode[i] {
				z, err := s.separate(encode)
				if err != nil {
					return nil, err
				}
				share, err := accuracy(z)
				if err != nil {
					return nil, err
				}
				accuracies[k][i] = append(accuracies[k][i], share)
				done++
				table.Progress(done, encoders)
			}
			row = append(row, Spread(accuracies[k][i]))
		}
		table.Row(row...)
	}
	var sizes []any
	for _, size := range all[0].Sizes {
		sizes = append(sizes, size)
	}
	lines := []plots.Option{plots.Axes("latent dimensions", "accuracy"), plots.Ticks(sizes...)}
	for k, c := range all {
		lines = append(lines, lineOf(c.Name, accuracies[k]))
	}
	return lines, nil
}

// alike returns how many encoders there are in all codes, which have the same sizes and an encoder for each.
func alike(all []Codes) (encoders int, err error) {
	if len(all) == 0 {
		return 0, errors.New("no codes")
	}
	for _, c := range all {
		if len(c.Sizes) == 0 || !slices.Equal(c.Sizes, all[0].Sizes) {
			return 0, fmt.Errorf("the codes of %s have the sizes %v, those of %s %v: they must be the same, one at least", all[0].Name, all[0].Sizes, c.Name, c.Sizes)
		}
		if len(c.Encode) != len(c.Sizes) {
			return 0, fmt.Errorf("the codes of %s have %d sizes, and encoders for %d", c.Name, len(c.Sizes), len(c.Encode))
		}
		for i, seeds := range c.Encode {
			if len(seeds) == 0 {
				return 0, fmt.Errorf("the codes of %s have no encoder for size %d", c.Name, c.Sizes[i])
			}
			encoders += len(seeds)
		}
	}
	return encoders, nil
}

// lineOf returns the line of values, [size][seed]: with bars if there are several seeds.
func lineOf(name string, values [][]float64) plots.Option {
	var means []float64
	for _, seeds := range values {
		if len(seeds) > 1 {
			return plots.Runs(name, values)
		}
		means = append(means, seeds...)
	}
	return plots.Line(name, means)
}
