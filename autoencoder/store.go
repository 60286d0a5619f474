package autoencoder

import (
	"fmt"

	"github.com/gomlx/gomlx/ml/model"
)

// Store returns a GoMLX store with the trained weights, for GoMLX code of your own that inspects the network
// or runs a part of it. The path of a weight is its state_dict name with slashes,
// /encoder/0/weight, and the layer that it belongs to finds it in the scope "encoder", "0". Changing the
// store leaves the weights on disk as they are.
func (m Model) Store() (*model.Store, error) {
	t, err := m.Open()
	if err != nil {
		return nil, err
	}
	return t.store, nil // not closed: the store belongs to the caller
}

// NewStore returns a GoMLX store with the model's variables for images [height, width, channels], at the
// values that Train starts with for this seed. A training step of your own can start from it. Encoder and
// Decoder find their variables in the scopes "encoder" and "decoder".
func (m Model) NewStore(seed int64, height, width, channels int) (*model.Store, error) {
	n, err := m.networkFor("NewStore(…, ", height, width, channels)
	if err != nil {
		return nil, err
	}
	if err := n.fitsAlone(); err != nil {
		return nil, err
	}
	b, err := Backend()
	if err != nil {
		return nil, err
	}
	values, err := n.initialValues(b, seed)
	if err != nil {
		return nil, err
	}
	return n.storeOf(values, seed)
}

// networkFor traces the model for images of one size.
func (m Model) networkFor(call string, height, width, channels int) (*network, error) {
	if height < 1 || width < 1 || channels < 1 {
		return nil, fmt.Errorf("autoencoder: %s%d, %d, %d): each size must be at least 1", call, height, width, channels)
	}
	b, err := Backend()
	if err != nil {
		return nil, err
	}
	return m.trace(b, []int{height, width, channels})
}
