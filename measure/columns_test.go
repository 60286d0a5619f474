package measure_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"autoencoders/measure"

	"github.com/gomlx/gomlx/core/tensors"
)

func TestColumnsHoldTheNumbersOfEachUnit(t *testing.T) {
	x := tensors.FromFlatDataAndDimensions([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	got, err := measure.Columns(x)
	if want := [][]float64{{1, 4}, {2, 5}, {3, 6}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Columns gives %v and %v, not %v", got, err, want)
	}
}

func TestColumnsOfNumbersThatAreNotFinite(t *testing.T) {
	x := tensors.FromFlatDataAndDimensions([]float32{1, float32(math.NaN())}, 1, 2)
	if _, err := measure.Columns(x); err == nil || !strings.HasPrefix(err.Error(), "measure: Columns: ") {
		t.Errorf("Columns of NaN gives the error %v", err)
	}
}
