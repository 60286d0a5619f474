package course

import (
	"fmt"

	"autoencoders/cell"
	"autoencoders/measure"

	"github.com/gomlx/gomlx/core/tensors"
)

// The samples of Separation: enough for a standard error below half a per cent, few enough for seconds.
const (
	trainSample, testSample = 20_000, 5_000
	sampleSeed              = 1
)

// Separation returns how well the codes that encode gives to images separate the classes of d: the fractions of test images
// that two classifiers of codes label correctly. One takes the vote of the 5 nearest training codes, the other is linear; see
// [measure.KNNAccuracy] and [measure.LinearAccuracy]. For both, codes are first standardised: each latent feature gets the
// mean 0 and the standard deviation 1 over the training codes, because distances between codes have no scale of their own.
//
// The classifiers are fitted to 20,000 random training images and tested on 5,000 random test images, the same at every
// call, or to all if d has fewer. encode returns codes [n, d] of images, as [autoencoder.Model.Encode] does:
//
//	neighbours, linear := course.Separation(net.Encode, mnist)
func Separation(encode func(x *tensors.Tensor) (*tensors.Tensor, error), d Data) (neighbours, linear float64) {
	neighbours, linear, err := separation(encode, d)
	cell.Check(err)
	return neighbours, linear
}

func separation(encode func(x *tensors.Tensor) (*tensors.Tensor, error), d Data) (neighbours, linear float64, err error) {
	train, test, err := halves(d)
	if err != nil {
		return 0, 0, fmt.Errorf("course: Separation: %w", err)
	}
	train, test = train.Sample(trainSample, sampleSeed), test.Sample(testSample, sampleSeed)
	a, err := encode(train.Images)
	if err != nil {
		return 0, 0, err
	}
	b, err := encode(test.Images)
	if err != nil {
		return 0, 0, err
	}
	if a, b, err = measure.Standardise(a, b); err != nil {
		return 0, 0, err
	}
	if neighbours, err = measure.KNNAccuracy(5, a, train.Labels, b, test.Labels); err != nil {
		return 0, 0, err
	}
	linear, err = measure.LinearAccuracy(a, train.Labels, b, test.Labels)
	return neighbours, linear, err
}
