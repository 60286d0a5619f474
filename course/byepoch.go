package course

import "autoencoders/autoencoder"

// ByEpoch returns the test losses of several runs, [epoch][run], from the records beside their weights: what several seeds
// gave after each epoch, for [plots.Runs]. A run that ended earlier than others is missing in the later epochs.
func ByEpoch(models ...autoencoder.Model) [][]float64 {
	var epochs [][]float64
	for _, m := range models {
		for i, loss := range TestLosses(m) {
			if i == len(epochs) {
				epochs = append(epochs, nil)
			}
			epochs[i] = append(epochs[i], loss)
		}
	}
	return epochs
}
