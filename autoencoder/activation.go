package autoencoder

import (
	"fmt"
	"slices"
	"strings"

	"autoencoders/autoencoder/internal/trace"
	"autoencoders/internal/memory"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Activation returns the output of one layer for the images [n, height, width, channels]: [n, …], float32,
// channels last. The layer is named as in [Model.Summary] and in PyTorch's state_dict: "encoder.3",
// "decoder.0". The decoder gets the images' latents, as in Reconstruct; those of a variational model are mu.
// An unknown name is an error that lists the model's layers.
func (t *Trained) Activation(x *tensors.Tensor, layer string) (*tensors.Tensor, error) {
	if _, err := t.checkImages(x); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(t.network.layers, func(l trace.Layer) bool { return l.Name == layer })
	if at < 0 {
		return nil, fmt.Errorf("autoencoder: there is no layer %q: the model has %s", layer, strings.Join(t.network.layerNames(), ", "))
	}
	n := x.Shape().Dimensions[0]
	if need, free := 4*float64(n)*product(t.network.layers[at].Output), memory.Available(); need > free {
		return nil, fmt.Errorf("autoencoder: the outputs of %s for %d images need %s of memory, %s are free: take fewer images",
			layer, n, memory.Gigabytes(need), memory.Gigabytes(free))
	}
	return first(t.apply("Activation of "+layer, x, one(func(scope *model.Scope, x *graph.Node) *graph.Node {
		tr := trace.Start(x.Graph())
		z := graph.ConvertDType(t.model.half(scope.At("encoder"), t.model.Encoder, x), dtypes.Float32)
		t.model.half(scope.At("decoder"), t.model.Decoder, z)
		y, _ := tr.Output(layer)
		if y.Rank() == 0 || y.Shape().Dimensions[0] != x.Shape().Dimensions[0] {
			panic(fmt.Errorf("autoencoder: for %d images %s gives %s: its first axis is not the images", x.Shape().Dimensions[0], layer, y.Shape()))
		}
		return graph.ConvertDType(y, dtypes.Float32)
	})))
}

// layerNames lists the names of the layers in order, each once.
func (n *network) layerNames() (names []string) {
	for _, l := range n.layers {
		if !slices.Contains(names, l.Name) {
			names = append(names, l.Name)
		}
	}
	return names
}
