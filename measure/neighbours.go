package measure

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
)

// KNNAccuracy returns the fraction of test latents, float32 [n, d], that a k-nearest-neighbour classifier over the training
// latents labels correctly (Cover and Hart 1967; in scikit-learn KNeighborsClassifier(k).score). It measures how well
// distances alone separate the classes in the latent space. Distances depend on the scale of each latent feature; see
// [Standardise].
//
// A latent gets the label that is most frequent among its k nearest training latents, by Euclidean distance. If labels are
// tied, the smallest one wins; if training latents are equally far away, the one with the smaller index counts as nearer.
//
// It returns an error if k is below 1 or above the number of training latents, if d differs between training and test, if
// the number of labels differs from that of latents, or if a number is not finite or above 1e15 in magnitude.
func KNNAccuracy(k int, train *tensors.Tensor, trainLabels []uint8, test *tensors.Tensor, testLabels []uint8) (float64, error) {
	a, b, err := labelled(train, trainLabels, test, testLabels)
	if err != nil {
		return 0, named("KNNAccuracy", err)
	}
	if k < 1 || k > a.rows {
		return 0, fmt.Errorf("measure: KNNAccuracy: %d neighbours among %d training latents: k must be 1-%d", k, a.rows, a.rows)
	}
	return share(nearest(k, a, trainLabels, b), testLabels), nil
}

// labelled reads training and test latents, and checks that both have the same d and one label each.
func labelled(train *tensors.Tensor, trainLabels []uint8, test *tensors.Tensor, testLabels []uint8) (a, b table, err error) {
	if a, err = readNear("the training latents", train); err != nil {
		return a, b, err
	}
	if b, err = readNear("the test latents", test); err != nil {
		return a, b, err
	}
	switch {
	case a.columns != b.columns:
		err = oneEncoder(a, b)
	case len(trainLabels) != a.rows:
		err = fmt.Errorf("%d labels for %d training latents", len(trainLabels), a.rows)
	case len(testLabels) != b.rows:
		err = fmt.Errorf("%d labels for %d test latents", len(testLabels), b.rows)
	}
	return a, b, err
}

// oneEncoder returns the error of latents of two widths.
func oneEncoder(train, test table) error {
	return fmt.Errorf("the training latents are %v, the test latents %v: take both from one encoder", train.dims, test.dims)
}

// share returns the fraction of the labels that were predicted correctly.
func share(said, labels []uint8) float64 {
	right := 0
	for i, k := range labels {
		if said[i] == k {
			right++
		}
	}
	return float64(right) / float64(len(labels))
}

// nearest returns, for each row of test, the class that is most frequent among its k nearest rows of train.
func nearest(k int, train table, labels []uint8, test table) []uint8 {
	said := make([]uint8, test.rows)
	const parts = 64
	parallel(parts, func(part int) {
		distances, classes := make([]float32, k), make([]uint8, k)
		from, to := span(test.rows, part, parts)
		for i := from; i < to; i++ {
			found := 0
			z := test.row(i)
			for j := range train.rows {
				limit := float32(-1) // no limit until k rows are found
				if found == k {
					limit = distances[k-1]
				}
				d, near := within(limit, z, train.row(j))
				if !near {
					continue
				}
				at := min(found, k-1)
				for ; at > 0 && distances[at-1] > d; at-- {
					distances[at], classes[at] = distances[at-1], classes[at-1]
				}
				distances[at], classes[at] = d, labels[j]
				found = min(found+1, k)
			}
			said[i] = vote(classes)
		}
	})
	return said
}

// within returns the squared distance of a and b, and reports whether it is below limit; a negative limit stands for none.
// It stops as soon as the sum reaches the limit, which for most training latents takes only a few numbers.
func within(limit float32, a, b []float32) (d float32, near bool) {
	b = b[:len(a)]
	for i, x := range a {
		x -= b[i]
		d += x * x
		if i%8 == 7 && limit >= 0 && d >= limit {
			return d, false
		}
	}
	return d, limit < 0 || d < limit
}

// vote returns the class that occurs most often or, if there is a tie, the smallest of these.
func vote(classes []uint8) uint8 {
	var votes [256]int
	most := 0
	for _, k := range classes {
		votes[k]++
	}
	for k, n := range votes {
		if n > votes[most] {
			most = k
		}
	}
	return uint8(most)
}
