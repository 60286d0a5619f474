package autoencoder

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"autoencoders/autoencoder/internal/device"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // the fallback, "go"
	"github.com/gomlx/go-xla/compute/xla"  // XLA through a PJRT plugin, "xla"
	"github.com/gomlx/go-xla/pjrt"
	"github.com/gomlx/gomlx/support/exceptions"
	"k8s.io/klog/v2" // what go-xla warns with
)

// pureGo is the note of a run on GoMLX's own backend.
const pureGo = "no XLA plugin: trained on the pure Go backend, slowly; `make setup` installs the plugin"

// Backend returns the one GoMLX backend of the process, which is opened on first use: the one that the
// environment variable GOMLX_BACKEND names, otherwise an installed XLA plugin, otherwise GoMLX's backend
// in pure Go, which Epoch.Note then mentions. Tensors belong to one backend, so GoMLX code of your own
// should use this one.
func Backend() (compute.Backend, error) { return openBackend() }

var openBackend = sync.OnceValues(func() (compute.Backend, error) {
	if name := os.Getenv("GOMLX_BACKEND"); name != "" {
		return open(name)
	}
	// Lessons never download anything; the set-up does.
	if _, set := os.LookupEnv("GOMLX_NO_AUTO_INSTALL"); !set {
		xla.EnableAutoInstall(false)
	}
	if b, err := open("xla"); err == nil {
		return b, nil
	}
	return open("go")
})

// open opens a backend and suppresses go-xla's log output, which a cell would show and which repeats the
// returned error. A name that GoMLX does not know makes it panic.
func open(name string) (b compute.Backend, err error) {
	defer klog.CaptureState().Restore()
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	caught := exceptions.Try(func() { b, err = compute.NewWithConfig(name) })
	if x, ok := b.(*xla.Backend); ok && err == nil && x.NumDevices() > 1 && device.IsXLAOnCPU(x) {
		b = asOneDevice(x, name)
	}
	if caught != nil {
		err = fmt.Errorf("%v", caught)
	}
	if err != nil {
		why := oneLine(err.Error())
		if _, plugin, ok := strings.Cut(why, "failed to load PJRT plugin for name "); ok {
			_, why, _ = strings.Cut(plugin, ": ")
		}
		why, _, _ = strings.Cut(why, " -- ") // what a Go programmer could do; a student runs the set-up
		return nil, fmt.Errorf("autoencoder: GOMLX_BACKEND=%s does not open: %s: run `make setup` again", name, why)
	}
	return b, nil
}

// asOneDevice reopens an XLA backend for the CPU as a single device, if its plugin supports this. By default
// XLA's CPU plugin offers four devices and starts a thread for each; on fewer cores these wait for one another:
// on two cores an epoch of Linear(dir, 2) takes 0.40 s instead of 0.31 s. (GOMLX_BACKEND cannot express this
// option.)
func asOneDevice(several *xla.Backend, name string) compute.Backend {
	_, config, _ := strings.Cut(name, ":")
	one, err := xla.NewWithOptions(config, pjrt.NamedValuesMap{"cpu_device_count": int64(1)})
	if err != nil {
		return several
	}
	several.Finalize()
	return one
}

func backendNote(b compute.Backend) string {
	if strings.HasPrefix(strings.ToLower(b.Name()), "go") {
		return pureGo
	}
	return ""
}
