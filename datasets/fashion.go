package datasets

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"autoencoders/datasets/internal/fashion"
)

// FashionMNIST returns Zalando's Fashion-MNIST: 60,000 training and 10,000 test
// images of clothing, 28x28 pixels, labelled 0 T-shirt/top, 1 trouser, 2 pullover,
// 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle boot. It is a
// drop-in replacement for [MNIST].
//
// It reads the four files that `make data` downloads into data/fashion-mnist of
// the checkout. If the environment variable AUTOENCODERS_DATA is set, it reads
// them from the folder that the variable names instead; Debian's package
// dataset-fashion-mnist installs them in /usr/share/datasets/fashion-mnist. Each
// file may be compressed (.gz) or not.
//
// FashionMNIST returns an error, in one line, if an option is bad or a file is
// missing. The Dataset is never nil: beside an error it is one that has no images
// and carries that error, as [Dataset.Train] describes.
//
// Loading compares the SHA-256 of each file's contents with the published one. A
// half with a damaged file has no images, and [Dataset.Err] names the file.
//
// Source: Han Xiao, Kashif Rasul and Roland Vollgraf, Fashion-MNIST: a Novel
// Image Dataset for Benchmarking Machine Learning Algorithms, arXiv 1708.07747;
// licence MIT.
func FashionMNIST(opts ...Option) (*Dataset, error) {
	paths, advice, err := findFashion()
	if err != nil {
		err = fmt.Errorf("datasets: Fashion-MNIST: %w", err)
		return &Dataset{bad: err}, err
	}
	d := newDataset("Fashion-MNIST", func(file string) (io.ReadCloser, error) { return paths[file].open() }, opts)
	d.advice = advice
	return d, d.Err()
}

// findFashion returns the four files under their uncompressed names, and what to
// do if one of them cannot be read: a file that `make data` downloaded may be
// deleted, but not one in a folder of the user's.
func findFashion() (files map[string]fashionFile, advice string, err error) {
	dir, own, err := fashion.Dir()
	if err != nil {
		return nil, "", err
	}
	files = map[string]fashionFile{}
	for _, f := range fashion.Files {
		path, err := findPacked(filepath.Join(dir, f.Name))
		if err != nil {
			return nil, "", fmt.Errorf("%w: run `make data`, or put the file there by hand", err)
		}
		files[unpackedName(f.Name)] = fashionFile{path: path, sum: f.Unpacked}
	}
	if own {
		return files, fmt.Sprintf(": %s is %s: set it to a folder with the published files, or unset it and run `make data`", fashion.Variable, dir), nil
	}
	return files, fmt.Sprintf(": delete that file in %s and run `make data`", dir), nil
}

// findPacked returns path, which ends in .gz, if that file exists, and otherwise
// the path of the uncompressed file.
func findPacked(path string) (string, error) {
	info, err := os.Stat(path)
	if os.IsNotExist(err) {
		unpacked := unpackedName(path)
		if info, err := os.Stat(unpacked); err == nil && info.Mode().IsRegular() {
			return unpacked, nil
		}
		return "", fmt.Errorf("%s is missing", path)
	}
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file", path)
	}
	return path, nil
}

func unpackedName(name string) string { return name[:len(name)-len(".gz")] }

// fashionFile is a file on disk, compressed or not, with the SHA-256 that its
// uncompressed contents must have.
type fashionFile struct{ path, sum string }

func (f fashionFile) open() (io.ReadCloser, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	var r io.Reader = bufio.NewReaderSize(file, 64<<10)
	if filepath.Ext(f.path) == ".gz" {
		if r, err = gzip.NewReader(r); err != nil {
			file.Close()
			return nil, err
		}
	}
	return &checkedReader{r: r, Closer: file, sum: sha256.New(), want: f.sum}, nil
}

// A ChecksumError reports that the contents of a file differ from the published
// ones.
type ChecksumError struct {
	Got, Want string // SHA-256 of the uncompressed contents, in hex
}

// Error returns the first digits of both checksums, in one line.
func (e *ChecksumError) Error() string {
	return fmt.Sprintf("contents are not the published ones: SHA-256 %.8s…, want %.8s…", e.Got, e.Want)
}

// checkedReader returns a ChecksumError instead of io.EOF if the contents that it
// has read do not have the checksum want.
type checkedReader struct {
	r io.Reader
	io.Closer
	sum  hash.Hash
	want string
}

func (c *checkedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.sum.Write(p[:n])
	if err == io.EOF {
		if got := hex.EncodeToString(c.sum.Sum(nil)); got != c.want {
			return n, &ChecksumError{Got: got, Want: c.want}
		}
	}
	return n, err
}
