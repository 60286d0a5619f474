package autoencoder

import (
	"slices"

	"autoencoders/autoencoder/internal/device"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// stepsACall is how many training steps one call of the program may run. One call costs about a third
// of a linear network's step (it copies weights and moments in and out and waits); spread over 64 steps
// this is negligible. An epoch of 784-128-64-12-2 takes 0.31 s instead of 0.44 s (two cores of an EPYC).
var stepsACall = 64

// steps is the compiled program of a run. One call takes several training steps, which update the store.
type steps struct {
	exec  *model.Exec // (images, indices [steps, batch], counts [steps], how many, klWeight) -> losses [steps]
	size  int         // steps that a call can run
	batch int
	pads  bool // a smaller batch is filled up, and its count says how many of its images count
}

// step is one training step as a graph: indices [batch], of which the first count matter -> loss.
type step func(scope *model.Scope, images, indices, count, klWeight *graph.Node) *graph.Node

// compileSteps compiles a step, for a store that holds the network's weights. If pads is false, the first
// smaller batch compiles a program of its own.
func compileSteps(b compute.Backend, store *model.Store, one step, images shapes.Shape, batch int, pads bool) (*steps, error) {
	s := &steps{size: stepsACall, batch: batch, pads: pads}
	scalar := func(g *graph.Graph, name string) *graph.Node {
		return graph.Parameter(g, name, shapes.Make(dtypes.Float32))
	}
	// A loop carries every variable, those of the optimizer too: a first trace creates them.
	err := building(b, store, func(scope *model.Scope, g *graph.Graph) {
		one(scope, graph.Parameter(g, "images", images), graph.Parameter(g, "indices", shapes.Make(dtypes.Int32, batch)),
			scalar(g, "count"), scalar(g, "klWeight"))
		if slowInLoop(b, g) {
			s.size = 1
		}
	})
	if err != nil {
		return nil, err
	}
	err = s.compile(b, store, one, images)
	// GoMLX cannot nest loops, so this fails if a layer of the caller's own contains one; and its pure Go
	// backend has no loops.
	if err != nil && s.size > 1 {
		s.size = 1
		err = s.compile(b, store, one, images)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// slowInLoop reports whether g should not be the body of a loop: in a loop XLA's CPU backend runs a
// convolution with its slowest code, which takes 10 times as long.
func slowInLoop(b compute.Backend, g *graph.Graph) bool {
	convolves := func(n *graph.Node) bool { return n.Type() == graph.NodeTypeConvGeneral }
	return device.IsXLAOnCPU(b) && slices.ContainsFunc(g.Nodes(), convolves)
}

func (s *steps) compile(b compute.Backend, store *model.Store, one step, images shapes.Shape) error {
	exec, err := model.NewExec(b, store, func(scope *model.Scope, inputs []*graph.Node) *graph.Node {
		images, indices, counts, n, klWeight := inputs[0], inputs[1], inputs[2], inputs[3], inputs[4]
		size, batch := indices.Shape().Dimensions[0], indices.Shape().Dimensions[1]
		if size == 1 {
			return graph.Reshape(one(scope, images, graph.Reshape(indices, -1), graph.Reshape(counts), klWeight), 1)
		}
		// Const, not Zeros: GoMLX reuses the scalars that it creates, and a loop cannot use one from outside.
		losses := graph.Const(images.Graph(), make([]float32, size))
		return loop(store, n, []*graph.Node{losses}, func(i *graph.Node, losses []*graph.Node) []*graph.Node {
			row := graph.DynamicSlice(indices, []*graph.Node{i, graph.ZerosLike(i)}, []int{1, batch})
			count := graph.DynamicSlice(counts, []*graph.Node{i}, []int{1})
			loss := one(scope, images, graph.Reshape(row, -1), graph.Reshape(count), klWeight)
			return []*graph.Node{graph.DynamicUpdateSlice(losses[0], graph.Reshape(loss, 1), []*graph.Node{i})}
		})[0]
	})
	if err != nil {
		return plain(err)
	}
	if _, err := exec.Compile(images, shapes.Make(dtypes.Int32, s.size, s.batch), shapes.Make(dtypes.Float32, s.size),
		shapes.Make(dtypes.Int32), shapes.Make(dtypes.Float32)); err != nil {
		exec.Finalize()
		return plain(err)
	}
	s.exec = exec
	return nil
}

// loop builds a graph that runs turn for i = 0 … n-1. The first turn gets carried, each later one gets what the
// turn before it returned, and loop returns what the last one did. The variables of the store pass from turn
// to turn in the same way, and end with the values that the last turn gave them.
func loop(store *model.Store, n *graph.Node, carried []*graph.Node, turn func(i *graph.Node, carried []*graph.Node) []*graph.Node) []*graph.Node {
	g := n.Graph()
	state := append([]*graph.Node{graph.Const(g, int32(0))}, carried...)
	first := len(state) // of the variables
	var variables []*model.Variable
	for v := range store.IterVariables() {
		variables = append(variables, v)
		state = append(state, v.NodeValue(g))
	}
	set := func(values []*graph.Node) {
		for i, v := range variables {
			v.SetNodeValue(values[first+i])
		}
	}
	closure := func(f func(state []*graph.Node) []*graph.Node) *graph.Function {
		return graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
			var parameters []*graph.Node
			for _, s := range state {
				parameters = append(parameters, graph.Parameter(g, "", s.Shape()))
			}
			return f(parameters)
		})
	}
	goesOn := closure(func(state []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.LessThan(state[0], n)}
	})
	body := closure(func(state []*graph.Node) []*graph.Node {
		set(state)
		next := append([]*graph.Node{graph.AddScalar(state[0], 1)}, turn(state[0], state[1:first])...)
		for _, v := range variables {
			next = append(next, v.NodeValue(g))
		}
		return next
	})
	end := graph.While(goesOn, body, state...)
	set(end)
	return end[1:first]
}

// run takes at most size steps, one for each batch of the images that order lists, and returns the loss of
// each step.
func (s *steps) run(images *tensors.Tensor, order []int32, klWeight float64) (losses []float32, err error) {
	whole := len(order) / s.batch * s.batch
	if s.pads {
		whole = len(order)
	}
	if whole > 0 {
		losses, err = s.call(images, order[:whole], s.size, s.batch, klWeight)
	}
	if err == nil && whole < len(order) {
		var last []float32
		last, err = s.call(images, order[whole:], 1, len(order)-whole, klWeight)
		losses = append(losses, last...)
	}
	return losses, err
}

// call takes the steps for order in one call of the program, after padding order to size batches.
func (s *steps) call(images *tensors.Tensor, order []int32, size, batch int, klWeight float64) ([]float32, error) {
	counts, n := make([]float32, size), 0
	for rest := len(order); rest > 0; rest -= batch {
		counts[n] = float32(min(batch, rest))
		n++
	}
	order = append(slices.Clip(order), make([]int32, size*batch-len(order))...)
	losses, err := s.exec.Call1(images, tensors.FromFlatDataAndDimensions(order, size, batch), counts, int32(n), float32(klWeight))
	if err != nil {
		return nil, plain(err)
	}
	defer losses.FinalizeAll()
	return tensors.MustCopyFlatData[float32](losses)[:n], nil
}

func (s *steps) close() { s.exec.Finalize() }
