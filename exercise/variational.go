package exercise

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Reparameterize checks a function that returns a draw from N(mu, exp(logvar)) for eps, a draw from N(0, I).
func Reparameterize(yours func(mu, logvar, eps []float64) []float64) {
	report(reparameterize(yours), "All randomness is in eps. So the derivative of z by mu is 1 and that by the standard deviation is eps, and "+
		"the gradient passes through the draw into the encoder.")
}

func reparameterize(yours func(mu, logvar, eps []float64) []float64) error {
	for _, c := range [][3][]float64{
		{{0, 3}, {math.Log(4), math.Log(0.25)}, {1, -2}},
		{{1, -2}, {0, 0}, {0.5, 2}},
		{{0.5}, {-6}, {0}},
	} {
		mu, logvar, eps := c[0], c[1], c[2]
		call := fmt.Sprintf("reparameterize(%.4g, %.4g, %v)", mu, logvar, eps)
		got, err := numbers(call, func() []float64 {
			return yours(slices.Clone(mu), slices.Clone(logvar), slices.Clone(eps))
		})
		if err != nil {
			return err
		}
		z := func(std func(logvar float64) float64) (values []float64) {
			for i := range mu {
				values = append(values, mu[i]+std(logvar[i])*eps[i])
			}
			return values
		}
		if err := compareAll(call, got, z(func(l float64) float64 { return math.Exp(l / 2) }),
			slips{z(math.Exp), "exp(logvar) is the variance; the standard deviation is its root, exp(logvar / 2)"},
			slips{z(func(l float64) float64 { return l }), "logvar is the logarithm of the variance; the standard deviation is exp(logvar / 2)"},
			slips{z(func(float64) float64 { return 0 }), "this is mu; add the standard deviation times eps"},
			slips{z(func(float64) float64 { return 1 }), "scale eps by the standard deviation, exp(logvar / 2)"},
		); err != nil {
			return err
		}
	}
	return nil
}

// KL checks a function that returns the Kullback-Leibler divergence of N(mu, exp(logvar)) from N(0, I), in nats.
func KL(yours func(mu, logvar []float64) float64) {
	report(kl(yours), "It is 0 where mu is 0 and logvar is 0. A latent dimension that stays there for every image costs nothing and "+
		"says nothing.")
}

func kl(yours func(mu, logvar []float64) float64) error {
	for _, c := range [][2][]float64{
		{{1, -0.5, 0}, {0.5, -1, 0}},
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
		want := sum(func(m, l float64) float64 { return -0.5 * (1 + l - m*m - math.Exp(l)) })
		if err := compare(call, got, want,
			slip{-want, "the sign is the wrong way round: a KL divergence is never negative"},
			slip{2 * want, "multiply by one half"},
			slip{want / float64(len(mu)), "this is the mean over the latent dimensions; the KL is their sum"},
			slip{sum(func(m, l float64) float64 { return -0.5 * (1 + l - m*m - l*l) }), "the last term is the variance, exp(logvar)"},
			slip{sum(func(m, l float64) float64 { return -0.5 * (1 + l - m*m - math.Exp(l/2)) }), "the last term is the variance, exp(logvar), not the standard deviation"},
			slip{sum(func(m, l float64) float64 { return -0.5 * (1 + l - m - math.Exp(l)) }), "mu has to be squared"},
			slip{sum(func(m, l float64) float64 { return -0.5 * (l - m*m - math.Exp(l)) }), "the 1 belongs into the sum, once for each latent dimension"},
			slip{sum(func(m, l float64) float64 { return -0.5 * (l - m*m - math.Exp(l)) }) - 0.5, "the 1 belongs into the sum, once for each latent dimension"},
		); err != nil {
			return err
		}
	}
	return nil
}

// NegativeELBO checks a function that returns the loss of a variational network in nats, from the cross-entropy as the mean over
// the pixels and the KL divergence.
func NegativeELBO(yours func(meanBCE, kl float64, pixels int) float64) {
	report(negativeELBO(yours), "The mean over 784 pixels differs from the sum by a factor only. But the KL has no such factor, so the "+
		"balance between the two terms differs: with the mean, the KL weighs 784 times as much.")
}

func negativeELBO(yours func(meanBCE, kl float64, pixels int) float64) error {
	for _, c := range []struct {
		bce, kl float64
		pixels  int
	}{{0.1, 25, 784}, {0.25, 0, 784}, {0.5, 3, 100}} {
		call := fmt.Sprintf("negativeELBO(%v, %v, %d)", c.bce, c.kl, c.pixels)
		got, err := number(call, func() float64 { return yours(c.bce, c.kl, c.pixels) })
		if err != nil {
			return err
		}
		n := float64(c.pixels)
		if err := compare(call, got, c.bce*n+c.kl,
			slip{c.bce + c.kl, "this is the loss with the mean over pixels, in which the KL weighs too much; make the mean a sum first"},
			slip{c.bce + c.kl/n, "this has the right balance, but it is nats per pixel; asked is an image"},
			slip{c.bce*n - c.kl, "the KL is a cost: add it"},
			slip{(c.bce + c.kl) * n, "the KL is a sum already: multiply only the cross-entropy"},
			slip{-(c.bce*n + c.kl), "this is the ELBO; the loss is the negative of it"},
			slip{c.bce * n, "the KL is missing"},
		); err != nil {
			return err
		}
	}
	return nil
}

// Sample checks a function that makes n images: it draws a code of d numbers from N(0, I) for each, and decodes it. normal
// draws one number from N(0, 1).
func Sample(yours func(n, d int, normal func() float64, decode func(z []float64) []float64) [][]float64) {
	report(sample(yours), "The encoder has no part in it. A sample is only as good as the decoder is at the codes that N(0, I) gives, and "+
		"that is what the KL takes care of in the training.")
}

func sample(yours func(n, d int, normal func() float64, decode func(z []float64) []float64) [][]float64) error {
	for _, c := range [][2]int{{3, 2}, {1, 4}, {5, 1}} {
		n, d := c[0], c[1]
		call := fmt.Sprintf("sample(%d, %d, normal, decode)", n, d)
		draws := 0.0
		normal := func() float64 { draws++; return draws } // so that each draw can be told from the others
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
		fail := func(format string, args ...any) error {
			return errors.New("exercise: " + call + fmt.Sprintf(format, args...))
		}
		seen := map[float64]bool{}
		for i, z := range codes {
			if len(z) != d {
				return fail(" decodes a code of %d numbers, but a code has d = %d", len(z), d)
			}
			for _, v := range z {
				switch {
				case v == 0:
					return fail(" decodes a code that has a 0 where a draw belongs: call normal for each of the d numbers")
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
		case len(got) != n:
			return fail(" returns %d images, but n = %d are asked for", len(got), n)
		case draws != float64(n*d):
			return fail(" calls normal %.0f times, but %d codes of %d numbers need %d", draws, n, d, n*d)
		}
		for i := range got {
			if !slices.Equal(got[i], images[i]) {
				return fail(" does not return what decode returned: image %d is %v, decoded was %v", i, got[i], images[i])
			}
		}
	}
	return nil
}
