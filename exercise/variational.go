package exercise

import (
	"fmt"
	"math"
	"slices"
)

// Reparameterize checks a function that returns a draw from N(mu, exp(logvar)) for eps, a draw from N(0, I).
func Reparameterize(yours func(mu, logvar, eps []float64) []float64) {
	report(reparameterize(yours), "The derivative of z with respect to mu is 1, and with respect to the standard deviation it is eps. All randomness is in eps, "+
		"so the gradient passes through the draw into the encoder.")
}

func reparameterize(yours func(mu, logvar, eps []float64) []float64) error {
	for _, c := range [][3][]float64{
		{{0, 3}, {math.Log(9), math.Log(0.25)}, {1, -2}},
		{{1, -2}, {0, 0}, {0.5, 2}},
		{{0.5}, {-6}, {0}},
	} {
		mu, logvar, eps := c[0], c[1], c[2]
		call := fmt.Sprintf("reparameterize(%.4g, %.4g, %v)", mu, logvar, eps)
		given := [3][]float64{slices.Clone(mu), slices.Clone(logvar), slices.Clone(eps)}
		got, err := numbers(call, func() []float64 { return yours(given[0], given[1], given[2]) })
		if err != nil {
			return err
		}
		z := func(std func(logvar float64) float64) (values []float64) {
			for i := range mu {
				values = append(values, mu[i]+std(logvar[i])*eps[i])
			}
			return values
		}
		var noise []float64
		for i, l := range logvar {
			noise = append(noise, math.Exp(l/2)*eps[i])
		}
		if err := compareAll(call, got, z(func(l float64) float64 { return math.Exp(l / 2) }),
			sliceSlip{z(math.Exp), "exp(logvar) is the variance; the standard deviation is its root, exp(logvar / 2)"},
			sliceSlip{z(func(l float64) float64 { return l }), "logvar is the logarithm of the variance; the standard deviation is exp(logvar / 2)"},
			sliceSlip{z(func(float64) float64 { return 0 }), "this is mu; add the standard deviation times eps"},
			sliceSlip{z(func(float64) float64 { return 1 }), "scale eps by the standard deviation, exp(logvar / 2); if you wrote 1/2, Go made it 0: write 0.5"},
			sliceSlip{z(func(l float64) float64 { return math.Exp(l) / 2 }), "halve logvar inside the brackets: exp(logvar / 2)"},
			sliceSlip{z(func(l float64) float64 { return l / 2 }), "this is the logarithm of the standard deviation; the standard deviation is exp(logvar / 2)"},
			sliceSlip{z(func(l float64) float64 { return math.Exp(2 * l) }), "a root halves the logarithm: exp(logvar / 2)"},
			sliceSlip{z(func(l float64) float64 { return -math.Exp(l / 2) }), "add the standard deviation times eps to mu"},
			sliceSlip{noise, "add mu: the draw lies around it"},
		); err != nil {
			return err
		}
		for i, name := range []string{"mu", "logvar", "eps"} {
			if !slices.Equal(given[i], c[i]) {
				return failf(call, " changes %s, which must stay as it is: write z into a slice of its own, make([]float64, len(mu))", name)
			}
		}
	}
	return nil
}

// KL checks a function that returns the Kullback-Leibler divergence of N(mu, exp(logvar)) from N(0, I), in nats.
func KL(yours func(mu, logvar []float64) float64) {
	report(kl(yours), "The KL is 0 only if mu and logvar are 0. A latent dimension that stays there for every image costs nothing, and carries no "+
		"information.")
}

func kl(yours func(mu, logvar []float64) float64) error {
	for _, c := range [][2][]float64{
		{{1, -0.5, 0.25}, {0.5, -1, 1}},
		{{2}, {0}},
		{{0}, {-2}},
		{{0, 0}, {0, 0}},
	} {
		mu, logvar := c[0], c[1]
		call := fmt.Sprintf("divergence(%v, %v)", mu, logvar)
		got, err := number(call, func() float64 { return yours(slices.Clone(mu), slices.Clone(logvar)) })
		if err != nil {
			return err
		}
		sum := func(term func(m, l float64) float64) (total float64) {
			for i := range mu {
				total += term(mu[i], logvar[i])
			}
			return total
		}
		right := func(m, l float64) float64 { return -0.5 * (1 + l - m*m - math.Exp(l)) }
		want, last := sum(right), len(mu)-1
		if err := compare(call, got, want,
			slip{-want, "the sign is the wrong way round: a KL divergence is never negative"},
			slip{2 * want, "multiply by one half"},
			slip{want / float64(len(mu)), "this is the mean over the latent dimensions; the KL is their sum"},
			slip{sum(func(m, l float64) float64 { return -0.5 * (1 + l - m*m - l*l) }), "the last term is the variance, exp(logvar)"},
			slip{sum(func(m, l float64) float64 { return -0.5 * (1 + l - m*m - math.Exp(l/2)) }), "the last term is the variance, exp(logvar), not the standard deviation"},
			slip{sum(func(m, l float64) float64 { return -0.5 * (1 + l - m - math.Exp(l)) }), "mu has to be squared"},
			slip{sum(func(m, l float64) float64 { return -0.5 * (l - m*m - math.Exp(l)) }), "the 1 belongs inside the sum, once for each latent dimension"},
			slip{sum(func(m, l float64) float64 { return -0.5 * (l - m*m - math.Exp(l)) }) - 0.5, "the 1 belongs inside the sum, once for each latent dimension"},
			slip{-2 * want, "multiply by -1/2, in Go -0.5"},
			slip{0, "if you wrote 1/2: Go divides whole numbers, and 1/2 is 0; write 0.5"},
			slip{right(mu[0], logvar[0]), "this is the first dimension alone: return after the loop"},
			slip{right(mu[last], logvar[last]), "this is the last dimension alone: add with += or -="},
			slip{sum(func(m, l float64) float64 { return -0.5 * (1 + l - m*m - l) }), "σ² is exp(logvar)"},
			slip{sum(func(m, l float64) float64 { return -0.5 * (1 + 2*l - m*m - math.Exp(2*l)) }), "logvar is log σ² already"},
			slip{sum(func(m, l float64) float64 { return -0.5 * (1 + l - m*m) }), "the variance is missing: exp(logvar)"},
		); err != nil {
			return err
		}
	}
	return nil
}

// NegativeELBO checks a function that returns the loss of a variational network in nats, from the cross-entropy as the mean over
// the pixels and the KL divergence.
func NegativeELBO(yours func(meanBCE, kl float64, pixels int) float64) {
	report(negativeELBO(yours), "The sum over 784 pixels is 784 times the mean. Nobody divides the KL by 784, so beside the mean it weighs 784 times as "+
		"much.")
}

func negativeELBO(yours func(meanBCE, kl float64, pixels int) float64) error {
	for _, c := range []struct {
		bce, kl float64
		pixels  int
	}{{0.1, 2.5, 784}, {0.25, 0, 784}, {0.5, 3, 100}} {
		call := fmt.Sprintf("negativeELBO(%v, %v, %d)", c.bce, c.kl, c.pixels)
		got, err := number(call, func() float64 { return yours(c.bce, c.kl, c.pixels) })
		if err != nil {
			return err
		}
		n := float64(c.pixels)
		if err := compare(call, got, c.bce*n+c.kl,
			slip{c.bce + c.kl, "this is the loss with the mean over pixels, in which the KL weighs too much; multiply the mean by the number of pixels first"},
			slip{c.bce + c.kl/n, "the balance is right, but this is nats per pixel; the exercise asks for nats per image"},
			slip{c.bce*n - c.kl, "the KL is a cost: add it"},
			slip{(c.bce + c.kl) * n, "the KL is a sum already: multiply only the cross-entropy"},
			slip{-(c.bce*n + c.kl), "this is the ELBO; the loss is the negative of it"},
			slip{c.bce * n, "the KL is missing"},
			slip{c.bce/n + c.kl, "the mean is the sum divided by the number of pixels: multiply it"},
			slip{c.kl, "the cross-entropy is missing, or int(meanBCE) has made it 0: multiply meanBCE by float64(pixels)"},
			slip{c.bce*784 + c.kl, "take pixels, not 784"},
		); err != nil {
			return err
		}
	}
	return nil
}

// Sample checks a function that makes n images: it draws a code of d numbers from N(0, I) for each, and decodes it. normal
// draws one number from N(0, 1).
func Sample(yours func(n, d int, normal func() float64, decode func(z []float64) []float64) [][]float64) {
	report(sample(yours), "The encoder takes no part. A sample is only as good as what the decoder makes of codes from N(0, I), and the KL is in the "+
		"loss so that the training covers them.")
}

func sample(yours func(n, d int, normal func() float64, decode func(z []float64) []float64) [][]float64) error {
	for _, c := range [][2]int{{5, 2}, {1, 4}, {4, 1}} {
		n, d := c[0], c[1]
		call := fmt.Sprintf("sample(%d, %d, normal, decode)", n, d)
		draws, drawn := 0, map[float64]bool{}
		normal := func() float64 { // of both signs, never 0 and never twice the same
			draws++
			v := math.Sqrt(float64(draws))
			if draws%2 == 0 {
				v = -v
			}
			drawn[v] = true
			return v
		}
		var codes, images [][]float64
		decode := func(z []float64) []float64 {
			codes = append(codes, slices.Clone(z))
			image := []float64{float64(len(codes)), 0.5}
			images = append(images, image)
			return image
		}
		var got [][]float64
		if err := attempt(call, func() { got = yours(n, d, normal, decode) }); err != nil {
			return err
		}
		fail := func(format string, args ...any) error { return failf(call, format, args...) }
		seen := map[float64]bool{}
		for i, z := range codes {
			switch {
			case len(z) == d:
			case len(z) == 2*d && allZero(z[:d]):
				return fail(" decodes a code of %d numbers, but a code has d = %d"+appended, len(z), d)
			case i > 0 && len(z) == (i+1)*d:
				return fail(" decodes a code of %d numbers, but a code has d = %d: begin a new one for each image", len(z), d)
			case len(z) == n:
				return fail(" decodes a code of %d numbers: n and d are exchanged; n is the number of images, d that of a code's numbers", len(z))
			default:
				return fail(" decodes a code of %d numbers, but a code has d = %d", len(z), d)
			}
			for _, v := range z {
				switch {
				case v == 0:
					return fail(" decodes a code that has a 0 where a draw belongs: call normal for each of the d numbers")
				case !drawn[v]:
					return fail(" decodes %.4g, which normal did not return: put what it returns into the code as it is", v)
				case seen[v] && i > 0 && slices.Equal(z, codes[i-1]):
					return fail(" decodes the same code twice: draw a new one for each image")
				case seen[v]:
					return fail(" uses a draw twice: call normal once for each number of each code")
				}
				seen[v] = true
			}
		}
		switch {
		case len(codes) != n:
			return fail(" calls decode %d times, but n = %d images are asked for", len(codes), n)
		case len(got) == 2*n && got[0] == nil:
			return fail(" returns %d images, but n = %d are asked for"+appended, len(got), n)
		case len(got) != n:
			return fail(" returns %d images, but n = %d are asked for", len(got), n)
		case draws != n*d:
			return fail(" calls normal %d times, but %d codes of %d numbers need %d", draws, n, d, n*d)
		}
		for i := range got {
			if !slices.Equal(got[i], images[i]) {
				return fail(" does not return what decode returned: image %d is %v, decoded was %v", i, got[i], images[i])
			}
		}
	}
	return nil
}
