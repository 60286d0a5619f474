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

func TestLookShowsNoisyMethodsClean(t *testing.T) {
	var noisy *tensors.Tensor
	rows, names, err := look(digits, nn.Noise(0.5), []Method{nothing(&noisy), always(1)})
	if err != nil || fmt.Sprint(names) != "[noisy nothing always 1 clean]" || len(rows) != 4 {
		t.Fatalf("%d rows are called %v: %v", len(rows), names, err)
	}
	if rows[0] != noisy || rows[3] != digits || !rows[2].Equal(images.Constant(digits, 1)) {
		t.Error("the rows are not what their names say")
	}
	if _, names, _ := look(digits, nil, []Method{always(1)}); fmt.Sprint(names) != "[always 1 clean]" {
		t.Errorf("without noise the rows are %v", names)
	}
	figure := Look(digits, nn.Noise(0.5), "Figure 3. What is left", always(1))
	var png bytes.Buffer
	if _, err := figure.WriteTo(&png); err != nil || figure.Title() != "Figure 3. What is left" {
		t.Errorf("the figure %q: %v", figure.Title(), err)
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
	_, _, err := look(digits, nn.Noise(-1), []Method{always(1)})
	if want := "course: Look: "; err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "nn: Noise(-1)") {
		t.Errorf("the error is %v, want one that begins %q and names the layer", err, want)
	}
}
