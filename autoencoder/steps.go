package autoencoder

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// stepsACall is how many training steps one call of the program may run. A call costs as much as a
// third of a linear net's step (weights and moments in and out, and a wait at its end); of 64 steps
// that is nothing. An epoch of 784-128-64-12-2 takes .31 s in place of .44 (two cores of an EPYC).
var stepsACall = 64

// steps is the compiled program of a run: some training steps in a row, which update the store.
type steps struct {
	exec  *model.Exec // (images, indices [size, batch], counts [size], how many) -> losses [size]
	size  int         // steps that a call can run
	batch int
	pads  bool // a smaller batch is filled up, and its count says how many images are true
}

// step is one training step as a graph: indices [batch], of which the first count are true -> loss.
type step func(scope *model.Scope, images, indices, count *graph.Node) *graph.Node

// compileSteps compiles what step describes, for a store that has the network's weights.
func compileSteps(b compute.Backend, store *model.Store, one step, images shapes.Shape, batch int, pads bool) (*steps, error) {
	s := &steps{size: stepsACall, batch: batch, pads: pads}
	// A loop carries every variable, those of the optimizer too: a first trace makes them.
	err := building(b, store, func(scope *model.Scope, g *graph.Graph) {
		one(scope, graph.Parameter(g, "images", images), graph.Parameter(g, "indices", shapes.Make(dtypes.Int32, batch)),
			graph.Parameter(g, "count", shapes.Make(dtypes.Float32)))
		// In a loop XLA's CPU backend runs a convolution with its slowest code: 10 times as long.
		for _, node := range g.Nodes() {
			if node.Type() == graph.NodeTypeConvGeneral {
				s.size = 1
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if !pads {
		s.size = 1
	}
	err = s.compile(b, store, one, images)
	// GoMLX nests no loops, so a layer of the reader's own may not have one; nor has its pure Go backend what a loop takes.
	if err != nil && s.size > 1 {
		s.size = 1
		err = s.compile(b, store, one, images)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *steps) compile(b compute.Backend, store *model.Store, one step, images shapes.Shape) error {
	exec, err := model.NewExec(b, store, func(scope *model.Scope, images, indices, counts, n *graph.Node) *graph.Node {
		if s.size == 1 {
			return graph.Reshape(one(scope, images, graph.Reshape(indices, -1), graph.Reshape(counts)), 1)
		}
		return loop(store, n, s.size, func(i *graph.Node) *graph.Node {
			row := graph.DynamicSlice(indices, []*graph.Node{i, graph.ZerosLike(i)}, []int{1, s.batch})
			count := graph.DynamicSlice(counts, []*graph.Node{i}, []int{1})
			return one(scope, images, graph.Reshape(row, -1), graph.Reshape(count))
		})
	})
	if err != nil {
		return plain(err)
	}
	if _, err := exec.Compile(images, shapes.Make(dtypes.Int32, s.size, s.batch), shapes.Make(dtypes.Float32, s.size), shapes.Make(dtypes.Int32)); err != nil {
		exec.Finalize()
		return plain(err)
	}
	s.exec = exec
	return nil
}

// loop is a graph that runs at for i = 0 … n-1 and gives its results, [size] with zeros from n on. The
// variables of the store go from one turn to the next, and are in the end what the last turn made of them.
func loop(store *model.Store, n *graph.Node, size int, at func(i *graph.Node) *graph.Node) *graph.Node {
	g := n.Graph()
	// Const and not Zeros: GoMLX keeps the scalars that it makes, and one of out here may not be an operand in there.
	state := []*graph.Node{graph.Const(g, int32(0)), graph.Const(g, make([]float32, size))}
	var variables []*model.Variable
	for v := range store.IterVariables() {
		variables = append(variables, v)
		state = append(state, v.NodeValue(g))
	}
	set := func(values []*graph.Node) {
		for i, v := range variables {
			v.SetNodeValue(values[2+i])
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
	turn := closure(func(state []*graph.Node) []*graph.Node {
		i, losses := state[0], state[1]
		set(state)
		losses = graph.DynamicUpdateSlice(losses, graph.Reshape(at(i), 1), []*graph.Node{i})
		next := []*graph.Node{graph.AddScalar(i, 1), losses}
		for _, v := range variables {
			next = append(next, v.NodeValue(g))
		}
		return next
	})
	end := graph.While(goesOn, turn, state...)
	set(end)
	return end[1]
}

// run makes the steps for the images that order says, batch by batch, at most size of them.
func (s *steps) run(images *tensors.Tensor, order []int32) (losses *tensors.Tensor, err error) {
	counts := make([]float32, s.size)
	n := 0
	for rest := len(order); rest > 0; rest -= s.batch {
		counts[n] = float32(min(s.batch, rest))
		n++
	}
	batch := s.batch
	if s.pads {
		order = append(order[:len(order):len(order)], make([]int32, s.size*batch-len(order))...)
	} else {
		batch = len(order)
	}
	return s.exec.Call1(images, tensors.FromFlatDataAndDimensions(order, s.size, batch), counts, int32(n))
}

func (s *steps) close() { s.exec.Finalize() }
