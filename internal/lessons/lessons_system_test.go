//go:build system

package lessons

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"autoencoders/internal/ipynb"
)

// scratch is where copies of lessons and their checkpoints go: inside the checkout, where the kernel finds its modules, in
// artifacts, which git ignores. It stays if a test fails.
var scratch string

func TestMain(m *testing.M) {
	artifacts, err := filepath.Abs(filepath.Join("..", "..", "artifacts"))
	if err == nil {
		err = os.MkdirAll(artifacts, 0o755)
	}
	if err == nil {
		scratch, err = os.MkdirTemp(artifacts, "notebooks-")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if code == 0 {
		err = os.RemoveAll(scratch)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// executed runs a lesson once for all tests of the package, in a copy of its own: offline, from the
// first cell to the last, with the kernel that `make setup` wrote.
func executed(t *testing.T, name string) *notebook {
	t.Helper()
	return read(t, execution(t, name))
}

func execution(t *testing.T, name string) (path string) {
	t.Helper()
	if os.Getenv("COMMITTED") != "" { // while a lesson is written: what it says against what it showed last
		return filepath.Join(folder, name)
	}
	if testing.Short() && name != linear {
		t.Skip("skipped: -short runs lesson 1 alone")
	}
	once, _ := runs.LoadOrStore(name, sync.OnceValues(func() (string, error) {
		path := filepath.Join(scratch, name)
		return path, execute(t, name, path)
	}))
	path, err := once.(func() (string, error))()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return path
}

var runs sync.Map // of functions, by the notebook's name

// execute runs a copy of a lesson at path.
func execute(t *testing.T, name, path string) error {
	source, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, source, 0o644); err != nil {
		return err
	}
	return ipynb.Execute(t.Context(), path)
}

// cites reports whether a trained net must have the numbers that the lesson cites, as far as another processor may round.
// They were made with two threads. With another number of threads XLA adds in another order, and a net ends as it would
// with another seed: then only the lesson's claims must hold, with margins that seeds do not cross.
func cites() bool {
	threads := os.Getenv("NPROC") // sets the threads of XLA's CPU, where it is set
	return threads == "2" || threads == "" && runtime.NumCPU() == 2
}

// shows checks that each of some cells has one picture, and a large one.
func (n *notebook) shows(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if sizes := n.cell(t, id).pngs(t); len(sizes) != 1 || sizes[0] < 600 {
			t.Errorf("%s: pictures of width %v", id, sizes)
		}
	}
}

func TestLessonsRunOffline(t *testing.T) {
	for _, name := range names(t) {
		t.Run(name, func(t *testing.T) {
			n, committed := executed(t, name), committed(t, name)
			checkOutputs(t, name, n)
			for i, c := range n.code() {
				if got, want := len(c.pngs(t)), len(committed.code()[i].pngs(t)); got != want {
					t.Errorf("cell %d shows %d pictures, committed are %d: run `make notebooks`", i+1, got, want)
				}
				t.Logf("cell %d from %s to %s", i+1, c.Metadata.Execution["iopub.status.busy"], c.Metadata.Execution["iopub.status.idle"])
			}
		})
	}
}

// So a diff of two executions on one machine shows what somebody changed.
func TestTwoExecutionsDifferInTimesOnly(t *testing.T) {
	first, err := ipynb.Read(execution(t, linear))
	if err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(scratch, "again", linear)
	if err := os.Mkdir(filepath.Dir(again), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := execute(t, linear, again); err != nil {
		t.Fatal(err)
	}
	second, err := ipynb.Read(again)
	if err != nil {
		t.Fatal(err)
	}
	if d := ipynb.Difference(first, second); d != "" {
		t.Error(d)
	}
}

// Another processor rounds otherwise, and a net then ends a little elsewhere. So of the numbers that a lesson cites nine in ten must
// come out again, to a twentieth; what a lesson claims by them, the tests of each lesson hold.
func TestNumbersInTheProseComeOutAgain(t *testing.T) {
	if !cites() {
		t.Skip("skipped: the digits that the lessons cite are those of two threads")
	}
	for _, name := range names(t) {
		n := executed(t, name)
		all := n.citations()
		if lost := n.missing(all, given(t, name), 0.05); 10*len(lost) > len(all) {
			t.Errorf("%s: %d of the %d numbers in its prose do not come out again: %v", name, len(lost), len(all), lost)
		}
	}
}
