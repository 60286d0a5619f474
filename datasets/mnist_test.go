package datasets

import (
	"crypto/md5"
	"encoding/hex"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

// The checksums of the files as they were published, unpacked.
func TestMNISTIsTheRealOne(t *testing.T) {
	for file, want := range map[string]string{
		"train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
		"train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
		"t10k-images-idx3-ubyte":  "2646ac647ad5339dbf082846283269ea",
		"t10k-labels-idx1-ubyte":  "27ae3e4e09519cfbb04c329615203637",
	} {
		r, err := openMNIST(file)
		if err != nil {
			t.Fatal(err)
		}
		sum := md5.New()
		if _, err := io.Copy(sum, r); err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != want {
			t.Errorf("%s: MD5 %s, want %s", file, got, want)
		}
	}
}

func TestMNISTShapesAndLabels(t *testing.T) {
	for _, c := range []struct {
		name  string
		split *Split
		shape string
		first []uint8
	}{
		{"train", MNIST().Train(), "(Float32)[60000, 28, 28, 1]", []uint8{5, 0, 4, 1, 9}},
		{"test", MNIST().Test(), "(Float32)[10000, 28, 28, 1]", []uint8{7, 2, 1, 0, 4}},
	} {
		if got := c.split.Images.Shape().String(); got != c.shape {
			t.Errorf("%s: images %s, want %s", c.name, got, c.shape)
		}
		if n := c.split.Images.Shape().Dim(0); len(c.split.Labels) != n {
			t.Errorf("%s: %d labels for %d images", c.name, len(c.split.Labels), n)
		}
		if got := c.split.Labels[:5]; !slices.Equal(got, c.first) {
			t.Errorf("%s: labels begin %v, want %v", c.name, got, c.first)
		}
	}
}

// 0.1307 and 0.3081 are the mean and the standard deviation that PyTorch's MNIST
// example normalises with.
func TestMNISTMeanAndStd(t *testing.T) {
	var sum, squares float64
	n := 0.0
	tensors.MustConstFlatData(MNIST().Train().Images, func(flat []float32) {
		n = float64(len(flat))
		for _, x := range flat {
			sum += float64(x)
			squares += float64(x) * float64(x)
		}
	})
	mean := sum / n
	std := math.Sqrt(squares/n - mean*mean)
	if math.Abs(mean-0.1307) > 5e-5 || math.Abs(std-0.3081) > 5e-5 {
		t.Errorf("mean %.4f, std %.4f; want 0.1307, 0.3081", mean, std)
	}
}

func BenchmarkLoadTrain(b *testing.B) {
	for b.Loop() {
		MNIST(Normalize(0.5, 0.5)).Train()
	}
}

func BenchmarkLoadTest(b *testing.B) {
	for b.Loop() {
		MNIST(Normalize(0.5, 0.5)).Test()
	}
}
