package course

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/cell"
	"autoencoders/datasets"

	"github.com/gomlx/gomlx/core/tensors"
)

func TestTrainShowsEachEpoch(t *testing.T) {
	m := small(t.TempDir())
	lines := printed(t, func() { Train(m, squares, recipe(3)) })
	want := []string{"epoch train loss test loss time"}
	for _, e := range cell.Must(m.History()) {
		want = append(want, fmt.Sprintf("%d %.4f %.4f T s", e.Number, e.Loss, e.TestLoss))
	}
	wantLines(t, lines, want...)
}

func TestTrainShowsBothPartsOfAVariationalLoss(t *testing.T) {
	m := small(t.TempDir())
	m.Encoder, m.Loss = nn.Sequential(nn.Linear(64, 4), nn.Reparameterize(1)), autoencoder.BCE
	lines := printed(t, func() { Train(m, squares, recipe(2)) })
	want := []string{"epoch train loss test loss reconstruction KL time"}
	for _, e := range cell.Must(m.History()) {
		if e.TestLoss < 10 {
			t.Fatalf("the loss is %f, too small for this test", e.TestLoss)
		}
		// Nats have two decimals.
		want = append(want, fmt.Sprintf("%d %.2f %.2f %.2f %.2f T s", e.Number, e.Loss, e.TestLoss, e.Reconstruction, e.KL))
	}
	wantLines(t, lines, want...)
}

// Whoever stopped a training sees all of it when it resumes.
func TestAResumedTableHoldsTheEarlierEpochs(t *testing.T) {
	m := small(t.TempDir())
	for e, err := range m.Train(squares.train.Images, squares.test.Images, recipe(4)) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Number == 2 {
			break
		}
	}
	lines := printed(t, func() { Train(m, squares, recipe(4)) })
	want := []string{"epoch train loss test loss time"}
	for _, e := range cell.Must(m.History()) {
		want = append(want, fmt.Sprintf("%d %.4f %.4f T s", e.Number, e.Loss, e.TestLoss))
		if e.Number == 3 {
			want = append(want, "resumed: 2 of 4 epochs are saved in "+m.Dir)
		}
	}
	if len(want) != 6 {
		t.Fatalf("%d epochs were trained", len(want)-2)
	}
	wantLines(t, lines, want...)
}

func TestTrainEachShowsANetARowAndItsNoteOnce(t *testing.T) {
	dir := t.TempDir()
	a, b := small(filepath.Join(dir, "a")), small(filepath.Join(dir, "b"))
	b.Loss = autoencoder.BCE
	lines := printed(t, func() { TrainEach(squares, recipe(2), a, b) })
	want := []string{"net test loss time per epoch",
		fmt.Sprintf("a %.4f T s", Final(a).TestLoss), fmt.Sprintf("b %.2f T s", Final(b).TestLoss)}
	wantLines(t, lines, want...)

	again := printed(t, func() { TrainEach(squares, recipe(2), a) })
	wantLines(t, again, "a: started from scratch: the last run was complete; its weights are in "+a.Dir+".previous", want[0], want[1])
}

func TestFinalAndTestLossesComeFromTheRecord(t *testing.T) {
	m := small(t.TempDir())
	printed(t, func() { Train(m, squares, recipe(3)) })
	losses, last := TestLosses(m), Final(m)
	if len(losses) != 3 || losses[2] != last.TestLoss || last.Number != 3 || losses[0] <= losses[2] {
		t.Errorf("the losses are %v, the last epoch is %+v", losses, last)
	}
	if got := cell.Must(m.Evaluate(squares.test.Images)); fmt.Sprintf("%.5f", got) != fmt.Sprintf("%.5f", last.TestLoss) {
		t.Errorf("the weights have a test loss of %f, their record says %f", got, last.TestLoss)
	}
}

func TestImportedWeightsHaveNoLosses(t *testing.T) {
	dir := t.TempDir()
	m, file := small(filepath.Join(dir, "trained")), filepath.Join(dir, "weights.safetensors")
	printed(t, func() { Train(m, squares, recipe(1)) })
	cell.Check(m.ExportPyTorch(file))
	imported := small(filepath.Join(dir, "imported"))
	cell.Check(imported.ImportPyTorch(file))
	_, err := history(imported)
	if want := "course: the weights in " + imported.Dir + " were imported: there are no losses before Train has run"; err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

// One bar tells how much of the whole cell is done.
func TestTheBarCoversAllRuns(t *testing.T) {
	dir, own := t.TempDir(), 0
	c := recipe(3)
	c.Progress = func(int, int) { own++ }
	r, err := newRuns(cell.NewTable("net"), squares, c, 2)
	if err != nil {
		t.Fatal(err)
	}
	var shares []float64
	r.bar.show = func(step, steps int) { shares = append(shares, float64(step)/float64(steps)) }
	for _, name := range []string{"a", "b"} {
		if err := r.run(small(filepath.Join(dir, name)), func(autoencoder.Epoch) {}); err != nil {
			t.Fatal(err)
		}
	}
	// Within an epoch the bar moves at times that the clock decides, once at least.
	if !slices.IsSorted(shares) || len(shares) < 6 || shares[0] > 1.0/6 || shares[len(shares)-1] <= 5.0/6 || shares[len(shares)-1] > 1 {
		t.Errorf("the bar goes through %v, want six epochs from 0 to 1", shares)
	}
	if own != len(shares) {
		t.Errorf("the Progress of the Config was called %d times, the bar %d times", own, len(shares))
	}
}

func TestADataSetThatIsNotThere(t *testing.T) {
	broken := datasets.MNIST(datasets.Normalize(0.5, 0)) // a standard deviation of 0
	flat := &datasets.Split{Images: tensors.FromFlatDataAndDimensions(make([]float32, 6400), 100, 64)}
	for name, d := range map[string]Data{
		"the data set is missing (nil)":                                             nil,
		"a half of the data set is missing":                                         parts{train: squares.train},
		"the training images could not be loaded: datasets: Normalize(0.5, 0)":      broken,
		"the training images are missing: the tensor is nil":                        parts{&datasets.Split{}, squares.test},
		"the test images have the shape [100 64], not [n, height, width, channels]": parts{squares.train, flat},
	} {
		err := train(small(t.TempDir()), d, recipe(1))
		if err == nil || !strings.HasPrefix(err.Error(), "course: "+name) {
			t.Errorf("the error is %v, want one that begins %q", err, name)
		}
	}
}
