package nn_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// apply runs one layer on x, after setting the variables, which are given by name.
func apply(t *testing.T, layer nn.Layer, x *tensors.Tensor, variables map[string]*tensors.Tensor) *tensors.Tensor {
	t.Helper()
	b, err := autoencoder.Backend()
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(3); err != nil {
		t.Fatal(err)
	}
	for name, value := range variables {
		if _, err := store.CreateVariable(name, value); err != nil {
			t.Fatal(err)
		}
	}
	exec, err := model.NewExec(b, store, func(scope *model.Scope, x *graph.Node) *graph.Node { return layer(scope, x) })
	if err != nil {
		t.Fatal(err)
	}
	y, err := exec.Call1(x)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func tensor(dims []int, values ...float32) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

func want(t *testing.T, got *tensors.Tensor, dims []int, values ...float32) {
	t.Helper()
	if !slices.Equal(got.Shape().Dimensions, dims) {
		t.Fatalf("shape %v, want %v", got.Shape().Dimensions, dims)
	}
	for i, g := range tensors.MustCopyFlatData[float32](got) {
		if math.Abs(float64(g-values[i])) > 1e-6 {
			t.Fatalf("%v, want %v", tensors.MustCopyFlatData[float32](got), values)
		}
	}
}

func TestLinearIsXTimesWeightTransposedPlusBias(t *testing.T) {
	y := apply(t, nn.Linear(3, 2), tensor([]int{2, 3}, 1, 2, 3, 4, 5, 6), map[string]*tensors.Tensor{
		"weight": tensor([]int{2, 3}, 1, 0, -1, 2, 1, 0.5), // [out, in], as PyTorch keeps it
		"bias":   tensor([]int{2}, 10, -1),
	})
	want(t, y, []int{2, 2}, 1-3+10, 2+2+1.5-1, 4-6+10, 8+5+3-1)
}

func TestLinearFlattensImages(t *testing.T) {
	y := apply(t, nn.Linear(4, 1), tensor([]int{1, 2, 2, 1}, 1, 2, 3, 4), map[string]*tensors.Tensor{
		"weight": tensor([]int{1, 4}, 1000, 100, 10, 1), "bias": tensor([]int{1}, 0),
	})
	want(t, y, []int{1, 1}, 1234)
}

func TestActivations(t *testing.T) {
	x := tensor([]int{1, 3}, -2, 0, 0.5)
	want(t, apply(t, nn.ReLU(), x, nil), []int{1, 3}, 0, 0, 0.5)
	want(t, apply(t, nn.Tanh(), x, nil), []int{1, 3}, -0.96402758, 0, 0.46211716)
	want(t, apply(t, nn.Sigmoid(), x, nil), []int{1, 3}, 0.11920292, 0.5, 0.62245933)
}

// At exactly 0 the gradient of PyTorch's ReLU is 0.
func TestReLUGradient(t *testing.T) {
	gradient := func(scope *model.Scope, x *graph.Node) *graph.Node {
		return graph.Gradient(graph.ReduceAllSum(nn.ReLU()(scope, x)), x)[0]
	}
	want(t, apply(t, gradient, tensor([]int{1, 3}, -2, 0, 0.5), nil), []int{1, 3}, 0, 0, 1)
}

func TestFlattenIsChannelFirstAndUnflattenItsInverse(t *testing.T) {
	image := tensor([]int{1, 2, 2, 2}, 1, 10, 2, 20, 3, 30, 4, 40) // channels last: (1, 10) is a pixel
	flat := apply(t, nn.Flatten(), image, nil)
	want(t, flat, []int{1, 8}, 1, 2, 3, 4, 10, 20, 30, 40)
	want(t, apply(t, nn.Unflatten(2, 2, 2), flat, nil), []int{1, 2, 2, 2}, 1, 10, 2, 20, 3, 30, 4, 40)
}

func TestNoiseHasItsStandardDeviation(t *testing.T) {
	y := tensors.MustCopyFlatData[float32](apply(t, nn.Noise(0.5), tensor([]int{1, 100_000}, make([]float32, 100_000)...), nil))
	var sum, squares float64
	for _, v := range y {
		sum, squares = sum+float64(v), squares+float64(v)*float64(v)
	}
	n := float64(len(y))
	if mean, std := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 0.01 || math.Abs(std-0.5) > 0.01 {
		t.Errorf("mean %.3f, standard deviation %.3f", mean, std)
	}
}

func TestSaltPepperSetsItsShare(t *testing.T) {
	y := tensors.MustCopyFlatData[float32](apply(t, nn.SaltPepper(0.2), tensor([]int{1, 100_000}, make([]float32, 100_000)...), nil))
	count := map[float32]float64{}
	for _, v := range y {
		count[v] += 1 / float64(len(y))
	}
	if len(count) != 3 || math.Abs(count[-1]-0.1) > 0.01 || math.Abs(count[1]-0.1) > 0.01 {
		t.Errorf("shares %v", count)
	}
}

// PyTorch draws weights and biases from U(-1/sqrt(in), 1/sqrt(in)): none lies outside, and the standard deviation
// is 1/sqrt(3 in).
func TestInitialValuesAreUniformAsInPyTorch(t *testing.T) {
	m := autoencoder.Model{Encoder: nn.Linear(400, 300), Decoder: nn.Linear(300, 400)}
	store, err := m.NewStore(5, 20, 20, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]float64{"/encoder/weight": 400, "/encoder/bias": 400, "/decoder/weight": 300} {
		var squares, largest float64
		values := tensors.MustCopyFlatData[float32](store.GetVariable(name).MustValue())
		for _, v := range values {
			squares += float64(v) * float64(v) / float64(len(values))
			largest = max(largest, math.Abs(float64(v)))
		}
		bound := 1 / math.Sqrt(in)
		if largest > bound || largest < 0.97*bound || math.Abs(math.Sqrt(3*squares)/bound-1) > 0.1 {
			t.Errorf("%s: largest %.4f, standard deviation %.4f, bound %.4f", name, largest, math.Sqrt(squares), bound)
		}
	}
}

// Layers record themselves while a network is built, and Summary lists them.
func ExampleSequential() {
	m := autoencoder.Model{
		Encoder: nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 2)),
		Decoder: nn.Sequential(nn.Linear(2, 784), nn.Tanh()),
	}
	summary, err := m.Summary(28, 28, 1)
	for _, layer := range summary.Layers {
		fmt.Println(layer.Name, layer.Layer, layer.Output, layer.Parameters)
	}
	fmt.Println(summary.Parameters, err)
	// Output:
	// encoder.0 Linear(784, 32) [32] 25120
	// encoder.1 ReLU() [32] 0
	// encoder.2 Linear(32, 2) [2] 66
	// decoder.0 Linear(2, 784) [784] 2352
	// decoder.1 Tanh() [784] 0
	// 27538 <nil>
}
