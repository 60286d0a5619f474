//go:build system

package lessons

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Ten PyTorch seeds end between 0.1539 and 0.1604, ten of ours between 0.1555 and 0.1625.
func TestLinearTrainsAsPyTorchDoes(t *testing.T) {
	n := executed(t, linear)
	training := n.cell(t, "training")
	rows := training.rows(3) // train, test, seconds
	if len(rows) != 10 {
		t.Fatalf("the training table has %d rows:\n%s", len(rows), training.data("text/plain"))
	}
	if first, last := rows[0][0], rows[9][0]; last > 0.8*first {
		t.Errorf("the train loss falls from %.4f to %.4f only", first, last)
	}
	if last := rows[9][1]; last < 0.145 || last > 0.175 {
		t.Errorf("the test loss ends at %.4f", last)
	}
	if first := rows[0][1]; first > 0.24 { // one epoch beats the mean image, 0.2699
		t.Errorf("the test loss is %.4f after one epoch", first)
	}
	if last := rows[9][1]; cites() && math.Abs(last-0.1625) > 0.002 {
		t.Errorf("the test loss ends at %.4f, the lesson says 0.1625", last)
	}
	for _, row := range rows[1:] {
		if math.Abs(row[0]-row[1]) > 0.01 {
			t.Errorf("train and test loss are %.4f and %.4f", row[0], row[1])
		}
	}
	if kept := number.FindString(n.cell(t, "evaluate").data("text/markdown")); kept != fmt.Sprintf("%.4f", rows[9][1]) {
		t.Errorf("a later cell evaluates the weights on disk to %s", kept)
	}
	beside := n.cell(t, "beside-the-tutorial").rows(3)
	if len(beside) != 10 {
		t.Fatalf("%d rows beside the tutorial's ten", len(beside))
	}
	if fifth, fall := beside[4], beside[4][2]-beside[9][2]; cites() && fifth[1]-fifth[2] < fall {
		t.Errorf("epoch 5: the last batch has %.4f, the test set %.4f, and falls by %.4f from then on", fifth[1], fifth[2], fall)
	}
	for i, row := range beside {
		if row[2] != rows[i][1] {
			t.Errorf("epoch %d: History has %v, the training cell showed %v", i+1, row[2], rows[i][1])
		}
	}
}

func TestLinearBaselinesAndSummary(t *testing.T) {
	n := executed(t, linear)
	// The means of (x+1)² and of (x - mean image)² over the test images. (PyTorch runs whose ReLUs all
	// died, and which so answer every image with one, end at .2699 too.)
	said := n.cell(t, "baselines").data("text/markdown")
	if values := number.FindAllString(said, -1); !slices.Equal(values, []string{"0.4558", "0.2699"}) {
		t.Errorf("the baselines are %q", said)
	}
	// Of PyTorch: sum(p.numel() for p in model.parameters()).
	if alt := n.cell(t, "hourglass").alt(); !strings.Contains(alt, "784 → 128 → 64 → 12 → 2") || !strings.Contains(alt, "219,866 parameters") {
		t.Errorf("the network is drawn as %q", alt)
	}
}

func TestLinearTravelsToPyTorchAndBack(t *testing.T) {
	n := executed(t, linear)
	said := number.FindAllString(n.cell(t, "to-pytorch-and-back").data("text/markdown"), -1)
	if len(said) != 2 || said[0] != said[1] {
		t.Fatalf("the losses here and back again are %v", said)
	}
	loss, err := strconv.ParseFloat(said[0], 64)
	if before := number.FindString(n.cell(t, "evaluate").data("text/markdown")); err != nil || fmt.Sprintf("%.4f", loss) != before {
		t.Errorf("the losses here and back again are %v, before %s", said, before)
	}
}

func TestLinearStepByHandIsTrainsFirstStep(t *testing.T) {
	rows := executed(t, linear).cell(t, "step-by-hand").rows(2)
	if len(rows) != 2 || rows[1][0] >= rows[0][0] {
		t.Fatalf("the losses are %v", rows)
	}
	for _, row := range rows {
		if math.Abs(row[0]-row[1]) > 1.5e-6 {
			t.Errorf("by hand %v, Train %v", row[0], row[1])
		}
	}
}

// The function that builds the graph runs once, and the program that is compiled from it twice.
func TestLinearGraphIsBuiltOnce(t *testing.T) {
	said := executed(t, linear).cell(t, "graph-and-value").data("text/markdown")
	if strings.Count(said, "while the graph is built") != 1 || !strings.Contains(said, "**9**") || !strings.Contains(said, "**25**") {
		t.Errorf("the cell says %q", said)
	}
}

func TestLinearFigures(t *testing.T) {
	n := executed(t, linear)
	n.shows(t, "cell-life", "data", "hourglass", "training", "losses", "latents-512", "latents-all", "reconstructions", "map", "explorer")
	for _, id := range []string{"explorer", "latents-512"} {
		spec := n.cell(t, id).data("application/vnd.vegalite.v5+json")
		var v map[string]any
		if err := json.Unmarshal([]byte(spec), &v); err != nil || v["$schema"] == nil {
			t.Errorf("%s has no Vega-Lite beside its picture: %v", id, err)
		}
		if len(spec) > 200_000 {
			t.Errorf("%s: the specification has %d bytes", id, len(spec))
		}
	}
}
