// Package device tells what kind of device a backend computes on.
package device

import (
	"strings"

	"github.com/gomlx/compute"
)

// UsesHostMemory reports whether a backend computes in the memory of the host.
func UsesHostMemory(b compute.Backend) bool { return b.Name() != "xla" || IsXLAOnCPU(b) }

// IsXLAOnCPU reports whether a backend is XLA on the CPU. It looks at the device's description, because the
// backend's own contains the path of its plugin, and a path can contain any word.
func IsXLAOnCPU(b compute.Backend) bool {
	return b.Name() == "xla" && strings.Contains(strings.ToLower(b.DeviceDescription(0)), "cpu")
}
