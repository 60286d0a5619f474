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
// images of 28x28 pixels of clothing, labelled 0 T-shirt/top, 1 trouser,
// 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle
// boot. It takes MNIST's place without another change.
//
// It reads the four files that `make data` put into data/fashion-mnist of the
// checkout, or those in the folder that the environment variable
// AUTOENCODERS_DATA names (Debian's package dataset-fashion-mnist puts them
// into /usr/share/datasets/fashion-mnist). Packed (.gz) and unpacked files are
// both good.
//
// The error is one line: which file is missing and what to do, or the bad
// option. The contents are checked against their SHA-256 when they are loaded:
// a damaged file leaves the split empty, and [Dataset.Err] names it.
//
// Source: Han Xiao, Kashif Rasul and Roland Vollgraf, Fashion-MNIST: a Novel
// Image Dataset for Benchmarking Machine Learning Algorithms, arXiv 1708.07747;
// licence MIT.
func FashionMNIST(opts ...Option) (*Dataset, error) {
	dir, err := fashion.Dir()
	if err != nil {
		return nil, fmt.Errorf("datasets: Fashion-MNIST: %w", err)
	}
	paths := map[string]fashionFile{}
	for _, f := range fashion.Files {
		path, err := findPacked(filepath.Join(dir, f.Name))
		if err != nil {
			return nil, fmt.Errorf("datasets: Fashion-MNIST: %w: run `make data`, or put the file there by hand", err)
		}
		paths[unpackedName(f.Name)] = fashionFile{path: path, sum: f.Unpacked}
	}
	d := newDataset("Fashion-MNIST", func(file string) (io.ReadCloser, error) { return paths[file].open() }, opts)
	d.advice = fmt.Sprintf(": delete that file in %s and run `make data`", dir)
	if err := d.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

// findPacked returns path, which ends in .gz, or else the unpacked file's.
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

// fashionFile is a file on the disk, packed or not, with the SHA-256 of what is
// inside.
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

// ChecksumError says that a file's contents are not the published ones.
type ChecksumError struct {
	Got, Want string // SHA-256 of the unpacked contents, in hex
}

// Error is one line.
func (e *ChecksumError) Error() string {
	return fmt.Sprintf("contents are not the published ones: SHA-256 %.8s…, want %.8s…", e.Got, e.Want)
}

// checkedReader compares the checksum of what it read at the end of the stream.
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
