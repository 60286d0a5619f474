package random_test

import (
	"math"
	"slices"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/internal/random"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// draws returns n numbers, twice, from one seed.
func draws(t *testing.T, seed int64, n int) (a, b []float32) {
	t.Helper()
	backend, err := autoencoder.Backend()
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(seed); err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, g *graph.Graph) []*graph.Node {
		like := graph.Zeros(g, shapes.Make(dtypes.Float32, 2, n/2))
		return []*graph.Node{random.Normal(scope, like), random.Normal(scope, like)}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	out, err := exec.Call()
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1])
}

// The moments of N(0, 1) and how many draws lie beyond 1 to 5 standard deviations on either side. Each may be five
// standard deviations of its own away from what it should be.
func TestMomentsAndTails(t *testing.T) {
	const n = 1 << 25
	values, _ := draws(t, 1, n)
	var sums [5]float64
	var beyond [2][6]float64
	for _, v := range values {
		x, power := float64(v), 1.0
		for k := range sums {
			sums[k] += power
			power *= x
		}
		for s := 1; s <= 5; s++ {
			if x > float64(s) {
				beyond[0][s]++
			}
			if x < -float64(s) {
				beyond[1][s]++
			}
		}
	}
	for k, want := range []float64{1, 0, 1, 0, 3} {
		variance := []float64{0, 1, 2, 15, 96}[k] // of x^k: its 2k-th moment less the square of the k-th
		if got := sums[k] / n; math.Abs(got-want) > 5*math.Sqrt(variance/n) {
			t.Errorf("moment %d is %.6f, want %g", k, got, want)
		}
	}
	for side := range beyond {
		for s := 1; s <= 5; s++ {
			p := math.Erfc(float64(s)/math.Sqrt2) / 2
			if got := beyond[side][s]; math.Abs(got-p*n) > 5*math.Sqrt(p*n) {
				t.Errorf("%g of %d lie beyond %d standard deviations on side %d, want %.1f", got, n, s, side, p*n)
			}
		}
	}
	slices.Sort(values)
	var far float64 // Kolmogorov and Smirnov
	for i := 0; i < n; i += 64 {
		far = max(far, math.Abs(math.Erfc(-float64(values[i])/math.Sqrt2)/2-float64(i)/n))
	}
	if far*math.Sqrt(n) > 3 { // 3e-8 of all seeds
		t.Errorf("the distribution is off by %g", far)
	}
}

// Neighbours, draws at the same place, and draws of neighbouring seeds have nothing to do with one another.
func TestDrawsAreIndependent(t *testing.T) {
	const n = 1 << 20
	a, b := draws(t, 1, n)
	c, _ := draws(t, 2, n)
	correlation := func(what string, x, y []float32) {
		var sum float64
		for i := range x {
			sum += float64(x[i]) * float64(y[i])
		}
		if r := sum / float64(len(x)); math.Abs(r) > 5/math.Sqrt(float64(len(x))) {
			t.Errorf("%s: correlation %g", what, r)
		}
	}
	correlation("two draws", a, b)
	correlation("two seeds", a, c)
	for _, by := range []int{1, 2, 28, 784, n / 2} {
		correlation("neighbours", a[by:], a[:n-by])
	}
	again, _ := draws(t, 1, n)
	if !slices.Equal(a, again) {
		t.Error("one seed gave two series")
	}
}
