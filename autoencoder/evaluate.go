package autoencoder

import (
	"iter"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

const (
	evaluationBatch = 1000    // images in a batch: enough to be quick
	useBatch        = 256     // of Encode, Decode and the like
	batchNumbers    = 2 << 20 // the numbers that the images of a batch hold at most
	evaluationSeed  = 1       // of the noise, so that two evaluations see the same
)

// batchOf returns how many images of a shape are computed at once, at most want: memory is bounded
// however many there are, and large images come in smaller batches. It depends on nothing else, because
// the noise of an image depends on it.
func batchOf(image []int, want int) int {
	return max(1, min(want, batchNumbers/size(image)))
}

// evaluator computes the mean loss of a model with the weights of a store, which may change between calls.
type evaluator struct {
	store *model.Store
	exec  *model.Exec
	batch int
	pads  bool // a smaller last batch is filled up
}

// evaluation is a mean over images: what Model.Loss returns and, for a variational model, the KL,
// without and with its weights.
type evaluation struct{ reconstruction, kl, weighted float64 }

func (e evaluation) loss() float64 { return e.reconstruction + e.weighted }

func (m Model) newEvaluator(b compute.Backend, store *model.Store, n *network) (*evaluator, error) {
	exec, err := model.NewExec(b, store, func(scope *model.Scope, x, count *graph.Node) []*graph.Node {
		return n.unchanged(x.Graph(), store, func() []*graph.Node {
			o := m.objective(scope, x, false)
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
	})
	if err != nil {
		return nil, plain(err)
	}
	return &evaluator{store, exec, batchOf(n.image, evaluationBatch), !n.scalar && n.independent()}, nil
}

// evaluate returns the means over the images of some batches, which it does not change. klWeight multiplies
// the KL. goOn is called before each batch; its error ends the evaluation.
func (e *evaluator) evaluate(all iter.Seq2[*tensors.Tensor, int], klWeight float64, goOn func() error) (evaluation, error) {
	var sums [3]float64
	n := 0
	for x, count := range all {
		if err := goOn(); err != nil {
			return evaluation{}, err
		}
		if err := seedNoise(e.store, n); err != nil {
			return evaluation{}, err
		}
		parts, err := e.exec.Call(x, float32(count))
		if err != nil {
			return evaluation{}, plain(err)
		}
		for i, part := range parts {
			sums[i] += float64(tensors.ToScalar[float32](part))
			part.FinalizeAll()
		}
		n += count
	}
	mean := func(sum float64) float64 { return sum / float64(n) }
	return evaluation{mean(sums[0]), mean(sums[1]), klWeight * mean(sums[2])}, nil
}

// batches yields the images of x in batches of the evaluator's size, and how many images of each batch count.
// If there are fewer images than that they form one batch of their own size, because the noise of an image
// depends on the size of its batch.
func (e *evaluator) batches(x *tensors.Tensor) iter.Seq2[*tensors.Tensor, int] {
	return batches(x, min(e.batch, x.Shape().Dimensions[0]), e.pads)
}

// seedNoise seeds the noise of the batch that begins at image start, so that it is the same in each
// evaluation, whatever was drawn before.
func seedNoise(store *model.Store, start int) error {
	if err := store.SetRNGStateFromSeed(evaluationSeed + int64(start)); err != nil {
		return plain(err)
	}
	return nil
}

// batches yields copies of the rows of x [n, …] in batches of size, and how many rows of each batch count. If
// pads is true the last batch is filled up with copies of its first rows. The caller owns the batches.
func batches(x *tensors.Tensor, size int, pads bool) iter.Seq2[*tensors.Tensor, int] {
	return func(yield func(*tensors.Tensor, int) bool) {
		dims := x.Shape().Clone().Dimensions
		n := dims[0]
		for start := 0; start < n; start += size {
			count := min(size, n-start)
			dims[0] = count
			if pads {
				dims[0] = size
			}
			if !yield(rows(x, start, count, dims), count) {
				return
			}
		}
	}
}

// rows returns the rows start … start+count-1 of x as a tensor of the shape dims, repeated until it is full.
func rows(x *tensors.Tensor, start, count int, dims []int) *tensors.Tensor {
	y := newFloats(dims)
	fill(y, x, start, count)
	return y
}

// fill writes the rows start … start+count-1 of x into y, repeated until it is full.
func fill(y, x *tensors.Tensor, start, count int) {
	tensors.MustConstFlatData(x, func(from []float32) {
		row := len(from) / x.Shape().Dimensions[0]
		from = from[start*row : (start+count)*row]
		tensors.MustMutableFlatData(y, func(to []float32) {
			for len(to) > 0 {
				to = to[copy(to, from):]
			}
		})
	})
}

func (e *evaluator) close() { e.exec.Finalize() }
