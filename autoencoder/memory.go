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
		return nil // XLA says what its device lacks
	}
	parameters, outputs := t.network.count()
	need := 4 * (4*parameters + 2*outputs*float64(t.config.BatchSize))
	if free := memory.Available(); need > free {
		return fmt.Errorf("autoencoder: %.4g parameters and batches of %d need %s of memory, %s are free: make the layers or BatchSize smaller",
			parameters, t.config.BatchSize, memory.Gigabytes(need), memory.Gigabytes(free))
	}
	return nil
}

// moveImages moves the training images to where the program reads them. If that is the memory of the host,
// they need no copy: their tensor goes on with the memory that the device uses, and what they had is given
// back to the system. For MNIST these are 188 MB.
func (t *trainer) moveImages() error {
	if err := t.train.MaterializeOnDevice(t.backend, t.backend.HasSharedBuffers(), 0); err != nil {
		return plain(err)
	}
	debug.FreeOSMemory()
	return nil
}

// fitsAlone is fits of the weights without training.
func (n *network) fitsAlone() error {
	parameters, _ := n.count()
	if free := memory.Available(); 4*parameters > free {
		return fmt.Errorf("autoencoder: %.4g parameters need %s of memory, %s are free: make the layers smaller", parameters, memory.Gigabytes(4*parameters), memory.Gigabytes(free))
	}
	return nil
}

// count counts the parameters, and the numbers that the layers give for one image. As float64 it
// cannot overflow, which an int does where a layer is a billion wide.
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
