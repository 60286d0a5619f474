package autoencoder

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
)

// A checkpoint is one file, Dir/model.safetensors, so that it is whole or not there: the weights
// under PyTorch's state_dict names, AdamW's state, and, as metadata, the record of the run.
const (
	checkpointFile   = "model.safetensors"
	checkpointFormat = 1
	runKey           = "run"        // the metadata's key of the record
	checksumKey      = "crc32c"     // the metadata's key of the checksum, which early checkpoints lack
	optimizerPrefix  = "optimizer/" // of what training needs beyond the weights
)

// checkpoint is what a folder holds.
type checkpoint struct {
	weights   map[string]*tensors.Tensor // by state_dict name
	optimizer map[string]*tensors.Tensor // by GoMLX path
	run       run
}

// run is the record of a training run.
type run struct {
	Format  int
	Image   []int // shape of one image
	Planned int   // epochs that were asked for
	History []Epoch
	Made    map[string]string // what the run was made of: a change of any begins anew

	// Imported is the file that the run's initial weights came from; "": it drew them from its seed.
	// Until an epoch was trained, Planned and Made are empty.
	Imported string `json:",omitempty"`
}

func (r run) done() int { return len(r.History) }

var errNoDir = errors.New("autoencoder: Model.Dir is empty: name the folder for the weights")

// errUntrained is returned where a folder has no weights yet.
type errUntrained struct{ dir string }

func (e errUntrained) Error() string {
	return fmt.Sprintf("autoencoder: %s has no trained weights: run the training cell first", e.dir)
}

// load reads the checkpoint of m.
func (m Model) load() (*checkpoint, error) {
	if m.Dir == "" {
		return nil, errNoDir
	}
	path := filepath.Join(m.Dir, checkpointFile)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errUntrained{m.Dir}
	}
	if err != nil {
		return nil, fmt.Errorf("autoencoder: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("autoencoder: %w", err)
	}
	values, metadata, err := readSafetensors(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("autoencoder: %s is damaged: %w: delete it and train again", path, err)
	}
	if sum, ok := metadata[checksumKey]; ok && sum != checksumOf(values, metadata[runKey]) {
		return nil, fmt.Errorf("autoencoder: %s is damaged: its contents do not have the checksum that they were written with: delete it and train again", path)
	}
	c := &checkpoint{weights: map[string]*tensors.Tensor{}, optimizer: map[string]*tensors.Tensor{}}
	if err := json.Unmarshal([]byte(metadata[runKey]), &c.run); err != nil {
		return nil, fmt.Errorf("autoencoder: %s has no record of its run: delete it and train again", path)
	}
	if c.run.Format != checkpointFormat {
		return nil, fmt.Errorf("autoencoder: %s is of format %d, this version reads %d: delete it and train again", path, c.run.Format, checkpointFormat)
	}
	for name, value := range values {
		if rest, ok := strings.CutPrefix(name, optimizerPrefix); ok {
			c.optimizer[rest] = value
		} else {
			c.weights[name] = value
		}
	}
	return c, nil
}

// save puts a checkpoint in the place of the last.
func (m Model) save(c *checkpoint) error {
	if err := theDisk.MkdirAll(m.Dir, 0o755); err != nil {
		return notKept("weights", m.Dir, err)
	}
	record, err := json.Marshal(c.run)
	if err != nil {
		return fmt.Errorf("autoencoder: the run's record cannot be kept: %w", err)
	}
	values := map[string]*tensors.Tensor{}
	for name, value := range c.weights {
		values[name] = value
	}
	for path, value := range c.optimizer {
		values[optimizerPrefix+path] = value
	}
	err = writeSafetensors(filepath.Join(m.Dir, checkpointFile), values, map[string]string{
		runKey: string(record), checksumKey: checksumOf(values, string(record)), "format": "pt"})
	if err != nil {
		return notKept("weights", m.Dir, err)
	}
	return nil
}

// checksumOf is over the record and each tensor with its name, so a single wrong bit shows: in a weight
// nothing else would.
func checksumOf(values map[string]*tensors.Tensor, record string) string {
	h := crc32.New(castagnoli)
	fmt.Fprintln(h, record)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintln(h, name, values[name].DType(), checksum(values[name]))
	}
	return fmt.Sprintf("%08x", h.Sum32())
}

// keepPrevious copies the checkpoint to Dir.previous, before another run takes its place. At no
// moment is there less than one whole checkpoint.
func (m Model) keepPrevious() error {
	old, err := os.ReadFile(filepath.Join(m.Dir, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = theDisk.MkdirAll(m.previous(), 0o755)
	}
	if err == nil {
		err = replaceFile(filepath.Join(m.previous(), checkpointFile), func(w io.Writer) error {
			_, err := w.Write(old)
			return err
		})
	}
	if err != nil {
		return notKept("old weights", m.previous(), err)
	}
	return nil
}

func (m Model) previous() string { return filepath.Clean(m.Dir) + ".previous" }

// History returns the record of the run whose weights are in Dir, an Epoch for each that was
// finished, resumed ones included: what a later cell, or one after a page reload, shows.
func (m Model) History() ([]Epoch, error) {
	c, err := m.load()
	if err != nil {
		return nil, err
	}
	return c.run.History, nil
}

// match checks that a checkpoint's weights are those of this network.
func (c *checkpoint) match(n *network, dir string) error {
	changed := fmt.Errorf("autoencoder: the layers have changed since %s was trained: run the training cell again", dir)
	if len(c.weights) != len(n.parameters) {
		return changed
	}
	for _, p := range n.parameters {
		if value, ok := c.weights[p.name]; !ok || !value.Shape().Equal(p.shape) {
			return changed
		}
	}
	return nil
}
