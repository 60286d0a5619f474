package autoencoder

import "github.com/gomlx/gomlx/ml/model"

// Store returns a GoMLX store with the trained weights: what GoMLX code of your own looks into, or
// runs a part of the network with. A weight's path is its state_dict name with slashes,
// /encoder/0/weight, and the layer that it belongs to finds it in the scope "encoder", "0".
// Changing the store leaves the weights on disk as they are.
func (m Model) Store() (*model.Store, error) {
	t, err := m.trained()
	if err != nil {
		return nil, err
	}
	return t.store, nil
}
