package measure_test

import (
	"math"
	"strings"
	"testing"

	"autoencoders/measure"

	"github.com/gomlx/gomlx/core/tensors"
)

// 20,000 Gaussians with mean 3 and standard deviation 0.5 beside as many with mean -1 and standard deviation 2.
func TestDrawHasTheMeansAndTheDeviationsItIsGiven(t *testing.T) {
	const n = 20000
	var means, logvars []float32
	for range n {
		means, logvars = append(means, 3, -1), append(logvars, float32(2*math.Log(0.5)), float32(2*math.Log(2)))
	}
	mu, logvar := tensors.FromFlatDataAndDimensions(means, n, 2), tensors.FromFlatDataAndDimensions(logvars, n, 2)
	z, err := measure.Draw(mu, logvar, 1)
	if err != nil {
		t.Fatal(err)
	}
	mean, _ := measure.Mean(z)
	variance, _ := measure.Variance(z)
	for j, want := range [][2]float64{{3, 0.5}, {-1, 2}} { // four standard errors
		if math.Abs(mean[j]-want[0]) > 0.03*want[1] || math.Abs(math.Sqrt(variance[j])-want[1]) > 0.02*want[1] {
			t.Errorf("latent %d has mean %.3f and standard deviation %.3f, want %v", j, mean[j], math.Sqrt(variance[j]), want)
		}
	}
	again, _ := measure.Draw(mu, logvar, 1)
	other, _ := measure.Draw(mu, logvar, 2)
	if !z.Equal(again) || z.Equal(other) {
		t.Error("the seed does not decide what is drawn")
	}
}

// With mu = 0 and logvar = 0 a draw is eps itself.
func TestDrawFromThePriorIsGaussian(t *testing.T) {
	zeros := latents(2, make([]float64, 6)...)
	z, err := measure.Draw(zeros, zeros, 4)
	eps, _ := measure.Gaussian(3, 2, 4)
	if err != nil || !z.Equal(eps) {
		t.Errorf("drew %v (%v), want %v", z, err, eps)
	}
}

func TestDrawSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		mu, logvar *tensors.Tensor
		want       string
	}{
		{latents(1, 1, 2), latents(1, 0), "measure: Draw: the shapes of mu and logvar differ: [2 1] and [1 1]"},
		{latents(1, 1, 2), latents(1, 0, math.NaN()), "measure: Draw: the log variances hold NaN in row 1"},
		{latents(1, 1, 2), latents(1, 0, 1000), "measure: Draw: the log variance 1000 in row 1 is too large"},
	} {
		if _, err := measure.Draw(c.mu, c.logvar, 0); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("the error is %v, want %q", err, c.want)
		}
	}
}
