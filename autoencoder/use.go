package autoencoder

import (
	"errors"
	"fmt"
	"slices"

	"autoencoders/autoencoder/nn"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Encode returns the latents [n, d] of images [n, height, width, channels], with the trained weights:
// of a variational model mu, the mean of the posterior.
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
	t, err := m.trainedOn(x)
	if err != nil {
		return nil, err
	}
	return t.apply1(x, f)
}

// trainedOn is the trained network, once images are found to be of the shape that it was trained on.
func (m Model) trainedOn(x *tensors.Tensor) (*trained, error) {
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
	return t, nil
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
	return t.apply1(z, func(scope *model.Scope, z *graph.Node, n *network) *graph.Node {
		return m.decode(scope, z, n.image)
	})
}

func dims(shape []int) string {
	s := fmt.Sprint(shape)
	return s[1 : len(s)-1]
}

// Posterior returns what a variational encoder says of images [n, height, width, channels]: the
// Gaussian q(z|x) of each, mu and logvar, the logarithm of its variance, both [n, d]. Of several
// nn.Reparameterize layers in the Encoder it is the last one's. It is an error if there is none.
func (m Model) Posterior(x *tensors.Tensor) (mu, logvar *tensors.Tensor, err error) {
	t, err := m.trainedOn(x)
	if err != nil {
		return nil, nil, err
	}
	both, err := t.apply(x, func(scope *model.Scope, x *graph.Node, _ *network) []*graph.Node {
		trace := nn.StartTrace(x.Graph())
		m.encode(scope, x)
		if len(trace.Latents) == 0 {
			panic(errors.New("autoencoder: Posterior is of a variational model, but this Encoder has no nn.Reparameterize: ask Encode"))
		}
		last := trace.Latents[len(trace.Latents)-1]
		return []*graph.Node{last.Mu, last.LogVar}
	})
	if err != nil {
		return nil, nil, err
	}
	return both[0], both[1], nil
}

// Evaluate returns the mean loss over the images, with the trained weights and, for a model that
// corrupts or is variational, the same noise and the same draw of each z at every call. Of a
// variational model with BCE and beta 1 it is the negative of the evidence lower bound, in nats an
// image (Kingma and Welling, arXiv 1312.6114, equation 3), from one draw.
func (m Model) Evaluate(x *tensors.Tensor) (float64, error) {
	t, err := m.trainedOn(x)
	if err != nil {
		return 0, err
	}
	if err := t.network.checkPixels("the images", x); err != nil {
		return 0, err
	}
	e := m.newEvaluator(t.backend, t.store, t.network)
	defer e.close()
	evaluated, err := e.evaluate(x)
	return evaluated.loss(), err
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

// apply runs f on x with the trained weights.
func (t *trained) apply(x *tensors.Tensor, f func(*model.Scope, *graph.Node, *network) []*graph.Node) ([]*tensors.Tensor, error) {
	exec, err := model.NewExec(t.backend, t.store, func(scope *model.Scope, x *graph.Node) []*graph.Node {
		return f(scope, x, t.network)
	})
	if err != nil {
		return nil, plain(err)
	}
	defer exec.Finalize()
	ys, err := exec.Call(x)
	if err != nil {
		return nil, plain(err)
	}
	return ys, nil
}

func (t *trained) apply1(x *tensors.Tensor, f func(*model.Scope, *graph.Node, *network) *graph.Node) (*tensors.Tensor, error) {
	ys, err := t.apply(x, func(scope *model.Scope, x *graph.Node, n *network) []*graph.Node {
		return []*graph.Node{f(scope, x, n)}
	})
	if err != nil {
		return nil, err
	}
	return ys[0], nil
}
