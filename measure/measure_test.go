package measure_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"autoencoders/internal/faults"
	"autoencoders/measure"

	"github.com/gomlx/gomlx/core/tensors"
)

// ramp returns a tensor of these dimensions with numbers between -1 and 1.
func ramp(dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(math.Sin(float64(i * i)))
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

func TestMSEIsTheMeanOverAllNumbers(t *testing.T) {
	a, b := tensors.FromValue([][]float32{{0, 1}, {-1, 1}}), tensors.FromValue([][]float32{{0, 1}, {1, 0}})
	if got, err := measure.MSE(a, b); err != nil || got != 1.25 {
		t.Errorf("%v, %v; want (0 + 0 + 4 + 1) / 4", got, err)
	}
}

func TestBadInputIsOneLine(t *testing.T) {
	nan := tensors.FromValue([][]float32{{0, 0}, {1, float32(math.NaN())}})
	gone := ramp(2, 2)
	gone.MustFinalizeAll()
	pca, err := measure.FitPCA(ramp(30, 4, 3, 1))
	if err != nil {
		t.Fatal(err)
	}
	images := func(x *tensors.Tensor, err error) error { return err }
	number := func(x float64, err error) error { return err }
	_, none := measure.FitPCA(nil)
	_, one := measure.FitPCA(ramp(1, 4))
	_, diverged := measure.FitPCA(nan)
	_, flat := measure.FitPCA(ramp(4))
	_, ints := measure.FitPCA(tensors.FromValue([][]int32{{1, 2}}))
	bad := []struct {
		err  error
		want string
	}{
		{none, "measure: FitPCA: the images are missing: the tensor is nil"},
		{one, "measure: FitPCA: one row has no directions to differ in: give it two or more"},
		{diverged, "measure: FitPCA: the images hold NaN in row 1: has the training diverged?"},
		{flat, "measure: FitPCA: the images have the shape [4], not [n, …]"},
		{ints, "measure: FitPCA: the images are Int32, not float32"},
		{images(pca.Encode(ramp(5, 4, 4, 1), 2)), "measure: PCA.Encode: the images are [4 4 1], but it was fitted to [4 3 1]"},
		{images(pca.Encode(ramp(5, 4, 3, 1), 13)), "measure: PCA.Encode: 13 of 12 components: d must be 1-12"},
		{images(pca.Reconstruct(ramp(5, 4, 3, 1), 0)), "measure: PCA.Encode: 0 of 12 components: d must be 1-12"},
		{images(pca.Decode(ramp(5, 13))), "measure: PCA.Decode: the latents have the shape [5 13], not [n, d] with d of 1-12"},
		{images(pca.Decode(gone)), "measure: PCA.Decode: the latents are no longer there: their tensor was finalized"},
		{number(measure.MSE(ramp(2, 3), ramp(3, 2))), "measure: MSE: the shapes differ: [2 3] and [3 2]"},
		{number(measure.MSE(ramp(2, 3), nil)), "measure: MSE: the images to compare with are missing: the tensor is nil"},
		{number(measure.KNNAccuracy(3, ramp(2, 3), []uint8{1, 2}, ramp(1, 3), []uint8{1})), "measure: KNNAccuracy: 3 neighbours among 2 training latents: k must be 1-2"},
		{number(measure.KNNAccuracy(1, ramp(2, 3), []uint8{1}, ramp(1, 3), []uint8{1})), "measure: KNNAccuracy: 1 labels for 2 training latents"},
		{number(measure.LinearAccuracy(ramp(2, 3), []uint8{1, 0}, ramp(1, 3), nil)), "measure: LinearAccuracy: 0 labels for 1 test latents"},
		{number(measure.LinearAccuracy(ramp(2, 3), []uint8{1, 0}, ramp(1, 4), []uint8{1})), "measure: LinearAccuracy: the training latents are [2 3], the test latents [1 4]: take both from one encoder"},
	}
	for _, c := range bad {
		if c.err == nil || c.err.Error() != c.want || strings.Contains(c.want, "\n") {
			t.Errorf("got %v, want %s", c.err, c.want)
		}
	}
	faults.Row(t, fmt.Sprintf("a wrong tensor or number in a measurement (%d cases)", len(bad)), bad[5].want, "the arguments, unchanged")
}

// With as many components as numbers in a row nothing is lost, whatever the shape.
func TestAllComponentsLoseNothing(t *testing.T) {
	for _, dims := range [][]int{{50, 4, 3, 1}, {50, 5}, {3, 6}} {
		x := ramp(dims...)
		pca, err := measure.FitPCA(x)
		if err != nil {
			t.Fatal(err)
		}
		again, err := pca.Reconstruct(x, x.Shape().Size()/dims[0])
		if err != nil || fmt.Sprint(again.Shape().Dimensions) != fmt.Sprint(dims) {
			t.Fatalf("%v became %v, %v", dims, again.Shape(), err)
		}
		if lost, err := measure.MSE(x, again); err != nil || lost > 1e-12 {
			t.Errorf("%v: %v is lost (%v)", dims, lost, err)
		}
	}
}

func ExampleFitPCA() {
	points := tensors.FromValue([][]float32{{0, 0}, {2, 1}, {4, 2}, {6, 3}}) // on a line
	pca, err := measure.FitPCA(points)
	if err != nil {
		fmt.Println(err)
		return
	}
	line, _ := pca.Reconstruct(points, 1) // one number for two
	lost, _ := measure.MSE(points, line)
	fmt.Printf("%.4f\n", lost)
	// Output: 0.0000
}
