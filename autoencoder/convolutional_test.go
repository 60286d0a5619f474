package autoencoder_test

import (
	"math"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

func TestConvolutionalHalvesTwiceAndComesBack(t *testing.T) {
	s, err := autoencoder.Convolutional(t.TempDir(), 16).Summary(28, 28, 1)
	if err != nil {
		t.Fatal(err)
	}
	// PyTorch counts 160 + 4640 + 25104, and 26656 + 4624 + 145.
	if s.Parameters != 61329 {
		t.Errorf("%d parameters", s.Parameters)
	}
	var outputs [][]int
	for _, l := range s.Layers {
		outputs = append(outputs, l.Output)
	}
	for i, want := range map[int][]int{0: {14, 14, 16}, 2: {7, 7, 32}, 4: {1568}, 5: {16}, 8: {7, 7, 32}, 9: {14, 14, 16}, 12: {28, 28, 1}} {
		if i >= len(outputs) || len(outputs[i]) != len(want) || outputs[i][0] != want[0] || outputs[i][len(want)-1] != want[len(want)-1] {
			t.Errorf("layer %d of %v is not %v", i, outputs, want)
		}
	}
}

// The store holds the trained weights where layers find them: a decoder that the test runs itself gives what
// Decode gives.
func TestStoreHasTheTrainedWeights(t *testing.T) {
	m := small(t.TempDir())
	_, err := m.Store()
	wantLine(t, err, "run the training cell first")
	mustRun(t, m, recipe(1))
	b, store := withWeights(t, m)
	exec := model.MustNewExec(b, store, func(scope *model.Scope, x *graph.Node) *graph.Node {
		return nn.Linear(64, 16)(scope.At("encoder").At("0"), x)
	})
	y, err := exec.Call1(test)
	if err != nil {
		t.Fatal(err)
	}
	weight := tensors.MustCopyFlatData[float32](store.GetVariable("/encoder/0/weight").MustValue())
	sum := float64(tensors.MustCopyFlatData[float32](store.GetVariable("/encoder/0/bias").MustValue())[0])
	for i, x := range tensors.MustCopyFlatData[float32](test)[:64] {
		sum += float64(x) * float64(weight[i])
	}
	if got := tensors.MustCopyFlatData[float32](y)[0]; math.Abs(float64(got)-sum) > 1e-5 {
		t.Errorf("%g, by hand %g", got, sum)
	}
}
