package course

import (
	"errors"

	"autoencoders/datasets"
	"autoencoders/internal/input"

	"github.com/gomlx/gomlx/core/tensors"
)

// Data is a data set with a training and a test half, such as a [*datasets.Dataset]. A type of your own can give a part of
// one: fewer images, or validation images in place of the test images.
type Data interface {
	Train() *datasets.Split
	Test() *datasets.Split
}

var (
	errNoData = errors.New("the data set is missing (nil): datasets.MNIST() is one")
	errNoHalf = errors.New("a half of the data set is missing: Train or Test returns nil")
)

// halves returns both halves of d, of which each has images.
func halves(d Data) (train, test *datasets.Split, err error) {
	if d == nil {
		return nil, nil, errNoData
	}
	if train = d.Train(); train == nil {
		return nil, nil, errNoHalf
	}
	if err := input.Check("the training images", train.Images); err != nil {
		return nil, nil, err
	}
	test, err = testHalf(d)
	return train, test, err
}

// testHalf returns the test half of d, which has images.
func testHalf(d Data) (*datasets.Split, error) {
	if d == nil {
		return nil, errNoData
	}
	test := d.Test()
	if test == nil {
		return nil, errNoHalf
	}
	return test, input.Check("the test images", test.Images)
}

// imageShape returns height, width and channels of images that were checked.
func imageShape(x *tensors.Tensor) (height, width, channels int) {
	dims := x.Shape().Dimensions
	return dims[1], dims[2], dims[3]
}
