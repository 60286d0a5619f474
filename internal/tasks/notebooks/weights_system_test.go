//go:build system

package main

import (
	"fmt"
	"math"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"autoencoders/datasets"
	"autoencoders/internal/ipynb"
)

// The committed weights give the test losses that the committed lessons say, to 1e-3.
func TestWeightsGiveTheLessonsLosses(t *testing.T) {
	inRoot(t)
	for _, n := range nets {
		t.Run(n.name, func(t *testing.T) {
			said, digits, err := n.loss()
			if err != nil {
				t.Fatal(err)
			}
			model := n.model(t.TempDir())
			if err := model.ImportPyTorch(n.path(filepath.Join("notebooks", "weights"))); err != nil {
				t.Fatalf("%v; `make notebooks` writes it", err)
			}
			mnist := datasets.MNIST(datasets.Normalize(0.5, 0.5))
			if model.Loss != nil { // BCE
				mnist = datasets.MNIST()
			}
			got, err := model.Evaluate(mnist.Test().Images)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("test loss %.6g, in the lesson %g", got, said)
			if rounding := math.Pow10(-digits) / 2; math.Abs(got-said) > 1e-3*said+rounding {
				t.Errorf("the test loss is %.6g, and %s says %g: run `make notebooks` and commit what it writes", got, n.lesson, said)
			}
		})
	}
}

var gap = regexp.MustCompile(`\s{2,}`) // between the columns of a table

// loss returns the test loss that the lesson says, and with how many decimals.
func (n net) loss() (loss float64, decimals int, err error) {
	notebook, err := ipynb.Read(filepath.Join("notebooks", n.lesson+".ipynb"))
	if err != nil {
		return 0, 0, err
	}
	for _, cell := range notebook.Cells() {
		if cell["id"] != n.cell {
			continue
		}
		found := n.find(plain(cell))
		_, decimal, _ := strings.Cut(found, ".")
		if loss, err = strconv.ParseFloat(found, 64); err != nil {
			return 0, 0, fmt.Errorf("cell %s of %s has no table with a column test loss and a row %q", n.cell, n.lesson, n.row)
		}
		return loss, len(decimal), nil
	}
	return 0, 0, fmt.Errorf("%s has no cell %s", n.lesson, n.cell)
}

// find returns the test loss in the net's row of a cell's tables, or in the last row of the first table, which is seed 0's.
func (n net) find(text string) (found string) {
	column := -1
	for line := range strings.Lines(text) {
		fields := gap.Split(strings.TrimSpace(line), -1)
		switch at := header(fields); {
		case at >= 0 && found != "" && n.row == "":
			return found
		case at >= 0:
			column = at
		case column >= 0 && column < len(fields) && (n.row == "" || path.Base(fields[0]) == n.row):
			found = fields[column]
		}
	}
	return found
}

// header returns which of a table's columns has the test loss, or -1.
func header(fields []string) int {
	for i, name := range fields {
		if strings.HasPrefix(name, "test loss") {
			return i
		}
	}
	return -1
}

// plain returns what a cell's displays say as text.
func plain(cell map[string]any) string {
	var b strings.Builder
	outputs, _ := cell["outputs"].([]any)
	for _, o := range outputs {
		data, _ := o.(map[string]any)["data"].(map[string]any)
		switch text := data["text/plain"].(type) {
		case string:
			fmt.Fprintln(&b, text)
		case []any:
			fmt.Fprintln(&b, fmt.Sprint(text...))
		}
	}
	return b.String()
}
