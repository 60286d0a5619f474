package datasets

import (
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
)

// The files are embedded as strings because reading an embed.FS copies them.
var (
	//go:embed mnist/train-images-idx3-ubyte.gz
	trainImages string
	//go:embed mnist/train-labels-idx1-ubyte.gz
	trainLabels string
	//go:embed mnist/t10k-images-idx3-ubyte.gz
	testImages string
	//go:embed mnist/t10k-labels-idx1-ubyte.gz
	testLabels string
)

// MNIST returns the MNIST database of handwritten digits: 60,000 training and
// 10,000 test images of 28x28 pixels, labelled 0 to 9. The files are embedded in
// the program, so MNIST needs no download and loading cannot fail, except for a
// bad option; see [Normalize].
//
// Source: Yann LeCun, Corinna Cortes and Christopher J. C. Burges, The MNIST
// database of handwritten digits, http://yann.lecun.com/exdb/mnist/, licence
// CC BY-SA 3.0.
func MNIST(opts ...Option) *Dataset {
	return newDataset("MNIST", openMNIST, opts)
}

func openMNIST(file string) (io.ReadCloser, error) {
	switch file {
	case "train-images-idx3-ubyte":
		return gzip.NewReader(strings.NewReader(trainImages))
	case "train-labels-idx1-ubyte":
		return gzip.NewReader(strings.NewReader(trainLabels))
	case "t10k-images-idx3-ubyte":
		return gzip.NewReader(strings.NewReader(testImages))
	case "t10k-labels-idx1-ubyte":
		return gzip.NewReader(strings.NewReader(testLabels))
	}
	return nil, fmt.Errorf("no file %s", file)
}
