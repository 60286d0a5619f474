//go:build system && linux

package autoencoder_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/internal/faults"
)

// A real disk that fills up while a model trains.
func TestTrainOnAFullDisk(t *testing.T) {
	folder, inside := faults.SmallDisk(t, 128<<10)
	if !inside {
		return
	}
	m := small(filepath.Join(folder, "model"))
	mustRun(t, m, recipe(2))
	before, err := m.Evaluate(test)
	if err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(folder, "ballast")
	fill(t, ballast)
	_, err = run(m, recipe(3))
	wantLine(t, err, "weights cannot be saved in "+m.Dir+": no space left on device: free some space and run the cell again")
	if after, err := m.Evaluate(test); after != before || err != nil {
		t.Errorf("the weights gave %v before and %v now: %v", before, after, err)
	}
	wantNothingUnfinished(t, m, "on a full disk")
	full := err.Error()
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	epochs := mustRun(t, m, recipe(3))
	if len(epochs) != 1 || !strings.HasPrefix(epochs[0].Note, "resumed: 2 of 3 epochs are saved") {
		t.Errorf("with room again: %+v", epochs)
	}
	faults.Row(t, "disk full while training (a real one)", full, "the last saved epoch; with room again the run resumes from it")

	fill(t, ballast)
	err = m.ExportPyTorch(filepath.Join(folder, "export.safetensors"))
	wantLine(t, err, "the export cannot be written to "+folder+"/export.safetensors: no space left on device: free some space")
	if left, _ := filepath.Glob(filepath.Join(folder, "*export*")); len(left) > 0 {
		t.Errorf("half an export is left: %v", left)
	}
	faults.Row(t, "disk full in an export", err.Error(), "the model; no half file")
}

// fill writes to a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
}

func TestReadOnlyFolder(t *testing.T) {
	folder, inside := faults.SmallDisk(t, 1<<20)
	if !inside {
		return
	}
	m, empty := small(filepath.Join(folder, "model")), small(filepath.Join(folder, "other"))
	mustRun(t, m, recipe(2))
	want, err := m.Evaluate(test)
	if err != nil {
		t.Fatal(err)
	}
	faults.ReadOnly(t, folder)

	steps := 0
	c := recipe(3)
	c.Progress = func(int, int) { steps++ }
	_, err = run(m, c)
	wantLine(t, err, "weights cannot be saved in "+m.Dir+": read-only file system: give the model another Dir")
	if got, err := m.Evaluate(test); got != want || err != nil {
		t.Errorf("reading gives %v, %v; it was %v", got, err, want)
	}
	faults.Row(t, "a trained model in a folder that is read-only", err.Error(), "the weights; Encode and Reconstruct work")
	steps = 0
	_, err = run(empty, c)
	wantLine(t, err, "weights cannot be saved in "+empty.Dir+": read-only file system: give the model another Dir")
	if steps > 0 {
		t.Errorf("%d steps were trained before it was said", steps)
	}
	faults.Row(t, "a new model where nothing can be written", err.Error(), "nothing was begun: said before the first step")
}

// A file of another program may claim to hold anything. It is refused because of its shapes, before any tensor
// is read.
func TestSparseCheckpointsAreRefused(t *testing.T) {
	m := trainedFor2(t)
	file, err := os.ReadFile(filepath.Join(m.Dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	_, metadata, err := readAll(file)
	if err != nil {
		t.Fatal(err)
	}
	const size = 1 << 40
	record := strings.ReplaceAll(numericsOf.ReplaceAllString(metadata["run"], ""), `"`, `\"`)
	header := fmt.Sprintf(`{"__metadata__":{"run":"%s"},"decoder.0.bias":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}`, record, size, size)
	sparse := filepath.Join(t.TempDir(), "sparse.safetensors")
	whole := tensorFile(header, 0)
	if err := errors.Join(os.WriteFile(sparse, whole, 0o644), os.Truncate(sparse, int64(len(whole))+size)); err != nil {
		t.Skip("no sparse files here:", err)
	}
	err = m.ImportPyTorch(sparse)
	wantLine(t, err, "in "+sparse+" decoder.0.bias is [1099511627776], but in the model [16]")
	faults.Row(t, "imported file of 1 TB, sparse", err.Error(), "nothing was read or imported")
	if err := errors.Join(os.Remove(filepath.Join(m.Dir, "model.safetensors")), os.Rename(sparse, filepath.Join(m.Dir, "model.safetensors"))); err != nil {
		t.Fatal(err)
	}
	_, err = m.Encode(test)
	wantLine(t, err, "the layers have changed since "+m.Dir+" was trained")
	faults.Row(t, "checkpoint of 1 TB, sparse", err.Error(), "the file, as it is; nothing of it was read")
	_, err = m.History()
	wantLine(t, err, " holds ", " of weights, more than the ", " of memory that are free")
}
