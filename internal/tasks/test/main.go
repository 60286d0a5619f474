// Command test runs the tests of this checkout and says in a few lines how they ended; make check and make test call it.
//
//	go run ./internal/tasks/test check         what needs no browser, executes no lesson and looks at nothing but this checkout:
//	                                           Go keeps the results, and runs again only what a change has touched
//	go run ./internal/tasks/test test          everything, anew
//	go run ./internal/tasks/test test ARGS …   go test with these arguments alone; -C and a folder choose the module
//
// The arguments may also be in TEST_ARGS, with blanks between them, where no shell takes -run=A|B apart.
// With FORBID_SKIPS set a skipped test fails the run, as a machine that is to have everything must not skip anything. With RACE
// set every test runs under the race detector, not those alone that are quick under it.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// modules are the folders with a go.mod of their own and with sources of ours.
var modules = []string{".", "setup/tools", "internal/browser"}

// quick are the arguments of go test for what has goroutines of its own and is through in seconds under the race detector. The
// rest computes, which the detector makes twenty times slower: RACE=1 has it.
var quick = [][]string{
	{"./datasets", "./internal/disk", "./internal/input", "./internal/memory", "./autoencoder/internal/..."},
	{"-skip=Unpacking", "./datasets/download"},
	{"-skip=MNIST", "./measure"},
	{"./cell"},
	{"-run=TestTheBar|TestSeparation|TestTrainShowsEachEpoch", "./course"},
	{"-run=TestProgress|TestTrainedOfManyGoroutines|TestInterruptKeeps|TestLeftLoop|TestBadImages|TestContextEnds", "./autoencoder"},
}

// race turns the detector on without checkptr, which it brings along and which GoMLX's matrix products in pure Go do not pass.
var race = []string{"-race", "-gcflags=all=-d=checkptr=0"}

func main() {
	if len(os.Args) < 2 || (os.Args[1] != "check" && os.Args[1] != "test") {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/tasks/test check|test [arguments of go test]")
		os.Exit(2)
	}
	os.Exit(run(os.Args[1] == "test", append(os.Args[2:], strings.Fields(os.Getenv("TEST_ARGS"))...)))
}

// run returns the exit status.
func run(everything bool, args []string) int {
	r := newReport(os.Stdout)
	all := []string{"-timeout=85m"}
	if everything {
		all = append(all, "-count=1", "-tags=system")
	}
	if os.Getenv("RACE") != "" {
		all = append(all, race...)
	}
	if len(args) > 0 {
		r.section("go test "+strings.Join(args, " "), func() { r.goTest(".", append(all, args...)...) })
		return r.close(os.Getenv("FORBID_SKIPS") != "")
	}
	r.section("modules of the linters and the tests", func() {
		r.command([]string{"setup/lint", "setup/tools", "internal/browser"}, "go", "mod", "download")
	})
	// From here on nothing is fetched, but by the tests of the set-up, which look for the proxy in TEST_GOPROXY.
	if err := errors.Join(os.Setenv("TEST_GOPROXY", os.Getenv("GOPROXY")), os.Setenv("GOPROXY", "off")); err != nil {
		panic(err)
	}
	r.section("lint", r.lint)
	var browser sync.WaitGroup
	parallel := "-p=2"
	if everything { // its tests wait more than they compute, so they wait beside the others
		parallel = "-p=1"
		browser.Go(func() {
			r.section("tests of internal/browser", func() { r.goTest("internal/browser", append(slices.Clip(all), "-p=1", "./...")...) })
		})
	}
	for _, module := range []string{".", "setup/tools"} {
		// One package at a time where the browser's are under way: XLA takes every core for itself.
		r.section("tests of "+module, func() { r.goTest(module, append(slices.Clip(all), parallel, "./...")...) })
	}
	browser.Wait()
	if os.Getenv("RACE") == "" && hasCompiler() {
		r.section("race detector", func() {
			for _, args := range quick {
				r.goTest(".", append(append(slices.Clip(all), race...), args...)...)
			}
		})
	}
	return r.close(os.Getenv("FORBID_SKIPS") != "")
}

// hasCompiler is whether the race detector works: it needs gcc or clang, and zig is neither.
func hasCompiler() bool { return !strings.Contains(os.Getenv("CC"), "zig") }

// section runs a part and says how long it took.
func (r *report) section(what string, part func()) {
	start := time.Now()
	part()
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.out, "-- %s: %d s\n", what, int(time.Since(start).Seconds()+.5))
}

// command runs a program in each of some folders; its output is shown only if it fails.
func (r *report) command(folders []string, name string, args ...string) {
	for _, folder := range folders {
		command := exec.Command(name, args...)
		command.Dir = folder
		if out, err := command.CombinedOutput(); err != nil {
			r.broken++
			fmt.Fprintf(r.out, "FAIL: %s in %s: %v\n%s\n", strings.Join(command.Args, " "), folder, err, out)
		}
	}
}
