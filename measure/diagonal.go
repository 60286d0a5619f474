package measure

import (
	"errors"

	"github.com/gomlx/gomlx/core/tensors"
)

// FitDiagonal returns the Gaussian with the mean and the variances of the rows of z, float32 [n, d], in which the d features
// are independent: [FitGaussian] without its correlations, and with the same additions to the variances.
//
// It returns an error if there are fewer than two rows, or if a number is not finite or above 1e15 in magnitude.
func FitDiagonal(z *tensors.Tensor) (*Mixture, error) {
	t, err := readNear("the latents", z)
	if err == nil && t.rows < 2 {
		err = errors.New("the latents are a single row, which cannot vary: give it two or more")
	}
	if err != nil {
		return nil, named("FitDiagonal", err)
	}
	m := &Mixture{dims: t.dims[1:]}
	m.mean, m.scale = spread(t)
	d := t.columns
	covariance := make([]float64, d*d)
	for j, s := range m.scale {
		if covariance[j*d+j] = 1 + ridge; s == 0 {
			m.scale[j], covariance[j*d+j] = 1, ridge
		}
	}
	m.components = []component{gaussianOf(1, make([]float64, d), covariance)}
	return m, nil
}
