package autoencoder

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"autoencoders/autoencoder/nn"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// network is a Model that was traced for images of one shape: what its layers are, and which
// variables they have. Nothing is compiled to get it.
type network struct {
	image      []int // shape of one image: [28, 28, 1]
	latent     []int // shape of one latent: [2]
	steps      []nn.Step
	parameters []parameter
	layers     string // fingerprint of the encoder and the decoder
	objective  string // fingerprint of the loss and the noise
	scalar     bool   // the loss is a scalar, so a smaller batch cannot be padded
	unit       bool   // the loss takes pixels in [0, 1] only
	store      *model.Store
}

// parameter is a trainable variable of a network.
type parameter struct {
	path  string // of GoMLX: /encoder/0/weight
	name  string // of PyTorch's state_dict: encoder.0.weight
	shape shapes.Shape
	bound float64 // the initial value is U(-bound, bound); 0: a layer not of package nn
}

// encode and decode are the two halves as graph functions. Latents may have any shape.
func (m Model) encode(scope *model.Scope, x *graph.Node) *graph.Node {
	return m.Encoder(scope.At("encoder"), x)
}

func (m Model) decode(scope *model.Scope, z *graph.Node, image []int) *graph.Node {
	y := m.Decoder(scope.At("decoder"), z)
	size := 1
	for _, d := range image {
		size *= d
	}
	if got := y.Shape().Size() / y.Shape().Dimensions[0]; got != size {
		panic(fmt.Errorf("autoencoder: the decoder gives %v, %d numbers an image, but the images are %v, %d numbers",
			y.Shape().Dimensions[1:], got, image, size))
	}
	if y.Rank() == 2 && len(image) == 3 && image[2] > 1 {
		return nn.Unflatten(image[2], image[0], image[1])(scope.At("output"), y)
	}
	return graph.Reshape(y, append([]int{y.Shape().Dimensions[0]}, image...)...)
}

// corrupted is x as the encoder sees it in training.
func (m Model) corrupted(scope *model.Scope, x *graph.Node) *graph.Node {
	if m.Corrupt == nil {
		return x
	}
	return m.Corrupt(scope.At("corrupt"), x)
}

// trace builds the network for one shape of image, without compiling it, and notes what it meets.
func (m Model) trace(b compute.Backend, image []int) (n *network, err error) {
	if m.Encoder == nil || m.Decoder == nil {
		return nil, errors.New("autoencoder: the Model lacks its Encoder or its Decoder")
	}
	if len(image) == 0 {
		return nil, errors.New("autoencoder: images need the shape [n, height, width, channels]")
	}
	store := model.NewStore()
	n = &network{image: image, store: store}
	if err := store.SetRNGStateFromSeed(0); err != nil {
		return nil, err
	}
	// What is noted by the layers, and by the graph of the loss.
	var t *nn.Trace
	err = building(b, store, func(scope *model.Scope, g *graph.Graph) {
		t = nn.StartTrace(g)
		x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, append([]int{1}, image...)...))
		z := m.encode(scope, x)
		n.latent = slices.Clone(z.Shape().Dimensions[1:])
		m.decode(scope, z, image)
		n.layers = fingerprint(g)
	})
	if err != nil {
		return nil, err
	}
	n.steps = t.Steps
	err = building(b, store, func(scope *model.Scope, g *graph.Graph) {
		x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, append([]int{2}, image...)...))
		n.scalar = m.objective(scope, x).total().Rank() == 0
		n.unit = g.State(unitPixels{}) != nil
		n.objective = fingerprint(g)
	})
	if err != nil {
		return nil, err
	}
	for v := range store.IterVariables() {
		if !v.Trainable || strings.HasPrefix(v.Name(), "#") {
			continue
		}
		n.parameters = append(n.parameters, parameter{
			path:  v.Path(),
			name:  strings.ReplaceAll(strings.TrimPrefix(v.Path(), model.ScopeSeparator), model.ScopeSeparator, "."),
			shape: v.Shape(),
			bound: t.Bounds[v.Path()],
		})
	}
	slices.SortStableFunc(n.parameters, func(a, b parameter) int { return strings.Compare(a.name, b.name) })
	return n, nil
}

// building runs f on a graph that is never compiled, and returns what it panicked with as an error.
func building(b compute.Backend, store *model.Store, f func(scope *model.Scope, g *graph.Graph)) error {
	g := graph.NewGraph(b, "trace")
	defer g.Finalize()
	model.SetStore(g, store)
	switch caught := exceptions.Try(func() { f(store.RootScope(), g) }).(type) {
	case nil:
		return nil
	case error:
		return plain(caught)
	default:
		return fmt.Errorf("autoencoder: %v", caught)
	}
}

// plain makes an error of GoMLX one line of ours. Errors of the lessons' packages pass as they are.
func plain(err error) error {
	line := oneLine(err)
	if strings.HasPrefix(line, "nn: ") || strings.HasPrefix(line, "autoencoder: ") {
		return errors.New(line)
	}
	return fmt.Errorf("autoencoder: %s", line)
}

// fingerprint is a short hash of a graph: of each operation, its arguments and its shapes.
func fingerprint(g *graph.Graph) string {
	h := sha256.New()
	for _, node := range g.Nodes() {
		fmt.Fprintln(h, node)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// initial draws the values that a parameter begins with from seed: the same for one seed and name
// on every machine and backend.
func (p parameter) initial(seed int64) *tensors.Tensor {
	h := fnv.New64a()
	h.Write([]byte(p.name))
	random := rand.New(rand.NewPCG(uint64(seed), h.Sum64()))
	values := make([]float32, p.shape.Size())
	for i := range values {
		values[i] = float32((2*random.Float64() - 1) * p.bound)
	}
	return tensors.FromFlatDataAndDimensions(values, p.shape.Dimensions...)
}

// initialValues are those of every parameter. Layers that are not of package nn draw from their own
// initializers, which have to be compiled.
func (n *network) initialValues(b compute.Backend, seed int64) (map[string]*tensors.Tensor, error) {
	values := map[string]*tensors.Tensor{}
	for _, p := range n.parameters {
		if p.bound > 0 {
			values[p.name] = p.initial(seed)
			continue
		}
		if err := n.store.SetRNGStateFromSeed(seed); err != nil {
			return nil, plain(err)
		}
		if err := n.store.InitializeVariables(b, nil); err != nil {
			return nil, plain(err)
		}
		value, err := n.store.GetVariable(p.path).Value()
		if err != nil {
			return nil, plain(err)
		}
		values[p.name] = value
	}
	return values, nil
}

// NewStore returns a GoMLX store with the model's variables, for images [height, width, channels], at
// the values that Train begins with for this seed: what a training step of your own starts from.
// Encoder and Decoder find theirs in the scopes "encoder" and "decoder".
func (m Model) NewStore(seed int64, height, width, channels int) (*model.Store, error) {
	if height < 1 || width < 1 || channels < 1 {
		return nil, fmt.Errorf("autoencoder: NewStore(…, %d, %d, %d): each size must be at least 1", height, width, channels)
	}
	b, err := Backend()
	if err != nil {
		return nil, err
	}
	n, err := m.trace(b, []int{height, width, channels})
	if err != nil {
		return nil, err
	}
	if err := n.fitsAlone(); err != nil {
		return nil, err
	}
	values, err := n.initialValues(b, seed)
	if err != nil {
		return nil, err
	}
	return n.storeOf(values, seed)
}

// storeOf makes the variables of the network with the given values.
func (n *network) storeOf(values map[string]*tensors.Tensor, seed int64) (*model.Store, error) {
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(seed); err != nil {
		return nil, plain(err)
	}
	for _, p := range n.parameters {
		if _, err := store.CreateVariable(p.path, values[p.name]); err != nil {
			return nil, plain(err)
		}
	}
	return store, nil
}
