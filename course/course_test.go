package course

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/datasets"
	"autoencoders/internal/faults"

	"github.com/gomlx/gomlx/core/tensors"
)

// cells are programs that end as a cell does, each in a process of its own.
var cells = map[string]func(){
	"no epochs":  func() { Train(small("net"), squares, autoencoder.Config{}) },
	"no data":    func() { TrainEach(nil, recipe(1), small("net")) },
	"no seeds":   func() { Sweep{Sizes: []int{2}, Net: sized("nets")}.Train(squares, recipe(1)) },
	"untrained":  func() { Final(small("net")) },
	"no methods": func() { Score(squares.Test().Images, nil) },
	"one folder": func() { TrainEach(squares, recipe(1), small("net"), small("./net")) },
	"no codes": func() {
		Separation(func(*tensors.Tensor) (*tensors.Tensor, error) { return nil, errors.New("encode: it broke") }, squares)
	},
}

func TestMain(m *testing.M) {
	if cell, ok := cells[os.Getenv("COURSE_TEST")]; ok {
		cell()
		return
	}
	os.Exit(m.Run())
}

// What is wrong ends the cell with one line that says what to do.
func TestAnErrorEndsTheCellWithOneLine(t *testing.T) {
	for name, want := range map[string]string{
		"no epochs":  "autoencoder: Config.Epochs is 0: at least 1 is needed (Tutorial() has 10)",
		"no data":    "course: the data set is missing (nil): datasets.MNIST() is one",
		"no seeds":   "course: Sweep.Seeds is 0: at least 1 is needed",
		"untrained":  "autoencoder: net has no trained weights: run the training cell first",
		"no methods": "course: Score: no methods",
		"one folder": "course: TrainEach: two models have the folder ./net, where the second would replace the first: give each a Dir of its own",
		"no codes":   "encode: it broke",
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "COURSE_TEST="+name)
		var errs strings.Builder
		cmd.Stderr = &errs
		err := cmd.Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
			t.Errorf("%s: the cell ends with %v, want status 1", name, err)
		}
		seen := errs.String()
		if !strings.HasPrefix(seen, want) || strings.Count(seen, "\n") != 1 {
			t.Errorf("%s: the user sees %q, want one line that begins %q", name, seen, want)
		}
		if name == "one folder" {
			faults.Row(t, "two nets with one folder in a cell that trains several", strings.TrimSpace(seen), "nothing is trained")
		}
	}
}

// parts is a data set of a test's own.
type parts struct{ train, test *datasets.Split }

func (p parts) Train() *datasets.Split { return p.train }
func (p parts) Test() *datasets.Split  { return p.test }

// squares are images of 8x8 pixels in [0, 1], each a bright square on black: in the left half label 0, in the right half
// label 1.
var squares = parts{square(400, 1), square(100, 2)}

func square(n int, seed uint64) *datasets.Split {
	random := rand.New(rand.NewPCG(seed, 0))
	pixels, labels := make([]float32, n*64), make([]uint8, n)
	for i := range n {
		labels[i] = uint8(random.IntN(2))
		row, column := random.IntN(6), 4*int(labels[i])+random.IntN(2)
		for p := range 9 {
			pixels[i*64+(row+p/3)*8+column+p%3] = 0.5 + 0.5*random.Float32()
		}
	}
	return &datasets.Split{Images: tensors.FromFlatDataAndDimensions(pixels, n, 8, 8, 1), Labels: labels}
}

func small(dir string) autoencoder.Model {
	return autoencoder.Model{
		Dir:     dir,
		Encoder: nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 2)),
		Decoder: nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 64), nn.Sigmoid()),
	}
}

// sized returns the nets of a Sweep with folders in dir.
func sized(dir string) func(size int, seed int64) autoencoder.Model {
	return func(size int, seed int64) autoencoder.Model {
		m := small(filepath.Join(dir, fmt.Sprintf("net-%d-%d", size, seed)))
		m.Encoder = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, size))
		m.Decoder = nn.Sequential(nn.Linear(size, 64), nn.Sigmoid())
		return m
	}
}

func recipe(epochs int) autoencoder.Config {
	c := autoencoder.Tutorial()
	c.Epochs, c.BatchSize = epochs, 64
	return c
}

// printed returns the lines that f prints, each with single blanks between its cells.
func printed(t *testing.T, f func()) (lines []string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	all := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(r)
		all <- b
	}()
	func() {
		defer func() { os.Stdout = stdout; w.Close() }()
		f()
	}()
	for line := range strings.Lines(string(<-all)) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines
}

// wantLines compares lines with what they must be; the last word of each that ends in " s" is a time, written as "T s".
func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	got = slices.Clone(got)
	for i, line := range got {
		if words := strings.Fields(line); len(words) > 1 && words[len(words)-1] == "s" {
			words[len(words)-2] = "T"
			got[i] = strings.Join(words, " ")
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("printed\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
