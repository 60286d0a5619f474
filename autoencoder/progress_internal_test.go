package autoencoder

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Config.Progress is called at most ten times a second, however many steps there are, and after each step that
// takes longer than that. The clock is the test's own.
func TestProgressStaysWithinItsRate(t *testing.T) {
	for _, c := range []struct {
		name string
		step time.Duration
		want []int
	}{
		{"1,000 steps a second", time.Millisecond, []int{1, 101, 201, 301, 401}},
		{"steps of 7 ms", 7 * time.Millisecond, []int{1, 16, 31, 46, 61}}, // 15 steps are the first 100 ms and more
		{"steps of 100 ms", 100 * time.Millisecond, []int{1, 2, 3, 4, 5}},
		{"steps of a minute", time.Minute, []int{1, 2, 3, 4, 5}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var called []int
			trainer := &trainer{config: Config{Progress: func(step, steps int) {
				if steps != 500 {
					t.Errorf("%s: Progress(%d, %d), want 500 steps", c.name, step, steps)
				}
				called = append(called, step)
			}}}
			report := trainer.progress(500)
			for step := 1; len(called) < len(c.want) && step <= 500; step++ {
				time.Sleep(c.step)
				report(step)
			}
			if !slices.Equal(called, c.want) {
				t.Errorf("%s: Progress is called at the steps %v, want %v", c.name, called, c.want)
			}
		})
	}
}
