package course

import (
	"fmt"

	"autoencoders/cell"
	"autoencoders/datasets"
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
	s, err := newSeparator(d)
	if err != nil {
		return 0, 0, fmt.Errorf("course: Separation: %w", err)
	}
	z, err := s.separate(encode)
	if err != nil {
		return 0, 0, err
	}
	if neighbours, err = z.neighbours(); err != nil {
		return 0, 0, err
	}
	linear, err = z.linear()
	return neighbours, linear, err
}

// A separator has the images whose codes are classified.
type separator struct{ train, test *datasets.Split }

func newSeparator(d Data) (separator, error) {
	train, test, err := halves(d)
	if err != nil {
		return separator{}, err
	}
	return separator{sample(train, trainSample), sample(test, testSample)}, nil
}

// sample returns n random images, or all if there are not more.
func sample(s *datasets.Split, n int) *datasets.Split {
	return s.Sample(min(n, s.Images.Shape().Dimensions[0]), sampleSeed)
}

// separated are standardised codes with their labels.
type separated struct {
	train, test             *tensors.Tensor
	trainLabels, testLabels []uint8
}

func (s separator) separate(encode func(x *tensors.Tensor) (*tensors.Tensor, error)) (z separated, err error) {
	a, err := encode(s.train.Images)
	if err != nil {
		return z, err
	}
	b, err := encode(s.test.Images)
	if err != nil {
		return z, err
	}
	z = separated{trainLabels: s.train.Labels, testLabels: s.test.Labels}
	z.train, z.test, err = measure.Standardise(a, b)
	return z, err
}

func (z separated) neighbours() (float64, error) {
	return measure.KNNAccuracy(5, z.train, z.trainLabels, z.test, z.testLabels)
}

func (z separated) linear() (float64, error) {
	return measure.LinearAccuracy(z.train, z.trainLabels, z.test, z.testLabels)
}
