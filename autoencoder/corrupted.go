package autoencoder

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Corrupted returns a copy of the images x, [n, height, width, channels], with the noise of m.Corrupt
// added. It is the same noise at every call, and the noise that [Model.Evaluate] adds to x, so a lesson can
// show exactly what the model was scored on. If m.Corrupt is nil the copy equals x.
//
// The noise depends on the number of images. If Model.Loss returns a scalar and n is above 1,000 but not a
// multiple of it, Evaluate adds other noise to the images of its last, smaller batch.
//
// Neither weights nor layers are needed: Model{Corrupt: nn.Noise(0.5)} is enough.
func (m Model) Corrupted(x *tensors.Tensor) (*tensors.Tensor, error) {
	if _, err := checkImages("the images", x); err != nil {
		return nil, err
	}
	b, err := Backend()
	if err != nil {
		return nil, err
	}
	store := model.NewStore()
	defer store.Finalize()
	exec, err := model.NewExec(b, store, func(scope *model.Scope, x *graph.Node) *graph.Node {
		return graph.Identity(m.corrupted(scope, x))
	})
	if err != nil {
		return nil, plain(err)
	}
	defer exec.Finalize()
	noisy, n := newFloats(x.Shape().Dimensions), x.Shape().Dimensions[0]
	start := 0
	for batch, count := range batches(x, min(batchOf(x.Shape().Dimensions[1:], evaluationBatch), n), true) {
		if err := seedNoise(store, start); err != nil {
			return nil, err
		}
		y, err := exec.Call1(batch)
		if err != nil {
			return nil, plain(err)
		}
		put(y, noisy, start, count)
		start += count
		batch.FinalizeAll()
		y.FinalizeAll()
	}
	return noisy, nil
}

// put copies the first count rows of batch into the rows of to from start on.
func put(batch, to *tensors.Tensor, start, count int) {
	tensors.MustConstFlatData(batch, func(values []float32) {
		row := len(values) / batch.Shape().Dimensions[0]
		tensors.MustMutableFlatData(to, func(all []float32) { copy(all[start*row:], values[:count*row]) })
	})
}
