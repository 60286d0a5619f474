package datasets

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"autoencoders/datasets/internal/fashion"
	"autoencoders/internal/faults"
)

// debian is where the package dataset-fashion-mnist puts the real files.
const debian = "/usr/share/datasets/fashion-mnist"

// realFashion points FashionMNIST at the real files, or skips the test.
func realFashion(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(debian); err != nil {
		t.Skip("needs Debian's package dataset-fashion-mnist")
	}
	t.Setenv("AUTOENCODERS_DATA", debian)
}

func TestFashionMNIST(t *testing.T) {
	realFashion(t)
	wantFashion(t)
}

// The authors' README shows ankle boots first; its training labels begin 9, 0,
// 0, 3, 0 and its test labels 9, 2, 1, 1, 6. Every class has its tenth.
func wantFashion(t *testing.T) {
	t.Helper()
	d, err := FashionMNIST(Normalize(0.5, 0.5))
	if err != nil {
		t.Fatal(err)
	}
	train, test := d.Train(), d.Test()
	if d.Err() != nil {
		t.Fatal(d.Err())
	}
	if got := train.Labels[:5]; !slices.Equal(got, []uint8{9, 0, 0, 3, 0}) {
		t.Error("train labels begin", got)
	}
	if got := test.Labels[:5]; !slices.Equal(got, []uint8{9, 2, 1, 1, 6}) {
		t.Error("test labels begin", got)
	}
	var count [10]int
	for _, label := range train.Labels {
		count[label]++
	}
	if count != [10]int{6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000} {
		t.Error("images of each class:", count)
	}
	if got := test.Images.Shape().String(); got != "(Float32)[10000, 28, 28, 1]" {
		t.Error(got)
	}
}

func TestFashionMNISTUnpacked(t *testing.T) {
	realFashion(t)
	dir := t.TempDir()
	for _, f := range fashion.Files {
		unpack(t, filepath.Join(debian, f.Name), filepath.Join(dir, unpackedName(f.Name)))
	}
	t.Setenv("AUTOENCODERS_DATA", dir)
	wantFashion(t)
}

func unpack(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	packed, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, packed); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFashionMNISTNotDownloaded(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("AUTOENCODERS_DATA", dir)
	_, err := FashionMNIST()
	wantLine(t, err, "datasets: Fashion-MNIST: "+filepath.Join(dir, "train-images-idx3-ubyte.gz")+
		" is missing: run `make data`, or put the file there by hand")
}

func TestFashionMNISTOutsideTheCheckout(t *testing.T) {
	t.Setenv("AUTOENCODERS_DATA", "")
	t.Chdir(t.TempDir())
	_, err := FashionMNIST()
	wantLine(t, err, "datasets: Fashion-MNIST: no data folder: run this inside the checkout, or set AUTOENCODERS_DATA")
}

// A folder of a notebook is inside the checkout, its module is the parent's.
func TestFashionMNISTInTheCheckout(t *testing.T) {
	t.Setenv("AUTOENCODERS_DATA", "")
	checkout := t.TempDir()
	notebooks := filepath.Join(checkout, "notebooks")
	if err := os.MkdirAll(notebooks, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(checkout, "go.mod"), []byte("// a comment\nmodule autoencoders\n\ngo 1.26\n"))
	write(t, filepath.Join(notebooks, "go.mod"), []byte("module another\n"))
	t.Chdir(notebooks)
	_, err := FashionMNIST()
	working, _ := os.Getwd()
	wantLine(t, err, "datasets: Fashion-MNIST: "+filepath.Join(filepath.Dir(working), "data", "fashion-mnist", "train-images-idx3-ubyte.gz")+" is missing")
}

func TestFashionMNISTRefusesABadOption(t *testing.T) {
	fakeFashion(t, []byte("anything"))
	_, err := FashionMNIST(Normalize(0, 0))
	wantLine(t, err, "datasets: Normalize(0, 0): std must be above 0")
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
		{"of other labels", pack(t, idxFile(make([]byte, 60_000), 60_000)), "train-labels-idx1-ubyte: contents are not the published ones: SHA-256 "},
		{"longer than its header says", pack(t, idxFile(make([]byte, 1<<20), 60_000)), "train-labels-idx1-ubyte: not a good IDX file: end is missing"},
	} {
		dir := fakeFashion(t, c.contents)
		d, err := FashionMNIST()
		if err != nil {
			t.Fatal(c.name, err)
		}
		if s := d.Train(); s.Images != nil {
			t.Errorf("%s: images were loaded", c.name)
		}
		wantLine(t, d.Err(), "datasets: Fashion-MNIST: "+c.line)
		if got, want := d.Err().Error(), ": delete that file in "+dir+" and run `make data`"; !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s\ndoes not end%s", c.name, got, want)
		}
		if _, sum := errors.AsType[*ChecksumError](d.Err()); sum != (c.name == "of other labels") {
			t.Errorf("%s: is a ChecksumError: %v", c.name, sum)
		}
		faults.Row(t, "data file that is "+c.name, d.Err().Error(), "no images are given out")
	}
}

// fakeFashion makes a folder whose four files all have these contents.
func fakeFashion(t *testing.T, contents []byte) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range fashion.Files {
		write(t, filepath.Join(dir, f.Name), contents)
	}
	t.Setenv("AUTOENCODERS_DATA", dir)
	return dir
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

func BenchmarkLoadFashionTrain(b *testing.B) {
	if _, err := os.Stat(debian); err != nil {
		b.Skip("needs Debian's package dataset-fashion-mnist")
	}
	b.Setenv("AUTOENCODERS_DATA", debian)
	for b.Loop() {
		d, err := FashionMNIST()
		if err != nil || d.Train().Images == nil {
			b.Fatal(err, d.Err())
		}
	}
}
