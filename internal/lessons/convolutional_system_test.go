//go:build system

package lessons

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
	if said := n.cell(t, "three-channels").data("text/plain"); !strings.Contains(said, "[28 28 3], 2352 numbers an image, but the images are [28 28 1], 784 numbers") {
		t.Errorf("the net with three channels says %q", said)
	}
	floor := lossIn(t, n.cell(t, "floor"))
	rows := n.cell(t, "train-relu-end").rows(2)
	if len(rows) != 2 || floor < 0.8310 || floor > 0.8312 {
		t.Fatalf("a net that is never negative: floor %v, trained %v", floor, rows)
	}
	if last := rows[1][1]; last < floor || last > floor+0.1 {
		t.Errorf("the net that ends in ReLU has %.4f, the floor is %.4f", last, floor)
	}
	if code := n.cell(t, "code-size").data("text/plain"); !strings.Contains(code, "**6400** numbers") {
		t.Errorf("the code is %q", code)
	}
	if summary := n.cell(t, "summary").data("text/plain"); !strings.Contains(summary, "5129") || strings.Contains(summary, "error") {
		t.Errorf("the mended net:\n%s", summary)
	}
	if said := n.cell(t, "too-much-output-padding").data("text/plain"); !strings.Contains(said, "the output padding, 2, must be smaller than the stride, 2") {
		t.Errorf("too much output padding says %q", said)
	}
}

// PyTorch has .0033 for the mended net after 2 epochs, and .0396 and .1907 for the compressing one
// with 16 and 2 latents after 6.
func TestConvolutionalTrainsAsPyTorchDoes(t *testing.T) {
	n := executed(t, convolutional)
	mended, negative := n.cell(t, "train-mended").rows(2), lossIn(t, n.cell(t, "mended-negatives"))
	if len(mended) != 2 || mended[1][1] > 0.01 {
		t.Fatalf("the mended net: %v", mended)
	}
	if negative < 10*mended[1][1] {
		t.Errorf("the mended net copies negatives, too: %.4f", negative)
	}
	conv16 := n.cell(t, "train-conv-16").rows(2)
	if len(conv16) != 6 || conv16[5][1] > 0.05 {
		t.Fatalf("the compressing net: %v", conv16)
	}
	on16 := lossIn(t, n.cell(t, "conv-16-negatives"))
	if on16 < 10*conv16[5][1] {
		t.Errorf("16 latents have %.4f on negatives, %.4f on digits", on16, conv16[5][1])
	}
	rows := n.cell(t, "comparison").rows(2) // linear-2, conv-2, linear-16, conv-16
	if len(rows) != 4 {
		t.Fatalf("the comparison has %v", rows)
	}
	l2, c2, l16, c16 := rows[0][0], rows[1][0], rows[2][0], rows[3][0]
	if c16 > 0.7*l16 || c2 < l2 || c16 != conv16[5][1] {
		t.Errorf("the comparison has %v", rows)
	}
	if cites() && (mended[1][1] > 0.0045 || negative < 100*mended[1][1] || on16 < 1.5*negative || c16 > 0.042 || c16 > l16/2 || c2 > 0.195) {
		t.Errorf("mended %.4f, its negatives %.4f, those of 16 latents %.4f, the comparison %v", mended[1][1], negative, on16, rows)
	}
}

func TestConvolutionalSizesAndShifts(t *testing.T) {
	n := executed(t, convolutional)
	sizes := n.cell(t, "sizes").data("text/plain")
	for _, want := range [][]any{{25, 13, 25, 26}, {26, 13, 25, 26}, {27, 14, 27, 28}, {28, 14, 27, 28}} {
		if line := fmt.Sprint(want...); !strings.Contains(strings.Join(strings.Fields(sizes), " "), line) {
			t.Errorf("no row %s in\n%s", line, sizes)
		}
	}
	rows := n.cell(t, "shift-losses").rows(3) // linear, convolutional, mended, by pixels
	if len(rows) != 7 {
		t.Fatalf("the shifts have %v", rows)
	}
	for i, row := range rows {
		if row[1] >= row[0] || row[2] >= row[1] || i > 0 && (row[0] <= rows[i-1][0] || row[1] <= rows[i-1][1]) {
			t.Errorf("shifted by %d: %v", i, row)
		}
	}
	if rows[6][0] < 0.2699 || rows[6][1] < 0.2 || rows[6][2] > 0.15 { // .2699: the mean image for all
		t.Errorf("the shifts have %v", rows)
	}
}

func TestConvolutionalFigures(t *testing.T) {
	n := executed(t, convolutional)
	n.shows(t, "relu-end-copies", "mended-copies", "mended-negatives", "conv-16-copies", "conv-16-negatives", "side-by-side-16",
		"side-by-side-2", "filters", "feature-maps", "shifts")
}
