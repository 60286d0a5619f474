// Command bench sets a training epoch of this project beside the same in JAX and in PyTorch, on the
// same machine and in the same run: `make bench`.
//
// Each contestant is a program of its own. They take turns, epoch by epoch, so a machine that becomes
// slower is so for all. The first epoch, which compiles, is a column of its own.
//
// What made the linear net as fast as in JAX, measured on two cores of an EPYC (GoMLX 0.28.3 on
// xla_cpu_pjrt 0.0.1, JAX 0.10.2), where JAX takes .40 s an epoch with a call for each of the 469 steps
// and .32 with a call for all: .54 with a call a step; .44 since XLA has a thread for each core and not
// four (autoencoder/backend.go); .31 since a call runs up to 64 steps (autoencoder/steps.go), which
// saves GoMLX's own work for some 50 variables in and out, a wait after each call, and inputs that are
// not donated to outputs.
//
// Tried before the threads were found, without gain: all weights in one vector (the copies cost what
// the calls save), weights stored [in, out], 512 steps a call, steps unrolled in the program in place of
// a loop (faster by as much, but 7 of them compile for 1.3 s more), XLA's flags for XNNPACK, YNNPACK,
// oneDNN, vector width and fast math (of these YNNPACK's products gain 4 %; JAX has them); huge pages
// (glibc.malloc.hugetlb=1) gained 5 %, two other CPU plugins 5 to 9 %.
//
// The first epoch takes a second longer than the others; of the linear net XLA's compilers take 0.65 s of
// it for the steps and 0.12 s for the test, moving the images 0.1 s, and checking them 0.1 s. Opening the plugin
// twice costs 16 ms, building the graphs 4 ms. Tried, without gain: AdamW for all small variables at once
// (30 programs fewer to compile: 0.62 s), XLA's flags for cheaper passes and fewer parts (0.60 to 0.68 s; without its new
// emitters 0.43 s, but then an epoch takes 1.2 times as long). What would help is to keep compiled programs: PJRT
// can serialise them (PJRT_Executable_Serialize, PJRT_Executable_DeserializeAndLoad), but go-xla 0.4.2 has no
// Go function for either, and its builder always compiles.
//
// Memory: of the 745 MB that a training cell took, 188 were a second copy of the images (now one, see
// autoencoder/memory.go), and 85 what XLA compiled with (now given back, see memory.Trim). What remains: images 188 and
// 31, test batches 31, the plugin 60, Go 25, and at its peak either compiler (145) or the move of the images (188).
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	python := flag.String("python", "python3", "an interpreter that has JAX and PyTorch")
	root := flag.String("root", ".", "the checkout")
	out := flag.String("out", "artifacts", "the folder for the table and the chart")
	only := flag.String("only", "", "one part: linear, denoising, variational, compressing, mended, growth or cells")
	rounds := flag.Int("rounds", 0, "epochs of each contestant, at least 2; 0: as each net's line in races says")
	serving := flag.String("serve", "", "be the contestant of this project, for one net")
	var of size
	flag.IntVar(&of.batch, "batch", usual.batch, "with -serve: images in a batch")
	flag.IntVar(&of.images, "images", usual.images, "with -serve: training images; MNIST's are repeated")
	flag.IntVar(&of.width, "width", usual.width, "with -serve linear: the factor by which hidden layers are wider")
	flag.Parse()
	var err error
	if *serving != "" {
		err = serve(*serving, of, os.Stdin, os.Stdout)
	} else {
		err = run(*python, *root, *out, *only, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// race is one network and who trains it.
type race struct {
	net, title string
	rounds     int
	peers      []peer
}

type peer struct {
	name   string
	script string
	args   []string
	rounds int // 0: as many as the race has
}

// The tutorial's loop runs fewer epochs: what it takes does not vary by the factor that it is behind. In a
// loop, a call an epoch, JAX takes ten times as long for a convolution, so that is left out.
var (
	jaxSteps  = peer{"JAX, a call a step", "jax_peer.py", []string{"datasets/mnist", "step"}, 0}
	jaxEpochs = peer{"JAX, a call an epoch", "jax_peer.py", []string{"datasets/mnist", "scan"}, 0}
	memory    = peer{"PyTorch, data in memory", "torch_peer.py", []string{"memory"}, 0}
	compiled  = peer{"PyTorch, torch.compile", "torch_peer.py", []string{"compile"}, 0}
	loader    = peer{"PyTorch, tutorial's loop", "torch_peer.py", []string{"loader"}, 5}

	races = []race{
		{"linear", "linear, 784-128-64-12-2", 8, []peer{jaxSteps, jaxEpochs, memory, compiled, loader}},
		{"denoising", "the same with noise on its input", 6, []peer{jaxSteps, jaxEpochs, memory, compiled}},
		{"variational", "variational, 784-400-20", 6, []peer{jaxSteps, jaxEpochs, memory, compiled}},
		{"compressing", "convolutional, stride 2, 1-16-32-16 numbers", 6, []peer{jaxSteps, memory, compiled}},
		{"mended", "convolutional, the tutorial's 1-6-16-6-1, mended", 5, []peer{jaxSteps, memory, compiled}},
	}
)

func run(python, root, out, only string, rounds int) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	var results []result
	for _, r := range races {
		if only != "" && r.net != only {
			continue
		}
		if rounds >= 2 {
			r.rounds = rounds
		}
		contestants, err := r.run(python, root)
		if err != nil {
			return err
		}
		results = append(results, result{r, contestants})
		results[len(results)-1].print(os.Stdout)
	}
	var grown []*growth
	if only == "" || only == "growth" {
		grown = growths()
		for _, g := range grown {
			if err := g.measure(root); err != nil {
				return err
			}
			g.print(os.Stdout)
		}
	}
	var turnaround []*cell
	if only == "" || only == "cells" {
		var err error
		if turnaround, err = measureCells(root, 5); err != nil {
			return err
		}
		printCells(os.Stdout, turnaround)
	}
	if len(results)+len(grown)+len(turnaround) == 0 {
		return fmt.Errorf("-only %s: no such part", only)
	}
	return write(filepath.Join(out, "bench"), results, grown, turnaround)
}

// run lets the contestants take turns.
func (r race) run(python, root string) (contestants []*contestant, err error) {
	defer func() {
		for _, c := range contestants {
			c.stop()
		}
	}()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	begin := func(name string, rounds int, argv ...string) error {
		c, err := start(name, root, argv...)
		if err != nil {
			return err
		}
		c.rounds = rounds
		contestants = append(contestants, c)
		return c.epoch()
	}
	if err := begin("Go, this project", r.rounds, self, "-serve", r.net); err != nil {
		return contestants, err
	}
	for _, p := range r.peers {
		rounds := min(r.rounds, p.rounds)
		if p.rounds == 0 {
			rounds = r.rounds
		}
		argv := append([]string{python, filepath.Join("bench", p.script), r.net}, p.args...)
		if err := begin(p.name, rounds, argv...); err != nil {
			return contestants, err
		}
	}
	for round := 1; round < r.rounds; round++ {
		for _, c := range contestants {
			if round < c.rounds {
				if err := c.epoch(); err != nil {
					return contestants, err
				}
			}
		}
	}
	return contestants, nil
}
