package images_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"autoencoders/datasets"
	"autoencoders/images"
	"autoencoders/internal/faults"
	"autoencoders/internal/input"
	"autoencoders/measure"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

func Example() {
	sevens := datasets.MNIST(datasets.Normalize(0.5, 0.5)).Test().Only(7).Images
	mean := images.Mean(sevens)
	fmt.Println(images.Zoom(mean, 4).Shape())
	fmt.Println(images.Concat(mean, images.Negative(mean), images.Rotate(mean, 90)).Shape())
	// Output:
	// (Float32)[1, 112, 112, 1]
	// (Float32)[3, 28, 28, 1]
}

// If a call has no result, it still returns a tensor, and whatever is given this tensor returns the reason.
func ExampleBlend() {
	digits := datasets.MNIST().Test()
	half := images.Blend(digits.Take(2).Images, digits.Take(3).Images, 0.5)
	_, err := measure.MSE(half, half)
	fmt.Println(err)
	// Output: measure: MSE: the images could not be loaded: images: Blend: the shapes differ: [2 28 28 1] and [3 28 28 1]
}

// image is one image of a channel.
func image(rows ...[]float32) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(slices.Concat(rows...), 1, len(rows), len(rows[0]), 1)
}

// want checks the numbers and the dimensions of a tensor.
func want(t *testing.T, what string, got, want *tensors.Tensor) {
	t.Helper()
	if err := input.CheckFloats(what, got); err != nil {
		t.Fatal(err)
	}
	if !got.Equal(want) {
		t.Errorf("%s is\n%v\nwant\n%v", what, got.GoStr(), want.GoStr())
	}
}

func TestNegativeExchangesBlackAndWhite(t *testing.T) {
	want(t, "an image in [-1, 1]", images.Negative(image([]float32{-1, 1, 0.25})), image([]float32{1, -1, -0.25}))
	want(t, "an image in [0, 1]", images.Negative(image([]float32{0, 1, 0.25})), image([]float32{1, 0, 0.75}))
	digits := datasets.MNIST(datasets.Normalize(0.5, 0.5)).Test().Take(10).Images
	want(t, "the negative of the negative", images.Negative(images.Negative(digits)), digits)
}

func TestShiftMovesAndBlackComesIn(t *testing.T) {
	x := image([]float32{1, 2, 3}, []float32{4, 5, 6})
	for _, c := range []struct {
		right, down int
		want        *tensors.Tensor
	}{
		{0, 0, x},
		{1, 0, image([]float32{0, 1, 2}, []float32{0, 4, 5})},
		{-2, 0, image([]float32{3, 0, 0}, []float32{6, 0, 0})},
		{0, 1, image([]float32{0, 0, 0}, []float32{1, 2, 3})},
		{0, -1, image([]float32{4, 5, 6}, []float32{0, 0, 0})},
		{-1, 1, image([]float32{0, 0, 0}, []float32{2, 3, 0})},
		{3, 0, images.Constant(x, 0)}, {0, -2, images.Constant(x, 0)},
		{math.MaxInt, math.MinInt, images.Constant(x, 0)}, {math.MinInt, math.MaxInt, images.Constant(x, 0)},
	} {
		want(t, fmt.Sprintf("Shift(x, %d, %d)", c.right, c.down), images.Shift(x, c.right, c.down), c.want)
	}
	want(t, "black in [-1, 1]", images.Shift(image([]float32{-0.5, 1}), 1, 0), image([]float32{-1, -0.5}))
	want(t, "an image of two channels",
		images.Shift(tensors.FromFlatDataAndDimensions([]float32{1, 2, 3, 4}, 1, 1, 2, 2), 1, 0),
		tensors.FromFlatDataAndDimensions([]float32{0, 0, 1, 2}, 1, 1, 2, 2))
}

func TestImagesDoNotFlowIntoOneAnother(t *testing.T) {
	three := images.Concat(image([]float32{1, 2}), image([]float32{3, 4}), image([]float32{5, 6}))
	want(t, "three images shifted", images.Shift(three, 1, 0),
		images.Concat(image([]float32{0, 1}), image([]float32{0, 3}), image([]float32{0, 5})))
	want(t, "three images shifted down", images.Shift(three, 0, 1), images.Constant(three, 0))
	want(t, "three images rotated", images.Rotate(three, 180),
		images.Concat(image([]float32{2, 1}), image([]float32{4, 3}), image([]float32{6, 5})))
}

func TestQuarterTurnsAreExact(t *testing.T) {
	x := image([]float32{1, 2, 3}, []float32{4, 5, 6}, []float32{7, 8, 9})
	quarter := image([]float32{3, 6, 9}, []float32{2, 5, 8}, []float32{1, 4, 7}) // counter-clockwise
	half := image([]float32{9, 8, 7}, []float32{6, 5, 4}, []float32{3, 2, 1})
	for degrees, turned := range map[float64]*tensors.Tensor{
		0: x, 360: x, -720: x, 90: quarter, -270: quarter, 450: quarter, 180: half, -180: half,
		270: images.Rotate(half, 90), -90: images.Rotate(half, 90),
	} {
		want(t, fmt.Sprintf("Rotate(x, %g)", degrees), images.Rotate(x, degrees), turned)
	}
	digits := datasets.MNIST(datasets.Normalize(0.5, 0.5)).Test().Take(20).Images
	want(t, "four quarter turns", images.Rotate(images.Rotate(images.Rotate(images.Rotate(digits, 90), 90), 90), 90), digits)
	wide := image([]float32{1, 2, 3}) // its ends leave the image
	want(t, "a quarter turn of a row", images.Rotate(wide, 90), image([]float32{0, 2, 0}))
}

// The pixels around the centre of a 3x3 image lie at distance 1 from it, so after an eighth of a turn the pixel to the right
// comes from the place cos 45° to the right of the centre and as much below it.
func TestOtherTurnsAreBilinear(t *testing.T) {
	x := image([]float32{0, 0, 0}, []float32{0, 0.5, 0.25}, []float32{0, 0.75, 1})
	c := math.Sqrt2 / 2
	right := float32((1-c)*(1-c)*0.5 + c*(1-c)*(0.25+0.75) + c*c*1)
	got := tensors.MustCopyFlatData[float32](images.Rotate(x, 45))
	if math.Abs(float64(got[5]-right)) > 1e-6 || got[4] != 0.5 {
		t.Errorf("right of the centre is %v, want %v; the centre is %v, want 0.5", got[5], right, got[4])
	}
	white := image([]float32{1, 1, 1}, []float32{1, 1, 1}, []float32{1, 1, -1})
	// The corner comes from √2 above the centre: 1 + (√2 - 1), where only the first row has a part in it.
	if got := tensors.MustCopyFlatData[float32](images.Rotate(white, 45))[2]; math.Abs(float64(got)-(1-2*(math.Sqrt2-1))) > 1e-6 {
		t.Errorf("the corner is %v: black that comes in is not -1", got)
	}
}

// Rotating there and back blurs, but the picture stays where it is.
func TestRotatingBackUndoesIt(t *testing.T) {
	digits := datasets.MNIST().Test().Take(50).Images
	back := images.Rotate(images.Rotate(digits, 30), -30)
	far, err := measure.MSE(digits, images.Rotate(digits, 60))
	near, errNear := measure.MSE(digits, back)
	if err != nil || errNear != nil || near > far/10 {
		t.Errorf("the error is %v (%v), after 60 degrees %v (%v)", near, errNear, far, err)
	}
}

func TestZoomRepeatsPixels(t *testing.T) {
	two := tensors.FromFlatDataAndDimensions([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 2, 1, 2, 2) // two images of two channels
	want(t, "Zoom(x, 2)", images.Zoom(two, 2), tensors.FromFlatDataAndDimensions([]float32{
		1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4,
		5, 6, 5, 6, 7, 8, 7, 8, 5, 6, 5, 6, 7, 8, 7, 8}, 2, 2, 4, 2))
	want(t, "Zoom(x, 1)", images.Zoom(two, 1), two)
}

func TestArithmeticTakesAnyShape(t *testing.T) {
	codes, other := tensors.FromValue([][]float32{{0, 1, -2}, {4, 0.5, 0}}), tensors.FromValue([][]float32{{2, 1, 2}, {0, 0, 0}})
	want(t, "2x + 1", images.Scale(codes, 2, 1), tensors.FromValue([][]float32{{1, 3, -3}, {9, 2, 1}}))
	want(t, "a share of 0", images.Blend(codes, other, 0), codes)
	want(t, "a share of 1", images.Blend(codes, other, 1), other)
	want(t, "a share of a quarter", images.Blend(codes, other, 0.25), tensors.FromValue([][]float32{{0.5, 1, -1}, {3, 0.375, 0}}))
	want(t, "a share of 2", images.Blend(codes, other, 2), tensors.FromValue([][]float32{{4, 1, 6}, {-4, -0.5, 0}}))
	want(t, "a constant", images.Constant(codes, -0.5), tensors.FromValue([][]float32{{-0.5, -0.5, -0.5}, {-0.5, -0.5, -0.5}}))
	want(t, "the mean", images.Mean(codes), tensors.FromValue([][]float32{{2, 0.75, -1}}))
	want(t, "the mean of numbers", images.Mean(tensors.FromValue([]float32{1, 2, 6})), tensors.FromValue([]float32{3}))
	want(t, "both", images.Concat(codes, images.Mean(codes)), tensors.FromValue([][]float32{{0, 1, -2}, {4, 0.5, 0}, {2, 0.75, -1}}))
	want(t, "twice", images.Repeat(codes, 2), images.Concat(codes, codes))
	want(t, "one alone", images.Concat(codes), codes)
}

// The mean of many equal numbers is that number: sums of float32 would have lost it.
func TestMeanOfManyImages(t *testing.T) {
	x := tensors.FromShape(shapes.Make(dtypes.Float32, 3_000_000, 1))
	want(t, "the mean", images.Mean(images.Constant(x, 0.1)), tensors.FromValue([][]float32{{0.1}}))
}

// A call gives a tensor to one argument of each function.
var calls = map[string]func(x *tensors.Tensor) *tensors.Tensor{
	"Negative": images.Negative,
	"Shift":    func(x *tensors.Tensor) *tensors.Tensor { return images.Shift(x, 1, 0) },
	"Rotate":   func(x *tensors.Tensor) *tensors.Tensor { return images.Rotate(x, 30) },
	"Zoom":     func(x *tensors.Tensor) *tensors.Tensor { return images.Zoom(x, 2) },
	"Scale":    func(x *tensors.Tensor) *tensors.Tensor { return images.Scale(x, 2, 1) },
	"Blend":    func(x *tensors.Tensor) *tensors.Tensor { return images.Blend(x, good(), 0.5) },
	"Blend ":   func(x *tensors.Tensor) *tensors.Tensor { return images.Blend(good(), x, 0.5) },
	"Constant": func(x *tensors.Tensor) *tensors.Tensor { return images.Constant(x, 1) },
	"Concat":   func(x *tensors.Tensor) *tensors.Tensor { return images.Concat(x, good()) },
	"Concat ":  func(x *tensors.Tensor) *tensors.Tensor { return images.Concat(good(), x) },
	"Repeat":   func(x *tensors.Tensor) *tensors.Tensor { return images.Repeat(x, 2) },
	"Mean":     images.Mean,
}

func good() *tensors.Tensor { return image([]float32{0, 0.5}, []float32{1, 0.25}) }

func TestArgumentsStayAsTheyAre(t *testing.T) {
	for name, f := range calls {
		x := good()
		y := f(x)
		if err := input.CheckFloats("the result", y); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if y == x || !x.Equal(good()) {
			t.Errorf("%s has changed its argument", name)
		}
		x.MustFinalizeAll()
		if err := input.CheckFloats("the result", y); err != nil {
			t.Errorf("%s shares its memory: %v", name, err)
		}
	}
}

func TestABadTensorsReasonReachesWhoeverIsGivenTheResult(t *testing.T) {
	nan := image([]float32{0, float32(math.NaN())})
	gone := good()
	gone.MustFinalizeAll()
	var seen string
	for name, f := range calls {
		function := strings.TrimSpace(name)
		for why, x := range map[string]*tensors.Tensor{
			"the images hold NaN: has the training diverged?":                   nan,
			"the images are missing: the tensor is nil":                         nil,
			"the images are no longer there: their tensor was finalized":        gone,
			"the images are Int32, not float32":                                 tensors.FromValue([][]int32{{1, 2}}),
			"the images hold +Inf: has the training diverged?":                  image([]float32{float32(math.Inf(1)), 0}),
			"the images are a single number, not [n, …]":                        tensors.FromScalar(float32(1)),
			"the images have the shape [1 2], not [n, height, width, channels]": tensors.FromValue([][]float32{{1, 2}}),
		} {
			ofImages := slices.Contains([]string{"Negative", "Shift", "Rotate", "Zoom"}, function)
			if strings.Contains(why, "channels]") != ofImages && x != nil && x.Ok() && x.DType() == dtypes.Float32 && x.Rank() < 4 {
				continue // other functions take that shape, and these ask for images first
			}
			err := input.CheckFloats("the images", f(x))
			if err == nil || err.Error() != "the images could not be loaded: images: "+function+": "+why {
				t.Errorf("%s: got %v, want %s", name, err, why)
				continue
			}
			if x == nan && function == "Rotate" {
				seen = err.Error()
			}
		}
	}
	faults.Row(t, "NaN, nothing, or a wrong type or shape in images that are shifted, rotated or mixed", seen, "the arguments, unchanged")
}

// The first reason is the one that helps, so it is handed on as it is.
func TestImagesThatCouldNotBeLoadedKeepTheirReason(t *testing.T) {
	reason := errors.New("datasets: a file is missing")
	for name, f := range calls {
		err := input.CheckFloats("the images", f(input.Failed(reason)))
		if !errors.Is(err, reason) || err.Error() != "the images could not be loaded: datasets: a file is missing" {
			t.Errorf("%s: %v", name, err)
		}
		if err := input.CheckFloats("the images", images.Mean(images.Rotate(f(input.Failed(reason)), 3))); !errors.Is(err, reason) {
			t.Errorf("%s, and then others: %v", name, err)
		}
	}
}

func TestNumbersThatMakeNoImage(t *testing.T) {
	x, nan, inf := good(), math.NaN(), math.Inf(1)
	for want, got := range map[string]*tensors.Tensor{
		"Rotate: the angle is NaN degrees: it must be finite":  images.Rotate(x, nan),
		"Rotate: the angle is +Inf degrees: it must be finite": images.Rotate(x, inf),
		"Zoom: the factor is 0: it must be at least 1":         images.Zoom(x, 0),
		"Repeat: -1 times: it must be at least 1":              images.Repeat(x, -1),
		"Scale: a is NaN and b is 0: both must be finite":      images.Scale(x, nan, 0),
		"Scale: a is 1 and b is +Inf: both must be finite":     images.Scale(x, 1, inf),
		"Blend: the share is NaN: it must be finite":           images.Blend(x, x, nan),
		"Blend: the shapes differ: [1 2 2 1] and [2 2 2 1]":    images.Blend(x, images.Repeat(x, 2), 0.5),
		"Constant: the value is -Inf: it must be finite":       images.Constant(x, -inf),
		"Concat: there is nothing to concatenate":              images.Concat(),
		"Concat: the shape of argument 1 is [1 2 2 1], that of argument 3 is [1 4 4 1]: they may differ in the first number only": images.Concat(x, x, images.Zoom(x, 2)),
	} {
		if err := input.CheckFloats("the images", got); err == nil || err.Error() != "the images could not be loaded: images: "+want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for name, got := range map[string]*tensors.Tensor{"Zoom": images.Zoom(x, 1<<40), "Repeat": images.Repeat(x, 1<<60)} {
		if err := input.CheckFloats("the images", got); err == nil || !strings.HasPrefix(err.Error(), "the images could not be loaded: images: "+name+": the result would take ") {
			t.Errorf("got %v", err)
		}
	}
}
