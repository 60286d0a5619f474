package notebooks

import (
	"fmt"
	"strings"
	"testing"
)

const convolutional = "03-convolutional-autoencoder.ipynb"

// lossIn is the one number that a cell's text has.
func lossIn(t *testing.T, c *cell) float64 {
	t.Helper()
	var loss float64
	if _, err := fmt.Sscan(number.FindString(c.data("text/markdown")), &loss); err != nil {
		t.Fatalf("%q: %v", c.data("text/markdown"), err)
	}
	return loss
}

func TestConvolutionalShowsEachFault(t *testing.T) {
	n := executed(t, convolutional)
	if said := n.having(t, "asWritten.Train(").data("text/plain"); !strings.Contains(said, "[28 28 3], 2352 numbers an image, but the images are [28 28 1], 784 numbers") {
		t.Errorf("the net with three channels says %q", said)
	}
	floor := lossIn(t, n.having(t, "var floor float64"))
	rows := n.having(t, "reluEnd.Train(").rows(2)
	if len(rows) != 2 || floor < 0.8310 || floor > 0.8312 {
		t.Fatalf("a net that is never negative: floor %v, trained %v", floor, rows)
	}
	if last := rows[1][1]; last < floor || last > floor+0.03 {
		t.Errorf("the net that ends in ReLU has %.4f, the floor is %.4f", last, floor)
	}
	if code := n.having(t, "numbers for 784 pixels").data("text/plain"); !strings.Contains(code, "**6400** numbers") {
		t.Errorf("the code is %q", code)
	}
	if summary := n.having(t, "summary := plots.Must(mended.").data("text/plain"); !strings.Contains(summary, "5129") || strings.Contains(summary, "error") {
		t.Errorf("the mended net:\n%s", summary)
	}
	if said := n.having(t, "wrong.Summary").data("text/plain"); !strings.Contains(said, "the output padding, 2, must be smaller than the stride, 2") {
		t.Errorf("too much output padding says %q", said)
	}
}

// PyTorch has .0033 for the mended net after 2 epochs, and .0396 and .1907 for the compressing one
// with 16 and 2 latents after 6.
func TestConvolutionalTrainsAsPyTorchDoes(t *testing.T) {
	n := executed(t, convolutional)
	mended, negative := n.having(t, "mended.Train(").rows(2), lossIn(t, n.having(t, "mended.Evaluate(strange)"))
	if len(mended) != 2 || mended[1][1] > 0.0045 {
		t.Errorf("the mended net: %v", mended)
	}
	if negative < 100*mended[1][1] {
		t.Errorf("the mended net copies negatives, too: %.4f", negative)
	}
	conv16 := n.having(t, "conv16.Train(").rows(2)
	if len(conv16) != 6 || conv16[5][1] > 0.042 {
		t.Errorf("the compressing net: %v", conv16)
	}
	if on16 := lossIn(t, n.having(t, "conv16.Evaluate(strange)")); on16 < 1.5*negative {
		t.Errorf("16 latents have %.4f on negatives, the mended net %.4f", on16, negative)
	}
	rows := n.having(t, "seconds an epoch").rows(2) // linear-2, conv-2, linear-16, conv-16
	if len(rows) != 4 {
		t.Fatalf("the comparison has %v", rows)
	}
	if l2, c2, l16, c16 := rows[0][0], rows[1][0], rows[2][0], rows[3][0]; c16 > l16/2 || c2 < l2 || c2 > 0.195 || c16 != conv16[5][1] {
		t.Errorf("the comparison has %v", rows)
	}
}

func TestConvolutionalSizesAndShifts(t *testing.T) {
	n := executed(t, convolutional)
	sizes := n.having(t, "backPlus1 :=").data("text/plain")
	for _, want := range [][]any{{25, 13, 25, 26}, {26, 13, 25, 26}, {27, 14, 27, 28}, {28, 14, 27, 28}} {
		if line := fmt.Sprint(want...); !strings.Contains(strings.Join(strings.Fields(sizes), " "), line) {
			t.Errorf("no row %s in\n%s", line, sizes)
		}
	}
	rows := n.having(t, "mended, 6,400").rows(3) // linear, convolutional, mended, by pixels
	if len(rows) != 7 {
		t.Fatalf("the shifts have %v", rows)
	}
	for i, row := range rows {
		if row[1] >= row[0] || row[2] >= row[1] || i > 0 && (row[0] <= rows[i-1][0] || row[1] <= rows[i-1][1]) {
			t.Errorf("shifted by %d: %v", i, row)
		}
	}
	if rows[4][0] < 0.2699 || rows[6][1] < 0.2699 || rows[6][2] > 0.1 {
		t.Errorf("the shifts have %v", rows)
	}
}

func TestConvolutionalFigures(t *testing.T) {
	n := executed(t, convolutional)
	n.shows(t, map[string]string{
		"ReLU at the end":       "reluEnd.Reconstruct(",
		"the mended net":        "mended.Reconstruct(some)",
		"negatives":             "mended.Reconstruct(strange)",
		"through 16 numbers":    "through 16 numbers",
		"negatives through 16":  "conv16.Reconstruct(strange)",
		"side by side at 16":    "16 latents: original",
		"side by side at 2":     "plots.Title(\"2 latents",
		"the filters":           "16 filters of the first layer",
		"the feature maps":      "Feature maps of a 7",
		"what happens to shift": "Shifted by 0 to 6",
	})
}
