package course

import (
	"strings"
	"testing"

	"autoencoders/measure"
	"autoencoders/plots"

	"github.com/gomlx/gomlx/core/tensors"
)

type encode = func(x *tensors.Tensor) (*tensors.Tensor, error)

func TestCodesAreComparedInARowForEachSize(t *testing.T) {
	apart := Codes{"apart", []int{1, 2}, [][]encode{{encoder(1, 1)}, {encoder(1, 0)}}}
	mixed := Codes{"mixed", []int{1, 2}, [][]encode{{encoder(1, 1), encoder(0, 1)}, {encoder(1, 0), encoder(1, 1)}}}
	for name, compare := range map[string]func(Data, ...Codes) []plots.Option{"neighbours": Neighbours, "linear": Linear} {
		var lines []plots.Option
		rows := printed(t, func() { lines = compare(squares, apart, mixed) })
		if len(rows) != 3 || rows[0] != "latent dimensions apart mixed" || rows[2] != "2 1.0000 1.0000 (1.0000–1.0000)" {
			t.Errorf("%s: the table is %q", name, rows)
		}
		if !strings.HasPrefix(rows[1], "1 1.0000 0.") || !strings.HasSuffix(rows[1], "–1.0000)") {
			t.Errorf("%s: with one seed that says nothing the row is %q", name, rows[1])
		}
		alt := plots.Curve(lines...).Alt()
		if !strings.Contains(alt, "accuracy over latent dimensions, 1 to 2") || !strings.Contains(alt, "apart") || !strings.Contains(alt, "mixed") {
			t.Errorf("%s: the lines draw %q", name, alt)
		}
	}
}

// The accuracies of a comparison are those of Separation.
func TestAComparisonGivesWhatSeparationGives(t *testing.T) {
	code := encoder(0.03, 1) // hard to tell apart
	neighbours, linear := Separation(code, squares)
	codes := Codes{"hard", []int{2}, [][]encode{{code}}}
	rows := printed(t, func() { Neighbours(squares, codes); Linear(squares, codes) })
	wantLines(t, rows, "latent dimensions hard", "2 "+Spread([]float64{neighbours}), "latent dimensions hard", "2 "+Spread([]float64{linear}))
}

func TestCodesOfASweepAndOfPCA(t *testing.T) {
	s := Sweep{Sizes: []int{1, 4}, Seeds: 2, Net: sized(t.TempDir())}
	printed(t, func() { s.Train(squares, recipe(1)) })
	p, err := measure.FitPCA(squares.train.Images)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Codes{s.Codes("nets"), PCACodes(p, 1, 4)} {
		for i, seeds := range c.Encode {
			for _, encode := range seeds {
				z, err := encode(squares.test.Images)
				if err != nil || z.Shape().Dimensions[1] != c.Sizes[i] {
					t.Errorf("%s of size %d: the codes are %v: %v", c.Name, c.Sizes[i], z, err)
				}
			}
		}
	}
	net := cellOf(t, s.Codes("nets").Encode[1][1], squares.test.Images)
	alone := cellOf(t, s.Net(4, 1).Encode, squares.test.Images)
	if !net.Equal(alone) {
		t.Error("the codes of a sweep's size 4 and seed 1 are not those of its net")
	}
}

func cellOf(t *testing.T, encode encode, x *tensors.Tensor) *tensors.Tensor {
	t.Helper()
	z, err := encode(x)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestCodesThatCannotBeComparedAreRefused(t *testing.T) {
	good := Codes{"good", []int{2}, [][]encode{{encoder(1, 1)}}}
	for want, all := range map[string][]Codes{
		"course: Linear: no codes":                                 nil,
		"course: Linear: the codes of good have the sizes [2], th": {good, {"other", []int{3}, good.Encode}},
		"course: Linear: the codes of few have 2 sizes, and encod": {{"few", []int{1, 2}, good.Encode}},
		"course: Linear: the codes of none have no encoder for si": {{"none", []int{2}, [][]encode{{}}}},
	} {
		if _, err := compareCodes("Linear", squares, all, separated.linear); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the error is %v, want one that begins %q", err, want)
		}
	}
	if _, err := compareCodes("Linear", nil, []Codes{good}, separated.linear); err == nil || !strings.HasPrefix(err.Error(), "course: Linear: the data set") {
		t.Errorf("without a data set the error is %v", err)
	}
}
