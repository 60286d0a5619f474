package measure_test

import (
	"math"
	"strings"
	"testing"

	"autoencoders/measure"

	"github.com/gomlx/gomlx/core/tensors"
)

func TestKLIsTheIntegral(t *testing.T) {
	values := [][2]float64{{0, 0}, {1.5, 0}, {0, -3}, {-0.7, 0.8}}
	for _, v := range values {
		// ∫ q log(q/p), by a sum over a fine grid.
		mu, sigma := v[0], math.Exp(v[1]/2)
		const step = 1e-3
		var want float64
		for z := mu - 12*sigma; z < mu+12*sigma; z += step {
			logQ := -(z-mu)*(z-mu)/(2*sigma*sigma) - math.Log(sigma)
			want += math.Exp(logQ) / math.Sqrt(2*math.Pi) * (logQ + z*z/2) * step
		}
		got, err := measure.KL(latents(1, v[0]), latents(1, v[1]))
		if err != nil || len(got) != 1 || math.Abs(got[0]-want) > 1e-4 {
			t.Errorf("KL of N(%v, exp(%v)) is %v (%v), the integral %.5f", v[0], v[1], got, err, want)
		}
	}
}

func TestEachLatentHasItsOwnKLMeanAndVariance(t *testing.T) {
	mu, logvar := latents(2, 1, 5, 3, 5), latents(2, 0, 0, 0, 0)
	kl, err := measure.KL(mu, logvar) // mu²/2
	if err != nil || kl[0] != (0.5+4.5)/2 || kl[1] != 12.5 {
		t.Errorf("KL is %v (%v)", kl, err)
	}
	mean, errMean := measure.Mean(mu)
	variance, errVariance := measure.Variance(mu)
	if mean[0] != 2 || mean[1] != 5 || variance[0] != 1 || variance[1] != 0 || errMean != nil || errVariance != nil {
		t.Errorf("mean %v (%v), variance %v (%v)", mean, errMean, variance, errVariance)
	}
}

func TestActiveUnitsVaryByMoreThanAHundredth(t *testing.T) {
	// Variances .0121, .0081, 0 and 4; a mean far from 0 is no activity.
	n, err := measure.ActiveUnits(latents(4, 0.11, 0.09, 7, 2, -0.11, -0.09, 7, -2))
	if err != nil || n != 2 {
		t.Errorf("%d active units (%v), want 2", n, err)
	}
}

func TestGaussianIsOneAndSeeded(t *testing.T) {
	z, err := measure.Gaussian(20000, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	mean, _ := measure.Mean(z)
	variance, _ := measure.Variance(z)
	for j := range mean { // four standard errors
		if math.Abs(mean[j]) > 0.03 || math.Abs(variance[j]-1) > 0.04 {
			t.Errorf("latent %d has mean %.3f and variance %.3f", j, mean[j], variance[j])
		}
	}
	// Within radius r lies 1 - exp(-r²/2) of a Gaussian in the plane.
	for _, r := range []float64{1, 2} {
		share, err := measure.WithinRadius(r, z)
		if want := 1 - math.Exp(-r*r/2); err != nil || math.Abs(share-want) > 0.014 {
			t.Errorf("within %v lies %.4f (%v), want %.4f", r, share, err, want)
		}
	}
	again, _ := measure.Gaussian(20000, 2, 1)
	other, _ := measure.Gaussian(20000, 2, 2)
	if !z.Equal(again) || z.Equal(other) {
		t.Error("the seed does not decide what is drawn")
	}
}

func TestWithinRadiusCountsTheRim(t *testing.T) {
	if share, err := measure.WithinRadius(5, latents(2, 3, 4, 3, 4.1, 0, 0, -6, 0)); err != nil || share != 0.5 {
		t.Errorf("the share is %v (%v), want two of four", share, err)
	}
}

func TestToNearestIsTheSquaredDistanceToIt(t *testing.T) {
	const pixels = 100
	x, others := make([]float32, 2*pixels), make([]float32, 3*pixels)
	for i := range pixels {
		x[pixels+i] = 1 // black and white
		others[i], others[pixels+i], others[2*pixels+i] = 0.1, 0.4, 0.8
	}
	got, err := measure.ToNearest(tensors.FromFlatDataAndDimensions(x, 2, 10, 10, 1), tensors.FromFlatDataAndDimensions(others, 3, 10, 10, 1))
	if want := (pixels*0.01 + pixels*0.04) / 2; err != nil || math.Abs(got-want) > 1e-5 {
		t.Errorf("%v (%v), want %v", got, err, want)
	}
}

func TestBadPosteriorsAreOneLine(t *testing.T) {
	one, two, nan := latents(1, 1, 1), latents(2, 1, 1), latents(1, math.NaN())
	_, sizes := measure.KL(one, two)
	_, notFinite := measure.Variance(nan)
	_, none := measure.Gaussian(3, 0, 1)
	_, missing := measure.Mean(nil)
	_, active := measure.ActiveUnits(nil)
	_, radius := measure.WithinRadius(1, nan)
	_, widths := measure.ToNearest(one, two)
	for want, err := range map[string]error{
		"measure: KL: the shapes of mu and logvar differ: [2 1] and [1 2]":       sizes,
		"measure: Variance: the latents hold NaN in row 0":                       notFinite,
		"measure: Gaussian(3, 0): at least one":                                  none,
		"measure: Mean: the latents are missing":                                 missing,
		"measure: ActiveUnits: the means are missing":                            active,
		"measure: WithinRadius: the latents hold NaN in row 0":                   radius,
		"measure: ToNearest: the images have 1 numbers each, the other images 2": widths,
	} {
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// latents are rows of d numbers.
func latents(d int, values ...float64) *tensors.Tensor {
	z := make([]float32, len(values))
	for i, v := range values {
		z[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(z, len(z)/d, d)
}
