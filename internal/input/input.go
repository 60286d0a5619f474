// Package input checks the tensors that callers hand to the other packages, so that all of them ask
// the same questions in the same words. Images are float32 [n, height, width, channels].
//
// Errors have no prefix: the caller puts its own package and function before them.
package input

import (
	"fmt"
	"runtime"
	"sync"
	"weak"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Check returns an error unless x holds at least one image, float32 [n, height, width, channels].
// what names x in the error, with a plural: "the training images".
func Check(what string, x *tensors.Tensor) error {
	if err := CheckFloats(what, x); err != nil {
		return err
	}
	if x.Rank() != 4 {
		return fmt.Errorf("%s have the shape %v, not [n, height, width, channels]", what, x.Shape().Dimensions)
	}
	return nil
}

// CheckFloats returns an error unless x is a float32 tensor with at least one number in it.
func CheckFloats(what string, x *tensors.Tensor) error {
	if x == nil {
		return fmt.Errorf("%s are missing: the tensor is nil", what)
	}
	if why, failed := failures.Load(weak.Make(x)); failed {
		return fmt.Errorf("%s could not be loaded: %w", what, why.(error))
	}
	switch {
	case !x.Ok():
		return fmt.Errorf("%s are no longer there: their tensor was finalized", what)
	case x.DType() != dtypes.Float32:
		return fmt.Errorf("%s are %s, not float32", what, x.DType())
	case x.Shape().Size() == 0:
		return fmt.Errorf("%s are empty: %v", what, x.Shape().Dimensions)
	}
	return nil
}

// NotFinite returns the index of the first value that is NaN or infinite, or -1.
func NotFinite(values []float32) int {
	for i, v := range values {
		if v-v != 0 {
			return i
		}
	}
	return -1
}

// failures holds the reason for each tensor that Failed returned, as long as the tensor is in use.
var failures sync.Map // weak.Pointer[tensors.Tensor] -> error

// Failed returns an empty tensor that stands for images that could not be loaded: every function that
// it is given to returns why as its error. A data set whose loader has no error to return hands its
// reason on in this way.
func Failed(why error) *tensors.Tensor {
	x := tensors.FromShape(shapes.Make(dtypes.Float32, 0, 1, 1, 1))
	key := weak.Make(x)
	failures.Store(key, why)
	runtime.AddCleanup(x, func(key weak.Pointer[tensors.Tensor]) { failures.Delete(key) }, key)
	return x
}
