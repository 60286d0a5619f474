package course

import (
	"fmt"
	"strings"
	"testing"

	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// shift adds to what enters a ReLU, so that all its units live or die.
func shift(by float64) nn.Layer {
	return func(_ *model.Scope, x *graph.Node) *graph.Node { return graph.AddScalar(x, by) }
}

func TestLiveUnitsOfEachReLU(t *testing.T) {
	m := small(t.TempDir())
	m.Encoder = nn.Sequential(
		nn.Conv2d(1, 3, 3), shift(1000), nn.ReLU(), // [6, 6, 3]
		nn.Flatten(), nn.Linear(108, 7), shift(-1e6), nn.ReLU(),
		nn.Linear(7, 2),
	)
	m.Decoder = nn.Sequential(nn.Linear(2, 16), shift(100), nn.ReLU(), nn.Linear(16, 64), nn.Tanh())
	printed(t, func() { Train(m, squares, recipe(1)) })
	if got, want := fmt.Sprint(LiveUnits(m, squares)), "[{encoder.2 3 3} {encoder.6 0 7} {decoder.2 16 16}]"; got != want {
		t.Errorf("the live units are %s, want %s", got, want)
	}
}

func TestANetWithoutReLUHasNoUnitsToCount(t *testing.T) {
	m := small(t.TempDir())
	m.Encoder, m.Decoder = nn.Linear(64, 2), nn.Linear(2, 64)
	printed(t, func() { Train(m, squares, recipe(1)) })
	if got := LiveUnits(m, squares); len(got) != 0 {
		t.Errorf("the live units are %v, want none", got)
	}
}

func TestLiveUnitsNeedATrainedNetAndImages(t *testing.T) {
	m := small(t.TempDir())
	for want, d := range map[string]Data{
		"autoencoder: " + m.Dir + " has no trained weights": squares,
		"course: LiveUnits: the data set is missing":        nil,
	} {
		if _, err := liveUnits(m, d); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the error is %v, want one that begins %q", err, want)
		}
	}
}
