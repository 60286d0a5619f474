package course

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"autoencoders/cell"
	"autoencoders/datasets"
	"autoencoders/images"
	"autoencoders/measure"

	"github.com/gomlx/gomlx/core/tensors"
)

// The same square a thousand times looks like a square, but not like the other squares; grey images look like none.
func TestSamplesAreComparedInBothDirections(t *testing.T) {
	to, from := map[string][]float64{}, map[string][]float64{}
	var order []string
	if err := scoreSamples(squares, []Sampler{
		{"one square", func(n int, _ uint64) *datasets.Split {
			return &datasets.Split{Images: images.Repeat(squares.train.Take(1).Images, n)}
		}},
		{"grey", func(n int, _ uint64) *datasets.Split {
			return &datasets.Split{Images: images.Constant(images.Repeat(squares.train.Take(1).Images, n), 0.5)}
		}},
	}, func(name string, a, b []float64) {
		order, to[name], from[name] = append(order, name), a, b
	}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"real images", "one square", "grey"}; !slices.Equal(order, want) {
		t.Fatalf("the rows are %v, want %v", order, want)
	}
	for i := range sampleDraws {
		real := max(to["real images"][i], from["real images"][i])
		if real > 1 || to["one square"][i] > 1 || from["one square"][i] < 3 || to["grey"][i] < 10 || from["grey"][i] < 10 {
			t.Errorf("draw %d: to the training images %v, from the test images %v", i, to, from)
		}
	}
	if slices.Min(to["real images"]) == slices.Max(to["real images"]) {
		t.Error("all draws are of the same images")
	}
}

func TestCodesAreDrawnAndDecoded(t *testing.T) {
	m := small(t.TempDir())
	printed(t, func() { Train(m, squares, recipe(1)) })
	gaussian := cell.Must(measure.FitGaussian(cell.Must(m.Encode(squares.train.Images))))
	got := Decoded("plain", m, gaussian.Sample).Sample(7, 3).Images
	if want := cell.Must(m.Decode(cell.Must(gaussian.Sample(7, 3)))); !got.Equal(want) {
		t.Error("the images are not the decoded draws")
	}
}

func TestScoreSamplesSaysWhatIsWrong(t *testing.T) {
	broken := Sampler{"broken", func(int, uint64) *datasets.Split {
		return &datasets.Split{Images: tensors.FromValue([][]float32{{1, 2}})}
	}}
	for want, samplers := range map[string][]Sampler{
		"course: ScoreSamples: no samplers":                                nil,
		`course: ScoreSamples: the sampler "empty" has no function Sample`: {{Name: "empty"}},
		"course: ScoreSamples: broken: ":                                   {broken},
	} {
		err := scoreSamples(squares, samplers, func(string, []float64, []float64) {})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
	if err := scoreSamples(nil, []Sampler{broken}, nil); !errors.Is(err, errNoData) {
		t.Errorf("without data the error is %v", err)
	}
}
