package ipynb

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Kernel is the name under which the set-up has installed the lessons' kernel.
const Kernel = "autoencoders"

// A cell may take this long: the longest one takes a minute on two quiet cores.
const patience = 30 * time.Minute

// Execute runs the notebook at path from its first cell to its last, in its own folder and offline, with the jupyter of the
// PATH, and writes its outputs into it. If a cell fails it returns one line that names the cell and says what it printed,
// and leaves the file as it was.
func Execute(ctx context.Context, path string) error {
	jupyter, err := exec.LookPath("jupyter")
	if err != nil {
		return fmt.Errorf(`no jupyter on the PATH: make setup, then eval "$(make -s env)"`)
	}
	before, err := Read(path)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, jupyter, "nbconvert", "--to=notebook", "--execute", "--inplace", "--log-level=ERROR",
		"--ExecutePreprocessor.kernel_name="+Kernel, fmt.Sprintf("--ExecutePreprocessor.timeout=%.0f", patience.Seconds()),
		"--ExecutePreprocessor.startup_timeout=120", filepath.Base(path))
	command.Dir = filepath.Dir(path)
	command.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=")
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // so that it ends the kernel
	command.WaitDelay = 20 * time.Second
	out, err := command.CombinedOutput()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s", failure(before, string(out)))
	}
	return nil
}

// failure returns what nbconvert's output says of the cell that failed: nbclient writes the cell between two lines of
// dashes, and below them what the cell printed.
func failure(n Notebook, out string) string {
	const dashes = "\n------------------\n"
	parts := strings.Split(out, dashes)
	if len(parts) < 3 {
		return lastLine(out)
	}
	source, said := strings.TrimSpace(parts[1]), lastLine(out)
	if _, stderr, ok := strings.Cut(out, "----- stderr -----\n"); ok {
		for l := range strings.Lines(stderr) {
			if l = strings.TrimSpace(l); l != "" {
				said = l
				break
			}
		}
	}
	for i, c := range n.Cells() {
		if s, _ := text(c["source"]).(string); strings.TrimSpace(s) == source {
			return fmt.Sprintf("cell %d failed: %s", i+1, said)
		}
	}
	return "a cell failed: " + said
}

// lastLine returns the last line of s that is not empty.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
