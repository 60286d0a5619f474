// Package datasets gives the lessons their images: MNIST, which lies inside
// the package, Fashion-MNIST, which `make data` downloads, and a reader for any
// other file in the IDX format.
//
// A [Dataset] is a handle: making one reads nothing, so that a notebook can
// keep it in a package-level variable, which every cell makes again. The first
// [Dataset.Train] or [Dataset.Test] unpacks that half, the next ones return
// the same tensor.
//
// Images are float32 [n, height, width, 1], channels last, with pixels from 0
// (background) to 1 (ink) unless [Normalize] moves them. Nothing here uses the
// network.
package datasets

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// Dataset is a handle on the training and test images of one data set. It is
// safe for use by several goroutines. Do not copy it.
type Dataset struct {
	name        string
	open        func(file string) (io.ReadCloser, error) // an unpacked IDX stream
	pixel       [256]float32                             // byte in the file -> value in the tensor
	bad         bool                                     // an option was bad: nothing loads
	advice      string                                   // what to do when a file cannot be read
	train, test half

	mu  sync.Mutex
	err error
}

// half is one of the two splits, as it lies in two files.
type half struct {
	images, labels string
	n              int // images promised
	once           sync.Once
	split          *Split
}

// Option changes how a data set's images are made into tensors: see [Normalize].
// A bad option does not panic: it sets what [Dataset.Err] returns.
type Option func(d *Dataset)

// newDataset makes the handle of a data set in MNIST's layout: 60,000 training
// and 10,000 test images of 28x28, in four files with MNIST's names.
func newDataset(name string, open func(string) (io.ReadCloser, error), opts []Option) *Dataset {
	d := &Dataset{name: name, open: open}
	d.train = half{images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte", n: 60_000}
	d.test = half{images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte", n: 10_000}
	for i := range d.pixel {
		d.pixel[i] = float32(i) / 255
	}
	for _, opt := range opts {
		opt(d)
	}
	return d
}

// Train returns the 60,000 training images, float32 [60000, 28, 28, 1], and
// their labels. It loads them the first time and returns the same Split ever
// after. If that fails, the Split is empty (Images is nil) and [Dataset.Err]
// says why.
func (d *Dataset) Train() *Split { return d.load(&d.train) }

// Test returns the 10,000 test images, float32 [10000, 28, 28, 1], and their
// labels, as [Dataset.Train] does.
func (d *Dataset) Test() *Split { return d.load(&d.test) }

// Err returns the first thing that went wrong with this data set, in one line:
// a bad option, or, once Train or Test was called, a file that could not be
// read. It is nil for [MNIST] with good options.
func (d *Dataset) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// fail keeps the first error.
func (d *Dataset) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.err = err
	}
}

func (d *Dataset) load(h *half) *Split {
	h.once.Do(func() {
		h.split = &Split{}
		if d.open == nil {
			d.fail(errors.New("datasets: an empty Dataset: make one with datasets.MNIST() or datasets.FashionMNIST()"))
			return
		}
		if d.bad {
			return
		}
		split, err := d.read(h)
		if err != nil {
			d.fail(fmt.Errorf("datasets: %s: %w%s", d.name, err, d.advice))
			return
		}
		h.split = split
	})
	return h.split
}
