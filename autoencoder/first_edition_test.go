package autoencoder_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/internal/faults"
)

// The first edition wrote these checkpoints after two of four epochs on [train] and [test]. The TestLosses are
// its own, the last two after it had resumed. Other processors round differently, and noise is now drawn in
// another way.
var firstEdition = map[string]struct {
	model  func(dir string) autoencoder.Model
	near   float64
	losses [4]float64
}{
	"linear": {small, 1e-4, [4]float64{0.94891540527343754, 0.86299530029296878, 0.77293685913085941, 0.63761924743652343}},
	"variational": {func(dir string) autoencoder.Model {
		m := small(dir)
		m.Encoder = nn.Sequential(nn.Linear(64, 4), nn.Reparameterize(0.01))
		m.Corrupt = nn.Noise(0.5)
		return m
	}, 0.03, [4]float64{0.96929790854454034, 0.86657486379146575, 0.74350967049598704, 0.59741226673126213}},
	"convolutional": {func(dir string) autoencoder.Model {
		return autoencoder.Model{
			Dir:     dir,
			Encoder: nn.Sequential(nn.Conv2d(1, 4, 3, nn.Padding(1)), nn.ReLU(), nn.Flatten(), nn.Linear(256, 2)),
			Decoder: nn.Sequential(nn.Linear(2, 256), nn.Unflatten(4, 8, 8), nn.ConvTranspose2d(4, 1, 3, nn.Padding(1)), nn.Tanh()),
		}
	}, 1e-4, [4]float64{1.2760379028320312, 1.1181292724609375, 0.94096496582031253, 0.75603271484375001}},
}

// firstEditionModel returns a model in a new folder that holds the first edition's checkpoint.
func firstEditionModel(t *testing.T, name string) autoencoder.Model {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", "first-edition", name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	m := firstEdition[name].model(t.TempDir())
	if err := os.WriteFile(filepath.Join(m.Dir, "model.safetensors"), file, 0o666); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCheckpointsOfTheFirstEdition(t *testing.T) {
	for name, c := range firstEdition {
		m := firstEditionModel(t, name)
		near := func(what string, got, want float64) {
			t.Helper()
			if math.Abs(got-want) > c.near {
				t.Errorf("%s: %s is %.17g, the first edition had %.17g", name, what, got, want)
			}
		}
		loss, err := m.Evaluate(test)
		if err != nil {
			t.Fatal(name, err)
		}
		near("Evaluate", loss, c.losses[1])
		history, err := m.History()
		if err != nil || len(history) != 2 || history[0].TestLoss != c.losses[0] || history[1].TestLoss != c.losses[1] {
			t.Errorf("%s: the history is %v, %v", name, history, err)
		}
		epochs := mustRun(t, m, recipe(4))
		if len(epochs) != 2 || !strings.HasPrefix(epochs[0].Note, "resumed: 2 of 4 epochs are saved in ") || !strings.Contains(epochs[0].Note, "an earlier version began the run") {
			t.Fatalf("%s: resumed as %+v", name, epochs)
		}
		near("epoch 3", epochs[0].TestLoss, c.losses[2])
		near("epoch 4", epochs[1].TestLoss, c.losses[3])
		// From here on the record is this version's.
		if note := mustRun(t, m, recipe(5))[0].Note; note != "resumed: 4 of 5 epochs are saved in "+m.Dir {
			t.Errorf("%s: the note is %q", name, note)
		}
	}
	changed := firstEditionModel(t, "linear")
	changed.Encoder = nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 2))
	if note := mustRun(t, changed, recipe(4))[0].Note; !strings.HasPrefix(note, "started from scratch: changed since the last run: the layers;") {
		t.Errorf("with other layers the note is %q", note)
	}
	faults.Row(t, "checkpoints of the first edition, resumed", "", "the weights and AdamW's state; the losses that the first edition gave")
}

// The version with numerics 1 left a run after two of four epochs. It drew other noise, so the run resumes and
// says that its numbers may differ.
func TestANoisyRunOfAnEarlierVersion(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("testdata", "numerics-1", "noisy.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	m := small(t.TempDir())
	m.Corrupt = nn.Noise(0.5)
	if err := os.WriteFile(filepath.Join(m.Dir, "model.safetensors"), file, 0o666); err != nil {
		t.Fatal(err)
	}
	epochs := mustRun(t, m, recipe(4))
	want := "resumed: 2 of 4 epochs are saved in " + m.Dir + "; another version began the run, so its numbers may differ from those of an uninterrupted run"
	if len(epochs) != 2 || epochs[0].Note != want {
		t.Fatalf("resumed as %+v, want the note %q", epochs, want)
	}
	if before := epochs[1].TestLoss; before > 0.9 {
		t.Errorf("after 4 epochs the loss is %g", before)
	}
	if note := mustRun(t, m, recipe(5))[0].Note; note != "resumed: 4 of 5 epochs are saved in "+m.Dir {
		t.Errorf("the note is %q", note)
	}
	faults.Row(t, "a noisy run that an earlier version left half done, resumed", want, "the weights and AdamW's state")
}
