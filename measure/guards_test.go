package measure_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/internal/faults"
	"autoencoders/internal/input"
	"autoencoders/measure"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// A call gives a tensor to one argument of an exported function, and something good to the others.
type call struct {
	function string // as the error names it
	good     *tensors.Tensor
	with     func(x *tensors.Tensor) error
}

func calls(t *testing.T) []call {
	number := func(_ float64, err error) error { return err }
	numbers := func(_ []float64, err error) error { return err }
	tensor := func(_ *tensors.Tensor, err error) error { return err }
	pictures, rows, labels := ramp(3, 12, 12, 1), ramp(3, 4), []uint8{0, 1, 1}
	pca, err := measure.FitPCA(pictures)
	if err != nil {
		t.Fatal(err)
	}
	mixture, err := measure.FitGaussian(rows)
	if err != nil {
		t.Fatal(err)
	}
	return []call{
		{"MSE", rows, func(x *tensors.Tensor) error { return number(measure.MSE(x, rows)) }},
		{"MSE", rows, func(x *tensors.Tensor) error { return number(measure.MSE(rows, x)) }},
		{"Errors", rows, func(x *tensors.Tensor) error { return numbers(measure.Errors(x, rows)) }},
		{"Errors", rows, func(x *tensors.Tensor) error { return numbers(measure.Errors(rows, x)) }},
		{"PSNR", pictures, func(x *tensors.Tensor) error { return number(measure.PSNR(x, pictures, 2)) }},
		{"PSNR", pictures, func(x *tensors.Tensor) error { return number(measure.PSNR(pictures, x, 2)) }},
		{"SSIM", pictures, func(x *tensors.Tensor) error { return number(measure.SSIM(x, pictures, 2)) }},
		{"SSIM", pictures, func(x *tensors.Tensor) error { return number(measure.SSIM(pictures, x, 2)) }},
		{"Median", pictures, func(x *tensors.Tensor) error { return tensor(measure.Median(x)) }},
		{"Clip", rows, func(x *tensors.Tensor) error { return tensor(measure.Clip(x, -1, 1)) }},
		{"Mean", rows, func(x *tensors.Tensor) error { return numbers(measure.Mean(x)) }},
		{"Variance", rows, func(x *tensors.Tensor) error { return numbers(measure.Variance(x)) }},
		{"ActiveUnits", rows, func(x *tensors.Tensor) error { _, err := measure.ActiveUnits(x); return err }},
		{"KL", rows, func(x *tensors.Tensor) error { return numbers(measure.KL(x, rows)) }},
		{"KL", rows, func(x *tensors.Tensor) error { return numbers(measure.KL(rows, x)) }},
		{"WithinRadius", rows, func(x *tensors.Tensor) error { return number(measure.WithinRadius(1, x)) }},
		{"ToNearest", rows, func(x *tensors.Tensor) error { return number(measure.ToNearest(x, rows)) }},
		{"ToNearest", rows, func(x *tensors.Tensor) error { return number(measure.ToNearest(rows, x)) }},
		{"KNNAccuracy", rows, func(x *tensors.Tensor) error { return number(measure.KNNAccuracy(1, x, labels, rows, labels)) }},
		{"KNNAccuracy", rows, func(x *tensors.Tensor) error { return number(measure.KNNAccuracy(1, rows, labels, x, labels)) }},
		{"LinearAccuracy", rows, func(x *tensors.Tensor) error { return number(measure.LinearAccuracy(x, labels, rows, labels)) }},
		{"LinearAccuracy", rows, func(x *tensors.Tensor) error { return number(measure.LinearAccuracy(rows, labels, x, labels)) }},
		{"Standardise", rows, func(x *tensors.Tensor) error { _, _, err := measure.Standardise(x, rows); return err }},
		{"Standardise", rows, func(x *tensors.Tensor) error { _, _, err := measure.Standardise(rows, x); return err }},
		{"LiveUnits", rows, func(x *tensors.Tensor) error { _, err := measure.LiveUnits(x); return err }},
		{"Columns", rows, func(x *tensors.Tensor) error { _, err := measure.Columns(x); return err }},
		{"Interpolate", ramp(1, 4), func(x *tensors.Tensor) error { return tensor(measure.Interpolate(x, ramp(1, 4), 3)) }},
		{"Interpolate", ramp(1, 4), func(x *tensors.Tensor) error { return tensor(measure.Interpolate(ramp(1, 4), x, 3)) }},
		{"GreyShare", rows, func(x *tensors.Tensor) error { return number(measure.GreyShare(x)) }},
		{"Spectrum", pictures, func(x *tensors.Tensor) error { return numbers(measure.Spectrum(x)) }},
		{"Draw", rows, func(x *tensors.Tensor) error { return tensor(measure.Draw(x, rows, 1)) }},
		{"Draw", rows, func(x *tensors.Tensor) error { return tensor(measure.Draw(rows, x, 1)) }},
		{"FitDiagonal", rows, func(x *tensors.Tensor) error { _, err := measure.FitDiagonal(x); return err }},
		{"FitGaussian", rows, func(x *tensors.Tensor) error { _, err := measure.FitGaussian(x); return err }},
		{"FitMixture", rows, func(x *tensors.Tensor) error { _, err := measure.FitMixture(x, 2, 1); return err }},
		{"Mixture.LogLikelihood", rows, func(x *tensors.Tensor) error { return number(mixture.LogLikelihood(x)) }},
		{"FitPCA", pictures, func(x *tensors.Tensor) error { _, err := measure.FitPCA(x); return err }},
		{"PCA.Encode", pictures, func(x *tensors.Tensor) error { return tensor(pca.Encode(x, 2)) }},
		{"PCA.Encode", pictures, func(x *tensors.Tensor) error { return tensor(pca.Reconstruct(x, 2)) }},
		{"PCA.Decode", rows, func(x *tensors.Tensor) error { return tensor(pca.Decode(x)) }},
	}
}

// with returns a copy of x whose last number is v.
func with(x *tensors.Tensor, v float64) *tensors.Tensor {
	values := tensors.MustCopyFlatData[float32](x)
	values[len(values)-1] = float32(v)
	return tensors.FromFlatDataAndDimensions(values, x.Shape().Dimensions...)
}

func TestNoBadTensorPassesAnyFunction(t *testing.T) {
	reason := errors.New("datasets: a file is missing")
	var seen error
	n := 0
	for _, c := range calls(t) {
		if err := c.with(c.good); err != nil {
			t.Fatalf("%s: %v", c.function, err)
		}
		dims := c.good.Shape().Dimensions
		gone := ramp(dims...)
		gone.MustFinalizeAll()
		for bad, x := range map[string]*tensors.Tensor{
			"nil":           nil,
			"finalized":     gone,
			"NaN":           with(c.good, math.NaN()),
			"+Inf":          with(c.good, math.Inf(1)),
			"-Inf":          with(c.good, math.Inf(-1)),
			"empty":         tensors.FromShape(shapes.Make(dtypes.Float32, append([]int{0}, dims[1:]...)...)),
			"empty rows":    tensors.FromShape(shapes.Make(dtypes.Float32, 3, 0)),
			"float64":       tensors.FromShape(shapes.Make(dtypes.Float64, dims...)),
			"uint8":         tensors.FromShape(shapes.Make(dtypes.Uint8, dims...)),
			"a scalar":      tensors.FromScalar(float32(1)),
			"rank 1":        ramp(4),
			"not loaded":    input.Failed(reason),
			"another shape": ramp(append(append([]int{}, dims...), 2)...),
		} {
			err := attempt(t, c.function+" of "+bad, func() error { return c.with(x) })
			if bad == "another shape" && err == nil && c.function != "MSE" && c.function != "Errors" {
				continue // functions of rows take any width
			}
			n++
			if err == nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "measure: "+c.function+": the ") {
				t.Errorf("%s of %s: %v, want a line that begins with measure: %[1]s: the", c.function, bad, err)
			}
			if bad == "not loaded" && !errors.Is(err, reason) {
				t.Errorf("%s of images that could not be loaded: %v does not say why", c.function, err)
			}
			if bad == "+Inf" && c.function == "PSNR" {
				seen = err
			}
		}
	}
	faults.Row(t, "NaN, an infinite number, nothing or a wrong type in a measurement (every function, each argument)", seen.Error(), "the arguments, unchanged")
}

// attempt calls f, and fails the test if it panics.
func attempt(t *testing.T, what string, f func() error) error {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s panics: %v", what, r)
		}
	}()
	return f()
}

// The table above misses no exported function that takes a tensor.
func TestEveryFunctionOfTensorsIsTried(t *testing.T) {
	tried := map[string]bool{"PCA.Reconstruct": true} // with the name of Encode
	tensorless := map[string]bool{"Gaussian": true, "Mixture.Sample": true}
	for _, c := range calls(t) {
		tried[c.function] = true
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() {
				continue
			}
			found++
			name := f.Name.Name
			if f.Recv != nil {
				name = f.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name + "." + name
			}
			if !tried[name] && !tensorless[name] {
				t.Errorf("%s is not tried", name)
			}
		}
	}
	if found != len(tried)+len(tensorless) {
		t.Errorf("%d functions in the source, %d tried", found, len(tried)+len(tensorless))
	}
}

func TestNumbersWithoutAnAnswerAreOneLine(t *testing.T) {
	line := func(_ any, err error) string {
		if err == nil {
			return "no error"
		}
		return err.Error()
	}
	rows, pictures := ramp(3, 4), ramp(3, 12, 12, 1)
	one, labels := ramp(1, 4), []uint8{0, 1, 1}
	var unfitted *measure.PCA
	diagonal, err := measure.FitPCA(tensors.FromValue([][]float32{{0, 0}, {1, 1}}))
	if err != nil {
		t.Fatal(err)
	}
	knn := func(k int) string {
		x, err := measure.KNNAccuracy(k, rows, labels, rows, labels)
		return line(x, err)
	}
	var cases []string
	check := func(got, want string) {
		t.Helper()
		cases = append(cases, got)
		if !strings.HasPrefix(got, "measure: "+want) || strings.Contains(got, "\n") {
			t.Errorf("got %s, want measure: %s…", got, want)
		}
	}
	check(knn(0), "KNNAccuracy: 0 neighbours among 3 training latents: k must be 1-3")
	check(knn(-1), "KNNAccuracy: -1 neighbours")
	check(knn(4), "KNNAccuracy: 4 neighbours among 3 training latents: k must be 1-3")
	check(knn(math.MaxInt), "KNNAccuracy: 9223372036854775807 neighbours")
	for _, f := range []func() (any, error){
		func() (any, error) { return measure.KNNAccuracy(1, with(rows, 1e20), labels, rows, labels) },
		func() (any, error) { return measure.KNNAccuracy(1, rows, labels, with(rows, -1e20), labels) },
		func() (any, error) { return measure.ToNearest(with(rows, 1e20), rows) },
		func() (any, error) { return measure.ToNearest(rows, with(rows, 1e20)) },
	} {
		if got := line(f()); !strings.Contains(got, "1e+20 in row 2, and squared distances of numbers above 1e+15 overflow") {
			t.Errorf("got %s", got)
		}
	}
	check(line(measure.FitPCA(one)), "FitPCA: one row has no directions to differ in: give it two or more")
	check(line(measure.Variance(one)), "Variance: the latents are a single row, which cannot vary: give it two or more")
	check(line(measure.ActiveUnits(one)), "ActiveUnits: the means are a single row, which cannot vary")
	check(line(measure.KL(rows, with(rows, 1000))), "KL: the log variance 1000 in row 2 is too large")
	for steps := -1; steps < 2; steps++ {
		check(line(measure.Interpolate(one, one, steps)), "Interpolate: it takes at least 2 steps, which are the start and the end")
	}
	check(line(measure.Interpolate(one, one, 1<<60)), "Interpolate: the steps would take ")
	check(line(measure.Interpolate(rows, rows, 3)), "Interpolate: the start is [3 4] and the end [3 4]: both must be one row of the same shape, [1, …]")
	check(line(measure.Interpolate(one, ramp(1, 5), 3)), "Interpolate: the start is [1 4] and the end [1 5]")
	check(line(measure.LiveUnits(ramp(3, 4, 2))), "LiveUnits: the activations have the shape [3 4 2], not [n, units] or [n, height, width, channels]")
	_, _, narrow := measure.Standardise(rows, ramp(3, 5))
	check(line(nil, narrow), "Standardise: the training latents are [3 4], the test latents [3 5]: take both from one encoder")
	_, _, far := measure.Standardise(tensors.FromValue([][]float32{{0}, {1e-5}}), tensors.FromValue([][]float32{{0}, {3e38}}))
	check(line(nil, far), "Standardise: the latents in row 1 overflow: they are too far from the training latents")
	check(line(measure.WithinRadius(math.NaN(), rows)), "WithinRadius: the radius is NaN: it must be 0 or above")
	check(line(measure.WithinRadius(-1, rows)), "WithinRadius: the radius is -1")
	check(line(measure.Gaussian(0, 2, 1)), "Gaussian(0, 2): at least one")
	check(line(measure.Gaussian(1<<40, 1<<40, 1)), "Gaussian(1099511627776, 1099511627776): the latents would take 4.836e+15 GB, and ")
	for _, dataRange := range []float64{0, -1, math.NaN(), math.Inf(1), 1e-200, 1e200} {
		check(line(measure.PSNR(pictures, pictures, dataRange)), "PSNR: the data range is ")
		check(line(measure.SSIM(pictures, pictures, dataRange)), "SSIM: the data range is ")
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, r := range [][2]float32{{1, -1}, {nan, 1}, {0, nan}, {inf, inf}, {-inf, -inf}} {
		check(line(measure.Clip(rows, r[0], r[1])), "Clip: the range begins at ")
	}
	check(line(unfitted.Encode(pictures, 1)), "PCA.Encode: there are no components: make the PCA with FitPCA")
	check(line(unfitted.Reconstruct(pictures, 1)), "PCA.Encode: there are no components")
	check(line(new(measure.PCA).Decode(rows)), "PCA.Decode: there are no components")
	check(line(diagonal.Decode(tensors.FromValue([][]float32{{1, 1}, {3e38, 3e38}}))), "PCA.Decode: the image of row 1 overflows")
	check(line(diagonal.Encode(tensors.FromValue([][]float32{{1, 1}, {3e38, 3e38}}), 1)), "PCA.Encode: a coordinate of row 1 overflows")
	faults.Row(t, "k = 0 neighbours, or more than there are latents", cases[0], "nothing divided by zero")
	faults.Row(t, "the variance of a single row", cases[5], "no 0 that says no unit is active")
	faults.Row(t, "a variance that overflows in KL", cases[7], "no infinite loss")
}
