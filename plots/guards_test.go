package plots_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"image/color"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/internal/faults"
	"autoencoders/internal/input"
	. "autoencoders/plots" // as a cell calls them

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// line returns the error of f, and fails the test if f panics, has none, or one of more than a line.
func line(t *testing.T, what string, f func() *Figure) error {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s panics: %v", what, r)
		}
	}()
	figure := f()
	n, err := figure.WriteTo(io.Discard)
	if err == nil || n != 0 || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "plots: ") {
		t.Errorf("%s: %d bytes and the error %v, want one line", what, n, err)
		return errors.New("none")
	}
	if figure.VegaLite() != nil {
		t.Errorf("%s has a Vega-Lite version", what)
	}
	return err
}

func zeros(dims ...int) *tensors.Tensor {
	return tensors.FromShape(shapes.Make(dtypes.Float32, dims...))
}

// places are the arguments of this package that are tensors, with something good in all others.
func places() map[string]func(x *tensors.Tensor) *Figure {
	plane := Plane{X0: -1, X1: 1, Y0: -1, Y1: 1, N: 2}
	points, pics := tensor(ramp, 4, 2), tensor(ramp, 4, 6, 5, 1)
	return map[string]func(x *tensors.Tensor) *Figure{
		"Scatter of points":   func(x *tensors.Tensor) *Figure { return Scatter(x, nil) },
		"Explorer of points":  func(x *tensors.Tensor) *Figure { return Explorer(plane, pics, x, nil) },
		"Map of Around":       func(x *tensors.Tensor) *Figure { return Map(Around(x, 2), pics) },
		"Explorer of Around":  func(x *tensors.Tensor) *Figure { return Explorer(Around(x, 2), pics, points, nil) },
		"Scatter of Points":   func(x *tensors.Tensor) *Figure { return Scatter(Around(x, 2).Points(), nil) },
		"Scatter of Pictures": func(x *tensors.Tensor) *Figure { return Scatter(points, nil, Pictures(x)) },
		"Images":              func(x *tensors.Tensor) *Figure { return Images(x) },
		"Pairs, top":          func(x *tensors.Tensor) *Figure { return Pairs(x, pics) },
		"Pairs, bottom":       func(x *tensors.Tensor) *Figure { return Pairs(pics, x) },
		"Scatter of Clouds":   func(x *tensors.Tensor) *Figure { return Scatter(points, nil, Clouds(x, points)) },
		"Clouds, log of var":  func(x *tensors.Tensor) *Figure { return Scatter(points, nil, Clouds(points, x)) },
		"Map of Covering":     func(x *tensors.Tensor) *Figure { return Map(Covering(x, 2), pics) },
		"Map of Codes":        func(x *tensors.Tensor) *Figure { return Map(plane, pics, Codes(x)) },
		"Explorer of Codes":   func(x *tensors.Tensor) *Figure { return Explorer(plane, pics, points, nil, Codes(x)) },
		"Arrows of points":    func(x *tensors.Tensor) *Figure { return Arrows(x, points, nil) },
		"Arrows to points":    func(x *tensors.Tensor) *Figure { return Arrows(points, x, nil) },
		"Arrows of Behind":    func(x *tensors.Tensor) *Figure { return Arrows(points, points, nil, Behind(x, nil)) },
		"Grid":                func(x *tensors.Tensor) *Figure { return Grid([]*tensors.Tensor{pics, x}) },
		"Map of images":       func(x *tensors.Tensor) *Figure { return Map(plane, x) },
		"Explorer of images":  func(x *tensors.Tensor) *Figure { return Explorer(plane, x, points, nil) },
	}
}

func TestNoBadTensorIsDrawn(t *testing.T) {
	reason := errors.New("datasets: a file is missing")
	var seen error
	for name, figure := range places() {
		dims := []int{4, 6, 5, 1}
		for _, plane := range []string{"oint", "Around", "Clouds", "Covering", "Codes", "Behind"} {
			if strings.Contains(name, plane) {
				dims = []int{4, 2}
			}
		}
		if _, err := figure(tensor(ramp, dims...)).WriteTo(io.Discard); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		last := func(x float64) *tensors.Tensor {
			v := tensors.MustCopyFlatData[float32](tensor(ramp, dims...))
			v[len(v)-1] = float32(x)
			return tensors.FromFlatDataAndDimensions(v, dims...)
		}
		gone := tensor(ramp, dims...)
		gone.MustFinalizeAll()
		for bad, x := range map[string]*tensors.Tensor{
			"nil":        nil,
			"finalized":  gone,
			"NaN":        last(math.NaN()),
			"+Inf":       last(math.Inf(1)),
			"-Inf":       last(math.Inf(-1)),
			"empty":      zeros(append([]int{0}, dims[1:]...)...),
			"no pixels":  zeros(4, 0, 5, 1),
			"float64":    tensors.FromShape(shapes.Make(dtypes.Float64, dims...)),
			"uint8":      tensors.FromShape(shapes.Make(dtypes.Uint8, dims...)),
			"a scalar":   tensors.FromScalar(float32(1)),
			"rank 1":     zeros(4),
			"rank 5":     zeros(4, 6, 5, 1, 1),
			"width":      zeros(4, 3),
			"channels":   zeros(4, 6, 5, 2),
			"not loaded": input.Failed(reason),
		} {
			err := line(t, name+" of "+bad, func() *Figure { return figure(x) })
			if bad == "not loaded" && !errors.Is(err, reason) {
				t.Errorf("%s of images that could not be loaded: %v does not say why", name, err)
			}
			if bad == "+Inf" && name == "Images" {
				seen = err
			}
		}
	}
	faults.Row(t, "NaN, an infinite number, nothing or a wrong type in a figure (every figure, each argument)", seen.Error(), "the other cells and their figures")
}

// The table above would be worth little if a new function were missing from it.
func TestEveryFunctionOfTensorsIsTried(t *testing.T) {
	tried := ""
	for name := range places() {
		tried += name + " "
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
			for _, p := range f.Type.Params.List {
				if !strings.Contains(fmt.Sprint(render(p.Type)), "tensors.Tensor") {
					continue
				}
				found++
				if !strings.Contains(tried, f.Name.Name) {
					t.Errorf("%s is not tried", f.Name.Name)
				}
			}
		}
	}
	if found != 14 { // arguments: Pairs has its two in one list
		t.Errorf("%d arguments of tensors are in the source", found)
	}
}

// render writes a type as the source does, as far as tensors need it.
func render(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return "*" + render(e.X)
	case *ast.ArrayType:
		return "[]" + render(e.Elt)
	case *ast.SelectorExpr:
		return render(e.X) + "." + e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func TestAnOptionWithoutUseIsAnError(t *testing.T) {
	points, pics, plane := tensor(ramp, 4, 2), tensor(ramp, 4, 6, 5, 1), Plane{X0: -1, X1: 1, Y0: -1, Y1: 1, N: 2}
	all := map[string]Option{
		"Title": Title("title"), "Axes": Axes("x", "y"), "Palette": Palette(Tutorial), "Labels": Labels("zero"), "Pictures": Pictures(pics),
		"Columns": Columns(2), "Range": Range(0, 1), "Captions": Captions(1, 2, 3, 4), "RowNames": RowNames(), "Line": Line("loss", []float64{1}),
		"Runs": Runs("loss", [][]float64{{1}}), "Ticks": Ticks("one"), "Circles": Circles(1),
		"ColumnNames": ColumnNames(1, 2, 3, 4), "RowNotes": RowNotes(), "Diverging": Diverging(), "Over": Over([]float64{1}), "Marks": Marks("a mark"),
		"Baseline": Baseline("mean", 1), "Unlabelled": Unlabelled(), "Clouds": Clouds(points, points), "Codes": Codes(points),
		"Behind": Behind(points, nil), "Highlight": Highlight("encoder.0"), "Values": Values("inputs", []float64{1}), "Part": Part("bound", []float64{1}),
	}
	header, layers := []string{"name", "layer", "output", "parameters"}, [][]string{{"encoder.0", "Linear(784, 2)", "2", "1570"}}
	var seen error
	for figure, c := range map[string]struct {
		uses string
		draw func(o Option) *Figure
	}{
		"Scatter":               {"Title Axes Palette Labels Unlabelled Circles Clouds Pictures Range", func(o Option) *Figure { return Scatter(points, nil, o) }},
		"Images":                {"Title Columns Range Captions Labels ColumnNames RowNotes Diverging", func(o Option) *Figure { return Images(pics, o) }},
		"Pairs":                 {"Title Columns Range Captions Labels ColumnNames RowNotes Diverging RowNames", func(o Option) *Figure { return Pairs(pics, pics, o) }},
		"Grid":                  {"Title Columns Range Captions Labels ColumnNames RowNotes Diverging RowNames", func(o Option) *Figure { return Grid([]*tensors.Tensor{pics}, o) }},
		"Curve":                 {"Title Axes Palette Line Runs Ticks Over Marks Baseline", func(o Option) *Figure { return Curve(Line("a", []float64{1}), o) }},
		"Map":                   {"Title Axes Range Codes", func(o Option) *Figure { return Map(plane, pics, o) }},
		"Explorer":              {"Title Axes Palette Labels Unlabelled Range Codes", func(o Option) *Figure { return Explorer(plane, pics, points, nil, o) }},
		"Arrows":                {"Title Axes Palette Labels Unlabelled Behind", func(o Option) *Figure { return Arrows(points, points, nil, o) }},
		"Histogram":             {"Title Axes Palette Values", func(o Option) *Figure { return Histogram(Values("a", []float64{1}), o) }},
		"Bars":                  {"Title Axes Palette Part", func(o Option) *Figure { return Bars([]string{"a"}, Part("a", []float64{1}), o) }},
		"Network":               {"Title Highlight", func(o Option) *Figure { return Network(header, layers, o) }},
		"Convolution":           {"Title", func(o Option) *Figure { return Convolution(5, 3, 2, 1, o) }},
		"TransposedConvolution": {"Title", func(o Option) *Figure { return TransposedConvolution(3, 3, 2, 1, 1, o) }},
		"CellLife":              {"Title", func(o Option) *Figure { return CellLife(o) }},
	} {
		for name, option := range all {
			useful := strings.Contains(" "+c.uses+" ", " "+name+" ")
			if useful {
				if _, err := c.draw(option).WriteTo(io.Discard); err != nil {
					t.Errorf("%s with %s: %v", figure, name, err)
				}
				continue
			}
			err := line(t, figure+" with "+name, func() *Figure { return c.draw(option) })
			if want := fmt.Sprintf("plots: %s: no use for %s: its options are %s", figure, name, strings.ReplaceAll(c.uses, " ", ", ")); err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
			if figure == "Curve" && name == "Columns" {
				seen = err
			}
		}
		if _, err := c.draw(nil).WriteTo(io.Discard); err != nil {
			t.Errorf("%s with no option (nil): %v", figure, err)
		}
	}
	faults.Row(t, "an option that a figure has no use for", seen.Error(), "the other cells and their figures")
}

func TestOptionsThatCannotBeDrawn(t *testing.T) {
	points, pics, plane := tensor(ramp, 4, 2), tensor(ramp, 4, 6, 5, 1), Plane{X0: -1, X1: 1, Y0: -1, Y1: 1, N: 2}
	nan, inf := math.NaN(), math.Inf(1)
	net, columns := Network, []string{"name", "layer", "output", "parameters"}
	around := func(n int) *Figure { return Map(Around(points, n), pics) }
	at := func(x0, x1 float64, n int) *Figure { return Map(Plane{X0: x0, X1: x1, Y0: 0, Y1: 1, N: n}, pics) }
	cases := []struct {
		f    func() *Figure
		want string
	}{
		{func() *Figure { return Images(pics, Range(1, 0)) }, "Images: Range(1, 0): the first value is drawn black"},
		{func() *Figure { return Images(pics, Range(0, 0)) }, "Images: Range(0, 0)"},
		{func() *Figure { return Images(pics, Range(float32(nan), 1)) }, "Images: Range(NaN, 1)"},
		{func() *Figure { return Map(plane, pics, Range(0, float32(inf))) }, "Map: Range(0, +Inf)"},
		{func() *Figure { return Images(pics, Columns(0)) }, "Images: Columns(0): at least one image"},
		{func() *Figure { return Images(pics, Columns(-3)) }, "Images: Columns(-3)"},
		{func() *Figure { return Images(pics, Captions()) }, "Images: 0 captions for 4 images"},
		{func() *Figure { return Images(pics, Captions([]string(nil))) }, "Images: 0 captions for 4 images"},
		{func() *Figure { return Curve(Ticks(), Line("a", []float64{1})) }, "Curve: 0 Ticks for 1 places"},
		{func() *Figure { return Curve(Line("a", []float64{1, inf})) }, `Curve: line "a" is +Inf at 2: has the training diverged?`},
		{func() *Figure { return Curve(Line("a", []float64{1, -1e305})) }, `Curve: line "a" is -1e+305 at 2, too large`},
		{func() *Figure { return Curve(Runs("a", [][]float64{{1, nan}})) }, `Curve: line "a" is NaN at 1`},
		{func() *Figure { return Curve(Runs("a", [][]float64{{-inf, 1}})) }, `Curve: line "a" is -Inf at 1`},
		{func() *Figure { return Scatter(points, nil, Circles(inf)) }, "Scatter: a circle of radius +Inf"},
		{func() *Figure { return Scatter(points, nil, Circles(1e300)) }, "Scatter: a circle of radius 1e+300"},
		{func() *Figure { return Scatter(points, nil, Palette(Colours{color.Black, nil})) }, "Scatter: Palette: colour 1 is missing (nil)"},
		{func() *Figure { return Scatter(points, []uint8{}) }, "Scatter: 0 labels for 4 points"},
		{func() *Figure { return around(0) }, "Map: Around: n is 0, it must be 1-200"},
		{func() *Figure { return around(201) }, "Map: Around: n is 201, it must be 1-200"},
		{func() *Figure { return at(0, 1, 0) }, "Map: Plane{0, 1, 0, 1, 0} is empty"},
		{func() *Figure { return at(0, 1, -1) }, "Map: Plane{0, 1, 0, 1, -1} is empty"},
		{func() *Figure { return at(0, 1, 1<<40) }, "Map: Plane{0, 1, 0, 1, 1099511627776} is too fine: N is 1-1000"},
		{func() *Figure { return at(nan, 1, 2) }, "Map: Plane{NaN, 1, 0, 1, 2} is empty"},
		{func() *Figure { return at(0, inf, 2) }, "Map: Plane{0, +Inf, 0, 1, 2} is empty"},
		{func() *Figure { return at(-1e308, 1e308, 2) }, "Map: Plane{-1e+308, 1e+308, 0, 1, 2} is empty"},
		{func() *Figure { return at(1e9, 1e9+1e-7, 2) }, "Map: Plane{1e+09, 1.0000000000000001e+09, 0, 1, 2} is empty"},
		{func() *Figure { return Scatter(Plane{X0: 0, X1: nan, Y0: 0, Y1: 1, N: 1 << 40}.Points(), nil) }, "Scatter: the points could not be loaded: plots: Plane{0, NaN, 0, 1, 1099511627776} is empty"},
		{func() *Figure { return Map(plane, pics, Axes("x", strings.Repeat("y", 301))) }, "Map: a text of 301 letters is too long: 300 at most"},
		{func() *Figure { return Images(pics, Captions(1, 2, 3, strings.Repeat("é", 301))) }, "Images: a text of 301 letters"},
		{func() *Figure { return Images(pics, Diverging(), Range(-1, 2)) }, "Images: Range(-1, 2) with Diverging: the range must have 0 in its middle"},
		{func() *Figure { return Images(tensor(ramp, 2, 2, 2, 3), Diverging()) }, "Images: Diverging: images of 3 channels have colours of their own"},
		{func() *Figure { return Images(pics, ColumnNames(1, 2, 3)) }, "Images: 3 column names for 4 columns"},
		{func() *Figure { return Images(pics, ColumnNames([]int{1, 2, 3}, 4), Columns(2)) }, "Images: 4 column names for 2 columns"},
		{func() *Figure { return Images(pics, Columns(2), RowNotes("one")) }, "Images: 1 row notes for 2 rows"},
		{func() *Figure { return Pairs(pics, pics, RowNotes("one", "two", "three")) }, "Pairs: 3 row notes for 2 rows"},
		{func() *Figure { return Curve(Line("a", []float64{1, 2}), Over([]float64{1})) }, "Curve: Over gives 1 numbers for 2 places"},
		{func() *Figure { return Curve(Line("a", []float64{1, 2}), Over(nil)) }, "Curve: Over gives 0 numbers for 2 places"},
		{func() *Figure { return Curve(Line("a", []float64{1, 2}), Over([]float64{1, nan})) }, "Curve: Over is NaN at 2"},
		{func() *Figure { return Curve(Line("a", []float64{1}), Over([]float64{1}), Ticks("one")) }, "Curve: Ticks name the places 1, 2, 3, …, and Over gives others"},
		{func() *Figure { return Curve(Line("a", []float64{1, 2}), Marks("one")) }, `Curve: 1 Marks for the 2 values of line "a"`},
		{func() *Figure { return Curve(Line("a", []float64{1, 2}), Baseline("b", inf)) }, `Curve: Baseline("b", +Inf) cannot be drawn`},
		{func() *Figure { return Curve(Line("a", []float64{1, 2}), Baseline("b", -1e301)) }, `Curve: Baseline("b", -1e+301) cannot be drawn`},
		{func() *Figure { return Curve(Baseline("b", 1)) }, "Curve: nothing to draw: give it a Line"},
		{func() *Figure { return Scatter(points, nil, Clouds(points, tensor(ramp, 3, 2))) }, "Scatter: Clouds: 4 means and 3 log variances"},
		{func() *Figure { return Scatter(points, nil, Clouds(points, tensor(constant(200), 4, 2))) }, "Scatter: Clouds: log variance 0 is (200, 200), too large to be drawn"},
		{func() *Figure { return Map(Covering(points, 0), pics) }, "Map: Covering: n is 0, it must be 1-200"},
		{func() *Figure { return Arrows(points, tensor(ramp, 3, 2), nil) }, "Arrows: 4 beginnings and 3 ends"},
		{func() *Figure { return Arrows(points, points, []uint8{1}) }, "Arrows: 1 labels for 4 points"},
		{func() *Figure { return Arrows(points, points, nil, Behind(points, []uint8{1, 2, 3, 10})) }, "Arrows: Behind: label 3 is 10, colours are for 0-9"},
		{func() *Figure { return Histogram() }, "Histogram: nothing to draw: give it Values"},
		{func() *Figure { return Histogram(Values("a", nil)) }, `Histogram: the values of "a" are missing`},
		{func() *Figure { return Histogram(Values("a", []float64{1, nan})) }, `Histogram: "a" is NaN at 2: has the training diverged?`},
		{func() *Figure { return Histogram(Values("a", []float64{1e301})) }, `Histogram: "a" is 1e+301 at 1, too large to be drawn`},
		{func() *Figure { return Bars(nil, Part("a", nil)) }, "Bars: no names: there is a stack for each"},
		{func() *Figure { return Bars([]string{"a"}) }, "Bars: nothing to draw: give it a Part"},
		{func() *Figure { return Bars([]string{"a", "b"}, Part("c", []float64{1})) }, `Bars: part "c" has 1 values for 2 names`},
		{func() *Figure { return Bars([]string{"a"}, Part("c", []float64{inf})) }, `Bars: part "c" is +Inf at 1: has the training diverged?`},
		{func() *Figure { return Bars([]string{strings.Repeat("a", 301)}, Part("c", []float64{1})) }, "Bars: a text of 301 letters is too long"},
		{func() *Figure { return net(nil, nil) }, `Network: the table has no column "name": give it the header and the rows of Summary's Table`},
		{func() *Figure { return net([]string{"name", "layer", "output"}, nil) }, `Network: the table has no column "parameters"`},
		{func() *Figure { return net(columns, nil) }, "Network: the table has no layers"},
		{func() *Figure { return net(columns, [][]string{{"", "", "total", "0"}}) }, "Network: the table has no layers"},
		{func() *Figure { return net(columns, [][]string{{"encoder.0", "Linear(2, 2)"}}) }, "Network: row 1 has 2 columns, the header 4"},
		{func() *Figure { return net(columns, [][]string{{"a", "Linear(2, 2)", "two", "6"}}) }, `Network: row 1: the output "two" is no size, such as 128 or 14 × 14 × 16`},
		{func() *Figure { return net(columns, [][]string{{"a", "Linear(2, 2)", "0", "6"}}) }, `Network: row 1: the output "0" is no size`},
		{func() *Figure { return net(columns, [][]string{{"a", strings.Repeat("L", 301), "2", "6"}}) }, "Network: a text of 301 letters is too long"},
		{func() *Figure {
			return net(columns, [][]string{{"encoder.0", "Linear(2, 2)", "2", "6"}}, Highlight("encoder.1"))
		}, `Network: Highlight: there is no layer "encoder.1": the first is encoder.0, the last encoder.0`},
		{func() *Figure { return Convolution(0, 3, 1, 0) }, "Convolution: size 0, kernel 3, stride 1, padding 0: the first three are at least 1"},
		{func() *Figure { return Convolution(5, 3, 0, 0) }, "Convolution: size 5, kernel 3, stride 0, padding 0"},
		{func() *Figure { return Convolution(5, 3, 1, -1) }, "Convolution: size 5, kernel 3, stride 1, padding -1"},
		{func() *Figure { return Convolution(5, 8, 1, 1) }, "Convolution: a kernel of 8 is larger than the image with its padding, 7"},
		{func() *Figure { return TransposedConvolution(3, 0, 2, 1, 1) }, "TransposedConvolution: size 3, kernel 0, stride 2, padding 1, output padding 1: the first three are at least 1"},
		{func() *Figure { return TransposedConvolution(3, 3, 2, 1, 2) }, "TransposedConvolution: size 3, kernel 3, stride 2, padding 1, output padding 2: the output padding must be smaller than the stride"},
		{func() *Figure { return TransposedConvolution(1, 2, 1, 1, 0) }, "TransposedConvolution: size 1, kernel 2, stride 1, padding 1, output padding 0: the padding leaves nothing"},
		{func() *Figure { return nil }, "an empty Figure"},
	}
	for _, c := range cases {
		if err := line(t, c.want, c.f); !strings.HasPrefix(err.Error(), "plots: "+c.want) {
			t.Errorf("got %v, want plots: %s…", err, c.want)
		}
	}
	faults.Row(t, "a range from white to black", line(t, "a range", cases[0].f).Error(), "no picture in negative")
}

func TestFiguresThatWouldBeTooLarge(t *testing.T) {
	plane := func(n int) Plane { return Plane{X0: -1, X1: 1, Y0: -1, Y1: 1, N: n} }
	cases := []struct {
		f    func() *Figure
		want string
	}{
		{func() *Figure { return Images(zeros(10000, 28, 28, 1)) }, "Images: 10000 images are too many for one figure: Take(100)"},
		{func() *Figure { return Images(zeros(501, 2, 2, 1)) }, "Images: 501 images are too many"},
		{func() *Figure { return Pairs(zeros(251, 2, 2, 1), zeros(251, 2, 2, 1)) }, "Pairs: 2 rows of 251 images are too many for one figure: Take(100)"},
		{func() *Figure {
			return Grid([]*tensors.Tensor{zeros(101, 2, 2, 1), zeros(101, 2, 2, 1), zeros(101, 2, 2, 1), zeros(101, 2, 2, 1), zeros(101, 2, 2, 1), zeros(101, 2, 2, 1)})
		}, "Grid: 6 rows of 101 images are too many for one figure: Take(83)"},
		{func() *Figure { return Images(zeros(500, 50, 15, 1)) }, "Images: the figure would have 1304 x 20424 pixels, more than 25 million: draw fewer images, or smaller ones than 50x15"},
		{func() *Figure { return Images(zeros(400, 40, 1000, 1), Columns(400)) }, "Images: the figure would have "},
		{func() *Figure { return Map(plane(100), zeros(10000, 40, 1, 1)) }, "Map: the figure would have 1100 x 44000 pixels, more than 25 million: use a plane of fewer points, or smaller images than 40x1"},
		{func() *Figure { return Explorer(plane(80), zeros(6400, 28, 28, 1), zeros(3, 2), nil) }, "Explorer: 80 x 80 images of 28x28 pixels are too many to be pointed at: use a plane of 71 x 71 points"},
		{func() *Figure { return Explorer(plane(1), zeros(1, 2100, 2100, 1), zeros(3, 2), nil) }, "Explorer: images of 2100x2100 pixels are too large to be pointed at"},
		{func() *Figure { return Scatter(zeros(3, 2), nil, Clouds(zeros(2001, 2), zeros(2001, 2))) }, "Scatter: Clouds: 2001 ellipses are too many to be told apart: 2000 at most"},
		{func() *Figure { return Arrows(zeros(2001, 2), zeros(2001, 2), nil) }, "Arrows: 2001 arrows are too many to be told apart: 2000 at most"},
		{func() *Figure { return Bars(make([]string, 25), Part("a", make([]float64, 25))) }, "Bars: 25 stacks are too many to stand side by side: 24 at most"},
		{func() *Figure { return deep(25) }, "Network: 25 layers are too many to stand side by side: 24 at most"},
		{func() *Figure { return Convolution(64, 3, 1, 1) }, "Convolution: an image of 64 pixels with a padding of 1 is too large to be drawn: 64 pixels on a side at most"},
		{func() *Figure { return Convolution(1, 1, 1, 1<<62) }, "Convolution: an image of 1 pixels with a padding of 4611686018427387904 is too large"},
		{func() *Figure { return TransposedConvolution(33, 3, 2, 1, 1) }, "TransposedConvolution: size 33, kernel 3, stride 2, padding 1, output padding 1: too large to be drawn, 64 pixels on a side at most"},
		{func() *Figure { return TransposedConvolution(1<<40, 1<<40, 1<<40, 0, 0) }, "TransposedConvolution: size 1099511627776, "},
		{func() *Figure { return Scatter(zeros(3, 2), nil, Pictures(zeros(3, 300, 300, 1))) }, "Scatter: pictures of 300x300 pixels are too large to be pointed at: make them smaller than 283x283"},
	}
	for _, c := range cases {
		if err := line(t, c.want, c.f); !strings.HasPrefix(err.Error(), "plots: "+c.want) {
			t.Errorf("got %v, want plots: %s…", err, c.want)
		}
	}
	faults.Row(t, "a whole data set in one figure", line(t, "10000 images", cases[0].f).Error(), "no picture of 120,000 pixels in the notebook")
	faults.Row(t, "a figure of too many pixels", line(t, "large images", cases[4].f).Error(), "the memory it would take")
	for name, f := range map[string]*Figure{
		"500 images":         Images(zeros(500, 2, 2, 1)),
		"250 pairs":          Pairs(zeros(250, 2, 2, 1), zeros(250, 2, 2, 1)),
		"10,000 points":      Scatter(tensor(ramp, 10000, 2), digits(10000)),
		"10,000 pictures":    Scatter(tensor(ramp, 10000, 2), nil, Pictures(zeros(10000, 2, 2, 1))),
		"71 x 71 decoded":    Explorer(plane(71), zeros(71*71, 28, 28, 1), zeros(3, 2), nil),
		"24 layers":          deep(24),
		"24 stacks":          Bars(make([]string, 24), Part("a", make([]float64, 24))),
		"2,000 arrows":       Arrows(tensor(ramp, 2000, 2), zeros(2000, 2), nil),
		"64 pixels":          Convolution(62, 3, 2, 1),
		"64 pixels, back":    TransposedConvolution(32, 2, 2, 0, 0),
		"200 x 200 on a map": Map(plane(200), zeros(40000, 4, 4, 1)),
	} {
		if _, err := f.WriteTo(io.Discard); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// deep returns a drawing of a net of n layers.
func deep(n int) *Figure {
	var layers [][]string
	for i := range n {
		layers = append(layers, []string{fmt.Sprintf("encoder.%d", i), "Linear(784, 784)", "784", "615440"})
	}
	return Network([]string{"name", "layer", "output", "parameters"}, layers)
}

// Nothing here is wrong, and nothing of it fits: it is drawn as well as it can be.
func TestExtremesAreDrawn(t *testing.T) {
	long := strings.Repeat("long ", 60)
	points, pics, plane := tensor(ramp, 4, 2), tensor(ramp, 4, 6, 5, 1), Plane{X0: -1, X1: 1, Y0: -1, Y1: 1, N: 2}
	for name, f := range map[string]*Figure{
		"long title":         Curve(Title(long), Line("a", []float64{1, 2})),
		"long axes":          Scatter(points, nil, Axes(long, long)),
		"long label":         Scatter(points, []uint8{0, 1, 2, 3}, Labels(long)),
		"long line name":     Curve(Line(long, []float64{1, 2})),
		"long ticks":         Curve(Ticks(long, long), Line("a", []float64{1, 2})),
		"long caption":       Images(pics, Captions(long, long, long, long)),
		"long title, map":    Map(plane, pics, Title(long), Axes(long, long)),
		"long, explorer":     Explorer(plane, pics, points, []uint8{0, 1, 2, 3}, Title(long), Axes(long, long), Labels(long)),
		"long notes":         Images(pics, Title(long), ColumnNames(long, long, long, long), RowNotes(long)),
		"long baseline":      Curve(Line("a", []float64{1, 2}), Baseline(long, 1.5), Marks(long, long)),
		"one of each":        Scatter(points, []uint8{0, 1, 2, 3}, Labels(long, long, long, long)),
		"points for clouds":  Scatter(points, nil, Clouds(points, tensor(constant(-1e30), 4, 2))),
		"huge clouds":        Scatter(points, nil, Clouds(points, tensor(constant(170), 4, 2))),
		"one x":              Curve(Line("a", []float64{1, 2}), Over([]float64{3, 3}), Marks("a", "b")),
		"far x":              Curve(Line("a", []float64{1, 2}), Over([]float64{-1e300, 1e300}), Marks("a", "b")),
		"one sign":           Images(tensor(constant(0), 4, 3, 3, 1), Diverging()),
		"large weights":      Images(tensor(func(i int) float32 { return float32(1-2*(i%2)) * math.MaxFloat32 }, 1, 2, 2, 1), Diverging()),
		"far codes":          Explorer(plane, pics, tensor(constant(1e30), 4, 2), nil, Codes(points)),
		"no arrow":           Arrows(points, points, nil),
		"far arrows":         Arrows(tensor(constant(-3e38), 4, 2), tensor(constant(3e38), 4, 2), []uint8{0, 1, 2, 3}, Labels(long)),
		"values of one":      Histogram(Values(long, []float64{0, 0, 0}), Axes(long, long)),
		"huge values, bins":  Histogram(Values("a", []float64{-1e300, 1e300, 0})),
		"tiny values":        Histogram(Values("a", []float64{5e-324})),
		"bars of nothing":    Bars([]string{long, long}, Part(long, []float64{0, 0})),
		"huge bars":          Bars([]string{"a"}, Part("a", []float64{1e300}), Part("b", []float64{-1e300})),
		"a layer of its own": Network([]string{"Name", "Layer", "Output", "Parameters"}, [][]string{{long, "your own", "3 × 4", "?"}}, Title(long)),
		"unknown input":      Network([]string{"name", "layer", "output", "parameters"}, [][]string{{"encoder.0", "Conv2d(1, 6, 5)", "7", "0"}}),
		"a large image":      Network([]string{"name", "layer", "output", "parameters"}, [][]string{{"a", "Conv2d(x)", "1 × 1000000 × 1000000", "1"}, {"b", "", "1", ""}}),
		"one pixel":          Convolution(1, 1, 1, 0, Title(long)),
		"gaps":               Convolution(9, 1, 4, 0),
		"one stamp":          TransposedConvolution(1, 1, 1, 0, 0, Title(long)),
		"stamps apart":       TransposedConvolution(3, 1, 4, 0, 3),
		"lines":              Images(pics, Title("one\ntwo\n"), Captions("a\nb", "\n", "", "\t")),
		"not UTF-8":          Curve(Title("\xff\xfe"), Line("\xff", []float64{1})),
		"huge values":        Curve(Line("a", []float64{-1e300, 1e300})),
		"a large constant":   Curve(Line("a", []float64{1e16, 1e16})),
		"a larger constant":  Curve(Line("a", []float64{-3e250, -3e250})),
		"a tiny one":         Curve(Line("a", []float64{5e-324, 0})),
		"largest points":     Scatter(tensor(func(i int) float32 { return float32(1-2*(i%2)) * math.MaxFloat32 }, 4, 2), nil),
		"largest circle":     Scatter(points, nil, Circles(1e38, 1e-30)),
		"one far point":      Scatter(tensor(constant(3e38), 4, 2), nil),
		"a small plane":      Map(Plane{X0: 0, X1: 1e-300, Y0: 1, Y1: 1.00001, N: 2}, pics),
		"largest pixels":     Images(tensor(func(i int) float32 { return float32(1-2*(i%2)) * math.MaxFloat32 }, 1, 2, 2, 3)),
		"largest range":      Images(pics, Range(-1e38, 1e38)),
	} {
		if n, err := f.WriteTo(io.Discard); err != nil || n == 0 {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
}

func TestLargePicturesAreFewer(t *testing.T) {
	points := tensor(ramp, 100, 2)
	for size, want := range map[int]int{250: 64, 28: 100} { // 4,000,000 / 250²
		var spec struct{ Data struct{ Values string } }
		if err := json.Unmarshal(Scatter(points, nil, Pictures(zeros(100, size, size, 1))).VegaLite(), &spec); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(spec.Data.Values, "\n") - 1; n != want {
			t.Errorf("%d pictures of %dx%d pixels, want %d", n, size, size, want)
		}
	}
}
