package autoencoder

import (
	"fmt"
	"math"
	"os"
	"strings"
)

// fits returns an error before allocating if training cannot fit in memory, because swapping or an
// out-of-memory kill explains nothing. need is a lower bound: each parameter four times (itself, its
// gradient, AdamW's two moments) and each layer's output for a batch twice (itself, its gradient).
func (t *trainer) fits() error {
	parameters, outputs := t.network.count()
	need := 4 * (4*parameters + 2*outputs*float64(t.config.BatchSize))
	if free := availableMemory(); need > free {
		return fmt.Errorf("autoencoder: %.4g parameters and batches of %d need %s of memory, %s are free: make the layers or BatchSize smaller",
			parameters, t.config.BatchSize, gigabytes(need), gigabytes(free))
	}
	return nil
}

// fitsAlone is fits of the weights without training.
func (n *network) fitsAlone() error {
	parameters, _ := n.count()
	if free := availableMemory(); 4*parameters > free {
		return fmt.Errorf("autoencoder: %.4g parameters need %s of memory, %s are free: make the layers smaller", parameters, gigabytes(4*parameters), gigabytes(free))
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

func gigabytes(bytes float64) string { return fmt.Sprintf("%.4g GB", bytes/1e9) }

// availableMemory is, in bytes, what Linux says can be taken without swapping, or a container's limit
// where that is less; infinite where nothing says so.
func availableMemory() float64 {
	free := math.Inf(1)
	text, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(text)) {
		var kB float64
		if n, _ := fmt.Sscanf(line, "MemAvailable: %f kB", &kB); n == 1 {
			free = kB * 1024
		}
	}
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		var limit float64
		text, _ := os.ReadFile(file)
		if n, _ := fmt.Sscanf(string(text), "%f", &limit); n == 1 { // "max" is no number
			free = min(free, limit)
		}
	}
	return free
}
