package autoencoder

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Corrupted returns images x, [n, height, width, channels], with the noise of m.Corrupt on them: the
// very ones that the encoder sees when Evaluate is given x, the same at each call. So what a lesson
// shows, and gives to other methods, is what the model is scored on. With another n the noise of an
// image may be another, and a Loss that gives a scalar meets other noise in a last batch of fewer than
// 1,000. Where Corrupt is nil the images come back as they are.
//
// No weights are needed, and no layers: Model{Corrupt: nn.Noise(0.5)} will do.
func (m Model) Corrupted(x *tensors.Tensor) (*tensors.Tensor, error) {
	if err := checkImages("the images", x); err != nil {
		return nil, err
	}
	b, err := Backend()
	if err != nil {
		return nil, err
	}
	store := model.NewStore()
	defer store.Finalize()
	exec, err := model.NewExec(b, store, func(scope *model.Scope, images, indices *graph.Node) *graph.Node {
		return m.corrupted(scope, graph.Gather(images, graph.InsertAxes(indices, -1), false))
	})
	if err != nil {
		return nil, plain(err)
	}
	defer exec.Finalize()
	pixels := make([]float32, 0, x.Shape().Size())
	n := x.Shape().Dimensions[0]
	for start := 0; start < n; start += evaluationBatch {
		if err := seedNoise(store, start); err != nil {
			return nil, err
		}
		count, size := min(evaluationBatch, n-start), min(evaluationBatch, n)
		noisy, err := exec.Call1(x, tensors.FromFlatDataAndDimensions(stretch(start, count, size), size))
		if err != nil {
			return nil, plain(err)
		}
		batch := tensors.MustCopyFlatData[float32](noisy)
		pixels = append(pixels, batch[:len(batch)/size*count]...)
	}
	return tensors.FromFlatDataAndDimensions(pixels, x.Shape().Dimensions...), nil
}
