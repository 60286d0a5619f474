package nn

import (
	"fmt"
	"math"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Step is one layer as it was met while a network was traced.
type Step struct {
	Name       string // the scope, as PyTorch writes it: "encoder.0"
	Kind       string // the layer with its arguments: "Linear(784, 128)"
	Output     []int  // the shape of one output, without the batch: [128]
	Parameters int    // trainable numbers in this layer
}

// Trace is what the layers of this package note down while a graph is built: the steps in order,
// how each of their variables begins, and the latents of a variational network.
type Trace struct {
	Steps   []Step
	Latents []Latent // one for each [Reparameterize] met

	// Draw, unless nil, is where [Reparameterize] gets its eps from, in the shape of like:
	// [StandardNormal]. Without it the layer draws nothing and gives mu.
	Draw func(scope *model.Scope, like *graph.Node) *graph.Node

	// Bounds has, for each variable's path, the bound of the uniform distribution that it is drawn
	// from at the start: U(-bound, bound).
	Bounds map[string]float64
}

type traceKey struct{}

// StartTrace makes the layers that are built into g from now on note themselves in the result.
func StartTrace(g *graph.Graph) *Trace {
	t := &Trace{Bounds: map[string]float64{}}
	g.AttachState(traceKey{}, t)
	return t
}

// traced returns the trace of a graph; a graph that nobody traces gets one that is thrown away.
func traced(g *graph.Graph) *Trace {
	if t, ok := g.State(traceKey{}).(*Trace); ok {
		return t
	}
	return &Trace{Bounds: map[string]float64{}}
}

// note adds a step to the trace of y's graph and returns y.
func note(scope *model.Scope, y *graph.Node, parameters int, kind string, args ...any) *graph.Node {
	t := traced(y.Graph())
	t.Steps = append(t.Steps, Step{
		Name:       strings.ReplaceAll(strings.Trim(scope.Scope(), model.ScopeSeparator), model.ScopeSeparator, "."),
		Kind:       fmt.Sprintf(kind, args...),
		Output:     append([]int(nil), y.Shape().Dimensions[1:]...),
		Parameters: parameters,
	})
	return y
}

// parameter declares a float32 variable that begins as U(-1/sqrt(fanIn), 1/sqrt(fanIn)).
// So torch.nn.Linear and the convolutions begin, weights and biases alike: PyTorch's
// kaiming_uniform_ with a = sqrt(5) comes to just this bound.
func parameter(scope *model.Scope, g *graph.Graph, name string, fanIn int, dims ...int) *graph.Node {
	bound := 1 / math.Sqrt(float64(fanIn))
	traced(g).Bounds[model.JoinPath(scope.Scope(), name)] = bound
	shape := shapes.Make(dtypes.Float32, dims...)
	scope = scope.WithInitializer(func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		u := scope.Store().RandomUniform(g, shape) // [0, 1)
		return graph.MulScalar(graph.AddScalar(u, -0.5), 2*bound)
	})
	return scope.VariableWithShape(name, shape).NodeValue(g)
}
