package course

import (
	"path/filepath"
	"slices"
	"testing"

	"autoencoders/autoencoder"
)

func TestByEpochHasAColumnForEachRun(t *testing.T) {
	dir := t.TempDir()
	var nets []autoencoder.Model
	for i, epochs := range []int{2, 3} {
		m := small(filepath.Join(dir, []string{"short", "long"}[i]))
		printed(t, func() { Train(m, squares, recipe(epochs)) })
		nets = append(nets, m)
	}
	short, long := TestLosses(nets[0]), TestLosses(nets[1])
	want := [][]float64{{short[0], long[0]}, {short[1], long[1]}, {long[2]}}
	if got := ByEpoch(nets...); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("by epoch: %v, want %v", got, want)
	}
	if got := ByEpoch(); len(got) != 0 {
		t.Errorf("no runs have %v", got)
	}
}
