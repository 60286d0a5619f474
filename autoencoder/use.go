package autoencoder

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Encode returns the latents [n, d] of images [n, height, width, channels], with the trained weights.
func (m Model) Encode(x *tensors.Tensor) (*tensors.Tensor, error) {
	return m.use(x, func(scope *model.Scope, x *graph.Node, _ *network) *graph.Node { return m.encode(scope, x) })
}

// Reconstruct returns what the decoder makes of the images' latents: a tensor of x's shape.
func (m Model) Reconstruct(x *tensors.Tensor) (*tensors.Tensor, error) {
	return m.use(x, func(scope *model.Scope, x *graph.Node, n *network) *graph.Node {
		return m.decode(scope, m.encode(scope, x), n.image)
	})
}

// use runs half a network, or a whole, on images with the trained weights.
func (m Model) use(x *tensors.Tensor, f func(*model.Scope, *graph.Node, *network) *graph.Node) (*tensors.Tensor, error) {
	if err := checkImages("the images", x); err != nil {
		return nil, err
	}
	t, err := m.trained()
	if err != nil {
		return nil, err
	}
	if got := x.Shape().Dimensions[1:]; !slices.Equal(got, t.network.image) {
		return nil, fmt.Errorf("autoencoder: the images are %v, but %s was trained on %v", got, m.Dir, t.network.image)
	}
	return t.apply(x, f)
}

// Decode returns the images [n, height, width, channels] of latents z [n, d].
func (m Model) Decode(z *tensors.Tensor) (*tensors.Tensor, error) {
	t, err := m.trained()
	if err != nil {
		return nil, err
	}
	if z == nil || !z.Ok() || z.Rank() < 2 || z.DType() != dtypes.Float32 || !slices.Equal(z.Shape().Dimensions[1:], t.network.latent) {
		shape := "nothing"
		if z != nil {
			shape = z.Shape().String()
		}
		return nil, fmt.Errorf("autoencoder: Decode takes float32 latents [n, %s], but gets %s", dims(t.network.latent), shape)
	}
	return t.apply(z, func(scope *model.Scope, z *graph.Node, n *network) *graph.Node {
		return m.decode(scope, z, n.image)
	})
}

func dims(shape []int) string {
	s := fmt.Sprint(shape)
	return s[1 : len(s)-1]
}

// Evaluate returns the mean loss over the images, with the trained weights and, for a model that
// corrupts, the same noise at every call.
func (m Model) Evaluate(x *tensors.Tensor) (float64, error) {
	if err := checkImages("the images", x); err != nil {
		return 0, err
	}
	t, err := m.trained()
	if err != nil {
		return 0, err
	}
	if got := x.Shape().Dimensions[1:]; !slices.Equal(got, t.network.image) {
		return 0, fmt.Errorf("autoencoder: the images are %v, but %s was trained on %v", got, m.Dir, t.network.image)
	}
	e := m.newEvaluator(t.backend, t.store, t.network)
	defer e.close()
	return e.loss(x)
}

// trained is a network with the weights of its folder.
type trained struct {
	backend compute.Backend
	network *network
	store   *model.Store
}

func (m Model) trained() (*trained, error) {
	c, err := m.load()
	if err != nil {
		return nil, err
	}
	b, err := Backend()
	if err != nil {
		return nil, err
	}
	n, err := m.trace(b, c.run.Image)
	if err != nil {
		return nil, err
	}
	if err := c.match(n, m.Dir); err != nil {
		return nil, err
	}
	store, err := n.storeOf(c.weights, 0)
	return &trained{b, n, store}, err
}

func (t *trained) apply(x *tensors.Tensor, f func(*model.Scope, *graph.Node, *network) *graph.Node) (*tensors.Tensor, error) {
	exec, err := model.NewExec(t.backend, t.store, func(scope *model.Scope, x *graph.Node) *graph.Node {
		return f(scope, x, t.network)
	})
	if err != nil {
		return nil, plain(err)
	}
	defer exec.Finalize()
	y, err := exec.Call1(x)
	if err != nil {
		return nil, plain(err)
	}
	return y, nil
}
