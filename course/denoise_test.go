package course

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/cell"
	"autoencoders/datasets"
	"autoencoders/images"

	"github.com/gomlx/gomlx/core/tensors"
)

var digits = datasets.MNIST(datasets.Normalize(0.5, 0.5)).Test().Take(20).Images

func always(v float64) Method {
	return Method{fmt.Sprint("always ", v), func(x *tensors.Tensor) *tensors.Tensor { return images.Constant(x, v) }}
}

func nothing(seen **tensors.Tensor) Method {
	return Method{"nothing", func(x *tensors.Tensor) *tensors.Tensor { *seen = x; return x }}
}

func TestScoresMeasureEachMethodOnTheSameNoise(t *testing.T) {
	var first, second *tensors.Tensor
	noise := nn.Noise(0.5)
	all := Scores(digits, noise, nothing(&first), always(-1), nothing(&second))
	if !first.Equal(cell.Must(autoencoder.Model{Corrupt: noise}.Corrupted(digits))) || !second.Equal(first) {
		t.Error("the methods get other images than Model.Corrupted gives")
	}
	if len(all) != 3 || all[0] != all[2] || all[0] == all[1] {
		t.Errorf("the scores are %+v", all)
	}
	// Half of the noise lies beyond black, where clipping removes it: less than 0.25 remains.
	if q := all[0]; q.MSE > 0.2 || q.MSE < 0.1 || q.PSNR < 10 || q.PSNR > 20 || q.SSIM > 0.7 {
		t.Errorf("the noisy images have %+v", q)
	}
	if q := Scores(digits, nil, nothing(&first))[0]; q.MSE != 0 || !math.IsInf(q.PSNR, 1) || math.Abs(q.SSIM-1) > 1e-9 {
		t.Errorf("the images without noise have %+v beside themselves", q)
	}
}

func TestResultsAreClippedToTheRangeOfTheImages(t *testing.T) {
	unit := images.Scale(digits, 0.5, 0.5)
	for name, c := range map[string]struct {
		clean  *tensors.Tensor
		inside float64
	}{"[-1, 1]": {digits, -1}, "[0, 1]": {unit, 0}} {
		all := Scores(c.clean, nil, always(-7), always(c.inside), always(7), always(1))
		if all[0] != all[1] || all[2] != all[3] {
			t.Errorf("%s: the scores are %+v, want -7 to count as black and 7 as white", name, all)
		}
	}
	// The same images in the other range: a quarter of the squared error, and the same ratio.
	a, b := Scores(digits, nil, always(0))[0], Scores(unit, nil, always(0.5))[0]
	if math.Abs(a.MSE-4*b.MSE) > 1e-6 || math.Abs(a.PSNR-b.PSNR) > 1e-4 {
		t.Errorf("in [-1, 1] %+v, in [0, 1] %+v", a, b)
	}
}

func TestNetsAreMethods(t *testing.T) {
	m := small(t.TempDir())
	printed(t, func() { Train(m, squares, recipe(1)) })
	unit := squares.test.Images
	x := images.Scale(unit, 2, -1)
	if got := Net("net", m); got.Name != "net" || !got.Denoise(unit).Equal(cell.Must(m.Reconstruct(unit))) {
		t.Error("a net as a method does not reconstruct")
	}
	want := images.Scale(cell.Must(m.Reconstruct(unit)), 2, -1)
	if got := UnitNet("net", m); got.Name != "net" || !got.Denoise(x).InDelta(want, 1e-5) {
		t.Error("a net for [0, 1] gets other images than those in [-1, 1] moved there, or its own are not moved back")
	}
}

// The best method stands above the clean images, and each row says how good it is.
func TestLookSortsTheMethodsBetweenNoisyAndClean(t *testing.T) {
	var noisy *tensors.Tensor
	rows, err := look(digits, nn.Noise(0.5), []Method{nothing(&noisy), always(1), always(-1)})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
	}
	if fmt.Sprint(names) != "[noisy always 1 always -1 nothing clean]" {
		t.Errorf("the rows are called %v", names)
	}
	if rows[0].images != noisy || rows[4].images != digits || !rows[1].images.Equal(images.Constant(digits, 1)) {
		t.Error("the rows are not what their names say")
	}
	want := Scores(digits, nn.Noise(0.5), always(-1), nothing(&noisy))
	if rows[2].psnr != want[0].PSNR || rows[0].psnr != want[1].PSNR || rows[0].psnr != rows[3].psnr {
		t.Errorf("the rows have %v, want what Scores gives, %v", rows, want)
	}
	if got := rows[0].note(); got != fmt.Sprintf("%.1f dB", want[1].PSNR) || rows[4].note() != "" {
		t.Errorf("the notes are %q and %q", got, rows[4].note())
	}
	figure := Look(digits, nn.Noise(0.5), "Figure 3. What is left", always(1))
	var png bytes.Buffer
	if _, err := figure.WriteTo(&png); err != nil || figure.Title() != "Figure 3. What is left" {
		t.Errorf("the figure %q: %v", figure.Title(), err)
	}
}

func TestLookWithoutNoiseHasNoNoisyRow(t *testing.T) {
	rows, err := look(digits, nil, []Method{always(1)})
	if err != nil || len(rows) != 2 || rows[0].name != "always 1" || rows[1].name != "clean" {
		t.Errorf("the rows are %v: %v", rows, err)
	}
}

func TestAMethodThatFailsIsNamed(t *testing.T) {
	half := Method{"half", func(x *tensors.Tensor) *tensors.Tensor { return images.Scale(squares.test.Images, 1, 0) }}
	nan := Method{"nan", func(x *tensors.Tensor) *tensors.Tensor { return images.Constant(x, math.NaN()) }}
	for _, c := range []struct {
		clean   *tensors.Tensor
		methods []Method
		want    string
	}{
		{digits, []Method{half}, "course: Score: half: measure: MSE: "},
		{digits, []Method{nan}, "course: Score: nan: measure: Clip: "},
		{digits, []Method{{Name: "empty"}}, `course: Score: the method "empty" has no function Denoise`},
		{nil, []Method{always(1)}, "course: Score: the images are missing"},
	} {
		err := score(c.clean, nn.Noise(0.5), c.methods, func(string, Quality) {})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("the error is %v, want one that begins %q", err, c.want)
		}
	}
	if _, err := look(digits, nil, []Method{nan}); err == nil || !strings.HasPrefix(err.Error(), "course: Look: nan: measure: ") {
		t.Errorf("the error is %v", err)
	}
	_, err := look(digits, nn.Noise(-1), []Method{always(1)})
	if want := "course: Look: "; err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "nn: Noise(-1)") {
		t.Errorf("the error is %v, want one that begins %q and names the layer", err, want)
	}
}
