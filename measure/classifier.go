package measure

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// LinearAccuracy returns the fraction of test latents, float32 [n, d], that a multinomial logistic regression fitted
// to the training latents classifies correctly. It measures how well hyperplanes separate the classes in the latent
// space.
//
// Each latent feature is standardised first, with its mean and standard deviation over the training latents. The
// regression minimises the mean cross-entropy plus |W|²/2n, as scikit-learn's LogisticRegression() does after
// StandardScaler(); the biases are not penalised. The loss has a single minimum. L-BFGS (Liu and Nocedal 1989) starts from
// zero and stops when every entry of the gradient is below 1e-4. Nothing is random: the same latents give the same accuracy.
//
// It returns an error if the fit has not converged after 1,000 iterations, if d differs between training and test, if the
// number of labels differs from that of latents, or if a number is not finite or above 1e15 in magnitude.
func LinearAccuracy(train *tensors.Tensor, trainLabels []uint8, test *tensors.Tensor, testLabels []uint8) (float64, error) {
	a, b, err := labelled(train, trainLabels, test, testLabels)
	if err != nil {
		return 0, named("LinearAccuracy", err)
	}
	standard := standardiser(a)
	r := &regression{x: standard(a), labels: trainLabels, d: a.columns}
	for _, k := range trainLabels {
		r.classes = max(r.classes, int(k)+1)
	}
	w, err := r.fit(iterations)
	if err != nil {
		return 0, named("LinearAccuracy", err)
	}
	return share(r.predict(w, standard(b)), testLabels), nil
}

// A regression is a logistic regression on the rows of x, d numbers each. Its weights are [classes, d+1], the bias last.
type regression struct {
	x          []float64
	labels     []uint8
	d, classes int
}

// The fit has converged if no entry of the gradient exceeds tolerance, and fails after this many iterations. On codes of
// 60,000 digits in 2 to 32 latent dimensions, from PCA and from the tutorial's net, it took 34 to 144.
const (
	tolerance  = 1e-4
	iterations = 1000
)

// fit returns the weights at the minimum of the loss, or an error if this many iterations do not reach it.
func (r *regression) fit(iterations int) ([]float64, error) {
	// L-BFGS asks for the value and then the gradient at the same place, so both are computed once and saved.
	gradient, at := make([]float64, r.classes*(r.d+1)), []float64(nil)
	var value float64
	update := func(w []float64) {
		if at == nil || !equal(at, w) {
			at = append(at[:0], w...)
			value = r.loss(w, gradient)
		}
	}
	problem := optimize.Problem{
		Func: func(w []float64) float64 { update(w); return value },
		Grad: func(grad, w []float64) { update(w); copy(grad, gradient) },
	}
	settings := &optimize.Settings{GradientThreshold: tolerance, MajorIterations: iterations, Converger: optimize.NeverTerminate{}}
	result, err := optimize.Minimize(problem, make([]float64, len(gradient)), settings, &optimize.LBFGS{})
	if result == nil {
		return nil, err
	}
	// An error means that the line search found nothing better, which rounding can cause at the minimum. So the gradient
	// decides whether the fit has converged.
	update(result.X)
	if steepest := floats.Norm(gradient, math.Inf(1)); !(steepest <= tolerance) {
		return nil, fmt.Errorf("the classifier has not converged: after %d iterations an entry of its gradient is %.2g, above %g: give it more training latents, or latents of fewer dimensions",
			result.MajorIterations, steepest, tolerance)
	}
	return result.X, nil
}

// equal reports whether a and b, which have the same length, hold the same numbers.
func equal(a, b []float64) bool {
	for i, v := range a {
		if v != b[i] {
			return false
		}
	}
	return true
}

// loss returns the mean cross-entropy with its penalty at w, and writes its gradient.
func (r *regression) loss(w, gradient []float64) float64 {
	const parts = 8 // fixed, so that the additions have the same order on any number of cores
	n, width := len(r.labels), r.d+1
	losses, gradients := [parts]float64{}, [parts][]float64{}
	parallel(parts, func(part int) {
		g, p := make([]float64, len(w)), make([]float64, r.classes)
		from, to := span(n, part, parts)
		for i := from; i < to; i++ {
			x := r.x[i*r.d : (i+1)*r.d]
			losses[part] += r.softmax(w, x, p, int(r.labels[i]))
			p[r.labels[i]]--
			for k, e := range p {
				row := g[k*width : (k+1)*width]
				for j, v := range x {
					row[j] += e * v
				}
				row[r.d] += e
			}
		}
		gradients[part] = g
	})
	var loss float64
	clear(gradient)
	for part := range parts {
		loss += losses[part] / float64(n)
		for j, v := range gradients[part] {
			gradient[j] += v / float64(n)
		}
	}
	for j, v := range w {
		if j%width != r.d {
			loss += v * v / float64(2*n)
			gradient[j] += v / float64(n)
		}
	}
	return loss
}

// softmax writes the probabilities of the classes of x into p and returns the cross-entropy with class k.
func (r *regression) softmax(w, x, p []float64, k int) float64 {
	r.logits(w, x, p)
	largest, sum := math.Inf(-1), 0.0
	for _, v := range p {
		largest = math.Max(largest, v)
	}
	logit := p[k] - largest
	for c, v := range p {
		p[c] = math.Exp(v - largest)
		sum += p[c]
	}
	for c := range p {
		p[c] /= sum
	}
	return math.Log(sum) - logit
}

// logits writes the log probability of each class at x into p, up to a constant.
func (r *regression) logits(w, x, p []float64) {
	width := r.d + 1
	for k := range p {
		row := w[k*width : (k+1)*width]
		s := row[r.d]
		for j, v := range x {
			s += row[j] * v
		}
		p[k] = s
	}
}

// predict returns the most likely class of each row.
func (r *regression) predict(w, x []float64) []uint8 {
	said, p := make([]uint8, len(x)/r.d), make([]float64, r.classes)
	for i := range said {
		r.logits(w, x[i*r.d:(i+1)*r.d], p)
		most := 0
		for k, v := range p {
			if v > p[most] {
				most = k
			}
		}
		said[i] = uint8(most)
	}
	return said
}
