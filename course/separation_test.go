package course

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"autoencoders/datasets"

	"github.com/gomlx/gomlx/core/tensors"
)

// encoder returns the code [side, noise] of each square: side is about -1 or 1 for the two labels, noise says nothing.
func encoder(side, noise float32) func(x *tensors.Tensor) (*tensors.Tensor, error) {
	return func(x *tensors.Tensor) (*tensors.Tensor, error) {
		random := rand.New(rand.NewPCG(3, 0))
		n := x.Shape().Dimensions[0]
		var codes []float32
		for i := range n {
			v := float32(-1)
			for p, pixel := range tensors.MustCopyFlatData[float32](x)[64*i : 64*(i+1)] {
				if pixel > 0 && p%8 >= 6 || pixel > 0 && p%8 == 5 {
					v = 1
				}
			}
			codes = append(codes, side*(v+0.1*random.Float32()), noise*random.Float32())
		}
		return tensors.FromFlatDataAndDimensions(codes, n, 2), nil
	}
}

func TestSeparationOfClassesThatLieApart(t *testing.T) {
	if neighbours, linear := Separation(encoder(1, 1), squares); neighbours != 1 || linear != 1 {
		t.Errorf("the accuracies are %v and %v, want 1", neighbours, linear)
	}
	if neighbours, linear := Separation(encoder(0, 1), squares); neighbours > 0.65 || linear > 0.65 {
		t.Errorf("codes that say nothing have the accuracies %v and %v, want about a half", neighbours, linear)
	}
}

// The scale of a latent feature is the net's choice and says nothing about separation.
func TestSeparationDoesNotDependOnTheScaleOfALatent(t *testing.T) {
	if neighbours, linear := Separation(encoder(1, 1000), squares); neighbours != 1 || linear != 1 {
		t.Errorf("with a thousandfold noise beside them the accuracies are %v and %v, want 1", neighbours, linear)
	}
}

func TestSeparationTakesTheSameRandomImagesAtEveryCall(t *testing.T) {
	many := parts{repeat(squares.train, 51), repeat(squares.test, 51)} // 20,400 and 5,100
	var seen []*tensors.Tensor
	encode := func(x *tensors.Tensor) (*tensors.Tensor, error) {
		seen = append(seen, x)
		if len(seen)%2 == 0 {
			return nil, errors.New("enough")
		}
		return tensors.FromShape(x.Shape()), nil
	}
	for range 2 {
		if _, _, err := separation(encode, many); err == nil || err.Error() != "enough" {
			t.Fatal(err)
		}
	}
	if a, b := seen[0].Shape().Dimensions[0], seen[1].Shape().Dimensions[0]; a != 20_000 || b != 5_000 {
		t.Errorf("%d training and %d test images are encoded", a, b)
	}
	if !seen[0].Equal(seen[2]) || !seen[1].Equal(seen[3]) {
		t.Error("two calls encode other images")
	}
	if seen[1].Equal(many.test.Take(5000).Images) {
		t.Error("the sample is the first images")
	}
}

// repeat returns the images of s k times.
func repeat(s *datasets.Split, k int) *datasets.Split {
	pixels, labels := []float32{}, []uint8{}
	for range k {
		pixels, labels = append(pixels, tensors.MustCopyFlatData[float32](s.Images)...), append(labels, s.Labels...)
	}
	return &datasets.Split{Images: tensors.FromFlatDataAndDimensions(pixels, len(labels), 8, 8, 1), Labels: labels}
}

func TestSeparationSaysWhatIsWrong(t *testing.T) {
	unlabelled := parts{&datasets.Split{Images: squares.train.Images}, squares.test}
	for want, d := range map[string]Data{
		"course: Separation: the data set is missing":          nil,
		"measure: KNNAccuracy: 0 labels for 400 training late": unlabelled,
	} {
		if _, _, err := separation(encoder(1, 1), d); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the error is %v, want one that begins %q", err, want)
		}
	}
}
