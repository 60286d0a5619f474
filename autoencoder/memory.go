package autoencoder

import (
	"fmt"
	"runtime/debug"

	"autoencoders/autoencoder/internal/device"
	"autoencoders/internal/memory"
)

// fits returns an error before allocating if training cannot fit in memory, because swapping or an
// out-of-memory kill explains nothing. need is a lower bound: each parameter four times (itself, its
// gradient, AdamW's two moments) and each layer's output for a batch twice (itself, its gradient).
func (t *trainer) fits() error {
	if !device.UsesHostMemory(t.backend) {
		return nil // XLA reports what its device lacks
	}
	parameters, outputs := t.network.count()
	need := 4 * (4*parameters + 2*outputs*float64(t.config.BatchSize))
	if free := memory.Available(); need > free {
		return fmt.Errorf("autoencoder: %.4g parameters and batches of %d need %s of memory, %s are free: make the layers or BatchSize smaller",
			parameters, t.config.BatchSize, memory.Gigabytes(need), memory.Gigabytes(free))
	}
	return nil
}

// moveImages moves the training images to where the program reads them. If that is host memory no second copy
// is needed: the tensor then uses the device's copy, and its own is returned to the system, 188 MB for MNIST.
func (t *trainer) moveImages() error {
	if err := t.train.MaterializeOnDevice(t.backend, t.backend.HasSharedBuffers(), 0); err != nil {
		return plain(err)
	}
	debug.FreeOSMemory()
	return nil
}

// fitsAlone returns an error if the weights alone, without training, cannot fit in memory.
func (n *network) fitsAlone() error {
	parameters, _ := n.count()
	if free := memory.Available(); 4*parameters > free {
		return fmt.Errorf("autoencoder: %.4g parameters need %s of memory, %s are free: make the layers smaller", parameters, memory.Gigabytes(4*parameters), memory.Gigabytes(free))
	}
	return nil
}

// count returns the number of parameters, and of all layers' outputs for one image. It is a float64 because an
// int overflows if a layer is a billion wide.
func (n *network) count() (parameters, outputs float64) {
	for _, p := range n.parameters {
		parameters += product(p.shape.Dimensions)
	}
	for _, layer := range n.layers {
		outputs += product(layer.Output)
	}
	return parameters, outputs
}

func product(dims []int) float64 {
	p := 1.0
	for _, d := range dims {
		p *= float64(d)
	}
	return p
}
