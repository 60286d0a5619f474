package datasets

import (
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"autoencoders/internal/faults"
	"autoencoders/internal/input"
)

// counted is MNIST that counts the files it opens.
func counted(opens *atomic.Int32) *Dataset {
	return newDataset("MNIST", func(file string) (io.ReadCloser, error) {
		opens.Add(1)
		return openMNIST(file)
	}, nil)
}

// Every cell of a notebook makes its data sets again, most without using them.
func TestNothingIsReadBeforeItIsAskedFor(t *testing.T) {
	var opens atomic.Int32
	d := counted(&opens)
	if n := opens.Load(); n != 0 {
		t.Fatalf("making the handle opened %d files", n)
	}
	first := d.Test()
	if n := opens.Load(); n != 2 {
		t.Errorf("Test opened %d files, want its images and its labels", n)
	}
	if d.Test() != first || opens.Load() != 2 {
		t.Error("the second Test loaded again")
	}
}

func TestConcurrentLoadsShareOneTensor(t *testing.T) {
	var opens atomic.Int32
	d := counted(&opens)
	var all sync.WaitGroup
	splits := make([]*Split, 16)
	for i := range splits {
		all.Go(func() {
			splits[i] = d.Test()
			if err := d.Err(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, s := range splits {
		if s != splits[0] || s.Images.Size() != 10_000*28*28 {
			t.Fatal("the loads gave different splits, or one without images")
		}
	}
	if n := opens.Load(); n != 2 {
		t.Errorf("%d files opened, want 2", n)
	}
}

// Each half has its own reason. Err returns the first one.
func TestAFailedLoadSaysWhy(t *testing.T) {
	broken := errors.New("the disk is gone")
	d := newDataset("MNIST", func(file string) (io.ReadCloser, error) {
		if strings.HasPrefix(file, "train") {
			return nil, broken
		}
		return nil, io.ErrClosedPipe
	}, nil)
	if err := d.Err(); err != nil {
		t.Error("before anything was loaded:", err)
	}
	train := d.Train()
	const want = "datasets: MNIST: train-labels-idx1-ubyte: the disk is gone"
	wantNone(t, train, want)
	wantNone(t, d.Test(), "datasets: MNIST: t10k-labels-idx1-ubyte: io: read/write on closed pipe")
	wantLine(t, d.Err(), want)
	if !errors.Is(d.Err(), broken) || !errors.Is(input.Check("the images", train.Images), broken) {
		t.Error("the cause is lost")
	}
	if d.Train() != train {
		t.Error("the second Train tried again")
	}
}

// One half that fails does not take the other one with it.
func TestAFailedHalfLeavesTheOther(t *testing.T) {
	d := newDataset("MNIST", func(file string) (io.ReadCloser, error) {
		if file == "train-images-idx3-ubyte" {
			return nil, io.ErrClosedPipe
		}
		return openMNIST(file)
	}, nil)
	const want = "datasets: MNIST: train-images-idx3-ubyte: io: read/write on closed pipe"
	wantNone(t, d.Train(), want)
	if s := d.Test(); s.Images.Size() != 10_000*28*28 || len(s.Labels) != 10_000 {
		t.Errorf("%d numbers and %d labels in the test half", s.Images.Size(), len(s.Labels))
	}
	wantLine(t, d.Err(), want)
}

func TestAFileOfAnotherSizeIsRefused(t *testing.T) {
	for other, want := range map[string]string{
		"labels": "train-labels-idx1-ubyte: not a good IDX file: size is 10000, want 60000",
		"images": "train-images-idx3-ubyte: not a good IDX file: dimensions is [10000 28 28], want [60000 28 28]",
	} {
		d := newDataset("MNIST", func(file string) (io.ReadCloser, error) {
			if strings.Contains(file, other) {
				file = strings.Replace(file, "train", "t10k", 1)
			}
			return openMNIST(file)
		}, nil)
		wantNone(t, d.Train(), "datasets: MNIST: "+want)
	}
}

func TestNoDataset(t *testing.T) {
	for name, d := range map[string]*Dataset{"a nil Dataset": nil, "an empty Dataset": {}} {
		want := "datasets: " + name + ": make one with datasets.MNIST() or datasets.FashionMNIST()"
		wantLine(t, d.Err(), want)
		wantNone(t, d.Train(), want)
		seen := wantNone(t, d.Test(), want)
		faults.Row(t, name+", and its images are used", seen, "nothing to lose: no images")
	}
}

func TestANilOption(t *testing.T) {
	d := MNIST(Normalize(0.5, 0.5), nil)
	wantLine(t, d.Err(), "datasets: MNIST: option 1 is nil")
	seen := wantNone(t, d.Train(), "datasets: MNIST: option 1 is nil")
	faults.Row(t, "a nil option of a data set", seen, "no images are given out")
}

// wantNone checks that s has no images and no labels, and that a function that is
// given its images can say why: in one line that has want in it. It returns that
// line.
func wantNone(t *testing.T, s *Split, want string) string {
	t.Helper()
	if len(s.Labels) != 0 {
		t.Errorf("%d labels of no images", len(s.Labels))
	}
	err := input.Check("the training images", s.Images)
	wantLine(t, err, "the training images could not be loaded: "+want)
	return err.Error()
}

// wantLine checks an error that a student sees: one line, beginning with want.
func wantLine(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", want)
	}
	if s := err.Error(); !strings.HasPrefix(s, want) || strings.Contains(s, "\n") {
		t.Errorf("error\n%s\nwant one line that begins\n%s", s, want)
	}
}
