package measure

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

// reference is what parity/latents.py made with scikit-learn 1.9.
type reference struct {
	Train          [][]float32
	TrainLabels    []uint8 `json:"-"`
	Test           [][]float32
	TestLabels     []uint8 `json:"-"`
	Neighbours     map[int][]int
	Linear         []int
	PCAMSE         []float64   `json:"pca_mse"`
	PCACoordinates [][]float64 `json:"pca_coordinates"`
}

func sklearn(t *testing.T) *reference {
	t.Helper()
	raw, err := os.ReadFile("testdata/scikit-learn.json")
	if err != nil {
		t.Fatal(err)
	}
	r := &reference{}
	labels := struct { // encoding/json takes []uint8 for base64
		Train []int `json:"train_labels"`
		Test  []int `json:"test_labels"`
	}{}
	for _, v := range []any{r, &labels} {
		if err := json.Unmarshal(raw, v); err != nil {
			t.Fatal(err)
		}
	}
	r.TrainLabels, r.TestLabels = bytes(labels.Train), bytes(labels.Test)
	return r
}

func bytes(labels []int) []uint8 {
	b := make([]uint8, len(labels))
	for i, k := range labels {
		b[i] = uint8(k)
	}
	return b
}

func tables(t *testing.T, r *reference) (train, test table) {
	t.Helper()
	train, test, err := labelled(tensors.FromValue(r.Train), r.TrainLabels, tensors.FromValue(r.Test), r.TestLabels)
	if err != nil {
		t.Fatal(err)
	}
	return train, test
}

func TestNearestNeighboursAreThoseOfScikitLearn(t *testing.T) {
	r := sklearn(t)
	train, test := tables(t, r)
	for k, want := range r.Neighbours {
		if got := nearest(k, train, r.TrainLabels, test); !slices.Equal(got, bytes(want)) {
			t.Errorf("k = %d: got\n%v, scikit-learn has\n%v", k, got, want)
		}
		accuracy, err := KNNAccuracy(k, tensors.FromValue(r.Train), r.TrainLabels, tensors.FromValue(r.Test), r.TestLabels)
		if want := share(bytes(want), r.TestLabels); err != nil || accuracy != want {
			t.Errorf("k = %d: accuracy %v (%v), scikit-learn has %v", k, accuracy, err, want)
		}
	}
}

func TestLinearClassifierIsThatOfScikitLearn(t *testing.T) {
	r := sklearn(t)
	accuracy, err := LinearAccuracy(tensors.FromValue(r.Train), r.TrainLabels, tensors.FromValue(r.Test), r.TestLabels)
	if want := share(bytes(r.Linear), r.TestLabels); err != nil || accuracy != want {
		t.Errorf("accuracy %v (%v), scikit-learn has %v", accuracy, err, want)
	}
	train, test := tables(t, r)
	standard := standardiser(train)
	l := &regression{x: standard(train), labels: r.TrainLabels, d: 5, classes: 4}
	w, err := l.fit(iterations)
	if err != nil {
		t.Fatal(err)
	}
	if got := l.predict(w, standard(test)); !slices.Equal(got, bytes(r.Linear)) {
		t.Errorf("got\n%v, scikit-learn has\n%v", got, r.Linear)
	}
}

// The gradient agrees with finite differences of the loss.
func TestGradientOfTheClassifier(t *testing.T) {
	r := sklearn(t)
	train, _ := tables(t, r)
	l := &regression{x: standardiser(train)(train), labels: r.TrainLabels, d: 5, classes: 4}
	w, gradient, unused := make([]float64, 24), make([]float64, 24), make([]float64, 24)
	for i := range w {
		w[i] = math.Sin(float64(i))
	}
	l.loss(w, gradient)
	for i, want := range gradient {
		const h = 1e-5
		at := w[i]
		w[i] = at + h
		up := l.loss(w, unused)
		w[i] = at - h
		down := l.loss(w, unused)
		w[i] = at
		if got := (up - down) / (2 * h); math.Abs(got-want) > 1e-8 {
			t.Errorf("weight %d: %v, by differences %v", i, want, got)
		}
	}
}

func TestPCAIsThatOfScikitLearn(t *testing.T) {
	r := sklearn(t)
	pca, err := FitPCA(tensors.FromValue(r.Train))
	if err != nil {
		t.Fatal(err)
	}
	test := tensors.FromValue(r.Test)
	for d := 1; d <= 5; d++ {
		again, err := pca.Reconstruct(test, d)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := MSE(test, again); err != nil || math.Abs(got-r.PCAMSE[d-1]) > 1e-5 {
			t.Errorf("d = %d: error %v (%v), scikit-learn has %v", d, got, err, r.PCAMSE[d-1])
		}
	}
	z, err := pca.Encode(test, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range tensors.MustCopyFlatData[float32](z) { // scikit-learn's signs are its own
		if want := r.PCACoordinates[i/5][i%5]; math.Abs(math.Abs(float64(v))-want) > 2e-4 {
			t.Errorf("row %d, component %d: %v, scikit-learn has ±%v", i/5, i%5, v, want)
		}
	}
}

// A dead net gives every image the same latents, so the classes can only be guessed.
func TestLatentsThatAreAllTheSame(t *testing.T) {
	r := sklearn(t)
	for _, v := range []float32{0, -0.21, 3e4} {
		train, test := make([][]float32, len(r.Train)), make([][]float32, len(r.Test))
		for i := range train {
			train[i] = []float32{v, 0}
		}
		for i := range test {
			test[i] = []float32{v, 0}
		}
		for name, f := range map[string]func() (float64, error){
			"LinearAccuracy": func() (float64, error) {
				return LinearAccuracy(tensors.FromValue(train), r.TrainLabels, tensors.FromValue(test), r.TestLabels)
			},
			"KNNAccuracy": func() (float64, error) {
				return KNNAccuracy(5, tensors.FromValue(train), r.TrainLabels, tensors.FromValue(test), r.TestLabels)
			},
		} {
			if accuracy, err := f(); err != nil || accuracy > 0.4 {
				t.Errorf("%s of constant latents %v is %v (%v)", name, v, accuracy, err)
			}
		}
	}
}
