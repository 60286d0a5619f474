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
	"strings"

	"autoencoders/autoencoder/internal/safetensors"
	"autoencoders/internal/disk"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// ExportPyTorch writes the trained weights, and nothing else, as the safetensors file that a PyTorch
// module with the attributes encoder and decoder loads strictly:
//
//	model.load_state_dict(safetensors.torch.load_file("linear.safetensors"))
//
// The names are those of a state_dict (encoder.0.weight …), the values float32, and the layouts
// PyTorch's: [out, in] for Linear, [out, in, k, k] for Conv2d, [in, out, k, k] for ConvTranspose2d. The
// file at path is replaced in one step.
//
// A batch normalization of GoMLX over the last axis, with scale and offset, is written as
// torch.nn.BatchNorm1d or 2d (weight, bias, running_mean, running_var, num_batches_tracked). The file does
// not hold its eps: GoMLX's default is 1e-3 and PyTorch's 1e-5, so create the module with eps=1e-3. Any
// other layer that keeps variables which are not trained has no counterpart in PyTorch, and is an error.
// Trained variables of other layers that are not of package nn keep GoMLX's names and layouts.
func (m Model) ExportPyTorch(path string) error {
	return m.export(path, func(w *tensors.Tensor) (*tensors.Tensor, error) { return w, nil })
}

// ExportPyTorchHalf is [Model.ExportPyTorch] with the weights in float16: a file of half the size, with
// three significant digits. [Model.ImportPyTorch] and load_state_dict of a float32 module convert it back. A
// weight beyond ±65504, the largest number of float16, is an error.
func (m Model) ExportPyTorchHalf(path string) error { return m.export(path, safetensors.ToHalf) }

// export writes what convert makes of each of the float32 weights.
func (m Model) export(path string, convert func(*tensors.Tensor) (*tensors.Tensor, error)) error {
	t, err := m.Open()
	if err != nil {
		return err
	}
	defer t.Close()
	if same(path, filepath.Join(t.folder, checkpointFile)) {
		return fmt.Errorf("autoencoder: %s is the model's own checkpoint: export to another file", path)
	}
	weights := map[string]*tensors.Tensor{}
	for i, p := range t.network.variables() {
		name, ok := pyTorchName(p.name)
		switch {
		case weights[name] != nil:
			return fmt.Errorf("autoencoder: two variables would both be called %s in PyTorch: put each of their layers into a Sequential of its own", name)
		case !ok && i >= len(t.network.parameters) && p.bound == 0:
			return fmt.Errorf("autoencoder: %s is not trained, and no layer of PyTorch has such a variable: it cannot be exported", p.name)
		case p.shape.DType != dtypes.Float32:
			return fmt.Errorf("autoencoder: %s is %s: only float32 weights are exported", p.name, p.shape.DType)
		}
		weight := t.store.GetVariable(p.path).MustValue()
		if strings.HasSuffix(name, batchesTracked) {
			weights[name] = tensors.FromScalar(int64(tensors.MustCopyFlatData[float32](weight)[0]))
			continue
		}
		if weights[name], err = convert(weight); err != nil {
			return fmt.Errorf("autoencoder: %s is not exported: %w: ExportPyTorch writes float32", name, err)
		}
	}
	if err := safetensors.Write(path, weights, map[string]string{"format": "pt"}); err != nil {
		return fmt.Errorf("autoencoder: the export cannot be written to %s: %w: free some space, or choose another path", path, disk.Reason(err))
	}
	return nil
}

// The names of a batch normalization's variables, in GoMLX and in PyTorch.
const (
	batchNormalization = ".batch_normalization."
	batchesTracked     = ".num_batches_tracked"
)

var batchNames = map[string]string{
	"scale": "weight", "offset": "bias", "mean": "running_mean", "variance": "running_var", "avg_weight": "num_batches_tracked",
}

// pyTorchName returns the name of a variable in PyTorch's state_dict, and whether it differs from GoMLX's.
func pyTorchName(name string) (string, bool) {
	layer, variable, ok := strings.Cut(name, batchNormalization)
	if theirs, known := batchNames[variable]; ok && known {
		return layer + "." + theirs, true
	}
	return name, false
}

// fromPyTorch renames and converts those tensors of a state_dict whose names differ between PyTorch and GoMLX.
func (n *network) fromPyTorch(weights map[string]*tensors.Tensor) map[string]*tensors.Tensor {
	ours := maps.Clone(weights)
	for _, p := range n.variables() {
		name, renamed := pyTorchName(p.name)
		w, there := ours[name]
		if !renamed || !there {
			continue
		}
		if strings.HasSuffix(name, batchesTracked) { // GoMLX counts for each feature
			count := float32(tensors.ToScalar[int64](w))
			w = tensors.FromFlatDataAndDimensions(slices.Repeat([]float32{count}, p.shape.Size()), p.shape.Dimensions...)
		}
		delete(ours, name)
		ours[p.name] = w
	}
	return ours
}

// same reports whether two paths lead to the same file.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// ImportPyTorch writes the weights of a PyTorch module, as saved by
//
//	safetensors.torch.save_file(model.state_dict(), "linear.safetensors")
//
// into Dir. They are epoch 0 of a run: Encode, Decode, Reconstruct and Evaluate work at once, History is
// empty, and Train starts from them and says so in Epoch.Note. A model that was in Dir moves to
// Dir.previous.
//
// Each tensor of the file must be one of the network's, of its shape, in float32 or float16, and finite,
// and none may be missing. Otherwise the error names it, and what is in Dir stays as it was. Float16 is
// converted to float32.
//
// A state_dict does not record the image shape. ImportPyTorch uses the shape of the model already in Dir
// if it fits the layers, otherwise 28x28x1, otherwise the smallest square image that fits (1 or 3
// channels, or those of the first Conv2d, at most 256 pixels wide). Layers that take any size, as
// convolutions alone do, get 28x28; Train on other images starts from the weights all the same.
func (m Model) ImportPyTorch(path string) error {
	folder, err := m.folder()
	if err != nil {
		return err
	}
	var old []int
	switch s, err := openCheckpoint(folder); {
	case err == nil:
		old = s.run.Image
		s.close()
	case !isUntrained(err):
		return err
	}
	data, err := openWeights(path)
	if err != nil {
		return err
	}
	defer data.close()
	b, err := Backend()
	if err != nil {
		return err
	}
	n, err := m.traceImported(b, old, data)
	if err != nil {
		return err
	}
	weights, err := n.accept(data)
	if err != nil {
		return err
	}
	unlock, err := lock(folder)
	if err != nil {
		return err
	}
	defer unlock()
	if err := keepPrevious(folder); err != nil {
		return err
	}
	record := run{Format: checkpointFormat, Numerics: numerics, Image: n.image, Imported: filepath.Base(path)}
	return save(folder, &checkpoint{weights: weights, run: record})
}

// weightsFile is a safetensors file of weights only.
type weightsFile struct {
	*safetensors.File
	path string
	file *os.File
}

func (f *weightsFile) close() { f.file.Close() }

func openWeights(path string) (*weightsFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("autoencoder: there is nothing to import: %w", err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a file")
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("autoencoder: %s is not read: %w", path, err)
	}
	data, err := safetensors.Open(file, info.Size())
	if err != nil {
		file.Close()
		return nil, notRead(path, err)
	}
	return &weightsFile{data, path, file}, nil
}

func notRead(path string, err error) error {
	if !errors.Is(err, safetensors.ErrFormat) {
		return fmt.Errorf("autoencoder: %s cannot be read: %w: try again", path, disk.Reason(err))
	}
	return fmt.Errorf("autoencoder: %s is not read: %w (in PyTorch, safetensors.torch.save_file(model.float().state_dict(), path) writes what is)", path, err)
}

// traceImported traces the network for the first shape of image that its layers accept.
func (m Model) traceImported(b compute.Backend, old []int, data *weightsFile) (*network, error) {
	var first error
	for image := range imagesToTry(old, data) {
		n, err := m.trace(b, image)
		if err == nil {
			return n, nil
		}
		first = cmp.Or(first, err)
	}
	return nil, fmt.Errorf("%w (nor do square images of another size fit)", first)
}

func imagesToTry(old []int, data *weightsFile) iter.Seq[[]int] {
	channels := []int{1, 3}
	if shape, ok := data.Shape("encoder.0.weight"); ok && shape.Rank() == 4 {
		channels = append(channels, shape.Dimensions[1])
	}
	return func(yield func([]int) bool) {
		if len(old) == 3 && !yield(old) {
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

// isHalfOf reports whether a tensor of type got can be imported as one of type want.
func isHalfOf(got, want dtypes.DType) bool {
	return got == dtypes.Float16 && want == dtypes.Float32
}

// accept reads the weights of a file, after checking that they are exactly those of the network.
func (n *network) accept(data *weightsFile) (map[string]*tensors.Tensor, error) {
	path, known := data.path, map[string]bool{}
	for _, p := range n.variables() {
		name, renamed := pyTorchName(p.name)
		if _, ok := data.Shape(p.name); ok {
			name, renamed = p.name, false // as this package names it
		}
		known[name] = true
		shape, ok := data.Shape(name)
		want := p.shape
		if renamed && strings.HasSuffix(name, batchesTracked) {
			want = shapes.Make(dtypes.Int64)
		}
		switch {
		case !ok:
			return nil, fmt.Errorf("autoencoder: %s does not contain %s %v", path, name, want.Dimensions)
		case !slices.Equal(shape.Dimensions, want.Dimensions):
			return nil, fmt.Errorf("autoencoder: in %s %s is %v, but in the model %v", path, name, shape.Dimensions, want.Dimensions)
		case shape.DType != want.DType && !isHalfOf(shape.DType, want.DType):
			return nil, fmt.Errorf("autoencoder: in %s %s is %s, but in the model %s: in PyTorch, save model.float().state_dict()", path, name, shape.DType, want.DType)
		}
	}
	for _, name := range data.Names() {
		if shape, _ := data.Shape(name); !known[name] {
			return nil, fmt.Errorf("autoencoder: %s has %s %v, which the model does not have", path, name, shape.Dimensions)
		}
	}
	weights := map[string]*tensors.Tensor{}
	for name := range known {
		w, err := data.Read(name)
		if err != nil {
			return nil, notRead(path, err)
		}
		if w.DType() == dtypes.Float16 {
			w = safetensors.FromHalf(w)
		}
		if w.DType() == dtypes.Float32 {
			if p, err := readPixels(w); err != nil || p.notFinite >= 0 {
				return nil, fail(ErrNotFinite, "in %s %s holds %s: the saved network is unusable", path, name, valueAt(w, p.notFinite))
			}
		}
		weights[name] = w
	}
	return n.fromPyTorch(weights), nil
}
