package autoencoder

import (
	"fmt"
	"math"
	"os"
	"strings"
)

// fits refuses a training that cannot fit into memory, before it takes any: a computer that swaps, or
// a cell that the system kills, says less. need is from below: each parameter four times (itself, its
// gradient, AdamW's two moments) and each layer's output for a batch twice (itself, its gradient).
func (t *trainer) fits() error {
	parameters, outputs := t.network.size()
	need := 4 * (4*parameters + 2*outputs*float64(t.config.BatchSize))
	if free := availableMemory(); need > free {
		return fmt.Errorf("autoencoder: %.4g parameters and batches of %d need %s of memory, %s are free: make the layers or BatchSize smaller",
			parameters, t.config.BatchSize, gigabytes(need), gigabytes(free))
	}
	return nil
}

// fitsAlone is fits of the weights without training.
func (n *network) fitsAlone() error {
	parameters, _ := n.size()
	if free := availableMemory(); 4*parameters > free {
		return fmt.Errorf("autoencoder: %.4g parameters need %s of memory, %s are free: make the layers smaller", parameters, gigabytes(4*parameters), gigabytes(free))
	}
	return nil
}

// size counts the parameters, and the numbers that the layers give for one image. As float64 it
// cannot overflow, which an int does where a layer is a billion wide.
func (n *network) size() (parameters, outputs float64) {
	for _, p := range n.parameters {
		parameters += product(p.shape.Dimensions)
	}
	for _, step := range n.steps {
		outputs += product(step.Output)
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
