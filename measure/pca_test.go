package measure_test

import (
	"math"
	"testing"

	"autoencoders/datasets"
	"autoencoders/measure"
)

// These are the errors of a PCA of the 60,000 training images in Python.
func TestPCAOfMNISTHasTheKnownErrors(t *testing.T) {
	mnist := datasets.MNIST(datasets.Normalize(0.5, 0.5))
	pca, err := measure.FitPCA(mnist.Train().Images)
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[int]float64{2: .2227, 4: .1916, 8: .1498, 16: .1074, 32: .0673, 64: .0362} {
		again, err := pca.Reconstruct(mnist.Test().Images, d)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := measure.MSE(mnist.Test().Images, again); err != nil || math.Abs(got-want) > 0.0005 {
			t.Errorf("d = %d: the error is %.4f (%v), not %.4f", d, got, err, want)
		}
	}
}
