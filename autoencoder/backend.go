package autoencoder

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"  // the fallback, "go"
	_ "github.com/gomlx/go-xla/compute/xla" // XLA through a PJRT plugin, "xla"
)

// pureGo is the note of a run on GoMLX's own backend.
const pureGo = "no XLA plugin: trained on the pure Go backend, slowly; `make setup` installs the plugin"

// Backend is the one GoMLX backend of the process, opened on first use: what GOMLX_BACKEND names,
// else an installed XLA plugin, else GoMLX's backend in pure Go, which Epoch.Note then says. Tensors
// belong to one backend, so GoMLX code of your own takes this one.
func Backend() (compute.Backend, error) { return openBackend() }

var openBackend = sync.OnceValues(func() (compute.Backend, error) {
	if name := os.Getenv("GOMLX_BACKEND"); name != "" {
		b, err := compute.NewWithConfig(name)
		if err != nil {
			return nil, fmt.Errorf("autoencoder: GOMLX_BACKEND=%s does not open: %s: run `make setup` again", name, oneLine(err))
		}
		return b, nil
	}
	// A lesson never downloads: the set-up does.
	if _, set := os.LookupEnv("GOMLX_NO_AUTO_INSTALL"); !set {
		os.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
	}
	if b, err := compute.NewWithConfig("xla"); err == nil {
		return b, nil
	}
	b, err := compute.NewWithConfig("go")
	if err != nil {
		return nil, fmt.Errorf("autoencoder: no backend: %s", oneLine(err))
	}
	return b, nil
})

func backendNote(b compute.Backend) string {
	if strings.HasPrefix(b.Name(), "go") || strings.Contains(strings.ToLower(b.Name()), "simplego") {
		return pureGo
	}
	return ""
}

// oneLine cuts an error down to its message: GoMLX's errors print stack traces on %+v and chain
// long contexts over several lines.
func oneLine(err error) string {
	line, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	return line
}
