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
// oneDNN, vector width and fast math; huge pages (glibc.malloc.hugetlb=1) gained 5 %, two other CPU
// plugins 5 to 9 %.
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
	only := flag.String("only", "", "one net: linear, mended or compressing")
	rounds := flag.Int("rounds", 0, "epochs of each contestant, at least 2; 0: as each net's line in races says")
	serving := flag.String("serve", "", "be the contestant of this project, for one net")
	flag.Parse()
	var err error
	if *serving != "" {
		err = serve(*serving, os.Stdin, os.Stdout)
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

// Slow peers run fewer epochs: what they take does not vary by the factor that they are behind.
var races = []race{
	{"linear", "linear, 784-128-64-12-2", 8, []peer{
		{"JAX, a call a step", "jax_peer.py", []string{"datasets/mnist", "step"}, 0},
		{"JAX, a call an epoch", "jax_peer.py", []string{"datasets/mnist", "scan"}, 0},
		{"PyTorch, data in memory", "torch_peer.py", []string{"memory"}, 0},
		{"PyTorch, tutorial's loop", "torch_peer.py", []string{"loader"}, 4},
	}},
	{"mended", "convolutional, the tutorial's 1-6-16-6-1, mended", 5, []peer{
		{"JAX, a call a step", "jax_peer.py", []string{"datasets/mnist", "step"}, 3},
		{"PyTorch, data in memory", "torch_peer.py", []string{"memory"}, 0},
		{"PyTorch, tutorial's loop", "torch_peer.py", []string{"loader"}, 3},
	}},
	{"compressing", "convolutional, stride 2, 1-16-32-16 numbers", 5, []peer{
		{"JAX, a call a step", "jax_peer.py", []string{"datasets/mnist", "step"}, 3},
		{"PyTorch, data in memory", "torch_peer.py", []string{"memory"}, 0},
		{"PyTorch, tutorial's loop", "torch_peer.py", []string{"loader"}, 3},
	}},
}

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
	if len(results) == 0 {
		return fmt.Errorf("-only %s: no such net", only)
	}
	return write(filepath.Join(out, "bench"), results)
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
