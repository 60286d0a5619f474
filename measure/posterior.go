package measure

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/tensors"
)

// Mean returns the mean of each of the d latent features over the n rows of z, float32 [n, d]. Given images, it returns
// the mean image, pixel by pixel.
//
// It returns an error if a number is not finite.
func Mean(z *tensors.Tensor) ([]float64, error) {
	t, err := read("the latents", z)
	if err != nil {
		return nil, named("Mean", err)
	}
	return columnMeans(t, func(_ int, v float64) float64 { return v }), nil
}

// Variance returns the variance of each of the d latent features over the n rows of z, float32 [n, d]: the mean squared
// distance from its mean, without the factor n/(n-1) of a sample.
//
// It returns an error if there are fewer than two rows, which cannot vary, or if a number is not finite.
func Variance(z *tensors.Tensor) ([]float64, error) {
	v, err := variance("the latents", z)
	if err != nil {
		return nil, named("Variance", err)
	}
	return v, nil
}

func variance(what string, z *tensors.Tensor) ([]float64, error) {
	t, err := read(what, z)
	if err != nil {
		return nil, err
	}
	if t.rows < 2 {
		return nil, fmt.Errorf("%s are a single row, which cannot vary: give it two or more", what)
	}
	means := columnMeans(t, func(_ int, v float64) float64 { return v })
	return columnMeans(t, func(column int, v float64) float64 { return (v - means[column]) * (v - means[column]) }), nil
}

// columnMeans returns the mean of f over each column.
func columnMeans(t table, f func(column int, v float64) float64) []float64 {
	means := make([]float64, t.columns)
	for i, v := range t.values {
		means[i%t.columns] += f(i%t.columns, float64(v))
	}
	for j := range means {
		means[j] /= float64(t.rows)
	}
	return means
}

// ActiveUnits returns how many of the d latent features a variational encoder uses: those whose posterior mean varies by
// more than 0.01 over the images (Burda, Grosse and Salakhutdinov, Importance Weighted Autoencoders, arXiv 1509.00519,
// on the representation of the latent space). mu holds the posterior means, float32 [n, d]; the variance is that of
// [Variance].
//
// It returns an error in the cases in which Variance does.
func ActiveUnits(mu *tensors.Tensor) (int, error) {
	variances, err := variance("the means", mu)
	if err != nil {
		return 0, named("ActiveUnits", err)
	}
	active := 0
	for _, v := range variances {
		if v > 0.01 {
			active++
		}
	}
	return active, nil
}

// KL returns the Kullback-Leibler divergence of the Gaussians N(mu, exp(logvar)) from N(0, 1), in nats: one number for each
// of the d latent features, averaged over the n images. mu and logvar are float32 [n, d]. A variational autoencoder adds the
// sum of the d numbers to its loss. For one Gaussian the divergence is
//
//	-1/2 (1 + logvar - mu² - exp(logvar))
//
// (Kingma and Welling, arXiv 1312.6114, appendix B).
//
// It returns an error if the shapes differ, a number is not finite, or a variance exp(logvar) overflows.
func KL(mu, logvar *tensors.Tensor) ([]float64, error) {
	m, err := read("the means", mu)
	if err != nil {
		return nil, named("KL", err)
	}
	l, err := read("the log variances", logvar)
	if err == nil && (l.rows != m.rows || l.columns != m.columns) {
		err = fmt.Errorf("the shapes of mu and logvar differ: %v and %v", m.dims, l.dims)
	}
	if err != nil {
		return nil, named("KL", err)
	}
	kl := make([]float64, m.columns)
	for i, v := range m.values {
		mu, logvar := float64(v), float64(l.values[i])
		variance := math.Exp(logvar)
		if math.IsInf(variance, 1) {
			return nil, named("KL", fmt.Errorf("the log variance %g in row %d is too large, its exponential overflows: has the training diverged?", logvar, i/m.columns))
		}
		kl[i%m.columns] -= (1 + logvar - mu*mu - variance) / 2 / float64(m.rows)
	}
	return kl, nil
}

// WithinRadius returns the fraction of the latents z, float32 [n, d], whose distance from the origin is at most r.
//
// It returns an error if r is NaN or negative, or a number of z is not finite.
func WithinRadius(r float64, z *tensors.Tensor) (float64, error) {
	if !(r >= 0) {
		return 0, named("WithinRadius", fmt.Errorf("the radius is %g: it must be 0 or above", r))
	}
	t, err := read("the latents", z)
	if err != nil {
		return 0, named("WithinRadius", err)
	}
	inside := 0
	for i := range t.rows {
		var square float64
		for _, v := range t.row(i) {
			square += float64(v) * float64(v)
		}
		if math.Sqrt(square) <= r {
			inside++
		}
	}
	return float64(inside) / float64(t.rows), nil
}

// Gaussian returns n latents of d numbers, float32 [n, d], drawn independently from N(0, 1). The same seed gives the same
// latents.
//
// It returns an error if n or d is below 1, or if the latents do not fit into the free memory.
func Gaussian(n, d int, seed uint64) (*tensors.Tensor, error) {
	if n < 1 || d < 1 {
		return nil, fmt.Errorf("measure: Gaussian(%d, %d): at least one latent of at least one number", n, d)
	}
	if err := fitting("the latents", float64(n)*float64(d)); err != nil {
		return nil, fmt.Errorf("measure: Gaussian(%d, %d): %w", n, d, err)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	z := make([]float32, n*d)
	for i := range z {
		z[i] = float32(random.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(z, n, d), nil
}

// ToNearest returns the squared Euclidean distance, summed over the pixels, from an image of x to the closest image of
// others, averaged over the images of x. Both are float32 [n, …] with the same number of pixels in an image. It compares
// every image of x with every one of others.
//
// It returns an error if the images differ in their number of pixels, or if a number is not finite or above 1e15 in
// magnitude.
func ToNearest(x, others *tensors.Tensor) (float64, error) {
	a, err := readNear(compared, x)
	if err != nil {
		return 0, named("ToNearest", err)
	}
	b, err := readNear("the other images", others)
	if err == nil && a.columns != b.columns {
		err = fmt.Errorf("the images have %d numbers each, the other images %d", a.columns, b.columns)
	}
	if err != nil {
		return 0, named("ToNearest", err)
	}
	nearest := make([]float64, a.rows)
	parallel(a.rows, func(i int) {
		best := math.Inf(1)
		for j := range b.rows {
			best = math.Min(best, distance(a.row(i), b.row(j), best))
		}
		nearest[i] = best
	})
	return mean(nearest), nil
}

// distance returns the squared distance of x and y, or, if that is above limit, any number above limit.
func distance(x, y []float32, limit float64) float64 {
	var sum float64
	for len(x) > 0 && sum <= limit {
		k := min(56, len(x))
		var part float32
		for i, v := range x[:k] {
			part += (v - y[i]) * (v - y[i])
		}
		sum += float64(part)
		x, y = x[k:], y[k:]
	}
	return sum
}
