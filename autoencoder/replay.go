package autoencoder

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"autoencoders/internal/disk"
)

// PretrainedVariable names the environment variable that lets Train replay a run instead of training it, for
// a class that has no time for the training, and for grading. With the value 1, a complete run in Model.Dir
// of the same layers, images and Config yields its recorded epochs, and nothing is trained. Any other value but
// 0 is a folder with such runs: if Dir has none, and nothing that Train would resume, the run in
// the folder's subfolder of the same name (Dir without a leading "checkpoints/") is copied to Dir first.
// Epoch.Note says what was replayed. A run that is not there is trained as ever.
const PretrainedVariable = "AUTOENCODERS_PRETRAINED"

// pretrained reads the variable: whether runs are replayed, and the folder that may hold them, if there is one.
func pretrained() (replay bool, folder string, err error) {
	switch value := os.Getenv(PretrainedVariable); value {
	case "", "0":
		return false, "", nil
	case "1":
		return true, "", nil
	default:
		if info, err := os.Stat(value); err != nil || !info.IsDir() {
			return false, "", fmt.Errorf("autoencoder: %s is %s, which is no folder: set it to 1, to the folder that make pretrain filled, or not at all", PretrainedVariable, value)
		}
		return true, value, nil
	}
}

// replayable returns the epochs of a complete run that is the one asked for; nil if there is none, or if nothing
// is to be replayed. It has then been brought to the model's folder.
func (t *trainer) replayable() ([]Epoch, error) {
	replay, folder, err := pretrained()
	if err != nil || !replay {
		return nil, err
	}
	begin := fromScratch
	switch s, err := openCheckpoint(t.folder); {
	case isUntrained(err):
	case err != nil:
		return nil, err
	default:
		defer s.close()
		begin, _ = decide(t.record, &s.run, s.fits(t.network), t.folder)
		if t.isRun(s) {
			_, err := s.all() // later cells need it whole
			return s.run.History, err
		}
	}
	name, under := strings.CutPrefix(filepath.Clean(t.model.Dir), "checkpoints"+string(filepath.Separator))
	if folder == "" || begin != fromScratch || !under && !filepath.IsLocal(name) {
		return nil, nil
	}
	return t.fetch(filepath.Join(folder, name))
}

// fetch copies the run in a folder to the model's, if it is complete and the one asked for, and returns its epochs.
func (t *trainer) fetch(folder string) ([]Epoch, error) {
	s, err := openCheckpoint(folder)
	if isUntrained(err) {
		return nil, nil
	}
	if err == nil {
		defer s.close()
		if !t.isRun(s) {
			return nil, nil
		}
		_, err = s.all()
	}
	if err != nil { // whoever filled the folder can mend it, and the class goes on meanwhile
		t.replayNote = fmt.Sprintf("not replayed, and so trained: %v", unprefixed(err))
		return nil, nil
	}
	folders := [][2]string{{folder, t.folder}}
	if t.config.KeepBest { // first, as when it is trained
		folders = append([][2]string{{best(folder), best(t.folder)}}, folders...)
	}
	for _, pair := range folders {
		from, to := pair[0], pair[1]
		if err := keepPrevious(to); err != nil {
			return nil, err
		}
		if err := disk.Copy(filepath.Join(from, checkpointFile), filepath.Join(to, checkpointFile)); err != nil {
			return nil, notSaved("weights", to, err)
		}
	}
	return s.run.History, nil
}

// isRun reports whether a checkpoint holds the run asked for, complete, with the same numbers as if it
// were trained now.
func (t *trainer) isRun(s *saved) bool {
	old := s.run
	if old.Numerics != numerics || old.Imported != "" || old.done() != t.record.Planned || len(t.record.changed(old, s.fits(t.network))) > 0 {
		return false
	}
	if !t.config.KeepBest {
		return true
	}
	b, err := openCheckpoint(best(s.folder))
	if err != nil {
		return false
	}
	defer b.close()
	lowest, _ := old.lowest()
	_, err = b.weights()
	return err == nil && old.shares(b.run) && b.run.done() == lowest
}

// replay yields the epochs of a complete run, and reports whether the caller left the loop.
func (t *trainer) replay(epochs []Epoch, yield func(Epoch, error) bool) (left bool, err error) {
	t.record.History = epochs
	note := fmt.Sprintf("replayed: the run in %s is complete and %s is set, so nothing was trained", t.folder, PretrainedVariable)
	for _, e := range epochs {
		if err := t.goOn(); err != nil {
			return false, err
		}
		e.Epochs, e.Note, note = t.config.Epochs, note, ""
		if !yield(e, nil) {
			return true, nil
		}
	}
	return false, nil
}
