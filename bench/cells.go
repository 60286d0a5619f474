package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// cell is a program as a notebook's cell becomes one: what it imports, and what it does with it.
type cell struct {
	name, imports, body string
	took                [][]time.Duration // of each run: the phases
}

var phases = []string{"listing", "compiling", "linking", "starting", "opening the plugin", "XLA"}

func cells() []*cell {
	const (
		data  = `"autoencoders/datasets"`
		nets  = `"autoencoders/autoencoder"` + "\n" + `"autoencoders/autoencoder/nn"`
		plots = `"autoencoders/plots"`
		use   = "_ = datasets.MNIST()\n"
		// One program of XLA's: noise on ten images.
		call = `few := datasets.MNIST().Test().Take(10).Images
	phase("")
	_, err := autoencoder.Backend()
	phase("opening the plugin")
	if err == nil {
		_, err = autoencoder.Model{Corrupt: nn.Noise(0.5)}.Corrupted(few)
	}
	if err != nil {
		panic(err)
	}
	phase("XLA")
`
	)
	return []*cell{
		{name: "nothing of ours", body: ""},
		{name: "plots", imports: plots, body: "_ = plots.Columns\n"},
		{name: "datasets", imports: data, body: use},
		{name: "datasets, autoencoder", imports: data + "\n" + nets, body: use + "_ = autoencoder.Linear(\"\", 2)\n_ = nn.ReLU\n"},
		{name: "all", imports: data + "\n" + nets + "\n" + plots, body: use + "_ = autoencoder.Linear(\"\", 2)\n_ = nn.ReLU\n_ = plots.Columns\n"},
		{name: "all, and a call of XLA", imports: data + "\n" + nets + "\n" + plots, body: "_ = plots.Columns\n" + call},
	}
}

// source is a program that says how long it was in each phase. turn makes it another one than before.
func (c *cell) source(turn int) string {
	return fmt.Sprintf(`package main

import (
	"fmt"
	"time"
	%s
)

var last = time.Now()

// phase says how long the phase took that ends here.
func phase(name string) {
	if name != "" {
		fmt.Println(name+":", time.Since(last).Nanoseconds())
	}
	last = time.Now()
}

func main() {
	fmt.Println("began:", time.Now().UnixNano(), %d)
	phase("")
	%s
}
`, c.imports, turn, c.body)
}

// run builds and runs the cell in a folder of this module, as the kernel does, and notes what it took.
func (c *cell) run(root string, turn int) error {
	dir, err := filepath.Abs(filepath.Join(root, "artifacts", "bench-cell"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(c.source(turn)), 0o644); err != nil {
		return err
	}
	program, graph := filepath.Join(dir, "cell"), filepath.Join(dir, "actions.json")
	build := exec.Command("go", "build", "-ldflags=-s -w -linkmode=internal", "-debug-actiongraph="+graph, "-o", program, ".")
	build.Dir = dir
	began := time.Now()
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the cell %q: %w: %s", c.name, err, out)
	}
	built := time.Since(began)
	compiling, linking, err := actions(graph)
	if err != nil {
		return err
	}
	took := map[string]time.Duration{"listing": built - compiling - linking, "compiling": compiling, "linking": linking}
	began = time.Now()
	out, err := exec.Command(program).Output()
	if err != nil {
		return fmt.Errorf("running the cell %q: %w", c.name, err)
	}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(line, ":")
		var n int64
		if _, err := fmt.Sscan(value, &n); err != nil {
			return fmt.Errorf("the cell %q says %q: %w", c.name, line, err)
		}
		if name == "began" {
			name, n = "starting", n-began.UnixNano()
		}
		took[name] = time.Duration(n)
	}
	row := make([]time.Duration, len(phases))
	for i, name := range phases {
		row[i] = took[name]
	}
	c.took = append(c.took, row)
	return nil
}

// actions reads how long go build compiled and linked. What it takes from its cache it neither compiles nor links.
func actions(path string) (compiling, linking time.Duration, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	var all []struct {
		Mode    string
		CmdReal time.Duration
	}
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&all); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", path, err)
	}
	for _, a := range all {
		switch a.Mode {
		case "build":
			compiling += a.CmdReal
		case "link":
			linking += a.CmdReal
		}
	}
	return compiling, linking, nil
}

// measureCells runs each cell once to fill the caches, and then some times in turn.
func measureCells(root string, rounds int) ([]*cell, error) {
	all := cells()
	for turn := range rounds + 1 {
		for _, c := range all {
			if err := c.run(root, turn); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range all {
		c.took = c.took[1:]
	}
	return all, nil
}

func printCells(w io.Writer, all []*cell) {
	fmt.Fprintf(w, "\na changed cell, by what it imports: seconds, medians of %d runs\n%-24s %7s", len(all[0].took), "", "in all")
	for _, name := range phases {
		fmt.Fprintf(w, "  %s", name)
	}
	fmt.Fprintln(w)
	for _, c := range all {
		var totals []float64
		columns := make([][]float64, len(phases))
		for _, row := range c.took {
			var total time.Duration
			for i, t := range row {
				total += t
				columns[i] = append(columns[i], t.Seconds())
			}
			totals = append(totals, total.Seconds())
		}
		slices.Sort(totals)
		fmt.Fprintf(w, "%-24s %7.2f", c.name, median(totals))
		for i, name := range phases {
			slices.Sort(columns[i])
			fmt.Fprintf(w, "  %*.2f", len(name), median(columns[i]))
		}
		fmt.Fprintln(w)
	}
}
