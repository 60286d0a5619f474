package datasets

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/datasets/internal/fashion"
	"autoencoders/internal/faults"
)

// A lesson that ignores the error learns it from the first function that it gives
// the images to.
func TestFashionMNISTNotDownloaded(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("AUTOENCODERS_DATA", dir)
	d, err := FashionMNIST()
	wantLine(t, err, "datasets: Fashion-MNIST: "+filepath.Join(dir, "train-images-idx3-ubyte.gz")+
		" is missing: run `make data`, or put the file there by hand")
	if !errors.Is(d.Err(), err) {
		t.Errorf("Err returns %v", d.Err())
	}
	wantNone(t, d.Train(), err.Error())
	seen := wantNone(t, d.Test().Take(10), err.Error())
	faults.Row(t, "FashionMNIST's error ignored: not downloaded", seen, "no images are given out")
}

func TestFashionMNISTOutsideTheCheckout(t *testing.T) {
	t.Setenv("AUTOENCODERS_DATA", "")
	t.Chdir(t.TempDir())
	d, err := FashionMNIST()
	wantLine(t, err, "datasets: Fashion-MNIST: no data folder: run this inside the checkout, or set AUTOENCODERS_DATA")
	wantNone(t, d.Train(), err.Error())
}

// A folder of a notebook is inside the checkout, its module is the parent's.
func TestFashionMNISTInTheCheckout(t *testing.T) {
	dir := fakeCheckout(t, nil)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	_, err := FashionMNIST()
	wantLine(t, err, "datasets: Fashion-MNIST: "+filepath.Join(dir, "train-images-idx3-ubyte.gz")+" is missing")
}

func TestFashionMNISTRefusesABadOption(t *testing.T) {
	fakeFashion(t, t.TempDir(), []byte("anything"))
	d, err := FashionMNIST(Normalize(0, 0))
	wantLine(t, err, "datasets: Normalize(0, 0): std must be above 0")
	wantNone(t, d.Train(), err.Error())
}

func TestFashionMNISTNamesADamagedFile(t *testing.T) {
	for _, c := range []struct {
		name     string
		contents []byte
		line     string
	}{
		{"not packed", []byte("<html>403 Forbidden</html>"), "train-labels-idx1-ubyte: gzip: invalid header"},
		{"empty", nil, "train-labels-idx1-ubyte: EOF"},
		{"cut off", pack(t, idxFile(make([]byte, 60_000), 60_000))[:40], "train-labels-idx1-ubyte: not a good IDX file: data: unexpected EOF"},
		{"of other labels", otherLabels(t), "train-labels-idx1-ubyte: contents are not the published ones: SHA-256 "},
		{"longer than its header says", pack(t, idxFile(make([]byte, 1<<20), 60_000)), "train-labels-idx1-ubyte: not a good IDX file: end is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := fakeCheckout(t, c.contents)
			d, err := FashionMNIST()
			if err != nil {
				t.Fatal(err)
			}
			seen := wantNone(t, d.Train(), "datasets: Fashion-MNIST: "+c.line)
			if want := ": delete that file in " + dir + " and run `make data`"; !strings.HasSuffix(seen, want) {
				t.Errorf("%s\ndoes not end%s", seen, want)
			}
			wantLine(t, d.Err(), "datasets: Fashion-MNIST: "+c.line)
			if _, sum := errors.AsType[*ChecksumError](d.Err()); sum != (c.name == "of other labels") {
				t.Errorf("is a ChecksumError: %v", sum)
			}
			faults.Row(t, "data file that is "+c.name+", and its images are used", seen, "no images are given out")
		})
	}
}

// Files of the same names in a folder of the reader's own may be another data set:
// nobody is told to delete them.
func TestAnotherDataSetInTheReadersFolder(t *testing.T) {
	dir := t.TempDir()
	fakeFashion(t, dir, otherLabels(t))
	d, err := FashionMNIST()
	if err != nil {
		t.Fatal(err)
	}
	seen := wantNone(t, d.Train(), "datasets: Fashion-MNIST: train-labels-idx1-ubyte: contents are not the published ones: SHA-256 ")
	if want := ": AUTOENCODERS_DATA is " + dir + ": set it to a folder with the published files, or unset it and run `make data`"; !strings.HasSuffix(seen, want) {
		t.Errorf("%s\ndoes not end%s", seen, want)
	}
	if strings.Contains(seen, "delete") {
		t.Error("told to delete the reader's own file:", seen)
	}
	faults.Row(t, "AUTOENCODERS_DATA names another set with the same file names", seen, "the reader's files; no images are given out")
}

// otherLabels is a good file of 60,000 labels, all 0, as another data set may have.
func otherLabels(t *testing.T) []byte { return pack(t, idxFile(make([]byte, 60_000), 60_000)) }

// fakeFashion puts four files with these contents into dir, and lets
// AUTOENCODERS_DATA name it.
func fakeFashion(t *testing.T, dir string, contents []byte) {
	t.Helper()
	for _, f := range fashion.Files {
		write(t, filepath.Join(dir, f.Name), contents)
	}
	t.Setenv("AUTOENCODERS_DATA", dir)
}

// fakeCheckout enters the notebooks' folder of a checkout whose four data files
// have these contents. It returns the folder of those files.
func fakeCheckout(t *testing.T, contents []byte) (data string) {
	t.Helper()
	t.Chdir(t.TempDir())
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	notebooks, data := filepath.Join(root, "notebooks"), filepath.Join(root, "data", "fashion-mnist")
	for _, dir := range []string{notebooks, data} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(root, "go.mod"), []byte("// a comment\nmodule autoencoders\n\ngo 1.26\n"))
	write(t, filepath.Join(notebooks, "go.mod"), []byte("module another\n"))
	fakeFashion(t, data, contents)
	t.Setenv("AUTOENCODERS_DATA", "")
	t.Chdir(notebooks)
	return data
}

func pack(t *testing.T, data []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
