package autoencoder

import (
	"maps"
	"strings"
	"testing"
)

// Each kind of record in the folder decides where a run of five epochs begins.
func TestDecide(t *testing.T) {
	made := map[string]string{layersChanged: "encoder.0 Linear(64, 2) [2]", objectiveChanged: "loss MSE []", "BatchSize": "64", "Seed": "0"}
	asked := run{Numerics: numerics, Planned: 5, Made: made, LearningRates: []float64{0.002}}
	record := func(done, planned int, change func(*run)) *run {
		r := run{Numerics: numerics, Planned: planned, Made: maps.Clone(made), LearningRates: []float64{0.002}}
		for n := range done {
			r.History = append(r.History, Epoch{Number: n + 1})
		}
		if change != nil {
			change(&r)
		}
		return &r
	}
	for _, c := range []struct {
		name  string
		old   *run
		fits  bool
		start start
		note  string // how it begins
		also  string // what it has as well
	}{
		{"nothing there", nil, false, fromScratch, "", ""},
		{"stopped", record(2, 5, nil), true, fromCheckpoint, "resumed: 2 of 5 epochs are saved in dir", ""},
		{"more epochs", record(2, 2, nil), true, fromCheckpoint, "resumed: 2 of 5 epochs are saved in dir", ""},
		{"complete", record(5, 5, nil), true, fromScratch, "started from scratch: the last run was complete; its weights are in dir.previous", ""},
		{"fewer epochs than complete", record(8, 8, nil), true, fromScratch, "started from scratch: the last run was complete", ""},
		{"fewer epochs than saved", record(6, 8, nil), true, fromScratch, "started from scratch: 6 epochs were saved, more than the 5 asked for now", ""},
		{"another batch", record(2, 5, func(r *run) { r.Made["BatchSize"] = "128" }), true, fromScratch, "started from scratch: changed since the last run: BatchSize; its weights", ""},
		{"other layers, same shapes", record(2, 5, func(r *run) { r.Made[layersChanged] = "?" }), true, fromScratch, "started from scratch: changed since the last run: the layers;", ""},
		{"other layers, other shapes", record(2, 5, nil), false, fromScratch, "started from scratch: changed since the last run: the layers;", ""},
		{"another loss and seed", record(2, 5, func(r *run) { r.Made[objectiveChanged], r.Made["Seed"] = "?", "1" }), true, fromScratch,
			"started from scratch: changed since the last run: the loss or the noise, Seed;", ""},
		{"first edition", record(2, 5, func(r *run) { r.Numerics, r.Made[layersChanged], r.Made[objectiveChanged] = 0, "0123", "4567" }), true, fromCheckpoint,
			"resumed: 2 of 5 epochs", "an earlier version began the run"},
		{"first edition, other shapes", record(2, 5, func(r *run) { r.Numerics = 0 }), false, fromScratch, "started from scratch: changed since the last run: the layers;", ""},
		{"other numerics", record(2, 5, func(r *run) { r.Numerics = numerics + 1 }), true, fromCheckpoint, "resumed: 2 of 5 epochs", "its numbers may differ"},
		{"another rate", record(2, 5, func(r *run) { r.LearningRates = []float64{0.001} }), true, fromScratch, "started from scratch: changed since the last run: LearningRate;", ""},
		{"another rate in epochs to come", record(2, 5, func(r *run) { r.LearningRates = []float64{0.002, 0.002, 0.001} }), true, fromCheckpoint, "resumed: 2 of 5", ""},
		{"another weight of the KL", record(2, 5, func(r *run) { r.KLWeights = []float64{0, 1} }), true, fromScratch, "started from scratch: changed since the last run: KLWeights;", ""},
		{"the same weights of the KL", record(2, 5, func(r *run) { r.KLWeights = []float64{1} }), true, fromCheckpoint, "resumed: 2 of 5", ""},
		{"another last weight of the KL", record(2, 5, func(r *run) { r.KLWeights = []float64{1, 1, 2} }), true, fromScratch, "started from scratch: changed since the last run: KLWeights;", ""},
		{"imported", record(0, 0, func(r *run) { r.Imported, r.Made = "w", nil }), true, fromImport, "started with the weights imported from w", ""},
		{"imported into other layers", record(0, 0, func(r *run) { r.Imported, r.Made = "w", nil }), false, fromScratch,
			"started from scratch: the layers are not those of the weights imported from w, which are in dir.previous", ""},
		{"imported and stopped", record(2, 5, func(r *run) { r.Imported = "w" }), true, fromCheckpoint, "resumed: 2 of 5", ""},
		{"imported and complete", record(5, 5, func(r *run) { r.Imported = "w" }), true, fromScratch,
			"started from scratch: the last run was complete", "the initial weights are new, not those imported from w"},
	} {
		start, note := decide(asked, c.old, c.fits, "dir")
		if start != c.start || !strings.HasPrefix(note, c.note) || !strings.Contains(note, c.also) || (c.note == "") != (note == "") {
			t.Errorf("%s: %d, %q", c.name, start, note)
		}
	}
}

func TestSchedule(t *testing.T) {
	for _, c := range []struct {
		values []float64
		epoch  int
		want   float64
	}{
		{nil, 3, 7}, {[]float64{1}, 1, 1}, {[]float64{1}, 9, 1}, {[]float64{1, 2, 3}, 2, 2}, {[]float64{1, 2, 3}, 3, 3}, {[]float64{1, 2, 3}, 4, 3},
	} {
		if got := scheduled(c.values, c.epoch, 7); got != c.want {
			t.Errorf("epoch %d of %v has %v, want %v", c.epoch, c.values, got, c.want)
		}
	}
}
