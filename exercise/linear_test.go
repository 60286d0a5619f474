package exercise

import (
	"math"
	"slices"
	"testing"

	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

func rightMSE(x, y []float64) (mean float64) {
	for i := range x {
		mean += (x[i] - y[i]) * (x[i] - y[i]) / float64(len(x))
	}
	return mean
}

// sumOf adds what f makes of each pair.
func sumOf(x, y []float64, f func(x, y float64) float64) (sum float64) {
	for i := range x {
		sum += f(x[i], y[i])
	}
	return sum
}

func TestMSE(t *testing.T) {
	type F = func(x, y []float64) float64
	n := func(x []float64) float64 { return float64(len(x)) }
	square := func(x, y float64) float64 { return (x - y) * (x - y) }
	examine(t, "mse(", mse, []F{
		rightMSE,
		func(x, y []float64) float64 { return sumOf(x, y, square) / n(x) },
		func(x, y []float64) float64 { // in the student's own copies, whatever happens to them
			for i := range x {
				x[i] = (x[i] - y[i]) * (x[i] - y[i])
			}
			clear(y)
			return sumOf(x, y, func(x, _ float64) float64 { return x }) / n(x)
		},
	}, func(_, _ []float64) float64 { panic(stub) }, []answer[F]{
		{func(x, y []float64) float64 { return sumOf(x, y, square) }, ": this is the sum of the squares; divide it by the number of pixels"},
		{func(x, y []float64) float64 { return math.Sqrt(rightMSE(x, y)) }, ": this is the root of the mean squared error; leave the root out"},
		{func(x, y []float64) float64 {
			return sumOf(x, y, func(x, y float64) float64 { return math.Abs(x - y) }) / n(x)
		}, ": this is the mean absolute error; square the differences"},
		{func(x, y []float64) float64 { return sumOf(x, y, func(x, y float64) float64 { return x - y }) / n(x) }, ": this is the mean difference, in which errors cancel; square each difference before you add it"},
		{func(x, y []float64) float64 { return sumOf(x, y, square) / (n(x) - 1) }, ": divide by the number of pixels, not by one less"},
		{func(_, _ []float64) float64 { return 0 }, "returns 0, but 1.25 is right"},
		{func(x, y []float64) float64 { return sumOf(x, y, square) / 4 }, "mse([0.25 0.5], [0.75 -0.5]) returns 0.3125, but 0.625 is right"},
		{func(x, y []float64) float64 { return rightMSE(x, y) / sumOf(x, y, square) * sumOf(x, y, square) }, "mse([-1 -1 -1], [-1 -1 -1]) returns NaN, but 0 is right" + notANumber},
		{func(x, y []float64) float64 { return rightMSE(x, y) / (sumOf(x, y, square) * 0) }, "returns +Inf, but 1.25 is right"},
		{func(x, y []float64) float64 { return x[len(y)] }, " panics: index out of range [4] with length 4"},
	})
	teaches(t, func() { MSE(rightMSE) }, "A pixel that is off by 2")
}

func TestParameters(t *testing.T) {
	type F = func(in, out int) int
	right := func(in, out int) int { return in*out + out }
	examine(t, "parameters(", parameters, []F{right, func(in, out int) int { return (in + 1) * out }},
		func(_, _ int) int { panic(stub) }, []answer[F]{
			{func(in, out int) int { return in * out }, "parameters(12, 2) returns 24, but 26 is right: these are the weights; each output has a bias as well"},
			{func(in, out int) int { return in*out + in }, ": there is a bias for each output, not for each input"},
			{func(in, out int) int { return in*out + 1 }, ": there is a bias for each output, not one for all"},
			{func(in, out int) int { return in + out }, ": every output has a weight for every input: multiply"},
			{func(in, _ int) int { return 26 * in / 12 }, "parameters(2, 12) returns 4, but 36 is right"},
			{func(in, _ int) int { return in / (in - 12) }, " panics: integer divide by zero"},
		})
	teaches(t, func() { Parameters(right) }, "Nearly all parameters are weights")
}

func TestLayers(t *testing.T) {
	type F = func() nn.Layer
	of := func(layers ...nn.Layer) F { return func() nn.Layer { return nn.Sequential(layers...) } }
	right := of(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 3))
	const listed = "encoder() has the layers "
	examine(t, "encoder()", layers, []F{right, of(nn.Sequential(nn.Linear(784, 64), nn.ReLU()), nn.Linear(64, 3))},
		func() nn.Layer { panic(stub) }, []answer[F]{
			{of(nn.Linear(784, 64), nn.Linear(64, 3)), ": without a ReLU between them, two Linear layers can do no more than one"},
			{of(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 3), nn.ReLU()), ": a ReLU after the code leaves no negative numbers in it: leave the last one out"},
			{of(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 3), nn.Tanh()), listed + "Linear(784, 64), ReLU(), Linear(64, 3), Tanh(), but Linear(784, 64), ReLU(), Linear(64, 3) are right"},
			{of(nn.Linear(784, 64), nn.Tanh(), nn.Linear(64, 3)), listed + "Linear(784, 64), Tanh(), Linear(64, 3), but Linear(784, 64), ReLU(), Linear(64, 3) are right"},
			{of(nn.Linear(784, 3)), listed + "Linear(784, 3), but Linear(784, 64), ReLU(), Linear(64, 3) are right"},
			{of(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 3)), listed + "Linear(784, 32), ReLU(), Linear(32, 3), but Linear(784, 64), ReLU(), Linear(64, 3) are right"},
			{of(nn.Linear(784, 64), nn.ReLU(), nn.Linear(32, 3)), "the layers of encoder() do not fit: nn: Linear(32, 3) takes 32 numbers per image, but got 64: [64]"},
			{of(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 2)), "the layers of encoder() do not fit: nn: Linear(3, 784) takes 3 numbers per image, but got 2: [2]"},
			{of(nil), "the layers of encoder() do not fit: nn: Sequential: layer 0 is nil"},
			{func() nn.Layer { return nil }, "encoder() returns nil: return nn.Sequential(…) with the layers"},
			{func() nn.Layer { return []nn.Layer{}[len(stub)-15] }, "encoder() panics: index out of range [0] with length 0" + noElements},
		})
	late := of(nn.Linear(784, 64), nn.ReLU(), func(*model.Scope, *graph.Node) *graph.Node { panic(stub) })
	if err := layers(late); err != errNotWritten { //nolint:errorlint // this very error
		t.Errorf("a layer that is not written yet gives %v", err)
	}
	teaches(t, func() { Layers(right) }, "Only the sizes of neighbouring layers have to agree")
}

func TestBest(t *testing.T) {
	type F = func(testLosses []float64) int
	right := func(losses []float64) int { return slices.Index(losses, slices.Min(losses)) + 1 }
	loop := func(better func(loss, lowest float64) bool, result func(index int) int) F {
		return func(losses []float64) int {
			best := 0
			for i, loss := range losses {
				if better(loss, losses[best]) {
					best = i
				}
			}
			return result(best)
		}
	}
	epoch := func(index int) int { return index + 1 }
	lower := func(loss, lowest float64) bool { return loss < lowest }
	examine(t, "best(", best, []F{right, loop(lower, epoch), func(losses []float64) int { // sorts what it was given
		lowest := slices.Index(losses, slices.Min(losses)) + 1
		slices.Sort(losses)
		return lowest
	}}, func([]float64) int { panic(stub) }, []answer[F]{
		{loop(lower, func(index int) int { return index }), ": this is the index, which counts from 0; epochs count from 1"},
		{loop(func(loss, lowest float64) bool { return loss > lowest }, epoch), ": this is the epoch with the highest loss"},
		{loop(func(loss, lowest float64) bool { return loss <= lowest }, epoch), ": of equal losses, take the first: replace the best one only by a lower loss"},
		{func(losses []float64) int { return len(losses) }, ": this is the last epoch"},
		{func([]float64) int { return 0 }, ": no loss is lower than 0: begin with the first loss, not with 0"},
		{func([]float64) int { return 7 }, "returns 7, but 4 is right"},
		{func(losses []float64) int { return right(losses[1:]) + 1 }, " panics: slices.Min: empty list"},
	})
	teaches(t, func() { Best(right) }, "The last epoch need not be the best one")
}
