package autoencoder

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"autoencoders/autoencoder/internal/safetensors"
	"autoencoders/autoencoder/internal/trace"
	"autoencoders/autoencoder/nn"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// network is a Model that was traced for images of one shape: its layers, and the variables that they have.
// Tracing compiles nothing.
type network struct {
	image      []int // shape of one image: [28, 28, 1]
	latent     []int // shape of one latent: [2]
	layers     []trace.Layer
	parameters []variable // what training changes by its gradient
	state      []variable // what layers change by themselves: the running means of a batch normalization
	recipe     recipe
	own        bool   // the network has operations that no layer of package nn built
	scalar     bool   // the loss is a scalar, so a smaller batch cannot be padded
	unit       bool   // the loss takes pixels in [0, 1] only
	posteriors []bool // for each Reparameterize, in order: whether its z is the code
	store      *model.Store
}

// recipe describes what is trained, equal for equal models on every backend and in every version.
type recipe struct {
	layers    string // encoder and decoder
	objective string // loss and noise
}

// variable is a variable of a network's layers.
type variable struct {
	path  string // of GoMLX: /encoder/0/weight
	name  string // of PyTorch's state_dict: encoder.0.weight
	shape shapes.Shape
	bound float64 // the initial value is U(-bound, bound); 0: a layer not of package nn
}

// encode and decode are the two halves as graph functions. Latents may have any shape.
func (m Model) encode(scope *model.Scope, x *graph.Node) *graph.Node {
	return graph.ConvertDType(m.Encoder(scope.At("encoder"), x), dtypes.Float32)
}

func (m Model) decode(scope *model.Scope, z *graph.Node, image []int) *graph.Node {
	return graph.ConvertDType(asImages(m.Decoder(scope.At("decoder"), z), image), dtypes.Float32)
}

// half builds the Encoder or the Decoder, which may be a plain function, and records it in the trace.
func (m Model) half(scope *model.Scope, layer nn.Layer, x *graph.Node) *graph.Node {
	return trace.Of(x.Graph()).Call(scope, func() *graph.Node { return layer(scope, x) })
}

// asImages gives the decoder's output y the shape of images. A flat y has PyTorch's order, one channel
// after the other.
func asImages(y *graph.Node, image []int) *graph.Node {
	got := y.Shape().Dimensions[1:]
	if size(got) != size(image) {
		panic(fmt.Errorf("autoencoder: the decoder gives %v, %d numbers an image, but the images are %v, %d numbers",
			got, size(got), image, size(image)))
	}
	if y.Rank() == 4 && !slices.Equal(got, image) {
		panic(fmt.Errorf("autoencoder: the decoder gives %v, but the images are %v: the order is [height width channels], and nn.Unflatten takes (channels, height, width)",
			got, image))
	}
	batch := y.Shape().Dimensions[0]
	if y.Rank() == 2 && len(image) == 3 && image[2] > 1 {
		y = graph.Reshape(y, batch, image[2], image[0], image[1])
		return graph.TransposeAllAxes(y, 0, 2, 3, 1)
	}
	return graph.Reshape(y, append([]int{batch}, image...)...)
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// corrupted is x as the encoder sees it in training and, with a fixed seed, in the test.
func (m Model) corrupted(scope *model.Scope, x *graph.Node) *graph.Node {
	if m.Corrupt == nil {
		return x
	}
	scope.Store().SetTraining(x.Graph(), true) // or a dropout would drop nothing
	return m.Corrupt(scope.At("corrupt"), x)
}

// trace builds the training graph for one shape of image, without compiling it, and records what it
// contains.
func (m Model) trace(b compute.Backend, image []int) (*network, error) {
	if m.Encoder == nil || m.Decoder == nil {
		return nil, errors.New("autoencoder: the Model has no Encoder or no Decoder")
	}
	if len(image) == 0 {
		return nil, errors.New("autoencoder: images need the shape [n, height, width, channels]")
	}
	n := &network{image: image, store: model.NewStore()}
	if err := n.store.SetRNGStateFromSeed(0); err != nil {
		return nil, plain(err)
	}
	images := func(g *graph.Graph) *graph.Node {
		return graph.Parameter(g, "x", shapes.Make(dtypes.Float32, append([]int{2}, image...)...))
	}
	var o objective
	err := building(b, n.store, func(scope *model.Scope, g *graph.Graph) {
		o = m.objective(scope, images(g), true)
		n.latent = slices.Clone(o.code.Shape().Dimensions[1:])
		n.scalar = o.reconstruction.Rank() == 0
		n.unit = g.State(unitPixels{}) != nil
		for _, l := range o.trace.Latents {
			n.posteriors = append(n.posteriors, l.Z == o.code)
		}
		t, s := o.trace, o.spans
		n.layers = append(t.Within(s.encoder), t.Within(s.decoder)...)
		n.own = t.HasOwn(s.encoder) || t.HasOwn(s.decoder) || t.HasOwn(s.corrupt)
		n.recipe = recipe{
			layers:    t.Describe(s.encoder) + " | " + t.Describe(s.decoder),
			objective: t.Describe(s.corrupt) + " | " + t.Describe(s.loss),
		}
	})
	if err != nil {
		return nil, err
	}
	if n.own {
		// What the caller's own layers do outside of training is part of the network too.
		err := building(b, n.store, func(scope *model.Scope, g *graph.Graph) {
			o := m.objective(scope, images(g), false)
			n.recipe.layers += " | " + o.trace.Describe(o.spans.encoder) + " | " + o.trace.Describe(o.spans.decoder)
		})
		if err != nil {
			return nil, err
		}
	}
	return n, n.listVariables(o.trace)
}

// listVariables fills parameters and state, and refuses variables that a checkpoint cannot hold.
func (n *network) listVariables(t *trace.Trace) error {
	for v := range n.store.IterVariables() {
		if v.Name() == model.RNGStateVariableName {
			continue // every epoch seeds it again
		}
		p := variable{path: v.Path(), name: stateDictName(v.Path()), shape: v.Shape(), bound: t.Bounds[v.Path()]}
		switch {
		case !safetensors.Holds(v.DType()):
			return fmt.Errorf("autoencoder: the variable %s of your layer is %s, which a checkpoint cannot hold: make it float32", p.name, v.DType())
		case strings.HasPrefix(p.name, optimizerPrefix):
			return fmt.Errorf("autoencoder: the variable %s of your layer has a name that is reserved for the optimizer: give its scope another name", p.name)
		case v.Trainable:
			n.parameters = append(n.parameters, p)
		default:
			n.state = append(n.state, p)
			n.recipe.layers += " | " + p.name + " is not trained"
		}
		if p.bound == 0 && v.HasValue() { // a layer of the caller's own gave it
			n.recipe.layers += fmt.Sprintf(" | %s begins as %s", p.name, checksum(v.MustValue()))
		}
	}
	byName := func(a, b variable) int { return strings.Compare(a.name, b.name) }
	slices.SortStableFunc(n.parameters, byName)
	slices.SortStableFunc(n.state, byName)
	for i, p := range n.variables() {
		for _, q := range n.variables()[:i] {
			if p.name == q.name {
				return fmt.Errorf("autoencoder: two variables of your layers would both be called %s in a file: rename the scope of one", p.name)
			}
		}
	}
	return nil
}

// stateDictName turns GoMLX's path of a variable into PyTorch's name.
func stateDictName(path string) string {
	return strings.ReplaceAll(strings.TrimPrefix(path, model.ScopeSeparator), model.ScopeSeparator, ".")
}

// variables returns the parameters and the state.
func (n *network) variables() []variable { return slices.Concat(n.parameters, n.state) }

// independent reports whether each image's result is known to be independent of the others in its
// batch, so that a batch may be filled up with other images. Layers of package nn are; a batch
// normalization is not.
func (n *network) independent() bool { return !n.own && len(n.state) == 0 }

// unchanged builds f without changing the state of the layers, which only training may change.
func (n *network) unchanged(g *graph.Graph, store *model.Store, f func() []*graph.Node) []*graph.Node {
	values := map[*model.Variable]*graph.Node{}
	for _, p := range n.state {
		if v := store.GetVariable(p.path); v != nil {
			values[v] = v.NodeValue(g)
		}
	}
	results := f()
	for v, value := range values {
		v.SetNodeValue(value)
	}
	return results
}

// building runs f on a graph that is never compiled, and returns what it panicked with as an error.
func building(b compute.Backend, store *model.Store, f func(scope *model.Scope, g *graph.Graph)) error {
	g := graph.NewGraph(b, "trace")
	defer g.Finalize()
	model.SetStore(g, store)
	return catch(func() { f(store.RootScope(), g) })
}

// initial returns the initial values of a parameter, drawn from seed: for the same seed and name they are the
// same on every machine and backend.
func (p variable) initial(seed int64) *tensors.Tensor {
	h := fnv.New64a()
	h.Write([]byte(p.name))
	random := rand.New(rand.NewPCG(uint64(seed), h.Sum64()))
	values := make([]float32, p.shape.Size())
	for i := range values {
		values[i] = float32((2*random.Float64() - 1) * p.bound)
	}
	return tensors.FromFlatDataAndDimensions(values, p.shape.Dimensions...)
}

// initialValues returns the initial value of every variable, by name. Layers that are not of package
// nn have initializers of their own, which have to be compiled.
func (n *network) initialValues(b compute.Backend, seed int64) (map[string]*tensors.Tensor, error) {
	values, initialized := map[string]*tensors.Tensor{}, false
	for _, p := range n.variables() {
		if p.bound > 0 {
			values[p.name] = p.initial(seed)
			continue
		}
		if !initialized {
			if err := n.store.SetRNGStateFromSeed(seed); err != nil {
				return nil, plain(err)
			}
			if err := n.store.InitializeVariables(b, nil); err != nil {
				return nil, plain(err)
			}
			initialized = true
		}
		value, err := n.store.GetVariable(p.path).Value()
		if err != nil {
			return nil, plain(err)
		}
		if values[p.name], err = value.LocalClone(); err != nil {
			return nil, plain(err)
		}
	}
	return values, nil
}

// storeOf returns a store with the variables of the network at the given values. It takes over the tensors.
func (n *network) storeOf(values map[string]*tensors.Tensor, seed int64) (*model.Store, error) {
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(seed); err != nil {
		return nil, plain(err)
	}
	for i, p := range n.variables() {
		v, err := store.CreateVariable(p.path, values[p.name])
		if err != nil {
			return nil, plain(err)
		}
		v.SetTrainable(i < len(n.parameters))
	}
	return store, nil
}
