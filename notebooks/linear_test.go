package notebooks

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const linear = "01-linear-autoencoder.ipynb"

// Ten PyTorch seeds end between .1539 and .1604.
func TestLinearTrainsAsPyTorchDoes(t *testing.T) {
	n := executed(t, linear)
	training := n.having(t, "linear.Train(")
	rows := training.rows(3) // train, test, last batch, seconds
	if len(rows) != 10 {
		t.Fatalf("the training table has %d rows:\n%s", len(rows), training.data("text/plain"))
	}
	for i, row := range rows {
		if i > 0 && row[0] >= rows[i-1][0]+.002 { // late epochs differ by less than another processor's rounding
			t.Errorf("the train loss of epoch %d is %.4f, after %.4f", i+1, row[0], rows[i-1][0])
		}
	}
	if last := rows[9][1]; last < 0.150 || last > 0.164 {
		t.Errorf("the test loss ends at %.4f", last)
	}
	if kept := number.FindString(n.having(t, "test loss of the weights on disk").data("text/markdown")); kept != fmt.Sprintf("%.4f", rows[9][1]) {
		t.Errorf("a later cell evaluates the weights on disk to %s", kept)
	}
	beside := n.having(t, "tutorial, last batch").rows(3)
	for i, row := range beside {
		if row[1] != rows[i][2] || row[2] != rows[i][1] {
			t.Errorf("epoch %d: History has %v, the training cell showed %v", i+1, row[1:], rows[i])
		}
	}
	if len(beside) != 10 {
		t.Errorf("%d rows beside the tutorial's ten", len(beside))
	}
}

func TestLinearRulerAndSummary(t *testing.T) {
	n := executed(t, linear)
	// The means of (x+1)² and of (x - mean image)² over the test images. (PyTorch runs whose ReLUs all
	// died, and which so answer every image with one, end at .2699 too.)
	ruler := n.having(t, "var black, average").data("text/markdown")
	if values := number.FindAllString(ruler, -1); !slices.Equal(values, []string{"0.4558", "0.2699"}) {
		t.Errorf("the ruler says %q", ruler)
	}
	summary := n.having(t, "linear.Summary").data("text/plain")
	for _, want := range []string{"Linear(784, 128)", "100480", "101136", "219866"} {
		if !strings.Contains(summary, want) {
			t.Errorf("the summary lacks %s:\n%s", want, summary)
		}
	}
}

func TestLinearTravelsToPyTorchAndBack(t *testing.T) {
	n := executed(t, linear)
	said := number.FindAllString(n.having(t, "ImportPyTorch(").data("text/markdown"), -1)
	if len(said) != 2 || said[0] != said[1] {
		t.Fatalf("the losses here and back again are %v", said)
	}
	loss, err := strconv.ParseFloat(said[0], 64)
	if before := number.FindString(n.having(t, "test loss of the weights on disk").data("text/markdown")); err != nil || fmt.Sprintf("%.4f", loss) != before {
		t.Errorf("the losses here and back again are %v, before %s", said, before)
	}
}

func TestLinearStepByHandIsTrainsFirstStep(t *testing.T) {
	rows := executed(t, linear).having(t, "byHand.Call1").rows(2)
	if len(rows) != 2 || rows[1][0] >= rows[0][0] {
		t.Fatalf("the losses are %v", rows)
	}
	for _, row := range rows {
		if math.Abs(row[0]-row[1]) > 1.5e-6 {
			t.Errorf("by hand %v, Train %v", row[0], row[1])
		}
	}
}

func TestLinearFigures(t *testing.T) {
	n := executed(t, linear)
	n.shows(t, map[string]string{
		"the data":            "plots.Columns(10)",
		"the forming latents": "plots.NewLive()",
		"the loss curves":     "plots.Curve(",
		"the tutorial's 512":  "plots.Palette(plots.Tutorial)",
		"all 10,000":          "All 10,000 test images",
		"the reconstructions": "plots.Pairs(",
		"the map":             "plots.Map(",
		"the explorer":        "plots.Explorer(",
	})
	for _, words := range []string{"plots.Explorer(", "plots.Pictures("} {
		spec := n.having(t, words).data("application/vnd.vegalite.v5+json")
		var v map[string]any
		if err := json.Unmarshal([]byte(spec), &v); err != nil || v["$schema"] == nil {
			t.Errorf("%s has no Vega-Lite beside its picture: %v", words, err)
		}
		if len(spec) > 1<<20 {
			t.Errorf("%s: the specification has %d bytes", words, len(spec))
		}
	}
}
