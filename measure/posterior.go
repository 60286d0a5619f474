package measure

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/tensors"
)

// Mean is the mean of each latent over the rows of z, float32 [n, d].
func Mean(z *tensors.Tensor) ([]float64, error) {
	t, err := read("latents", z)
	if err != nil {
		return nil, named("Mean", err)
	}
	return columnMeans(t, func(_ int, v float64) float64 { return v }), nil
}

// Variance is the variance of each latent over the rows of z, float32 [n, d]: the mean of the squared distance from
// their mean.
func Variance(z *tensors.Tensor) ([]float64, error) {
	t, err := read("latents", z)
	if err != nil {
		return nil, named("Variance", err)
	}
	mean := columnMeans(t, func(_ int, v float64) float64 { return v })
	return columnMeans(t, func(column int, v float64) float64 { return (v - mean[column]) * (v - mean[column]) }), nil
}

// columnMeans are the means over t's rows of what f makes of each number.
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

// ActiveUnits counts the latents that a variational encoder uses: those whose posterior mean mu, float32 [n, d], has
// a variance above 0.01 over the images (Burda, Grosse and Salakhutdinov, Importance Weighted Autoencoders, arXiv
// 1509.00519, on the representation of the latent space).
func ActiveUnits(mu *tensors.Tensor) (int, error) {
	variance, err := Variance(mu)
	if err != nil {
		return 0, err
	}
	active := 0
	for _, v := range variance {
		if v > 0.01 {
			active++
		}
	}
	return active, nil
}

// KL is the Kullback-Leibler divergence of the Gaussians N(mu, exp(logvar)) from N(0, 1), both float32 [n, d], in
// nats: of each of the d latents, mean over the n images. Their sum is what a variational autoencoder adds to its loss,
//
//	-1/2 (1 + logvar - mu² - exp(logvar))
//
// (Kingma and Welling, arXiv 1312.6114, appendix B). It is an error if the shapes differ or a number is not finite.
func KL(mu, logvar *tensors.Tensor) ([]float64, error) {
	m, err := read("means", mu)
	if err != nil {
		return nil, named("KL", err)
	}
	l, err := read("log variances", logvar)
	if err == nil && (l.rows != m.rows || l.columns != m.columns) {
		err = fmt.Errorf("mu is %v, logvar is %v: they belong together", m.dims, l.dims)
	}
	if err != nil {
		return nil, named("KL", err)
	}
	kl := make([]float64, m.columns)
	for i, v := range m.values {
		mu, logvar := float64(v), float64(l.values[i])
		kl[i%m.columns] -= (1 + logvar - mu*mu - math.Exp(logvar)) / 2 / float64(m.rows)
	}
	return kl, nil
}

// WithinRadius is the share of the latents z, float32 [n, d], that lie at most r from the origin.
func WithinRadius(r float64, z *tensors.Tensor) (float64, error) {
	t, err := read("latents", z)
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

// Gaussian draws n latents of d numbers from N(0, 1), float32 [n, d]: the same ones for the same seed.
func Gaussian(n, d int, seed uint64) (*tensors.Tensor, error) {
	if n < 1 || d < 1 {
		return nil, fmt.Errorf("measure: Gaussian(%d, %d): at least one latent of at least one number", n, d)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	z := make([]float32, n*d)
	for i := range z {
		z[i] = float32(random.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(z, n, d), nil
}

// ToNearest is the squared distance of an image of x to the most similar one of others, summed over the pixels, mean
// over x; both float32 [n, …] with as many numbers an image. It takes len(x) times len(others) comparisons.
func ToNearest(x, others *tensors.Tensor) (float64, error) {
	a, err := read("images", x)
	if err != nil {
		return 0, named("ToNearest", err)
	}
	b, err := read("other images", others)
	if err == nil && a.columns != b.columns {
		err = fmt.Errorf("images of %d numbers beside others of %d", a.columns, b.columns)
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
	var sum float64
	for _, d := range nearest {
		sum += d
	}
	return sum / float64(a.rows), nil
}

// distance is the squared one, or one that is more than limit where it would be.
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
