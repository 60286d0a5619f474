//go:build system && linux

package autoencoder_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Besides the images and the result, many images need no more memory than few: what is live during the
// computation does not grow with their number.
func TestMemoryDoesNotGrowWithTheImages(t *testing.T) {
	status := func() (peak int) {
		text, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Skip(err)
		}
		for line := range bytes.Lines(text) {
			if rest, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
				for _, c := range bytes.Fields(rest)[0] {
					peak = 10*peak + int(c-'0')
				}
			}
		}
		return peak
	}
	if os.Getenv("MEMORY_DIR") == "" {
		m := convolutions(filepath.Join(t.TempDir(), "model"))
		c := recipe(1)
		for _, err := range m.Train(squares(64, 1), squares(10, 2), c) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if out, state := again(t, "MEMORY_DIR="+m.Dir); !state.Success() {
			t.Error(out)
		} else {
			t.Log(out)
		}
		return
	}
	debug.SetGCPercent(10) // what counts is what is live, not the garbage that a busy machine collects late
	o := mustOpen(t, convolutions(os.Getenv("MEMORY_DIR")))
	encode := func(n int) int {
		x := tensors.FromShape(shapes.Make(dtypes.Float32, n, 28, 28, 1))
		z, err := o.Reconstruct(x)
		if err != nil {
			t.Fatal(err)
		}
		x.FinalizeAll()
		z.FinalizeAll()
		runtime.GC()
		return status()
	}
	few := encode(1000)
	many := encode(20_000)
	const images = 2 * 19_000 * 784 * 4 >> 10 // kB: what is there more of images and result
	t.Logf("peak for 1,000 images %d kB, for 20,000 %d kB, of which images and result %d kB", few, many, images)
	if !underRace && many-few > images+64<<10 {
		t.Errorf("peak for 1,000 images %d kB, for 20,000 %d kB, of which only %d kB are images and result", few, many, images)
	}
}
