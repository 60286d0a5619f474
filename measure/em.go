package measure

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// points are n rows of d numbers, on a scale on which a column's variance is 1.
type points struct {
	x    []float64
	n, d int
}

func (p points) row(i int) []float64 { return p.x[i*p.d : (i+1)*p.d] }

// A component is one Gaussian of a mixture. Matrices are [d, d], lower triangles.
type component struct {
	weight  float64 // all weights sum to 1
	mean    []float64
	factor  []float64 // L of the covariance L·Lᵀ
	whitens []float64 // L⁻¹: it turns differences from the mean into independent ones of variance 1
	height  float64   // logarithm of weight and density at the mean
}

const (
	ridge      = 1e-6 // is added to the variances
	enough     = 1e-3 // nats a row: a round that adds less is the last
	rounds     = 200
	lloyds     = 10    // rounds of k-means; more move few points
	portions   = 8     // of the rows, fixed, so that the order of the additions is fixed as well
	negligible = 1e-12 // a smaller share in a point changes nothing that float64 keeps
)

// maximise returns the Gaussians that expectation maximisation finds, and the mean log-likelihood of a point before each
// round.
func maximise(p points, k int, seed uint64) (found []component, likelihoods []float64) {
	found = clusters(p, k, rand.New(rand.NewPCG(seed, 0)))
	if k == 1 {
		return found, nil // that of all points, which no round changes
	}
	for range rounds {
		s := expectation(p, found, true)
		likelihoods = append(likelihoods, s.likelihood/float64(p.n))
		if n := len(likelihoods); n > 1 && likelihoods[n-1]-likelihoods[n-2] < enough {
			break
		}
		found = s.components(found)
	}
	return found, likelihoods
}

// sums are what the points say about each component: how many they are, and the sums of their differences from its mean and
// of the products of these, each point counted by its share.
type sums struct {
	d           int
	likelihood  float64
	counts      []float64
	differences [][]float64
	products    [][]float64 // lower triangles of [d, d]
}

// newSums returns the sums of no points for k components; without products where only their means are asked for.
func newSums(k, d int, products bool) *sums {
	s := &sums{d: d, counts: make([]float64, k), differences: make([][]float64, k), products: make([][]float64, k)}
	for c := range k {
		s.differences[c] = make([]float64, d)
		if products {
			s.products[c] = make([]float64, d*d)
		}
	}
	return s
}

// add counts a point by its share in component c, given its difference from that component's mean.
func (s *sums) add(c int, share float64, difference []float64) {
	s.counts[c] += share
	sum, products := s.differences[c], s.products[c]
	for i, v := range difference {
		v *= share
		sum[i] += v
		row := products[i*s.d : i*s.d+i+1]
		for j, w := range difference[:len(row)] {
			row[j] += v * w
		}
	}
}

// total adds up the sums of parts, in their order.
func total(all []*sums) *sums {
	s := all[0]
	for _, more := range all[1:] {
		s.likelihood += more.likelihood
		for c, n := range more.counts {
			s.counts[c] += n
			for i, v := range more.differences[c] {
				s.differences[c][i] += v
			}
			for i, v := range more.products[c] {
				s.products[c][i] += v
			}
		}
	}
	return s
}

// components returns the Gaussians with the moments s, given those that the differences were taken from. One that no point
// is left to is dropped.
func (s *sums) components(before []component) []component {
	var n float64
	for _, count := range s.counts {
		n += count
	}
	made := make([]component, len(before))
	parallel(len(made), func(k int) {
		count := s.counts[k]
		if count < negligible {
			return
		}
		mean, covariance := make([]float64, s.d), make([]float64, s.d*s.d)
		for i := range mean {
			moved := s.differences[k][i] / count
			mean[i] = before[k].mean[i] + moved
			for j := range i + 1 {
				covariance[i*s.d+j] = s.products[k][i*s.d+j]/count - moved*s.differences[k][j]/count
			}
			covariance[i*s.d+i] += ridge
		}
		made[k] = gaussianOf(count/n, mean, covariance)
	})
	return slices.DeleteFunc(made, func(c component) bool { return c.weight == 0 })
}

// gaussianOf returns a component, and uses the lower triangle of the covariance for its factor.
func gaussianOf(weight float64, mean, covariance []float64) component {
	d := len(mean)
	c := component{weight: weight, mean: mean, factor: covariance, whitens: make([]float64, d*d)}
	c.height = math.Log(weight) - float64(d)/2*math.Log(2*math.Pi)
	l := c.factor
	for i := range d { // Cholesky, row by row
		for j := range i {
			l[i*d+j] = (l[i*d+j] - dot(l[i*d:i*d+j], l[j*d:])) / l[j*d+j]
		}
		row := l[i*d : i*d+i]
		l[i*d+i] = math.Sqrt(math.Max(l[i*d+i]-dot(row, row), ridge)) // at least the ridge, but for rounding
		c.height -= math.Log(l[i*d+i])
	}
	for i := range d { // the inverse, by substitution
		for j := range i {
			var sum float64
			for k := j; k < i; k++ {
				sum += l[i*d+k] * c.whitens[k*d+j]
			}
			c.whitens[i*d+j] = -sum / l[i*d+i]
		}
		c.whitens[i*d+i] = 1 / l[i*d+i]
	}
	return c
}

func dot(a, b []float64) (sum float64) {
	b = b[:len(a)]
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// abreast is how many points are evaluated at a time: their sums do not wait for one another.
const abreast = 4

// expectation returns the log-likelihood of the points, summed, and, if moments is set, what they say about each component,
// counted by the posterior probability that it has made them.
func expectation(p points, components []component, moments bool) *sums {
	all := make([]*sums, portions)
	parallel(portions, func(part int) {
		s := &sums{d: p.d}
		if moments {
			s = newSums(len(components), p.d, true)
		}
		logs := make([][abreast]float64, len(components))
		differences := make([][][abreast]float64, len(components))
		for k := range differences {
			differences[k] = make([][abreast]float64, p.d)
		}
		difference := make([]float64, p.d)
		from, to := span(p.n, part, portions)
		for first := from; first < to; first += abreast {
			n := min(abreast, to-first)
			for k, c := range components {
				for a := range n {
					for j, v := range p.row(first + a) {
						differences[k][j][a] = v - c.mean[j]
					}
				}
				logs[k] = c.logs(differences[k])
			}
			for a := range n {
				log := sumOfExponentials(logs, a)
				s.likelihood += log
				if !moments {
					continue
				}
				for k := range components {
					share := math.Exp(logs[k][a] - log)
					if share < negligible {
						continue
					}
					for j := range difference {
						difference[j] = differences[k][j][a]
					}
					s.add(k, share, difference)
				}
			}
		}
		all[part] = s
	})
	return total(all)
}

// logs returns the logarithms of weight times density at points with these differences from the mean, [d].
func (c component) logs(differences [][abreast]float64) (logs [abreast]float64) {
	d := len(differences)
	var q [abreast]float64
	for i := range d {
		row := c.whitens[i*d : i*d+i+1]
		var y0, y1, y2, y3 float64
		for j, w := range row {
			x := &differences[j]
			y0 += w * x[0]
			y1 += w * x[1]
			y2 += w * x[2]
			y3 += w * x[3]
		}
		q[0] += y0 * y0
		q[1] += y1 * y1
		q[2] += y2 * y2
		q[3] += y3 * y3
	}
	for a, v := range q {
		logs[a] = c.height - v/2
	}
	return logs
}

// sumOfExponentials returns the logarithm of the sum of the exponentials of the logs of point a.
func sumOfExponentials(logs [][abreast]float64, a int) float64 {
	largest, sum := math.Inf(-1), 0.0
	for _, l := range logs {
		largest = math.Max(largest, l[a])
	}
	for _, l := range logs {
		sum += math.Exp(l[a] - largest)
	}
	return largest + math.Log(sum)
}

// clusters returns the Gaussians of the k clusters that k-means finds.
func clusters(p points, k int, random *rand.Rand) []component {
	centres := seeds(p, k, random)
	for range lloyds {
		s := assigned(p, centres, false)
		for c, count := range s.counts {
			for j, v := range s.differences[c] {
				if count > 0 {
					centres[c].mean[j] += v / count
				}
			}
		}
	}
	return assigned(p, centres, true).components(centres)
}

// assigned returns the moments of each cluster, which holds the points that are nearest to its centre.
func assigned(p points, centres []component, products bool) *sums {
	all := make([]*sums, portions)
	parallel(portions, func(part int) {
		s, difference := newSums(len(centres), p.d, products), make([]float64, p.d)
		from, to := span(p.n, part, portions)
		for i := from; i < to; i++ {
			x, nearest, least := p.row(i), 0, math.Inf(1)
			for c, centre := range centres {
				if d := squaredDistance(x, centre.mean); d < least {
					nearest, least = c, d
				}
			}
			for j, v := range x {
				difference[j] = v - centres[nearest].mean[j]
			}
			if products {
				s.add(nearest, 1, difference)
				continue
			}
			s.counts[nearest]++
			for j, v := range difference {
				s.differences[nearest][j] += v
			}
		}
		all[part] = s
	})
	return total(all)
}

func squaredDistance(a, b []float64) (sum float64) {
	b = b[:len(a)]
	for i, v := range a {
		sum += (v - b[i]) * (v - b[i])
	}
	return sum
}

// seeds returns k points as centres, as the greedy k-means++ of scikit-learn chooses them: of a few points, drawn with
// probabilities that grow with the square of their distance from the centres so far, the one that brings all points nearest
// to a centre.
func seeds(p points, k int, random *rand.Rand) []component {
	centres := make([]component, 0, k)
	squares := make([]float64, p.n) // of the distances to the nearest centre
	for i := range squares {
		squares[i] = math.Inf(1)
	}
	candidates := 1
	for len(centres) < k {
		var best []float64
		var centre []float64
		least := math.Inf(1)
		for range candidates {
			x := p.row(draw(squares, random))
			nearer := each(p.n, func(i int) float64 { return math.Min(squares[i], squaredDistance(p.row(i), x)) })
			if sum := floats.Sum(nearer); sum < least {
				best, centre, least = nearer, x, sum
			}
		}
		squares, candidates = best, 2+int(math.Log(float64(k)))
		centres = append(centres, component{mean: slices.Clone(centre)})
	}
	return centres
}

// draw returns an index with a probability in proportion to its weight, or any index if all weights are 0 or infinite.
func draw(weights []float64, random *rand.Rand) int {
	at := random.Float64() * floats.Sum(weights)
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return random.IntN(len(weights))
}
