package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"autoencoders/internal/faults"
)

// report gathers what go test -json says, and prints what a reader needs of it: a line for each package, the output of what
// failed, each skipped test with its reason; in the end the faults that were tried, and a count.
type report struct {
	out     io.Writer
	mu      sync.Mutex     // modules are tested side by side
	count   map[string]int // of tests, by their outcome
	broken  int            // packages and checks that failed without a test of theirs failing
	skipped []string
	rows    []row
}

// row is a fault that a test has seen through.
type row struct {
	Fault, Seen, Kept string
	green             bool
}

// event is one line of go test -json.
type event struct {
	Action, Package, ImportPath, Test, Output, Key, Value string
}

func newReport(out io.Writer) *report { return &report{out: out, count: map[string]int{}} }

// goTest runs go test in the module in a folder.
func (r *report) goTest(folder string, args ...string) {
	if i := slices.Index(args, "-C"); i >= 0 && i+1 < len(args) { // go takes it as the first flag only
		folder = args[i+1]
		args = slices.Delete(slices.Clone(args), i, i+2)
	}
	command := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	command.Dir = folder
	reader, writer := io.Pipe()
	command.Stdout, command.Stderr = writer, writer
	done := make(chan error, 1)
	go func() {
		err := command.Run()
		done <- errors.Join(err, writer.Close())
	}()
	told := r.read(reader)
	if err := <-done; err != nil && !told {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.broken++
		fmt.Fprintf(r.out, "FAIL: go test in %s: %v\n", folder, err)
	}
}

// read takes in the events of one go test. It returns whether a failure was among them.
func (r *report) read(lines io.Reader) (failed bool) {
	type key struct{ pkg, test string }
	output := map[key][]string{}
	tried := map[key][]row{}
	failing := map[string]bool{} // packages with a test that failed
	scanner := bufio.NewReader(lines)
	for {
		line, err := scanner.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				e = event{Action: "output"}
				fmt.Fprint(r.out, line)
			}
			k := key{e.Package + e.ImportPath, e.Test}
			failed = failed || e.Action == "fail"
			r.mu.Lock()
			switch {
			case e.Action == "output" || e.Action == "build-output":
				output[k] = append(output[k], e.Output)
			case e.Action == "attr" && e.Key == faults.Key:
				var words []string
				if json.Unmarshal([]byte(e.Value), &words) == nil && len(words) == 3 {
					tried[k] = append(tried[k], row{Fault: words[0], Seen: words[1], Kept: words[2]})
				}
			case e.Action == "build-fail":
				fmt.Fprint(r.out, strings.Join(output[k], ""))
			case e.Test != "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip"):
				r.count[e.Action]++
				for _, row := range tried[k] {
					row.green = e.Action == "pass"
					r.rows = append(r.rows, row)
				}
				switch e.Action {
				case "fail":
					failing[e.Package] = true
					fmt.Fprint(r.out, strings.Join(output[k], ""))
				case "skip":
					r.skipped = append(r.skipped, "skip "+e.Test+": "+reason(output[k]))
					fmt.Fprintln(r.out, r.skipped[len(r.skipped)-1])
				}
				delete(output, k)
			case e.Action == "pass" || e.Action == "fail" || e.Action == "skip":
				if e.Action == "fail" && !failing[e.Package] {
					r.broken++
				}
				fmt.Fprint(r.out, strings.Join(output[k], ""))
				delete(output, k)
			}
			r.mu.Unlock()
		}
		if err != nil {
			return failed
		}
	}
}

// reason is what a skipped test said.
func reason(output []string) string {
	var words []string
	for _, line := range output {
		if !strings.HasPrefix(line, "===") && !strings.Contains(line, "--- SKIP") {
			words = append(words, strings.TrimSpace(line))
		}
	}
	return strings.Join(words, " ")
}

// close prints the faults and the count, and returns the exit status.
func (r *report) close(forbidSkips bool) (status int) {
	if len(r.rows) > 0 {
		slices.SortFunc(r.rows, func(a, b row) int { return strings.Compare(a.Fault, b.Fault) })
		fmt.Fprint(r.out, "\n| fault | what the user sees | what is kept | |\n|---|---|---|---|\n")
		green := 0
		// A test that ran twice, the second time under the race detector, has one row.
		rows := slices.CompactFunc(r.rows, func(a, b row) bool { return a.Fault == b.Fault && a.Kept == b.Kept && a.green == b.green })
		for _, row := range rows {
			seen, end := "nothing", "FAIL"
			if row.Seen != "" {
				seen = "`" + row.Seen + "`"
			}
			if row.green {
				end = "ok"
				green++
			}
			fmt.Fprintf(r.out, "| %s | %s | %s | %s |\n", row.Fault, seen, row.Kept, end)
		}
		fmt.Fprintf(r.out, "%d faults, %d green\n\n", len(rows), green)
	}
	if forbidSkips && len(r.skipped) > 0 {
		fmt.Fprintf(r.out, "FAIL: FORBID_SKIPS is set, and tests were skipped:\n%s\n", strings.Join(r.skipped, "\n"))
		status = 1
	}
	failed := r.count["fail"] + r.broken
	if failed > 0 {
		status = 1
	}
	why := ""
	if r.broken > 0 {
		why = " (a package or a check did not build, or did not pass)"
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped%s\n", r.count["pass"], failed, r.count["skip"], why)
	return status
}

// lint checks the sources of every module, those with the tag system as well, with the linters that .golangci.yml chooses.
func (r *report) lint() {
	for _, module := range modules {
		modfile, err := filepath.Rel(module, "setup/lint/go.mod")
		if err != nil {
			modfile = err.Error()
		}
		r.command([]string{module}, "go", "tool", "-modfile="+modfile, "golangci-lint", "run", "--build-tags=system", "./...")
	}
}
