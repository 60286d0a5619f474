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

// evaluation is a mean over images: what Model.Loss gives and, of a variational model, the KL,
// without and with its beta.
type evaluation struct{ reconstruction, kl, weighted float64 }

func (e evaluation) loss() float64 { return e.reconstruction + e.weighted }

func (m Model) newEvaluator(b compute.Backend, store *model.Store, n *network) *evaluator {
	e := &evaluator{store: store, scalar: n.scalar}
	e.exec = model.MustNewExec(b, store, func(scope *model.Scope, images, indices, count *graph.Node) []*graph.Node {
		x := graph.Gather(images, graph.InsertAxes(indices, -1), false)
		o := m.objective(scope, x)
		parts := []*graph.Node{o.reconstruction}
		if o.kl != nil {
			parts = append(parts, o.kl, o.weighted)
		}
		for i, losses := range parts {
			if losses.Rank() == 0 {
				parts[i] = graph.Mul(losses, count)
			} else {
				parts[i] = sumLoss(losses, count)
			}
		}
		return parts
	})
	return e
}

func (e *evaluator) evaluate(x *tensors.Tensor) (evaluation, error) {
	n := x.Shape().Dimensions[0]
	var sums [3]float64
	for start := 0; start < n; start += evaluationBatch {
		count := min(evaluationBatch, n-start)
		size := evaluationBatch
		if e.scalar || n < evaluationBatch {
			size = count
		}
		if err := seedNoise(e.store, start); err != nil {
			return evaluation{}, err
		}
		parts, err := e.exec.Call(x, tensors.FromFlatDataAndDimensions(stretch(start, count, size), size), float32(count))
		if err != nil {
			return evaluation{}, plain(err)
		}
		for i, part := range parts {
			sums[i] += float64(tensors.ToScalar[float32](part))
		}
	}
	return evaluation{sums[0] / float64(n), sums[1] / float64(n), sums[2] / float64(n)}, nil
}

// seedNoise makes the noise of the batch that begins at image start the same at each evaluation,
// whatever else was drawn before it.
func seedNoise(store *model.Store, start int) error {
	if err := store.SetRNGStateFromSeed(evaluationSeed + int64(start)); err != nil {
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
