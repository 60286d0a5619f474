package main

import (
	"fmt"
	"image/color"
	"io"
	"os"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// result is a race that was run: contestants[0] is this project.
type result struct {
	race
	contestants []*contestant
}

// later are the seconds of the epochs after the first, sorted.
func (c *contestant) later() []float64 { return slices.Sorted(slices.Values(c.seconds[1:])) }

// median returns the middle of sorted values, the mean of the two in the middle if their number is even.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// ratio is ours/c, the median over the turns that both took: what slows the machine slows both.
func (c *contestant) ratio(ours *contestant) float64 {
	var ratios []float64
	for i := 1; i < min(len(c.seconds), len(ours.seconds)); i++ {
		ratios = append(ratios, ours.seconds[i]/c.seconds[i])
	}
	slices.Sort(ratios)
	return median(ratios)
}

func (r result) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s: an epoch of 60,000 MNIST images in batches of 128, seconds\n", r.title)
	fmt.Fprintf(w, "%-25s %10s %9s %8s %8s %8s %10s %9s %9s\n", "", "first step", "epoch 1", "later", "min", "max", "ours/this", "peak MiB", "loss")
	for _, c := range r.contestants {
		later := c.later()
		step := "-"
		if c.firstStep > 0 {
			step = fmt.Sprintf("%.1f", c.firstStep)
		}
		fmt.Fprintf(w, "%-25s %10s %9.2f %8.2f %8.2f %8.2f %10.2f %9d %9.4f\n", c.name, step, c.seconds[0],
			median(later), later[0], later[len(later)-1], c.ratio(r.contestants[0]), c.memory, c.loss)
	}
}

// write keeps the tables as path.txt, and charts as path.png and path-growth.png.
func write(path string, results []result, grown []*growth, turnaround []*cell) error {
	var table strings.Builder
	for _, r := range results {
		r.print(&table)
	}
	for _, g := range grown {
		g.print(&table)
	}
	if turnaround != nil {
		printCells(&table, turnaround)
	}
	if err := os.WriteFile(path+".txt", []byte(table.String()), 0o644); err != nil {
		return err
	}
	if results != nil {
		p, err := chart(results)
		if err != nil {
			return err
		}
		if err := p.Save(9*vg.Inch, vg.Length(len(p.labels))*0.32*vg.Inch+vg.Inch, path+".png"); err != nil {
			return err
		}
	}
	if grown != nil {
		if err := chartGrowth(grown, path+"-growth.png"); err != nil {
			return err
		}
	}
	fmt.Printf("\nkept in %s.txt and the charts beside it\n", path)
	return nil
}

// bars is a chart of horizontal bars with their names.
type bars struct {
	*plot.Plot
	labels []string
}

// chart draws each contestant's later epochs as a bar, the fastest of a race has length 1.
func chart(results []result) (bars, error) {
	p := bars{Plot: plot.New()}
	var ours, others plotter.Values
	var labels plotter.XYLabels
	for _, r := range slices.Backward(results) {
		fastest := median(r.contestants[0].later())
		for _, c := range r.contestants {
			fastest = min(fastest, median(c.later()))
		}
		for i, c := range slices.Backward(r.contestants) {
			seconds := median(c.later())
			own, other := 0.0, seconds/fastest
			if i == 0 {
				own, other = other, own
			}
			ours, others = append(ours, own), append(others, other)
			labels.XYs = append(labels.XYs, plotter.XY{X: seconds / fastest, Y: float64(len(p.labels))})
			labels.Labels = append(labels.Labels, fmt.Sprintf(" %.2f s", seconds))
			p.labels = append(p.labels, " "+r.net+": "+c.name) // away from the edge
		}
	}
	for values, colour := range map[*plotter.Values]color.Color{&ours: color.RGBA{0, 114, 178, 255}, &others: color.Gray{170}} {
		b, err := plotter.NewBarChart(*values, 14)
		if err != nil {
			return p, err
		}
		b.Horizontal, b.Color, b.LineStyle.Width = true, colour, 0
		p.Add(b)
	}
	seconds, err := plotter.NewLabels(labels)
	if err != nil {
		return p, err
	}
	for i := range seconds.TextStyle {
		seconds.TextStyle[i].YAlign = -0.5
	}
	p.Add(seconds)
	p.NominalY(p.labels...)
	p.X.Label.Text = "seconds an epoch, the fastest of each net = 1"
	p.X.Min, p.X.Max = 0, p.X.Max*1.12
	p.Y.Min, p.Y.Max = -0.6, float64(len(p.labels))-0.4 // room for the outer bars' width
	return p, nil
}
