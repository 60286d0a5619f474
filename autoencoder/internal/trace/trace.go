// Package trace records what the layers of package nn do while a graph is built: which layers there are,
// with which arguments and variables, and what a variational layer drew. Package autoencoder reads the
// record to summarise a network, to compute its loss and to recognise a run.
package trace

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Layer is the record of one layer of package nn, or of one loss of package autoencoder.
type Layer struct {
	Name       string // the scope as PyTorch writes it: "encoder.0"
	Kind       string // the layer with its arguments: "Linear(784, 128)"
	Output     []int  // shape of one output, without the batch: [128]
	Parameters int    // number of trainable numbers

	span Span
	own  bool // not of package nn, so it can be recognised only by its operations
}

// Span is a range of a graph's nodes, in the order in which they were built.
type Span struct{ from, to int }

// Trace is the record of one graph.
type Trace struct {
	Layers  []Layer
	Latents []Latent // one for each Reparameterize, in order

	// Draw returns the eps of a Reparameterize, in the shape of like. If it is nil, Reparameterize
	// draws nothing and returns mu.
	Draw func(scope *model.Scope, like *graph.Node) *graph.Node

	// Bounds holds, for the path of each variable that package nn declared, the bound of the uniform
	// distribution U(-bound, bound) of its initial values.
	Bounds map[string]float64

	graph      *graph.Graph
	outputs    map[string]*graph.Node // of the layers, by name
	parameters int                    // trainable numbers declared so far
}

// By default GoMLX forgets the values of constants with 32 or more numbers, and two of them could not be told
// apart.
func init() { graph.MinConstValueSizeToKeep = 1 << 20 }

type key struct{}

// Start attaches a new Trace to g and returns it. Layers that are built into g afterwards record
// themselves in it.
func Start(g *graph.Graph) *Trace {
	t := newTrace(g)
	g.AttachState(key{}, t)
	return t
}

// Of returns the Trace of a graph, or one that nobody reads if the graph has none.
func Of(g *graph.Graph) *Trace {
	if t, ok := g.State(key{}).(*Trace); ok {
		return t
	}
	return newTrace(g)
}

func newTrace(g *graph.Graph) *Trace {
	return &Trace{Bounds: map[string]float64{}, graph: g, outputs: map[string]*graph.Node{}}
}

// Output returns the output of the layer with this name, [batch, …], and whether there is such a layer. If
// several have the name, because a function of the caller's own called them in one scope, it is the last
// one's.
func (t *Trace) Output(name string) (y *graph.Node, ok bool) {
	y, ok = t.outputs[name]
	return y, ok
}

// Record builds a layer with f and records it. scope holds its variables.
func (t *Trace) Record(scope, kind string, f func() *graph.Node) *graph.Node {
	before := t.parameters
	var y *graph.Node
	span := t.Span(func() { y = f() })
	t.add(y, Layer{
		Name: stateDictName(scope), Kind: kind, Output: perImage(y), Parameters: t.parameters - before, span: span,
	})
	return y
}

// Call builds a layer. One of package nn records itself; a function of the caller's own is recorded here. scope
// holds the layer's variables.
func (t *Trace) Call(scope *model.Scope, f func() *graph.Node) *graph.Node {
	recorded := len(t.Layers)
	var y *graph.Node
	span := t.Span(func() { y = f() })
	name := stateDictName(scope.Scope())
	if y == nil {
		panic(fmt.Errorf("nn: the layer %s returns nil: it must return its output", name))
	}
	if span.from == span.to {
		t.outputs[name] = y
		return y // nothing was built, as by an empty Sequential, or by a dropout outside of training
	}
	for _, l := range t.Layers[recorded:] {
		if l.Name == name || strings.HasPrefix(l.Name, name+".") {
			return y
		}
	}
	layer := Layer{Name: name, Kind: "your own", Output: perImage(y), span: span, own: true}
	for v := range scope.Store().IterVariables() {
		if v.Trainable && strings.HasPrefix(v.Path(), scope.Scope()+model.ScopeSeparator) {
			layer.Parameters += v.Shape().Size()
		}
	}
	t.add(y, layer)
	return y
}

func (t *Trace) add(y *graph.Node, l Layer) {
	t.Layers = append(t.Layers, l)
	t.outputs[l.Name] = y
}

func stateDictName(scope string) string {
	return strings.ReplaceAll(strings.Trim(scope, model.ScopeSeparator), model.ScopeSeparator, ".")
}

// perImage returns the shape of one output, without the batch.
func perImage(y *graph.Node) []int {
	if y.Rank() == 0 {
		return nil
	}
	return append([]int{}, y.Shape().Dimensions[1:]...)
}

// Declare records a variable of size numbers whose initial values are drawn from U(-bound, bound).
func (t *Trace) Declare(path string, bound float64, size int) {
	if _, shared := t.Bounds[path]; !shared {
		t.parameters += size
	}
	t.Bounds[path] = bound
}

// Span returns the range of the nodes that f builds.
func (t *Trace) Span(f func()) Span {
	from := len(t.graph.Nodes())
	f()
	return Span{from, len(t.graph.Nodes())}
}

// Within returns the layers that were built within s.
func (t *Trace) Within(s Span) []Layer {
	var layers []Layer
	for _, l := range t.Layers {
		if s.from <= l.span.from && l.span.to <= s.to {
			layers = append(layers, l)
		}
	}
	return layers
}

// Describe returns what was built within s in a form that is equal for equal networks on every
// backend: the layers by name, kind and output shape, and a hash of the operations that belong to no
// such layer. (A layer of package nn may build different operations for another device, but its kind
// identifies it.)
func (t *Trace) Describe(s Span) string {
	var lines []string
	for _, l := range t.Within(s) {
		lines = append(lines, fmt.Sprintf("%s %s %v", l.Name, l.Kind, l.Output))
	}
	if own := t.own(s); len(own) > 0 {
		lines = append(lines, fmt.Sprintf("own %x", sha256.Sum256([]byte(strings.Join(own, "\n"))))[:20])
	}
	return strings.Join(lines, "; ")
}

// HasOwn reports whether s contains operations that no layer of package nn built.
func (t *Trace) HasOwn(s Span) bool { return len(t.own(s)) > 0 }

// constant describes a constant by its type, shape and value.
func constant(n *graph.Node) string {
	h := sha256.New()
	if value := n.ConstantValue(); value != nil {
		if err := value.ConstBytes(func(data []byte) { h.Write(data) }); err != nil {
			return err.Error()
		}
	}
	return fmt.Sprintf("%s %x", n.Shape(), h.Sum(nil)[:8])
}

var nodeID = regexp.MustCompile(`#\d+`)

// own returns the operations within s that belong to no recorded layer, one per line. Nodes are numbered
// within the result. A node from elsewhere is named by the layer that built it. Constants are written out
// wherever they are used, because a graph shares them between its users.
func (t *Trace) own(s Span) (lines []string) {
	nodes := t.graph.Nodes()
	builder := make([]string, len(nodes))
	for _, l := range t.Layers {
		if l.own {
			continue
		}
		for i := l.span.from; i < l.span.to; i++ {
			builder[i] = l.Name
		}
	}
	names := make(map[string]string, len(nodes)) // of the nodes, by "#id"
	text := func(n *graph.Node) string {
		return nodeID.ReplaceAllStringFunc(n.String(), func(id string) string {
			if name, ok := names[id]; ok {
				return name
			}
			return id
		})
	}
	for i, n := range nodes[:s.to] {
		id := fmt.Sprintf("#%d", n.Id())
		switch {
		case n.Type() == graph.NodeTypeConstant:
			names[id] = "<" + constant(n) + ">"
		case builder[i] != "":
			names[id] = builder[i]
		case i < s.from:
			names[id] = "outside"
		default:
			names[id] = fmt.Sprintf("own %d", len(lines))
			lines = append(lines, text(n))
		}
	}
	return lines
}
