package measure

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// Draw returns one latent from each of the Gaussians N(mu, exp(logvar)) that a variational encoder assigns to n images,
// float32 [n, d]. mu and logvar are float32 [n, d]. A draw is
//
//	z = mu + exp(logvar/2)·eps, eps from N(0, I)
//
// (Kingma and Welling, arXiv 1312.6114, section 2.4). eps is that of [Gaussian] with this seed, so the same seed gives the
// same draws.
//
// It returns an error if the shapes differ, a number is not finite, or a standard deviation overflows.
func Draw(mu, logvar *tensors.Tensor, seed uint64) (*tensors.Tensor, error) {
	m, l, err := readPosterior(mu, logvar)
	if err != nil {
		return nil, named("Draw", err)
	}
	eps, err := Gaussian(m.rows, m.columns, seed)
	if err != nil {
		return nil, err
	}
	z := tensors.MustCopyFlatData[float32](eps)
	for i := range z {
		z[i] = float32(float64(m.values[i]) + math.Exp(float64(l.values[i])/2)*float64(z[i]))
		if math.IsInf(float64(z[i]), 0) {
			return nil, named("Draw", fmt.Errorf("the log variance %g in row %d is too large, its exponential overflows: has the training diverged?", l.values[i], i/m.columns))
		}
	}
	return tensors.FromFlatDataAndDimensions(z, m.dims...), nil
}

// readPosterior reads the means and the log variances of n Gaussians.
func readPosterior(mu, logvar *tensors.Tensor) (m, l table, err error) {
	if m, err = read("the means", mu); err != nil {
		return m, l, err
	}
	l, err = read("the log variances", logvar)
	if err == nil && (l.rows != m.rows || l.columns != m.columns) {
		err = fmt.Errorf("the shapes of mu and logvar differ: %v and %v", m.dims, l.dims)
	}
	return m, l, err
}
