//go:build system

package datasets

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"autoencoders/datasets/internal/fashion"
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

func BenchmarkLoadFashionTrain(b *testing.B) {
	if _, err := os.Stat(debian); err != nil {
		b.Skip("needs Debian's package dataset-fashion-mnist")
	}
	b.Setenv("AUTOENCODERS_DATA", debian)
	for b.Loop() {
		d, _ := FashionMNIST()
		d.Train()
		if err := d.Err(); err != nil {
			b.Fatal(err)
		}
	}
}
