package datasets

import (
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
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
			d.Err()
		})
	}
	all.Wait()
	for _, s := range splits {
		if s != splits[0] || s.Images == nil {
			t.Fatal("the loads gave different splits")
		}
	}
	if n := opens.Load(); n != 2 {
		t.Errorf("%d files opened, want 2", n)
	}
}

func TestAFailedLoadLeavesTheSplitEmptyAndSaysWhy(t *testing.T) {
	broken := errors.New("the disk is gone")
	d := newDataset("MNIST", func(string) (io.ReadCloser, error) { return nil, broken }, nil)
	if s := d.Train(); s.Images != nil || s.Labels != nil {
		t.Error("the split is not empty")
	}
	wantLine(t, d.Err(), "datasets: MNIST: train-labels-idx1-ubyte: the disk is gone")
	if !errors.Is(d.Err(), broken) {
		t.Error("the cause is lost")
	}
}

func TestAFileOfAnotherSizeIsRefused(t *testing.T) {
	d := newDataset("MNIST", func(file string) (io.ReadCloser, error) {
		return openMNIST(strings.Replace(file, "train", "t10k", 1))
	}, nil)
	if s := d.Train(); s.Images != nil {
		t.Error("10,000 images passed for 60,000")
	}
	wantLine(t, d.Err(), "datasets: MNIST: train-labels-idx1-ubyte: not a good IDX file: size is 10000, want 60000")
}

func TestZeroDataset(t *testing.T) {
	var d Dataset
	if s := d.Train(); s == nil || s.Images != nil {
		t.Error("not empty")
	}
	wantLine(t, d.Err(), "datasets: an empty Dataset")
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
