package datasets

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Split is a set of images with their labels: the training half of a data set,
// its test half, or the first few of one.
type Split struct {
	Images *tensors.Tensor // float32 [n, height, width, 1]; nil if the split is empty
	Labels []uint8         // [n]: the class of each image, for MNIST its digit
}

// Take returns the first n images and labels, in the order of the files: a
// copy of the images, so that it stays small and usable when s is gone. With
// fewer than n it returns all of them; with n below 1, or when s is empty or its
// tensor was finalized, an empty Split.
func (s *Split) Take(n int) *Split {
	if s == nil || s.Images == nil {
		return &Split{}
	}
	dims := s.Images.Shape().Clone().Dimensions // [all, height, width, 1]
	if len(dims) == 0 {
		return &Split{} // finalized: it has no shape any more
	}
	n = min(n, len(s.Labels), dims[0])
	if n < 1 {
		return &Split{}
	}
	dims[0] = n
	images := newImages(dims)
	err := tensors.ConstFlatData(s.Images, func(all []float32) {
		fill(images, func(first []float32) { copy(first, all) })
	})
	if err != nil {
		return &Split{}
	}
	return &Split{Images: images, Labels: s.Labels[:n:n]}
}

// newImages returns a float32 tensor of zeros in host memory.
func newImages(dims []int) *tensors.Tensor {
	return tensors.FromShape(shapes.Make(dtypes.Float32, dims...))
}

// fill hands a new tensor's memory to write. It cannot fail: the tensor is
// ours, and on the host.
func fill(t *tensors.Tensor, write func(flat []float32)) {
	tensors.MustMutableFlatData(t, write)
}
