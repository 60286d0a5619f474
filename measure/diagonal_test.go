package measure

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

// Under the best Gaussian with independent features a row has the mean log-likelihood -Σ (log 2π + log σ² + 1)/2.
func TestDiagonalGaussianIsThatOfMaximumLikelihood(t *testing.T) {
	z := tilted(500)
	m, err := FitDiagonal(z)
	if err != nil {
		t.Fatal(err)
	}
	_, covariance := moments(z)
	var want float64
	for j := range 3 {
		want -= (math.Log(2*math.Pi) + math.Log(covariance.At(j, j)) + 1) / 2
	}
	got, err := m.LogLikelihood(z)
	if err != nil || math.Abs(got-want) > 1e-5 {
		t.Errorf("the log-likelihood is %v (%v), want %v", got, err, want)
	}
	full, err := FitGaussian(z)
	if err != nil {
		t.Fatal(err)
	}
	if correlated, _ := full.LogLikelihood(z); correlated < got+0.5 {
		t.Errorf("correlated features have %v with their covariance and %v without", correlated, got)
	}
}

func TestDrawsOfADiagonalGaussianAreNotCorrelated(t *testing.T) {
	z := tilted(300)
	m, err := FitDiagonal(z)
	if err != nil {
		t.Fatal(err)
	}
	const n = 40000
	drawn, err := m.Sample(n, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, was := moments(z)
	_, is := moments(drawn)
	for i := range 3 {
		for j := range i + 1 {
			want := 0.0
			if i == j {
				want = was.At(i, i)
			}
			scale := math.Sqrt(was.At(i, i) * was.At(j, j))
			if math.Abs(is.At(i, j)-want) > 4*math.Sqrt2*scale/math.Sqrt(n) {
				t.Errorf("the covariance of %d and %d is %v, want %v", i, j, is.At(i, j), want)
			}
		}
	}
}

func TestDiagonalGaussianOfAConstantFeature(t *testing.T) {
	m, err := FitDiagonal(tensors.FromValue([][]float32{{1, 7}, {3, 7}}))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := m.Sample(1000, 1)
	if err != nil {
		t.Fatal(err)
	}
	mean, covariance := moments(drawn)
	if math.Abs(mean[1]-7) > 0.001 || covariance.At(1, 1) > 2e-6 {
		t.Errorf("a feature that was 7 is drawn with mean %v and variance %v", mean[1], covariance.At(1, 1))
	}
	if _, err := FitDiagonal(tensors.FromValue([][]float32{{1, 2}})); err == nil || !strings.Contains(err.Error(), "measure: FitDiagonal: the latents are a single row") {
		t.Errorf("one row gives the error %v", err)
	}
}
