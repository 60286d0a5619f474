package autoencoder

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
)

// ExportPyTorch writes the trained weights, and nothing else, as the safetensors file that a PyTorch
// module with the attributes encoder and decoder loads strictly:
//
//	model.load_state_dict(safetensors.torch.load_file("linear.safetensors"))
//
// Names are state_dict's (encoder.0.weight …), values float32, and layouts PyTorch's: [out, in] for
// Linear, [out, in, k, k] for Conv2d, [in, out, k, k] for ConvTranspose2d. The file at path is
// replaced in one step.
func (m Model) ExportPyTorch(path string) error {
	t, err := m.trained()
	if err != nil {
		return err
	}
	if same(path, filepath.Join(m.Dir, checkpointFile)) {
		return fmt.Errorf("autoencoder: %s is the model's own checkpoint: export to another file", path)
	}
	weights := map[string]*tensors.Tensor{}
	for _, p := range t.network.parameters {
		if p.shape.DType != dtypes.Float32 {
			return fmt.Errorf("autoencoder: %s is %s: only float32 weights are exported", p.name, p.shape.DType)
		}
		weights[p.name] = t.store.GetVariable(p.path).MustValue()
	}
	if err := writeSafetensors(path, weights, map[string]string{"format": "pt"}); err != nil {
		return fmt.Errorf("autoencoder: the export is not written to %s: %w: make room, or name another place", path, reason(err))
	}
	return nil
}

// same tells whether two paths are one file.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// ImportPyTorch takes the weights of a PyTorch module, as written by
//
//	safetensors.torch.save_file(model.state_dict(), "linear.safetensors")
//
// into Dir. They are epoch 0 of a run: Encode, Decode, Reconstruct and Evaluate work at once,
// History is empty, and Train goes on from them and says so in Epoch.Note. A model that was in Dir
// moves to Dir.previous.
//
// Each tensor of the file has to be one of the network's, of its shape, in float32, and none may be
// missing; else an error names it and what is in Dir stays as it was.
//
// The file does not say what the images' shape is. It is that of the model in Dir, if there is one
// and it fits the layers; else 28x28x1, as in the lessons; else the first square that fits: of 1, 3
// or the first Conv2d's channels, with sides up to 256. (Layers that take any size, as convolutions
// alone do, are given 28x28; a Train on other images goes on from the weights all the same.)
func (m Model) ImportPyTorch(path string) error {
	old, err := m.load()
	if untrained := (errUntrained{}); err != nil && !errors.As(err, &untrained) {
		return err
	}
	weights, err := readWeights(path)
	if err != nil {
		return err
	}
	b, err := Backend()
	if err != nil {
		return err
	}
	n, err := m.traceImported(b, old, weights)
	if err != nil {
		return err
	}
	if err := n.accept(weights, path); err != nil {
		return err
	}
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := m.keepPrevious(); err != nil {
		return err
	}
	record := run{Format: checkpointFormat, Image: n.image, Imported: filepath.Base(path)}
	return m.save(&checkpoint{weights: weights, run: record})
}

// readWeights reads a safetensors file of weights only.
func readWeights(path string) (map[string]*tensors.Tensor, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("autoencoder: there is nothing to import: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a file")
	}
	if err != nil {
		return nil, fmt.Errorf("autoencoder: %s is not read: %w", path, err)
	}
	weights, _, err := readSafetensors(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("autoencoder: %s is not read: %w (in PyTorch, safetensors.torch.save_file(model.float().state_dict(), path) writes what is)", path, err)
	}
	return weights, nil
}

// traceImported traces the network for the first shape of image that its layers take.
func (m Model) traceImported(b compute.Backend, old *checkpoint, weights map[string]*tensors.Tensor) (*network, error) {
	var first error
	for image := range imagesToTry(old, weights["encoder.0.weight"]) {
		n, err := m.trace(b, image)
		if err == nil {
			return n, nil
		}
		first = cmp.Or(first, err)
	}
	return nil, fmt.Errorf("%w (nor do square images of another size fit)", first)
}

func imagesToTry(old *checkpoint, weight *tensors.Tensor) iter.Seq[[]int] {
	channels := []int{1, 3}
	if weight != nil && weight.Rank() == 4 {
		channels = append(channels, weight.Shape().Dimensions[1])
	}
	return func(yield func([]int) bool) {
		if old != nil && !yield(old.run.Image) {
			return
		}
		for _, c := range channels {
			for side := range 257 { // 28 first
				if side == 0 {
					side = 28
				}
				if !yield([]int{side, side, c}) {
					return
				}
			}
		}
	}
}

// accept checks that weights are the network's, all of them and no other.
func (n *network) accept(weights map[string]*tensors.Tensor, path string) error {
	known := map[string]bool{}
	for _, p := range n.parameters {
		known[p.name] = true
		w, ok := weights[p.name]
		switch {
		case !ok:
			return fmt.Errorf("autoencoder: %s lacks %s %v", path, p.name, p.shape.Dimensions)
		case !slices.Equal(w.Shape().Dimensions, p.shape.Dimensions):
			return fmt.Errorf("autoencoder: in %s %s is %v, but in the model %v", path, p.name, w.Shape().Dimensions, p.shape.Dimensions)
		case w.DType() != p.shape.DType:
			return fmt.Errorf("autoencoder: in %s %s is %s, but in the model %s: in PyTorch, save model.float().state_dict()", path, p.name, w.DType(), p.shape.DType)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		if !known[name] {
			return fmt.Errorf("autoencoder: %s has %s %v, which the model has not", path, name, weights[name].Shape().Dimensions)
		}
	}
	return nil
}
