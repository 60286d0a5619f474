package autoencoder_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/internal/faults"

	"github.com/gomlx/gomlx/core/tensors"
)

// resumed lists the kinds of network whose runs are stopped and resumed, all for 28x28 images.
var resumed = map[string]func(dir string) autoencoder.Model{
	"linear":        func(dir string) autoencoder.Model { return autoencoder.Linear(dir, 2) },
	"convolutional": func(dir string) autoencoder.Model { return autoencoder.Convolutional(dir, 2) },
	"variational": func(dir string) autoencoder.Model {
		m := autoencoder.Variational(dir, 4)
		m.Loss = autoencoder.MSE // the images are in [-1, 1]
		return m
	},
	"denoising": func(dir string) autoencoder.Model {
		m := autoencoder.Linear(dir, 8)
		m.Corrupt = nn.Sequential(nn.Noise(0.5), nn.SaltPepper(0.1))
		return m
	},
}

// squares returns n images of 28x28 pixels: blobs with a frame around them.
func squares(n int, seed uint64) *tensors.Tensor {
	small, large := tensors.MustCopyFlatData[float32](blobs(n, seed)), make([]float32, n*784)
	for i := range large {
		large[i] = -1
		if row, column := i%784/28-10, i%28-10; row >= 0 && row < 8 && column >= 0 && column < 8 {
			large[i] = small[i/784*64+row*8+column]
		}
	}
	return tensors.FromFlatDataAndDimensions(large, n, 28, 28, 1)
}

// stops lists how the processes of one run end, in order.
var stops = []struct {
	how  string
	kept int // epochs that are on disk afterwards
}{
	{"killed in epoch 1", 0}, {"killed in epoch 2", 1}, {"interrupted in epoch 3", 2}, {"left after epoch 3", 3}, {"", 5},
}

func resumedConfig() autoencoder.Config {
	c := autoencoder.Tutorial()
	c.Epochs, c.BatchSize = 5, 64
	return c
}

// trainAsStopped is one of these processes.
func trainAsStopped(m autoencoder.Model, how string) {
	c := resumedConfig()
	epoch := 1
	if history, err := m.History(); err == nil {
		epoch = len(history) + 1
	}
	c.Progress = func(step, _ int) { // called at an epoch's first step, whatever its rate
		switch {
		case step == 1 && how == fmt.Sprintf("killed in epoch %d", epoch):
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			time.Sleep(time.Minute)
		case step == 1 && how == fmt.Sprintf("interrupted in epoch %d", epoch):
			pressStop()
		}
	}
	for e, err := range m.Train(squares(200, 1), squares(50, 2), c) {
		if err != nil {
			fmt.Println(err)
			if errors.Is(err, autoencoder.ErrInterrupted) {
				os.Exit(130)
			}
			os.Exit(1)
		}
		if how == fmt.Sprintf("left after epoch %d", e.Number) {
			break
		}
		epoch = e.Number + 1
	}
	os.Exit(0)
}

// A run in five processes, each stopped in another way, is compared with the same run in one process: the losses
// and every number in the checkpoint, including AdamW's state, agree bit for bit.
func TestResumedInAnotherProcessToTheLastBit(t *testing.T) {
	if kind := os.Getenv("RESUMED_KIND"); kind != "" {
		trainAsStopped(resumed[kind](os.Getenv("RESUMED_DIR")), os.Getenv("RESUMED_STOP"))
	}
	long(t)
	lines := map[string]string{}
	for kind, build := range resumed {
		stopped, whole := build(filepath.Join(t.TempDir(), kind)), build(filepath.Join(t.TempDir(), kind))
		for _, stop := range stops {
			out, state := again(t, "RESUMED_KIND="+kind, "RESUMED_DIR="+stopped.Dir, "RESUMED_STOP="+stop.how)
			status := state.Sys().(syscall.WaitStatus)
			killed, interrupted := strings.HasPrefix(stop.how, "killed"), strings.HasPrefix(stop.how, "interrupted")
			if killed != (status.Signal() == syscall.SIGKILL) || interrupted != (status.ExitStatus() == 130) || !killed && !interrupted && status != 0 {
				t.Fatalf("%s, %q: %v\n%s", kind, stop.how, state, out)
			}
			if history, _ := stopped.History(); len(history) != stop.kept {
				t.Errorf("%s, %q: %d epochs are kept, want %d", kind, stop.how, len(history), stop.kept)
			}
			if interrupted {
				lines[kind] = strings.TrimSpace(out)
				wantLine(t, errors.New(lines[kind]), "stopped in epoch 3: 2 of 5 epochs are saved in "+stopped.Dir+", run the cell again to resume")
			}
		}
		for _, err := range whole.Train(squares(200, 1), squares(50, 2), resumedConfig()) {
			if err != nil {
				t.Fatal(err)
			}
		}
		wantSameCheckpoint(t, kind, stopped, whole)
	}
	faults.Row(t, "stop button (SIGINT) within an epoch", lines["linear"], "the finished epochs; the cell goes on from them in another process, to the bit")
	faults.Row(t, "kill -9 within an epoch, then the cell again: linear, convolutional, variational, denoising", "", "the finished epochs; losses, weights and AdamW's state end as if not killed, to the bit")
}

func wantSameCheckpoint(t *testing.T, kind string, a, b autoencoder.Model) {
	t.Helper()
	historyA, errA := a.History()
	historyB, errB := b.History()
	if errA != nil || errB != nil || len(historyA) != 5 || !slices.Equal(losses(historyA), losses(historyB)) {
		t.Errorf("%s: stopped\n%v, %v\nuninterrupted\n%v, %v", kind, losses(historyA), errA, losses(historyB), errB)
	}
	numbers := func(m autoencoder.Model) map[string]*tensors.Tensor {
		file, err := os.ReadFile(filepath.Join(m.Dir, "model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		values, _, err := readAll(file)
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	valuesA, valuesB := numbers(a), numbers(b)
	if len(valuesA) != len(valuesB) || len(valuesA) < 3*8 {
		t.Errorf("%s: %d and %d tensors", kind, len(valuesA), len(valuesB))
	}
	for name, value := range valuesA {
		if valuesB[name] == nil || !value.Equal(valuesB[name]) {
			t.Errorf("%s: %s differs", kind, name)
		}
	}
}
