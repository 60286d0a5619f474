package datasets

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"autoencoders/internal/input"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// A Split holds images and their labels: the training or the test half of a
// data set, or some images of one.
type Split struct {
	// Images is float32 [n, height, width, 1]. If the images could not be loaded
	// it is an empty tensor that carries the reason; see the package comment.
	Images *tensors.Tensor

	// Labels holds the class of each image, for MNIST its digit. It is empty if
	// the images have no labels or could not be loaded.
	Labels []uint8
}

// Take returns a copy of the first n images and their labels, in the order of
// the files, or of all of them if there are fewer than n. It is short for
// Range(0, n); see [Split.Range] for the errors.
func (s *Split) Take(n int) *Split {
	return s.pick(fmt.Sprintf("Take(%d)", n), between(0, n))
}

// Range returns a copy of the images and labels from index from up to, but not
// including, index to. It can, for example, set training images aside for
// validation:
//
//	all := datasets.MNIST().Train()
//	train := all.Range(0, 50_000)
//	validation := all.Range(50_000, 60_000)
//
// If to lies beyond the last image, Range ends there. Negative indices do not
// count from the end.
//
// If from is negative, not less than to, or beyond the last image, the Split that
// Range returns has no images, and its Images carries the reason. The same holds
// if s is nil, if its images could not be loaded or were finalized, and if it has
// labels for only some of them.
//
// The copy stays valid if the tensor of s is finalized.
func (s *Split) Range(from, to int) *Split {
	return s.pick(fmt.Sprintf("Range(%d, %d)", from, to), between(from, to))
}

// Only returns a copy of the images with this label, in the order of s. The Split
// that it returns has no images, and its Images carries the reason, if no image
// has the label, if s has no labels, and in the cases in which that of
// [Split.Range] does.
func (s *Split) Only(label uint8) *Split {
	return s.pick(fmt.Sprintf("Only(%d)", label), func(n int) (indices []int, err error) {
		if len(s.Labels) == 0 {
			return nil, errors.New("the images have no labels")
		}
		for i, l := range s.Labels {
			if l == label {
				indices = append(indices, i)
			}
		}
		if len(indices) == 0 {
			return nil, fmt.Errorf("none of the %d images has this label", n)
		}
		return indices, nil
	})
}

// Sample returns a copy of n different images and their labels, chosen at random
// and in random order, or of all of them if there are fewer than n. The same seed
// gives the same images. If n is below 1, the Split that Sample returns has no
// images, and its Images carries the reason, as in the cases in which that of
// [Split.Range] does.
func (s *Split) Sample(n int, seed uint64) *Split {
	return s.pick(fmt.Sprintf("Sample(%d)", n), func(all int) ([]int, error) {
		if n < 1 {
			return nil, errNone
		}
		return rand.New(rand.NewPCG(seed, 0)).Perm(all)[:min(n, all)], nil
	})
}

var errNone = errors.New("asks for no images")

// between returns a function that chooses the indices from from up to, but not
// including, to.
func between(from, to int) func(n int) ([]int, error) {
	return func(n int) (indices []int, err error) {
		switch {
		case from < 0:
			return nil, errors.New("the first index must be at least 0")
		case from >= to:
			return nil, errNone
		case from >= n:
			return nil, fmt.Errorf("there are only %d images", n)
		}
		for i := from; i < min(to, n); i++ {
			indices = append(indices, i)
		}
		return indices, nil
	}
}

// pick returns a copy of the images that choose selects from n, by their indices.
// call names the caller in errors.
func (s *Split) pick(call string, choose func(n int) ([]int, error)) *Split {
	reason := func(format string, args ...any) *Split {
		return failed(fmt.Errorf("datasets: %s: %w", call, fmt.Errorf(format, args...)))
	}
	if s == nil {
		return reason("the Split is nil")
	}
	if s.Images != nil && s.Images.Ok() && s.Images.Size() == 0 {
		return &Split{Images: s.Images} // it may carry a reason, which is better than one of ours
	}
	if err := input.CheckFloats("the images of the Split", s.Images); err != nil {
		return reason("%w", err)
	}
	dims := s.Images.Shape().Clone().Dimensions // [n, height, width, 1]
	if len(dims) == 0 {
		return reason("the images of the Split are a single number")
	}
	n := dims[0]
	if len(s.Labels) != 0 && len(s.Labels) != n {
		return reason("the Split has %d images, but %d labels", n, len(s.Labels))
	}
	indices, err := choose(n)
	if err != nil {
		return reason("%w", err)
	}
	dims[0] = len(indices)
	size := s.Images.Size() / n
	picked := &Split{Images: newImages(dims)}
	err = tensors.ConstFlatData(s.Images, func(all []float32) {
		fill(picked.Images, func(flat []float32) {
			for to, from := range indices {
				copy(flat[to*size:(to+1)*size], all[from*size:])
			}
		})
	})
	if err != nil {
		return reason("reading the images: %w", err)
	}
	if len(s.Labels) != 0 {
		for _, i := range indices {
			picked.Labels = append(picked.Labels, s.Labels[i])
		}
	}
	return picked
}

// failed returns a Split whose Images stands in for images that could not be
// loaded and carries the reason to any function that it is given to.
func failed(reason error) *Split { return &Split{Images: input.Failed(reason)} }

// newImages returns a float32 tensor of zeros in host memory.
func newImages(dims []int) *tensors.Tensor {
	return tensors.FromShape(shapes.Make(dtypes.Float32, dims...))
}

// fill calls write with the memory of a tensor that newImages returned. Because
// that tensor lies in host memory, this cannot fail.
func fill(t *tensors.Tensor, write func(flat []float32)) {
	tensors.MustMutableFlatData(t, write)
}
