package course

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/cell"
)

func TestSweepTrainsEverySizeWithEverySeed(t *testing.T) {
	s := Sweep{Sizes: []int{1, 4}, Seeds: 2, Net: sized(t.TempDir())}
	lines := printed(t, func() { s.Train(squares, recipe(2)) })
	losses := s.Losses()
	train := s.Each(func(m autoencoder.Model) float64 { return Final(m).Loss })
	wantLines(t, lines, "size train loss test loss time per epoch",
		fmt.Sprintf("1 %s %s T s", Spread(train[0]), Spread(losses[0])),
		fmt.Sprintf("4 %s %s T s", Spread(train[1]), Spread(losses[1])),
		"A loss is the mean over 2 seeds, with the lowest and the highest in parentheses.")
	all := slices.Concat(losses...)
	slices.Sort(all)
	if len(losses) != 2 || len(losses[0]) != 2 || len(slices.Compact(all)) != 4 {
		t.Errorf("the losses are %v, want four different ones, two for each size", losses)
	}

	// A net of the sweep is what training it alone with its seed gives.
	c, alone := recipe(2), sized(t.TempDir())(4, 1)
	c.Seed = 1
	printed(t, func() { Train(alone, squares, c) })
	if got := Final(alone).TestLoss; got != losses[1][1] {
		t.Errorf("size 4 and seed 1 give %v alone, %v in the sweep", got, losses[1][1])
	}
}

func TestEachVisitsTheNetsOfASweepInOrder(t *testing.T) {
	s := Sweep{Sizes: []int{3, 2}, Seeds: 2, Net: sized("nets")}
	var dirs []string
	got := s.Each(func(m autoencoder.Model) float64 {
		dirs = append(dirs, filepath.Base(m.Dir))
		return float64(cell.Must(m.Summary(8, 8, 1)).Layers[2].Output[0])
	})
	if fmt.Sprint(dirs) != "[net-3-0 net-3-1 net-2-0 net-2-1]" || fmt.Sprint(got) != "[[3 3] [2 2]]" {
		t.Errorf("the nets are %v, their sizes %v", dirs, got)
	}
}

func TestASweepWithoutSeedsInItsFoldersIsRefused(t *testing.T) {
	for _, c := range []struct {
		sweep Sweep
		want  string
	}{
		{Sweep{Sizes: []int{2}, Seeds: 2, Net: func(int, int64) autoencoder.Model { return small("nets/2") }},
			"course: Sweep: two models have the folder nets/2"},
		{Sweep{Seeds: 2, Net: sized("nets")}, "course: Sweep.Sizes is empty"},
		{Sweep{Sizes: []int{2}, Net: sized("nets")}, "course: Sweep.Seeds is 0"},
		{Sweep{Sizes: []int{2}, Seeds: 1}, "course: Sweep.Net is missing (nil)"},
	} {
		if err := c.sweep.train(squares, recipe(1)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("the error is %v, want one that begins %q", err, c.want)
		}
	}
}
