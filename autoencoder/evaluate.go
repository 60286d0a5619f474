package autoencoder

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

const (
	evaluationBatch = 1000 // images a step: large enough to be quick, small enough for any memory
	evaluationSeed  = 1    // of the noise, so that two evaluations see the same
)

// evaluator measures the mean loss of a model with the weights of a store, which may go on changing.
type evaluator struct {
	store  *model.Store
	exec   *model.Exec
	scalar bool // the loss is a scalar: a smaller batch cannot be padded
}

func (m Model) newEvaluator(b compute.Backend, store *model.Store, n *network) *evaluator {
	e := &evaluator{store: store, scalar: n.scalar}
	e.exec = model.MustNewExec(b, store, func(scope *model.Scope, images, indices, count *graph.Node) *graph.Node {
		x := graph.Gather(images, graph.InsertAxes(indices, -1), false)
		losses := m.losses(scope, x)
		if losses.Rank() == 0 {
			return graph.Mul(losses, count)
		}
		return sumLoss(losses, count)
	})
	return e
}

func (e *evaluator) loss(x *tensors.Tensor) (float64, error) {
	n := x.Shape().Dimensions[0]
	var sum float64
	for start := 0; start < n; start += evaluationBatch {
		count := min(evaluationBatch, n-start)
		size := evaluationBatch
		if e.scalar || n < evaluationBatch {
			size = count
		}
		if err := seedNoise(e.store, start); err != nil {
			return 0, err
		}
		out, err := e.exec.Call1(x, tensors.FromFlatDataAndDimensions(stretch(start, count, size), size), float32(count))
		if err != nil {
			return 0, plain(err)
		}
		sum += float64(tensors.ToScalar[float32](out))
	}
	return sum / float64(n), nil
}

// seedNoise makes the noise of the batch that begins at image start the same at each evaluation,
// whatever else was drawn before it.
func seedNoise(store *model.Store, start int) error {
	if err := store.SetRNGStateFromSeed(mix(evaluationSeed, start)); err != nil {
		return plain(err)
	}
	return nil
}

// stretch has the indices start … start+count-1, and zeros as padding up to size.
func stretch(start, count, size int) []int32 {
	indices := make([]int32, size)
	for i := range count {
		indices[i] = int32(start + i)
	}
	return indices
}

func (e *evaluator) close() { e.exec.Finalize() }
