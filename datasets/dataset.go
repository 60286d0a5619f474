// Package datasets provides the images of the lessons: MNIST, which is embedded
// in the package, Fashion-MNIST, which `make data` downloads, and readers for
// other files in the IDX format.
//
// A [Dataset] is a handle. Making one reads no images, so a notebook can declare
// it as a package-level variable, which is initialised again in every cell. The
// first call of [Dataset.Train] or [Dataset.Test] loads that half of the data;
// later calls return the same [Split].
//
// Images are float32 [n, height, width, 1], channels last, with pixels from 0
// (background) to 1 (ink) unless [Normalize] rescales them.
//
// If images cannot be loaded, Split.Images is an empty tensor that stands in for
// them and carries the reason. A function of package autoencoder, measure or
// plots that is given this tensor returns the reason as its error.
//
// This package never uses the network.
package datasets

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// A Dataset provides the training and test images of one data set. Its methods
// may be called by several goroutines at once, and on a nil Dataset too. A
// Dataset must not be copied.
type Dataset struct {
	name        string
	open        func(file string) (io.ReadCloser, error) // returns an unpacked IDX stream
	pixel       [256]float32                             // maps a byte of the file to its value in the tensor
	advice      string                                   // ends the error if a file cannot be read
	bad         error                                    // a bad option or a missing file: nothing loads
	train, test half

	mu  sync.Mutex
	err error // the first failure to load a half
}

// half is one of the two splits, which is stored in two files.
type half struct {
	images, labels string
	n              int // number of images that the files must hold
	once           sync.Once
	split          *Split
}

// An Option changes how the pixels of a data set are turned into numbers; see
// [Normalize]. A bad option never panics: [Dataset.Err] returns its error.
type Option func(d *Dataset)

// newDataset returns a data set in MNIST's layout: 60,000 training and 10,000
// test images of 28x28 pixels, in four files with MNIST's names.
func newDataset(name string, open func(string) (io.ReadCloser, error), opts []Option) *Dataset {
	d := &Dataset{name: name, open: open}
	d.train = half{images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte", n: 60_000}
	d.test = half{images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte", n: 10_000}
	for i := range d.pixel {
		d.pixel[i] = float32(i) / 255
	}
	for i, opt := range opts {
		if opt == nil {
			d.reject(fmt.Errorf("datasets: %s: option %d is nil", name, i))
			continue
		}
		opt(d)
	}
	return d
}

// Train returns the 60,000 training images, float32 [60000, 28, 28, 1], and
// their labels. The first call loads them; every call returns the same Split.
//
// If they cannot be loaded, the Split has no labels and its Images is the empty
// stand-in that the package comment describes. [Dataset.Err] returns the reason
// as well.
func (d *Dataset) Train() *Split {
	if d == nil {
		return failed(errNil)
	}
	return d.load(&d.train)
}

// Test returns the 10,000 test images, float32 [10000, 28, 28, 1], and their
// labels. Otherwise it behaves as [Dataset.Train] does.
func (d *Dataset) Test() *Split {
	if d == nil {
		return failed(errNil)
	}
	return d.load(&d.test)
}

// Err returns the first error of this data set, in one line: a bad option, a
// missing file or, after a call of Train or Test, a file that could not be read.
// It returns nil for [MNIST] with good options, and an error if d is nil or empty.
func (d *Dataset) Err() error {
	if err := d.unusable(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

var (
	errNil   = errors.New("datasets: a nil Dataset: make one with datasets.MNIST() or datasets.FashionMNIST()")
	errEmpty = errors.New("datasets: an empty Dataset: make one with datasets.MNIST() or datasets.FashionMNIST()")
)

// unusable returns the reason why neither half can be loaded, or nil.
func (d *Dataset) unusable() error {
	switch {
	case d == nil:
		return errNil
	case d.bad != nil:
		return d.bad
	case d.open == nil:
		return errEmpty
	}
	return nil
}

// reject makes d unusable. The first reason stays.
func (d *Dataset) reject(err error) {
	if d.bad == nil {
		d.bad = err
	}
}

func (d *Dataset) load(h *half) *Split {
	h.once.Do(func() {
		var err error
		if h.split, err = d.tryLoad(h); err != nil {
			h.split = failed(err)
			d.note(err)
		}
	})
	return h.split
}

func (d *Dataset) tryLoad(h *half) (*Split, error) {
	if err := d.unusable(); err != nil {
		return nil, err
	}
	split, err := d.read(h)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w%s", d.name, err, d.advice)
	}
	return split, nil
}

// note records the first error for Err.
func (d *Dataset) note(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.err = err
	}
}
