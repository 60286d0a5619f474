package autoencoder

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"autoencoders/autoencoder/internal/safetensors"
	"autoencoders/internal/disk"
	"autoencoders/internal/memory"

	"github.com/gomlx/gomlx/core/tensors"
)

// A checkpoint is one file, Dir/model.safetensors, so that it is either complete or absent. It holds the
// weights under PyTorch's state_dict names, AdamW's state and, as metadata, the record of the run.
const (
	checkpointFile   = "model.safetensors"
	checkpointFormat = 1
	optimizerPrefix  = "optimizer/" // of what training needs beyond the weights

	// Keys of the metadata. Checkpoints of the first edition lack weightsKey, and early ones checksumKey.
	runKey      = "run"
	weightsKey  = "crc32c-weights" // checksum of the record and the weights
	checksumKey = "crc32c"         // checksum of the record and everything
)

// numerics is the version of everything besides its Config that determines the numbers of a run: initial
// values, order, noise and how the layers compute. Raise it when one of them changes. The first edition wrote
// 0.
const numerics = 2

// checkpoint is what a run saves.
type checkpoint struct {
	weights   map[string]*tensors.Tensor // by state_dict name, the state of layers included
	optimizer map[string]*tensors.Tensor // by GoMLX path
	run       run
}

// run is the record of a training run.
type run struct {
	Format   int
	Numerics int   `json:",omitempty"`
	Image    []int // shape of one image
	Planned  int   // epochs that were asked for
	History  []Epoch
	Made     map[string]string // what the run was made of, see ingredients

	LearningRates []float64 `json:",omitempty"` // as the run used them; the first edition had one, in Made
	KLWeights     []float64 `json:",omitempty"`

	// Imported is the file that the run's initial weights came from; "": it drew them from its seed.
	// Until an epoch was trained, Planned and Made are empty.
	Imported string `json:",omitempty"`
}

func (r run) done() int { return len(r.History) }

// klWeight is what TestLoss and Evaluate multiply the KL by.
func (r run) klWeight() float64 { return scheduled(r.KLWeights, len(r.KLWeights), 1) }

// folder returns the folder of the weights. A leading ~ is the user's home.
func (m Model) folder() (string, error) {
	if m.Dir == "" {
		return "", errors.New("autoencoder: Model.Dir is empty: name the folder for the weights")
	}
	return atHome(m.Dir)
}

func atHome(path string) (string, error) {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok {
		return path, nil
	}
	if rest != "" && rest[0] != '/' {
		return "", fmt.Errorf("autoencoder: %s is not in your own home, which is written ~/: write out the folder", path)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("autoencoder: %s is in your home, but %w: write out the folder", path, err)
	}
	return home + rest, nil
}

// saved is an open checkpoint whose record was read. Its tensors are read when they are needed.
type saved struct {
	folder string
	path   string // of the file in it
	file   *os.File
	data   *safetensors.File
	run    run
}

// openSaved opens the checkpoint of the model.
func (m Model) openSaved() (*saved, error) {
	folder, err := m.folder()
	if err != nil {
		return nil, err
	}
	return openCheckpoint(folder)
}

// openCheckpoint opens the checkpoint in a folder.
func openCheckpoint(folder string) (s *saved, err error) {
	path := filepath.Join(folder, checkpointFile)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(ErrUntrained, "%s has %w: run the training cell first, in which a loop ranges over Train: for epoch, err := range model.Train(…)",
			folder, ErrUntrained)
	}
	if err != nil {
		return nil, fmt.Errorf("autoencoder: %w", err)
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("autoencoder: %w", err)
	}
	data, err := safetensors.Open(file, info.Size())
	if err != nil {
		return nil, unreadable(path, err)
	}
	s = &saved{folder: folder, path: path, file: file, data: data}
	if data.Metadata[runKey] == "" && data.Metadata[checksumKey] == "" && data.Metadata[weightsKey] == "" {
		return nil, fmt.Errorf("autoencoder: %s has no record of a run, so Train did not write it: move it away, and import PyTorch weights with ImportPyTorch", path)
	}
	if err := json.Unmarshal([]byte(data.Metadata[runKey]), &s.run); err != nil {
		return nil, damaged(path, errors.New("it has no record of its run"))
	}
	if s.run.Format != checkpointFormat {
		if _, err := s.weights(); err != nil {
			return nil, err // a single wrong bit can make one version look like another
		}
		return nil, fmt.Errorf("autoencoder: %s has format %d, and this version reads %d: use the version that wrote it, or another Dir", path, s.run.Format, checkpointFormat)
	}
	if s.run.Numerics > 0 && (data.Metadata[weightsKey] == "" || data.Metadata[checksumKey] == "") {
		return nil, damaged(path, errors.New("its checksums are missing"))
	}
	if len(s.run.LearningRates) == 0 {
		var rate float64
		if n, _ := fmt.Sscan(s.run.Made["LearningRate"], &rate); n == 1 {
			s.run.LearningRates = []float64{rate}
		}
	}
	return s, nil
}

func (s *saved) close() { s.file.Close() }

// unreadable returns the error for a file that cannot be read. The file counts as damaged only if its contents
// show it: a failing disk or network says nothing about the file.
func unreadable(path string, err error) error {
	if errors.Is(err, safetensors.ErrFormat) {
		return damaged(path, err)
	}
	return fmt.Errorf("autoencoder: %s cannot be read: %w: the file itself may be fine; try again", path, disk.Reason(err))
}

func damaged(path string, why error) error {
	return fail(ErrDamaged, "%s %w: %w: delete it and train again", path, ErrDamaged, why)
}

// names returns the names of the weights and of the optimizer's tensors.
func (s *saved) names() (weights, optimizer []string) {
	for _, name := range s.data.Names() {
		if strings.HasPrefix(name, optimizerPrefix) {
			optimizer = append(optimizer, name)
		} else {
			weights = append(weights, name)
		}
	}
	return weights, optimizer
}

// fits reports whether the weights have the names, shapes and types of the network's.
func (s *saved) fits(n *network) bool {
	weights, _ := s.names()
	for _, p := range n.variables() {
		if shape, ok := s.data.Shape(p.name); !ok || !shape.Equal(p.shape) {
			return false
		}
	}
	return len(weights) == len(n.variables())
}

// match returns an error unless the weights fit the network.
func (s *saved) match(n *network) error {
	if !s.fits(n) {
		return fmt.Errorf("autoencoder: the layers have changed since %s was trained: run the training cell again", s.folder)
	}
	return nil
}

// weights reads the weights and verifies their checksum.
func (s *saved) weights() (map[string]*tensors.Tensor, error) {
	names, _ := s.names()
	if s.data.Metadata[weightsKey] == "" { // an old file has only the checksum of everything
		c, err := s.all()
		if err != nil {
			return nil, err
		}
		return c.weights, nil
	}
	values, err := s.read(names)
	if err == nil && s.data.Metadata[weightsKey] != checksumOf(values, s.data.Metadata[runKey]) {
		err = damaged(s.path, errors.New("its weights do not match their checksum"))
	}
	return values, err
}

// all reads everything and verifies its checksum.
func (s *saved) all() (*checkpoint, error) {
	weights, optimizer := s.names()
	values, err := s.read(append(weights, optimizer...))
	if err != nil {
		return nil, err
	}
	if sum, ok := s.data.Metadata[checksumKey]; ok && sum != checksumOf(values, s.data.Metadata[runKey]) {
		return nil, damaged(s.path, errors.New("its contents do not match their checksum"))
	}
	c := &checkpoint{weights: map[string]*tensors.Tensor{}, optimizer: map[string]*tensors.Tensor{}, run: s.run}
	for name, value := range values {
		if path, ok := strings.CutPrefix(name, optimizerPrefix); ok {
			c.optimizer[path] = value
		} else {
			c.weights[name] = value
		}
	}
	return c, nil
}

func (s *saved) read(names []string) (map[string]*tensors.Tensor, error) {
	var bytes int64
	for _, name := range names {
		bytes += s.data.Size(name)
	}
	if free := memory.Available(); float64(bytes) > free {
		return nil, fmt.Errorf("autoencoder: %s holds %s of weights, more than the %s of memory that are free", s.path, memory.Gigabytes(float64(bytes)), memory.Gigabytes(free))
	}
	values := map[string]*tensors.Tensor{}
	for _, name := range names {
		value, err := s.data.Read(name)
		if err != nil {
			return nil, unreadable(s.path, err)
		}
		values[name] = value
	}
	return values, nil
}

// save replaces the checkpoint in a folder.
func save(folder string, c *checkpoint) error {
	if err := disk.MakeFolder(folder); err != nil {
		return notSaved("weights", folder, err)
	}
	record, err := json.Marshal(c.run)
	if err != nil {
		return fmt.Errorf("autoencoder: the run's record cannot be saved: %w", err)
	}
	values := maps.Clone(c.weights)
	for path, value := range c.optimizer {
		values[optimizerPrefix+path] = value
	}
	err = safetensors.Write(filepath.Join(folder, checkpointFile), values, map[string]string{
		runKey: string(record), weightsKey: checksumOf(c.weights, string(record)), checksumKey: checksumOf(values, string(record)), "format": "pt"})
	if err != nil {
		return notSaved("weights", folder, err)
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum returns a short text that identifies the numbers and the shape of x.
func checksum(x *tensors.Tensor) string {
	h := crc32.New(castagnoli) // in hardware: the training images take some 20 ms
	if err := x.ConstBytes(func(data []byte) { h.Write(data) }); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%v %08x", x.Shape().Dimensions, h.Sum32())
}

// checksumOf returns a checksum over the record and each tensor with its name. A single wrong bit in a weight
// would otherwise go unnoticed.
func checksumOf(values map[string]*tensors.Tensor, record string) string {
	h := crc32.New(castagnoli)
	fmt.Fprintln(h, record)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintln(h, name, values[name].DType(), checksum(values[name]))
	}
	return fmt.Sprintf("%08x", h.Sum32())
}

// keepPrevious copies the checkpoint in a folder to folder.previous before another run replaces it. There is a
// complete checkpoint at every moment.
func keepPrevious(folder string) error {
	from := filepath.Join(folder, checkpointFile)
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := disk.MakeFolder(previous(folder))
	if err == nil {
		err = disk.Copy(from, filepath.Join(previous(folder), checkpointFile))
	}
	if err != nil {
		return notSaved("old weights", previous(folder), err)
	}
	return nil
}

func previous(folder string) string { return filepath.Clean(folder) + ".previous" }

// best is where Config.KeepBest saves the best epoch.
func best(folder string) string { return filepath.Clean(folder) + ".best" }

// lock reserves a folder for one writer, and creates it if it does not exist.
func lock(folder string) (unlock func(), err error) {
	if err := disk.MakeFolder(folder); err != nil {
		return nil, notSaved("weights", folder, err)
	}
	l, err := disk.LockFolder(folder)
	if errors.Is(err, disk.ErrLocked) {
		return nil, fail(ErrBusy, "%s %w, in another cell or notebook: wait for it, stop it, or use another Dir", folder, ErrBusy)
	}
	if err != nil {
		return nil, notSaved("weights", folder, err)
	}
	if l.Held() {
		disk.ClearUnfinished(filepath.Join(folder, checkpointFile))
		disk.ClearUnfinished(filepath.Join(previous(folder), checkpointFile))
	}
	return l.Unlock, nil
}

// History returns the record of the run whose weights are in Dir: one Epoch for each complete epoch, those
// before an interruption included. A later cell, or one that runs after the page was reloaded, can show it.
// Without trained weights the error wraps [ErrUntrained].
func (m Model) History() ([]Epoch, error) {
	s, err := m.openSaved()
	if err != nil {
		return nil, err
	}
	defer s.close()
	if _, err := s.weights(); err != nil {
		return nil, err
	}
	return s.run.History, nil
}
