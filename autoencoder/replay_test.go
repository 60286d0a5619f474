package autoencoder_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
)

const replayed = "replayed: the run in "

// written returns when a folder's checkpoint was written, and its bytes.
func written(t *testing.T, folder string) (time.Time, string) {
	t.Helper()
	path := filepath.Join(folder, "model.safetensors")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime(), string(raw)
}

// steps trains and returns the epochs with how many calls of Progress there were: none means that nothing was trained.
func steps(t *testing.T, m autoencoder.Model, c autoencoder.Config) (epochs []autoencoder.Epoch, calls int) {
	t.Helper()
	c.Progress = func(int, int) { calls++ }
	return mustRun(t, m, c), calls
}

// A complete run is replayed from its record, and its file is not touched.
func TestReplay(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	trained, calls := steps(t, m, recipe(3))
	if calls == 0 {
		t.Fatal("Progress does not tell training from replaying")
	}
	stamp, raw := written(t, m.Dir)
	t.Setenv(autoencoder.PretrainedVariable, "1")
	again, calls := steps(t, m, recipe(3))
	if calls != 0 {
		t.Error("it trained")
	}
	if later, now := written(t, m.Dir); now != raw || !later.Equal(stamp) {
		t.Error("the checkpoint was written")
	}
	if !slices.Equal(losses(again), losses(trained)) {
		t.Errorf("replayed %v, trained %v", losses(again), losses(trained))
	}
	for i, e := range again {
		if e.Number != i+1 || e.Epochs != 3 || strings.HasPrefix(e.Note, replayed) != (i == 0) {
			t.Errorf("epoch %d is %+v", i, e)
		}
	}
	if _, err := os.Stat(m.Dir + ".previous"); !os.IsNotExist(err) {
		t.Error("the weights were moved to .previous")
	}
	t.Setenv(autoencoder.PretrainedVariable, "0")
	if epochs := mustRun(t, m, recipe(3)); !strings.HasPrefix(epochs[0].Note, "started from scratch: the last run was complete") {
		t.Errorf("with the variable at 0: %q", epochs[0].Note)
	}
}

// What differs from the complete run is trained, as without the variable.
func TestReplayOnlyTheSameRun(t *testing.T) {
	t.Setenv(autoencoder.PretrainedVariable, "1")
	for _, c := range []struct {
		name string
		note string
		make func(m *autoencoder.Model, c *autoencoder.Config)
	}{
		{"seed", "started from scratch: changed since the last run: Seed", func(_ *autoencoder.Model, c *autoencoder.Config) { c.Seed = 1 }},
		{"rate", "started from scratch: changed since the last run: LearningRate", func(_ *autoencoder.Model, c *autoencoder.Config) { c.LearningRate = 1e-3 }},
		{"layers", "started from scratch: changed since the last run: the layers", func(m *autoencoder.Model, _ *autoencoder.Config) {
			m.Encoder = nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 2))
		}},
		{"more epochs", "resumed: 2 of 3 epochs", func(_ *autoencoder.Model, c *autoencoder.Config) { c.Epochs = 3 }},
		{"fewer epochs", "started from scratch: the last run was complete", func(_ *autoencoder.Model, c *autoencoder.Config) { c.Epochs = 1 }},
		{"the best epoch too", "started from scratch: the last run was complete", func(_ *autoencoder.Model, c *autoencoder.Config) { c.KeepBest = true }},
	} {
		m := small(filepath.Join(t.TempDir(), "model"))
		config := recipe(2)
		mustRun(t, m, config)
		c.make(&m, &config)
		epochs, calls := steps(t, m, config)
		if calls == 0 || !strings.HasPrefix(epochs[0].Note, c.note) {
			t.Errorf("%s: %d calls of Progress, %q", c.name, calls, epochs[0].Note)
		}
	}
}

// The best epoch is replayed with the run if the run kept it.
func TestReplayWithTheBestEpoch(t *testing.T) {
	t.Setenv(autoencoder.PretrainedVariable, "1")
	m, c := small(filepath.Join(t.TempDir(), "model")), recipe(2)
	c.KeepBest = true
	mustRun(t, m, c)
	if _, calls := steps(t, m, c); calls != 0 {
		t.Error("a run with its best epoch was trained again")
	}
}

// filled trains a run as make pretrain does, and returns the folder for the variable.
func filled(t *testing.T, c autoencoder.Config) (folder string) {
	t.Helper()
	folder = t.TempDir()
	t.Chdir(t.TempDir())
	mustRun(t, small(filepath.Join(folder, "03", "model")), c)
	return folder
}

// A folder of complete runs serves a class: each student's first Train copies the run, and later cells use it.
func TestReplayFromAFolder(t *testing.T) {
	c := recipe(2)
	c.KeepBest = true
	folder := filled(t, c)
	m := small("checkpoints/03/model")
	c.Seed = 7
	mustRun(t, m, c) // what the student has trained with another seed
	c.Seed = 0
	t.Setenv(autoencoder.PretrainedVariable, folder)
	epochs, calls := steps(t, m, c)
	if calls != 0 || !strings.HasPrefix(epochs[0].Note, replayed+"checkpoints/03/model") {
		t.Errorf("%d calls of Progress, %+v", calls, epochs)
	}
	wantSameTensors(t, m.Dir, filepath.Join(folder, "03", "model"))
	wantSameTensors(t, m.Dir+".best", filepath.Join(folder, "03", "model.best"))
	loss, err := m.Evaluate(test)
	if err != nil || loss != epochs[1].TestLoss {
		t.Errorf("the weights give %v, %v, the record says %v", loss, err, epochs[1].TestLoss)
	}
	if _, old := written(t, m.Dir+".previous"); old == "" {
		t.Error("the student's own weights are gone")
	}
	// A run that the student has stopped is resumed, not replaced.
	own := small("checkpoints/03/model")
	c.Epochs = 4
	for _, err := range own.Train(train, test, c) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if epochs, calls := steps(t, own, c); calls == 0 || !strings.HasPrefix(epochs[0].Note, "resumed: 3 of 4") {
		t.Errorf("%d calls of Progress, %+v", calls, epochs)
	}
}

// What the folder lacks is trained, and so is what it holds damaged: the class goes on.
func TestReplayFromAFolderThatLacks(t *testing.T) {
	folder := filled(t, recipe(1))
	t.Setenv(autoencoder.PretrainedVariable, folder)
	for _, dir := range []string{"checkpoints/other", filepath.Join(t.TempDir(), "model"), "../elsewhere"} {
		if epochs, calls := steps(t, small(dir), recipe(1)); calls == 0 || epochs[0].Note != "" {
			t.Errorf("%s: %d calls of Progress, %q", dir, calls, epochs[0].Note)
		}
	}
	path := filepath.Join(folder, "03", "model", "model.safetensors")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	epochs, calls := steps(t, small("checkpoints/03/model"), recipe(1))
	if calls == 0 || !strings.HasPrefix(epochs[0].Note, "not replayed, and so trained: ") || !strings.Contains(epochs[0].Note, path) {
		t.Errorf("%d calls of Progress, %q", calls, epochs[0].Note)
	}
}

// A value that is no folder is a mistake of whoever set it up, and says so before anything happens.
func TestReplayFromNoFolder(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	t.Setenv(autoencoder.PretrainedVariable, missing)
	_, err := run(small(filepath.Join(t.TempDir(), "model")), recipe(1))
	if err == nil || !strings.Contains(err.Error(), "AUTOENCODERS_PRETRAINED is "+missing+", which is no folder: set it to 1") {
		t.Errorf("the error is %v", err)
	}
}

// A damaged checkpoint is an error here too, and leaving the loop is none.
func TestReplayStops(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	mustRun(t, m, recipe(2))
	t.Setenv(autoencoder.PretrainedVariable, "1")
	for e, err := range m.Train(train, test, recipe(2)) {
		if err != nil || e.Number != 1 {
			t.Fatal(e, err)
		}
		break
	}
	path := filepath.Join(m.Dir, "model.safetensors")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := run(m, recipe(2)); !errors.Is(err, autoencoder.ErrDamaged) {
		t.Errorf("a damaged checkpoint: %v", err)
	}
}
