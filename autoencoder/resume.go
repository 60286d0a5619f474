package autoencoder

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// start says where a run begins.
type start int

const (
	fromScratch    start = iota // with initial values
	fromImport                  // with the weights that ImportPyTorch brought
	fromCheckpoint              // after the last epoch that was saved
)

// ingredients lists what a run depends on, in the words of a note. If any of them changes the run starts from
// scratch.
var ingredients = []string{layersChanged, objectiveChanged, "the training images", "the test images",
	"BatchSize", "LearningRate", "KLWeights", "WeightDecay", "Shuffle", "Seed", "From"}

const (
	layersChanged    = "the layers"
	objectiveChanged = "the loss or the noise"
)

// changed lists the ingredients in which a run differs from an older one. fits says whether the older
// one's weights have the names and shapes of the network.
func (now run) changed(old run, fits bool) (names []string) {
	for _, name := range ingredients {
		differs := old.Made[name] != now.Made[name]
		switch name {
		case layersChanged:
			// A record of the first edition holds the hash of a graph, which cannot be compared.
			differs = !fits || differs && old.Numerics > 0
		case objectiveChanged:
			differs = differs && old.Numerics > 0
		case "LearningRate":
			differs = !sameSchedule(old.LearningRates, now.LearningRates, old.done(), 0)
		case "KLWeights": // TestLoss uses the last one
			differs = !sameSchedule(old.KLWeights, now.KLWeights, old.done(), 1) || old.klWeight() != now.klWeight()
		}
		if differs {
			names = append(names, name)
		}
	}
	return names
}

// scheduled returns the value for an epoch, counted from 1. The last value holds for all later epochs, and an
// empty schedule has the value otherwise.
func scheduled(values []float64, epoch int, otherwise float64) float64 {
	if len(values) == 0 {
		return otherwise
	}
	return values[min(max(epoch, 1), len(values))-1]
}

// sameSchedule reports whether two schedules have the same values in the first epochs.
func sameSchedule(a, b []float64, epochs int, otherwise float64) bool {
	for e := range epochs {
		if scheduled(a, e+1, otherwise) != scheduled(b, e+1, otherwise) {
			return false
		}
	}
	return true
}

// decide returns where a run begins, given the record in its folder, and a note that says why. old is nil if
// the folder has no record.
func decide(now run, old *run, fits bool, folder string) (start, string) {
	if old == nil {
		return fromScratch, ""
	}
	done, kept := old.done(), previous(folder)
	if old.Imported != "" && done == 0 {
		switch {
		case now.Made["From"] != "":
			return fromScratch, fmt.Sprintf("started from Config.From; the weights imported from %s are in %s", old.Imported, kept)
		case fits:
			return fromImport, fmt.Sprintf("started with the weights imported from %s", old.Imported)
		}
		return fromScratch, fmt.Sprintf("started from scratch: the layers are not those of the weights imported from %s, which are in %s", old.Imported, kept)
	}
	note := ""
	switch changed := now.changed(*old, fits); {
	case len(changed) > 0:
		note = fmt.Sprintf("started from scratch: changed since the last run: %s; its weights are in %s", strings.Join(changed, ", "), kept)
	case now.Planned <= done && done >= old.Planned:
		note = fmt.Sprintf("started from scratch: the last run was complete; its weights are in %s", kept)
	case now.Planned <= done:
		note = fmt.Sprintf("started from scratch: %s were saved, more than the %d asked for now; their weights are in %s", epochs(done), now.Planned, kept)
	default:
		note = fmt.Sprintf("resumed: %d of %s are saved in %s", done, epochs(now.Planned), folder)
		switch {
		case old.Numerics == 0:
			note += "; an earlier version began the run and did not record the arguments of layers, loss and noise: the numbers are those of an uninterrupted run only if they are unchanged"
		case old.Numerics != numerics:
			note += "; another version began the run, so its numbers may differ from those of an uninterrupted run"
		}
		return fromCheckpoint, note
	}
	if old.Imported != "" {
		note += fmt.Sprintf("; the initial weights are new, not those imported from %s", old.Imported)
	}
	return fromScratch, note
}

func epochs(n int) string {
	if n == 1 {
		return "1 epoch"
	}
	return fmt.Sprintf("%d epochs", n)
}

// shares reports whether two runs agree in all epochs that both have.
func (now run) shares(other run) bool {
	n := min(now.done(), other.done())
	return n > 0 && maps.Equal(now.Made, other.Made) && slices.EqualFunc(other.History[:n], now.History[:n], func(a, b Epoch) bool {
		return a.Number == b.Number && a.Loss == b.Loss && a.TestLoss == b.TestLoss
	})
}

// lowest is the lowest TestLoss of the run, and the number of its epoch; 0 without epochs.
func (r run) lowest() (number int, loss float64) {
	for _, e := range r.History {
		if number == 0 || e.TestLoss < loss {
			number, loss = e.Number, e.TestLoss
		}
	}
	return number, loss
}
