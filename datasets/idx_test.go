package datasets

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"autoencoders/internal/faults"

	"github.com/gomlx/gomlx/core/tensors"
)

// idxFile writes the header and, after it, the data.
func idxFile(data []byte, dims ...uint32) []byte {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, data...)
}

func TestReadIDX(t *testing.T) {
	file := idxFile([]byte{1, 2, 3, 4, 5, 6}, 2, 3)
	for name, r := range map[string]io.Reader{
		"at once":       bytes.NewReader(file),
		"byte by byte":  iotest.OneByteReader(bytes.NewReader(file)),
		"data with EOF": iotest.DataErrReader(bytes.NewReader(file)),
	} {
		idx, err := ReadIDX(r)
		if err != nil {
			t.Fatal(name, err)
		}
		if !slices.Equal(idx.Dims, []int{2, 3}) || !slices.Equal(idx.Data, []byte{1, 2, 3, 4, 5, 6}) {
			t.Errorf("%s: %v", name, idx)
		}
	}
}

func TestReadImagesAndLabels(t *testing.T) {
	images, err := ReadImages(bytes.NewReader(idxFile([]byte{0, 51, 255, 0, 0, 0}, 1, 2, 3)))
	if err != nil {
		t.Fatal(err)
	}
	if got := images.Shape().String(); got != "(Float32)[1, 2, 3, 1]" {
		t.Error(got)
	}
	if got := tensors.MustCopyFlatData[float32](images); !slices.Equal(got, []float32{0, 0.2, 1, 0, 0, 0}) {
		t.Error(got)
	}
	labels, err := ReadLabels(bytes.NewReader(idxFile([]byte{7, 2}, 2)))
	if err != nil || !slices.Equal(labels, []byte{7, 2}) {
		t.Error(labels, err)
	}
}

func TestReadIDXRefuses(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(idxFile([]byte{1}, 1))
	w.Close()
	most := uint32(math.MaxUint32)
	for _, c := range []struct {
		name  string
		file  []byte
		field string
		line  string
		cause error
	}{
		{"nothing", nil, "magic", "magic: unexpected EOF", io.ErrUnexpectedEOF},
		{"half a magic", []byte{0, 0}, "magic", "magic: unexpected EOF", io.ErrUnexpectedEOF},
		{"text", []byte("hello"), "magic", "magic is 68656c6c, want 00000801 or 00000803", nil},
		{"packed", packed.Bytes(), "magic", "magic is 1f8b0800, want an unpacked file: read this one through gzip.NewReader", nil},
		{"floats", []byte{0, 0, 0x0d, 1, 0, 0, 0, 0}, "type", "type is 13, want 8 (unsigned bytes)", nil},
		{"no dimensions", []byte{0, 0, 8, 0}, "dimensions", "dimensions is 0, want at least 1", nil},
		{"half a dimension", []byte{0, 0, 8, 1, 0, 0}, "dimensions", "dimensions: unexpected EOF", io.ErrUnexpectedEOF},
		{"255 dimensions promised", []byte{0, 0, 8, 255, 0, 0, 0, 1}, "dimensions", "dimensions: unexpected EOF", io.ErrUnexpectedEOF},
		{"overflow", idxFile(nil, most, most, most), "size", "size is [4294967295 4294967295 4294967295], want less", nil},
		{"overflow to 0", idxFile(nil, 1<<31, 1<<31, 4), "size", "size is [2147483648 2147483648 4], want less", nil},
		{"overflow before 0", idxFile(nil, most, most, most, 0), "size", "size is [", nil},
		{"2^31 images, no data", idxFile(nil, 1<<31, 28, 28), "data", "data: unexpected EOF", io.ErrUnexpectedEOF},
		{"one byte short", idxFile([]byte{1, 2, 3}, 4), "data", "data: unexpected EOF", io.ErrUnexpectedEOF},
		{"one byte long", idxFile([]byte{1, 2, 3, 4, 5}, 4), "end", "end is missing, want no bytes after the data", nil},
	} {
		_, err := ReadIDX(bytes.NewReader(c.file))
		format, ok := errors.AsType[*FormatError](err)
		if !ok || format.Field != c.field {
			t.Errorf("%s: error %v, want a FormatError of %s", c.name, err, c.field)
			continue
		}
		wantLine(t, err, "datasets: not a good IDX file: "+c.line)
		if c.cause != nil && !errors.Is(err, c.cause) {
			t.Errorf("%s: does not unwrap to %v", c.name, c.cause)
		}
		faults.Row(t, "IDX file: "+c.name, err.Error(), "no images are given out")
	}
}

func TestReadIDXPassesReadErrorsOn(t *testing.T) {
	gone := errors.New("the cable was pulled")
	file := idxFile([]byte{1, 2, 3, 4}, 4)
	for n := range len(file) + 1 {
		_, err := ReadIDX(io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(gone)))
		if !errors.Is(err, gone) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func TestReadImagesWantsImages(t *testing.T) {
	for _, file := range [][]byte{idxFile([]byte{1}, 1), idxFile([]byte{1}, 1, 1, 1, 1), idxFile(nil, 0, 28, 28), idxFile(nil, 4, 0, 1<<31)} {
		_, err := ReadImages(bytes.NewReader(file))
		wantLine(t, err, "datasets: not a good IDX file: dimensions is [")
	}
	_, err := ReadLabels(bytes.NewReader(idxFile([]byte{1}, 1, 1)))
	wantLine(t, err, "datasets: not a good IDX file: dimensions is [1 1], want [n]")
}

// A header can promise what it wants: memory is only taken for what arrives.
func TestReadIDXTakesMemoryOnlyForWhatArrives(t *testing.T) {
	const sent = 1 << 20
	before := allocated()
	_, err := ReadIDX(io.MultiReader(bytes.NewReader(idxFile(nil, 1<<31, 28, 28)), io.LimitReader(zeros{}, sent)))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if took := allocated() - before; took > 5*sent {
		t.Errorf("%d bytes taken in all for %d that arrived", took, sent)
	}
}

// A gzip bomb is read no further than one byte behind what its header promised.
func TestReadIDXStopsAtItsSize(t *testing.T) {
	bomb := &countingReader{r: io.MultiReader(bytes.NewReader(idxFile(nil, 100)), zeros{})}
	_, err := ReadIDX(bomb)
	wantLine(t, err, "datasets: not a good IDX file: end is missing")
	if bomb.n != 8+100+1 {
		t.Errorf("read %d bytes", bomb.n)
	}
	faults.Row(t, "IDX file: a gzip bomb behind a good header", err.Error(), "no images; one byte too many was read, then no more")
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// FuzzReadIDX: whatever the bytes, there is a file that says what it holds, or
// one line of error of the promised type.
func FuzzReadIDX(f *testing.F) {
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) {
		ReadImages(bytes.NewReader(file))
		ReadLabels(bytes.NewReader(file))
		idx, err := ReadIDX(bytes.NewReader(file))
		if err != nil {
			if _, ok := errors.AsType[*FormatError](err); !ok || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error of type %T: %v", err, err)
			}
			return
		}
		dims := make([]uint32, len(idx.Dims))
		for i, d := range idx.Dims {
			dims[i] = uint32(d)
		}
		if !bytes.Equal(idxFile(idx.Data, dims...), file) {
			t.Fatalf("read %v from %x", idx, file)
		}
	})
}
