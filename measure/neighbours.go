package measure

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"
)

// KNNAccuracy is how well latents tell classes apart by their distances alone: the share of the test latents, float32
// [n, d], whose class most of their k nearest training latents have (Cover and Hart 1967; in scikit-learn
// KNeighborsClassifier(k).score). Distances are Euclidean. Of classes with as many votes the smallest label wins, of
// training latents as near the first.
//
// It is an error if d differs between training and test, labels are not as many as latents, a number is not finite, or
// k is not in 1-n of the training latents.
func KNNAccuracy(k int, train *tensors.Tensor, trainLabels []uint8, test *tensors.Tensor, testLabels []uint8) (float64, error) {
	a, b, err := labelled(train, trainLabels, test, testLabels)
	if err != nil {
		return 0, named("KNNAccuracy", err)
	}
	if k < 1 || k > a.rows {
		return 0, fmt.Errorf("measure: KNNAccuracy: %d neighbours among %d training latents: k is to be 1-%d", k, a.rows, a.rows)
	}
	return share(nearest(k, a, trainLabels, b), testLabels), nil
}

// labelled reads two sets of latents, and checks that each has its labels and both are of one space.
func labelled(train *tensors.Tensor, trainLabels []uint8, test *tensors.Tensor, testLabels []uint8) (a, b table, err error) {
	if a, err = read("training latents", train); err != nil {
		return a, b, err
	}
	if b, err = read("test latents", test); err != nil {
		return a, b, err
	}
	switch {
	case a.columns != b.columns:
		err = fmt.Errorf("the training latents are %v, the test latents %v: take both from one encoder", a.dims, b.dims)
	case len(trainLabels) != a.rows:
		err = fmt.Errorf("%d labels for %d training latents", len(trainLabels), a.rows)
	case len(testLabels) != b.rows:
		err = fmt.Errorf("%d labels for %d test latents", len(testLabels), b.rows)
	}
	return a, b, err
}

// share is how many of the labels were said.
func share(said, labels []uint8) float64 {
	right := 0
	for i, k := range labels {
		if said[i] == k {
			right++
		}
	}
	return float64(right) / float64(len(labels))
}

// nearest returns for each row of test the class that most of its k nearest rows of train have.
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
				limit := float32(-1) // none yet
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

// within returns the squared distance of a and b and whether it is below limit, unless that is negative. It gives up as
// soon as it is not: most of the training latents are far off in the first few numbers already.
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

// vote is the class that occurs most often.
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
