package autoencoder_test

import (
	"testing"

	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
)

// A layer of GoMLX stands among ours. What its packages need is installed with ours, so that a cell can import them
// without a network.
func TestLayerOfGoMLX(t *testing.T) {
	m := small(t.TempDir())
	m.Encoder = nn.Sequential(nn.Linear(64, 16), func(scope *model.Scope, x *graph.Node) *graph.Node {
		return layers.Dense(scope.In("dense"), x, true, 2)
	})
	for epoch, err := range m.Train(train, test, recipe(1)) {
		if err != nil {
			t.Fatal(err)
		}
		if epoch.TestLoss <= 0 {
			t.Errorf("test loss %g", epoch.TestLoss)
		}
	}
	z, err := m.Encode(test)
	if err != nil {
		t.Fatal(err)
	}
	if got := z.Shape().Dimensions; len(got) != 2 || got[1] != 2 {
		t.Errorf("latents are %v", got)
	}
}
