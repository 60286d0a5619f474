package autoencoder

import (
	"compress/gzip"
	"io"
	"os"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

func load(t *testing.T, path string, n int) *tensors.Tensor {
	f, _ := os.Open(path)
	z, _ := gzip.NewReader(f)
	b, _ := io.ReadAll(z)
	b = b[16:]
	v := make([]float32, n*784)
	for i := range v {
		v[i] = float32(b[i])/127.5 - 1
	}
	return tensors.FromFlatDataAndDimensions(v, n, 28, 28, 1)
}

func TestQuick(t *testing.T) {
	train, test := load(t, "../datasets/mnist/train-images-idx3-ubyte.gz", 60000), load(t, "../datasets/mnist/t10k-images-idx3-ubyte.gz", 10000)
	m := Linear(t.TempDir(), 2)
	s, err := m.Summary(28, 28, 1)
	t.Log(s, err)
	c := Tutorial()
	c.Epochs = 3
	for e, err := range m.Train(train, test, c) {
		t.Log(e, err)
	}
	z, err := m.Encode(test)
	t.Log(z.Shape(), err)
	t.Log(m.Evaluate(test))
	y, err := m.Decode(z)
	t.Log(y.Shape(), err)
}
