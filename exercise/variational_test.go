package exercise

import (
	"math"
	"testing"
)

func TestReparameterize(t *testing.T) {
	type F = func(mu, logvar, eps []float64) []float64
	with := func(std func(logvar float64) float64) F {
		return func(mu, logvar, eps []float64) (z []float64) {
			for i := range mu {
				z = append(z, mu[i]+std(logvar[i])*eps[i])
			}
			return z
		}
	}
	right := with(func(l float64) float64 { return math.Exp(l / 2) })
	examine(t, "reparameterize(", reparameterize, []F{right, with(func(l float64) float64 { return math.Sqrt(math.Exp(l)) })}, func(_, _, _ []float64) []float64 { panic(stub) }, []answer[F]{
		{with(math.Exp), ": exp(logvar) is the variance; the standard deviation is its root, exp(logvar / 2)"},
		{with(func(l float64) float64 { return l }), ": logvar is the logarithm of the variance; the standard deviation is exp(logvar / 2)"},
		{with(func(float64) float64 { return 0 }), ": this is mu; add the standard deviation times eps"},
		{with(func(float64) float64 { return 1 }), ": scale eps by the standard deviation, exp(logvar / 2); if you wrote 1/2, Go made it 0: write 0.5"},
		{with(func(l float64) float64 { return 2 * math.Exp(l/2) }), "returns [6 1], but [3 2] is right (index 0)"},
		{with(func(l float64) float64 { return math.Exp(l) / 2 }), ": halve logvar inside the brackets: exp(logvar / 2)"},
		{with(func(l float64) float64 { return l / 2 }), ": this is the logarithm of the standard deviation; the standard deviation is exp(logvar / 2)"},
		{with(func(l float64) float64 { return math.Exp(2 * l) }), ": a root halves the logarithm: exp(logvar / 2)"},
		{with(func(l float64) float64 { return -math.Exp(l / 2) }), ": add the standard deviation times eps to mu"},
		{func(mu, logvar, eps []float64) []float64 { return right(make([]float64, len(mu)), logvar, eps) }, ": add mu: the draw lies around it"},
		{with(math.Sqrt), "is right (index 0)" + notANumber}, // the logarithm of 0.25 is negative
		{func(mu, logvar, eps []float64) []float64 {
			return append(make([]float64, len(mu)), right(mu, logvar, eps)...)
		}, " returns 4 numbers, but 2 are right" + appended},
		{func(mu, logvar, eps []float64) []float64 {
			z := mu
			copy(z, right(mu, logvar, eps))
			return z
		}, " changes mu, which must stay as it is: write z into a slice of its own, make([]float64, len(mu))"},
		{func(mu, logvar, eps []float64) (z []float64) {
			for i := range mu {
				z[i] = 2 * mu[i]
			}
			return z
		}, " panics: index out of range [0] with length 0" + noElements},
		{with(func(l float64) float64 { return 1 / (l - math.Log(9)) }), "returns [+Inf 3.558], but [3 2] is right (index 0)"},
		{func(mu, _, _ []float64) []float64 { return mu[:1] }, " returns 1 numbers, but 2 are right"},
		{func(mu, _, _ []float64) []float64 { return []float64{mu[len(mu)]} }, " panics: index out of range [2] with length 2"},
	})
	teaches(t, func() { Reparameterize(right) }, "The derivative of z with respect to mu is 1")
}

func TestKL(t *testing.T) {
	type F = func(mu, logvar []float64) float64
	with := func(factor float64, term func(m, l float64) float64) F {
		return func(mu, logvar []float64) (sum float64) {
			for i := range mu {
				sum += factor * term(mu[i], logvar[i])
			}
			return sum
		}
	}
	term := func(m, l float64) float64 { return 1 + l - m*m - math.Exp(l) }
	right := with(-0.5, term)
	examine(t, "divergence(", kl, []F{right}, func(_, _ []float64) float64 { panic(stub) }, []answer[F]{
		{with(0.5, term), ": the sign is the wrong way round: a KL divergence is never negative"},
		{with(-1, term), ": multiply by one half"},
		{func(mu, logvar []float64) float64 { return right(mu, logvar) / float64(len(mu)) }, ": this is the mean over the latent dimensions; the KL is their sum"},
		{with(-0.5, func(m, l float64) float64 { return 1 + l - m*m - l*l }), ": the last term is the variance, exp(logvar)"},
		{with(-0.5, func(m, l float64) float64 { return 1 + l - m*m - math.Exp(l/2) }), ": the last term is the variance, exp(logvar), not the standard deviation"},
		{with(-0.5, func(m, l float64) float64 { return 1 + l - m - math.Exp(l) }), ": mu has to be squared"},
		{with(-0.5, func(m, l float64) float64 { return l - m*m - math.Exp(l) }), ": the 1 belongs inside the sum, once for each latent dimension"},
		{func(mu, logvar []float64) float64 {
			return with(-0.5, func(m, l float64) float64 { return l - m*m - math.Exp(l) })(mu, logvar) - 0.5
		}, ": the 1 belongs inside the sum, once for each latent dimension"},
		{with(1, term), ": multiply by -1/2, in Go -0.5"},
		{with(0, term), ": if you wrote 1/2: Go divides whole numbers, and 1/2 is 0; write 0.5"},
		{func(mu, logvar []float64) float64 { return right(mu[:1], logvar) }, ": this is the first dimension alone: return after the loop"},
		{func(mu, logvar []float64) float64 { return right(mu[len(mu)-1:], logvar[len(mu)-1:]) }, ": this is the last dimension alone: add with += or -="},
		{with(-0.5, func(m, l float64) float64 { return 1 + l - m*m - l }), ": σ² is exp(logvar)"},
		{with(-0.5, func(m, l float64) float64 { return 1 + 2*l - m*m - math.Exp(2*l) }), ": logvar is log σ² already"},
		{with(-0.5, func(m, l float64) float64 { return 1 + l - m*m }), ": the variance is missing: exp(logvar)"},
		{with(-0.5, func(_, l float64) float64 { return 1 + l - math.Exp(l) }), ", but 1.27369 is right"},
		{with(-0.5, func(m, l float64) float64 { return 1 + math.Log(l) - m*m - l }), "returns NaN, but 1.27369 is right" + notANumber},
		{func(mu, _ []float64) float64 { return mu[len(mu)] }, " panics: index out of range [3] with length 3"},
	})
	teaches(t, func() { KL(right) }, "The KL is 0 only if mu and logvar are 0.")
}

func TestNegativeELBO(t *testing.T) {
	type F = func(meanBCE, kl float64, pixels int) float64
	right := func(bce, kl float64, n int) float64 { return bce*float64(n) + kl }
	examine(t, "negativeELBO(", negativeELBO, []F{right}, func(_, _ float64, _ int) float64 { panic(stub) }, []answer[F]{
		{func(bce, kl float64, _ int) float64 { return bce + kl }, ": this is the loss with the mean over pixels, in which the KL weighs too much; multiply the mean by the number of pixels first"},
		{func(bce, kl float64, n int) float64 { return bce + kl/float64(n) }, ": the balance is right, but this is nats per pixel; the exercise asks for nats per image"},
		{func(bce, kl float64, n int) float64 { return bce*float64(n) - kl }, ": the KL is a cost: add it"},
		{func(bce, kl float64, n int) float64 { return (bce + kl) * float64(n) }, ": the KL is a sum already: multiply only the cross-entropy"},
		{func(bce, kl float64, n int) float64 { return -right(bce, kl, n) }, ": this is the ELBO; the loss is the negative of it"},
		{func(bce, _ float64, n int) float64 { return bce * float64(n) }, ": the KL is missing"},
		{func(bce, kl float64, _ int) float64 { return bce*784 + kl }, ": take pixels, not 784"},
		{func(bce, kl float64, n int) float64 { return bce/float64(n) + kl }, ": the mean is the sum divided by the number of pixels: multiply it"},
		{func(bce, kl float64, n int) float64 { return float64(int(bce)*n) + kl }, ": the cross-entropy is missing, or int(meanBCE) has made it 0: multiply meanBCE by float64(pixels)"},
		{func(bce, kl float64, n int) float64 { return bce + float64(n)*kl }, "negativeELBO(0.1, 2.5, 784) returns 1960.1, but 80.9 is right"},
	})
	teaches(t, func() { NegativeELBO(right) }, "The sum over 784 pixels is 784 times the mean.")
}

func TestSample(t *testing.T) {
	type F = func(n, d int, normal func() float64, decode func([]float64) []float64) [][]float64
	draw := func(d int, normal func() float64) (z []float64) {
		for range d {
			z = append(z, normal())
		}
		return z
	}
	right := func(n, d int, normal func() float64, decode func([]float64) []float64) (images [][]float64) {
		for range n {
			images = append(images, decode(draw(d, normal)))
		}
		return images
	}
	atOnce := func(n, d int, normal func() float64, decode func([]float64) []float64) (images [][]float64) { // all draws first
		z := draw(n*d, normal)
		for i := range n {
			images = append(images, decode(z[i*d:(i+1)*d]))
		}
		return images
	}
	examine(t, "sample(", sample, []F{right, atOnce}, func(_, _ int, _ func() float64, _ func([]float64) []float64) [][]float64 { panic(stub) }, []answer[F]{
		{func(n, d int, normal func() float64, decode func([]float64) []float64) (images [][]float64) {
			z := draw(d, normal)
			for range n {
				images = append(images, decode(z))
			}
			return images
		}, " decodes the same code twice: draw a new one for each image"},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) (images [][]float64) {
			for range n {
				images = append(images, decode(make([]float64, d)))
			}
			return images
		}, " decodes a code that has a 0 where a draw belongs: call normal for each of the d numbers"},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) (images [][]float64) {
			for range n {
				z, v := make([]float64, d), normal()
				for i := range z {
					z[i] = v
				}
				images = append(images, decode(z))
			}
			return images
		}, " uses a draw twice: call normal once for each number of each code"},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) [][]float64 {
			return right(n, d+1, normal, decode)
		}, " decodes a code of 3 numbers, but a code has d = 2"},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) [][]float64 {
			return right(n-1, d, normal, decode)
		}, " calls decode 4 times, but n = 5 images are asked for"},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) [][]float64 {
			return right(n, d, normal, decode)[:1]
		}, " returns 1 images, but n = 5 are asked for"},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) [][]float64 {
			normal()
			return right(n, d, normal, decode)
		}, " calls normal 11 times, but 5 codes of 2 numbers need 10"},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) [][]float64 {
			images := right(n, d, normal, decode)
			images[1], images[2] = images[2], images[1]
			return images
		}, " does not return what decode returned: image 1 is [3 0.5], decoded was [2 0.5]"},
		{func(n, _ int, _ func() float64, _ func([]float64) []float64) [][]float64 {
			return make([][]float64, n)[n+1:]
		}, " panics: slice bounds out of range [6:5]"},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) [][]float64 {
			return right(n, d, func() float64 { return 2 * normal() }, decode)
		}, " decodes 2, which normal did not return: put what it returns into the code as it is"},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) [][]float64 {
			return right(n, d, func() float64 { return math.Abs(normal()) }, decode)
		}, " decodes 1.414, which normal did not return: put what it returns into the code as it is"},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) [][]float64 {
			return right(d, n, normal, decode)
		}, " decodes a code of 5 numbers: n and d are exchanged; n is the number of images, d that of a code's numbers"},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) (images [][]float64) {
			var z []float64
			for range n {
				z = append(z, draw(d, normal)...)
				images = append(images, decode(z))
			}
			return images
		}, " decodes a code of 4 numbers, but a code has d = 2: begin a new one for each image"},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) (images [][]float64) {
			return append(images, decode(append(make([]float64, d), draw(d, normal)...)))
		}, " decodes a code of 4 numbers, but a code has d = 2" + appended},
		{func(n, d int, normal func() float64, decode func([]float64) []float64) [][]float64 {
			return append(make([][]float64, n), right(n, d, normal, decode)...)
		}, " returns 10 images, but n = 5 are asked for" + appended},
	})
	teaches(t, func() { Sample(right) }, "The encoder takes no part.")
}
