package measure_test

import (
	"fmt"
	"math"
	"testing"

	"autoencoders/measure"

	"github.com/gomlx/gomlx/core/tensors"
)

func TestStandardiseUsesTheTrainingLatentsForBoth(t *testing.T) {
	train, test := latents(2, 1, 70, 3, 70), latents(2, 2, 70, 7, 71) // mean 2 and deviation 1; a constant
	a, b, err := measure.Standardise(train, test)
	if err != nil || !a.Equal(latents(2, -1, 0, 1, 0)) || !b.Equal(latents(2, 0, 0, 5, 0)) {
		t.Errorf("%v and %v (%v)", a, b, err)
	}
	if !train.Equal(latents(2, 1, 70, 3, 70)) || !test.Equal(latents(2, 2, 70, 7, 71)) {
		t.Error("an argument was changed")
	}
	images := ramp(50, 3, 2, 1)
	scaled, _, err := measure.Standardise(images, images)
	if err != nil || fmt.Sprint(scaled.Shape().Dimensions) != "[50 3 2 1]" {
		t.Fatalf("images became %v (%v)", scaled, err)
	}
	mean, _ := measure.Mean(scaled)
	variance, _ := measure.Variance(scaled)
	for j := range mean {
		if math.Abs(mean[j]) > 1e-6 || math.Abs(variance[j]-1) > 1e-5 {
			t.Errorf("pixel %d has mean %v and variance %v", j, mean[j], variance[j])
		}
	}
}

// Until both features are standardised, the one with a thousand times the scale alone decides who is near.
func TestStandardisedNeighboursCountEachFeature(t *testing.T) {
	var values []float64
	var labels []uint8
	for i := range 200 {
		values = append(values, float64(i%2), 1000*math.Sin(float64(i)))
		labels = append(labels, uint8(i%2))
	}
	train, test := latents(2, values[:200]...), latents(2, values[200:]...)
	raw, err := measure.KNNAccuracy(5, train, labels[:100], test, labels[100:])
	if err != nil {
		t.Fatal(err)
	}
	train, test, err = measure.Standardise(train, test)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := measure.KNNAccuracy(5, train, labels[:100], test, labels[100:]); err != nil || got != 1 || raw > 0.85 {
		t.Errorf("the accuracy is %v (%v), and without standardising %v", got, err, raw)
	}
}

func TestAUnitIsLiveIfItEverAnswers(t *testing.T) {
	for want, x := range map[int]*tensors.Tensor{
		2: latents(4, 0, 0, 0, 3, 0, 1e-30, -5, 0),
		0: latents(3, 0, 0, 0, 0, -1, 0),
		// Two images of 1x2 pixels and three channels: the last one answers in one place of one image.
		1: tensors.FromFlatDataAndDimensions([]float32{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 2, 1, 2, 3),
	} {
		if got, err := measure.LiveUnits(x); err != nil || got != want {
			t.Errorf("%d live units of %v (%v), want %d", got, x, err, want)
		}
	}
}

func TestInterpolateGoesFromEndToEnd(t *testing.T) {
	got, err := measure.Interpolate(latents(2, 0, 1), latents(2, 4, -1), 5)
	if err != nil || !got.Equal(latents(2, 0, 1, 1, 0.5, 2, 0, 3, -0.5, 4, -1)) {
		t.Errorf("%v (%v)", got, err)
	}
	a, b := ramp(1, 5, 3, 1), latents(15, make([]float64, 15)...)
	b = tensors.FromFlatDataAndDimensions(tensors.MustCopyFlatData[float32](b), 1, 5, 3, 1)
	images, err := measure.Interpolate(a, b, 7)
	if err != nil || fmt.Sprint(images.Shape().Dimensions) != "[7 5 3 1]" {
		t.Fatalf("images became %v (%v)", images, err)
	}
	values, start := tensors.MustCopyFlatData[float32](images), tensors.MustCopyFlatData[float32](a)
	for i, v := range start { // the ends are exact
		if values[i] != v || values[6*15+i] != 0 {
			t.Errorf("pixel %d is %v at the start and %v at the end", i, values[i], values[6*15+i])
		}
	}
}

func TestGreyIsFarFromBlackAndWhite(t *testing.T) {
	for want, x := range map[float64]*tensors.Tensor{
		0.5:  latents(4, -1, 1, 0.79, -0.79), // in [-1, 1]
		0:    latents(4, -0.81, 0.81, 1, -1),
		0.25: latents(4, 0.05, 0.11, 0.91, 1), // in [0, 1]
		1:    latents(2, 0.5, 0.6),
	} {
		if got, err := measure.GreyShare(x); err != nil || got != want {
			t.Errorf("the share of %v is %v (%v), want %v", x, got, err, want)
		}
	}
}

func ExampleFitMixture() {
	codes := tensors.FromValue([][]float32{{0, 1}, {1, 0}, {0, 0}, {9, 9}, {8, 9}, {9, 8}}) // two groups
	mixture, err := measure.FitMixture(codes, 2, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	one, _ := measure.FitGaussian(codes)
	a, _ := mixture.LogLikelihood(codes)
	b, _ := one.LogLikelihood(codes)
	drawn, _ := mixture.Sample(100, 1)
	fmt.Println(drawn.Shape(), a > b)
	// Output: (Float32)[100, 2] true
}
