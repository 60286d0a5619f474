package datasets

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
)

//go:embed mnist/*.gz
var mnistFiles embed.FS

// MNIST returns the MNIST database of handwritten digits: 60,000 training and
// 10,000 test images of 28x28 pixels, labelled 0 to 9. The files are inside the
// program, so it needs no download and cannot fail; only a bad option can leave
// it empty, see [Normalize].
//
// Source: Yann LeCun, Corinna Cortes and Christopher J. C. Burges, The MNIST
// database of handwritten digits, http://yann.lecun.com/exdb/mnist/, licence
// CC BY-SA 3.0.
func MNIST(opts ...Option) *Dataset {
	return newDataset("MNIST", openMNIST, opts)
}

func openMNIST(file string) (io.ReadCloser, error) {
	packed, err := mnistFiles.ReadFile("mnist/" + file + ".gz")
	if err != nil {
		return nil, err
	}
	return gzip.NewReader(bytes.NewReader(packed))
}
