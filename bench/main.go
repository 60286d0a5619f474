// Command bench sets a training epoch of this project beside the same in JAX, on the same machine
// and in the same run: `make bench`.
//
// The runs take turns, epoch by epoch, so a machine that becomes slower is so for all. The first
// epoch, which compiles, is a column of its own.
//
// Where the time goes, on two cores of a Xeon, in seconds an epoch of 469 steps (GoMLX 0.28.3 on
// xla_cpu_pjrt 0.0.1, JAX 0.10.2): JAX takes .55 to .65 with its state donated and its calls not
// waited for. Our program, compiled and run by JAX's own runtime, takes .68 to .72: a wait after each
// step costs .07, weights stored [out, in] as PyTorch has them .06, and no donation .03 (GoMLX waits
// for each execution and declares no alias of inputs and outputs). The plugin's XLA is older than
// JAX's: .80 to .86 inside its execute call. GoMLX's own work for some 50 variables in and out adds
// .12. In sum .93 to .99. Tried without gain: all weights in one vector (the copies cost what the
// calls save), weights stored [in, out], XLA's flags for XNNPACK, YNNPACK, oneDNN, vector width and
// fast math; huge pages (glibc.malloc.hugetlb=1) gain 5 %, two other CPU plugins 5 to 9 %.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"slices"

	"autoencoders/autoencoder"
	"autoencoders/datasets"
)

func main() {
	python := flag.String("python", "python3", "an interpreter that has JAX")
	script := flag.String("script", "bench/jax_linear.py", "the peer")
	mnist := flag.String("mnist", "datasets/mnist", "the folder with MNIST's training images")
	epochs := flag.Int("epochs", 8, "epochs of each, the first one included")
	flag.Parse()
	if err := run(*python, *script, *mnist, *epochs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// contestant runs one epoch a call and returns its seconds and its mean loss.
type contestant struct {
	name    string
	epoch   func() (seconds, loss float64, err error)
	seconds []float64
	loss    float64
}

func run(python, script, mnist string, epochs int) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ours, stop := goEpochs(dir, epochs)
	defer stop()
	contestants := []*contestant{{name: "Go, this project", epoch: ours}}
	for _, mode := range []string{"step", "scan"} {
		peer, err := jaxEpochs(python, script, mnist, mode)
		if err != nil {
			return err
		}
		contestants = append(contestants, &contestant{name: "JAX, one call a " + map[string]string{"step": "step", "scan": "epoch"}[mode], epoch: peer})
	}
	for range epochs {
		for _, c := range contestants {
			seconds, loss, err := c.epoch()
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.seconds, c.loss = append(c.seconds, seconds), loss
		}
	}
	report(os.Stdout, contestants)
	return nil
}

// goEpochs trains the tutorial's net. Its test set is one image, so that an epoch is its steps; the
// checkpoint that each epoch writes is counted.
func goEpochs(dir string, epochs int) (epoch func() (float64, float64, error), stop func()) {
	images := datasets.MNIST(datasets.Normalize(0.5, 0.5)).Train()
	config := autoencoder.Tutorial()
	config.Epochs = epochs
	next, stop := iter.Pull2(autoencoder.Linear(dir, 2).Train(images.Images, images.Take(1).Images, config))
	return func() (float64, float64, error) {
		e, err, ok := next()
		if !ok {
			return 0, 0, io.EOF
		}
		return e.Elapsed.Seconds(), e.Loss, err
	}, stop
}

// jaxEpochs starts the peer, which runs one epoch for each line that it is sent.
func jaxEpochs(python, script, mnist, mode string) (func() (float64, float64, error), error) {
	command := exec.Command(python, script, mnist, mode)
	command.Stderr = os.Stderr
	ask, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	answer, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(answer)
	if !lines.Scan() { // "ready": its imports and its data are no part of an epoch
		return nil, fmt.Errorf("%s %s: %w", script, mode, command.Wait())
	}
	return func() (float64, float64, error) {
		if _, err := fmt.Fprintln(ask); err != nil {
			return 0, 0, err
		}
		if !lines.Scan() {
			return 0, 0, io.ErrUnexpectedEOF
		}
		var result struct{ Seconds, Loss float64 }
		err := json.Unmarshal(lines.Bytes(), &result)
		return result.Seconds, result.Loss, err
	}, nil
}

func report(w io.Writer, contestants []*contestant) {
	ours := contestants[0]
	fmt.Fprintln(w, "Linear autoencoder 784-128-64-12-2, an epoch of 60,000 MNIST images in batches of 128, seconds")
	fmt.Fprintf(w, "%-22s %8s %8s %8s %8s %9s %9s\n", "", "first", "median", "min", "max", "Go/peer", "loss")
	for _, c := range contestants {
		later := slices.Sorted(slices.Values(c.seconds[1:]))
		var ratios []float64 // turn by turn: what slows the machine slows both
		for i, s := range c.seconds[1:] {
			ratios = append(ratios, ours.seconds[i+1]/s)
		}
		slices.Sort(ratios)
		fmt.Fprintf(w, "%-22s %8.2f %8.2f %8.2f %8.2f %9.2f %9.4f\n", c.name, c.seconds[0],
			later[len(later)/2], later[0], later[len(later)-1], ratios[len(ratios)/2], c.loss)
	}
}
