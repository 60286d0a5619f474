package datasets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// IDX holds the contents of an IDX file of unsigned bytes, the format of MNIST
// and of the data sets modelled on it. Such a file begins with two zero bytes, the
// element type (8 for unsigned bytes) and the number of dimensions, one byte each.
// The size of each dimension follows as a big-endian 32-bit number, then the data,
// with the last dimension varying fastest.
type IDX struct {
	Dims []int  // such as [60000, 28, 28]
	Data []byte // its length is the product of Dims
}

// A FormatError reports which part of an IDX file is wrong.
type FormatError struct {
	Field string // magic, type, dimensions, size, data or end
	Value any    // what the file has in its place, or nil
	Want  string // what should be there, or ""
	Err   error  // the error from reading, such as io.ErrUnexpectedEOF, or nil
}

// Error returns the field, its value and what should be there, in one line.
func (e *FormatError) Error() string {
	s := "not a good IDX file: " + e.Field
	if e.Value != nil {
		s += fmt.Sprintf(" is %v", e.Value)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Want != "" {
		s += ", want " + e.Want
	}
	return s
}

// Unwrap returns Err.
func (e *FormatError) Unwrap() error { return e.Err }

// ReadIDX reads an uncompressed IDX file of unsigned bytes from r, up to the end
// of r. To read a .gz file, pass a gzip.Reader. Every error wraps a
// [*FormatError].
//
// ReadIDX does not trust the sizes in the header. At no time does it hold more than
// about three times the bytes that r has delivered, and it reads at most one byte
// beyond the end that the header declares.
func ReadIDX(r io.Reader) (*IDX, error) {
	idx, err := readIDX(r)
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	return idx, nil
}

// ReadImages reads a file of images as [ReadIDX] does. It returns them as float32
// [n, height, width, 1], with pixels from 0 to 1. It returns an error unless the
// dimensions are [n, height, width] and there is at least one pixel.
func ReadImages(r io.Reader) (*tensors.Tensor, error) {
	idx, err := ReadIDX(r)
	if err != nil {
		return nil, err
	}
	if len(idx.Dims) != 3 || len(idx.Data) == 0 {
		return nil, fmt.Errorf("datasets: %w", &FormatError{Field: "dimensions", Value: idx.Dims, Want: "[n height width]"})
	}
	images := newImages(append(idx.Dims, 1))
	fill(images, func(flat []float32) {
		for i, b := range idx.Data {
			flat[i] = float32(b) / 255
		}
	})
	return images, nil
}

// ReadLabels reads a file of labels as [ReadIDX] does. It returns an error unless
// the file has one dimension, [n].
func ReadLabels(r io.Reader) ([]uint8, error) {
	labels, err := readLabels(r)
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	return labels, nil
}

func readLabels(r io.Reader) ([]uint8, error) {
	idx, err := readIDX(r)
	if err != nil {
		return nil, err
	}
	if len(idx.Dims) != 1 {
		return nil, &FormatError{Field: "dimensions", Value: idx.Dims, Want: "[n]"}
	}
	return idx.Data, nil
}

func readIDX(r io.Reader) (*IDX, error) {
	dims, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	data, err := readData(r, size(dims))
	if err != nil {
		return nil, err
	}
	if err := readEnd(r); err != nil {
		return nil, err
	}
	return &IDX{Dims: dims, Data: data}, nil
}

// readHeader returns the dimensions. Their product fits an int.
func readHeader(r io.Reader) ([]int, error) {
	var b [4]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return nil, &FormatError{Field: "magic", Err: unexpected(err)}
	}
	if b[0] != 0 || b[1] != 0 {
		want := "00000801 or 00000803"
		if b[0] == 0x1f && b[1] == 0x8b {
			want = "an unpacked file: read this one through gzip.NewReader"
		}
		return nil, &FormatError{Field: "magic", Value: fmt.Sprintf("%x", b[:]), Want: want}
	}
	if b[2] != 8 {
		return nil, &FormatError{Field: "type", Value: b[2], Want: "8 (unsigned bytes)"}
	}
	if b[3] == 0 {
		return nil, &FormatError{Field: "dimensions", Value: 0, Want: "at least 1"}
	}
	dims := make([]int, b[3])
	for i := range dims {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return nil, &FormatError{Field: "dimensions", Err: unexpected(err)}
		}
		d := binary.BigEndian.Uint32(b[:])
		if uint64(d) > math.MaxInt {
			return nil, &FormatError{Field: "size", Value: d, Want: "less than this machine can address"}
		}
		dims[i] = int(d)
	}
	if size(dims) < 0 {
		return nil, &FormatError{Field: "size", Value: dims, Want: "less than this machine can address"}
	}
	return dims, nil
}

// size returns the product of dims, or -1 if it overflows, even if a zero follows.
func size(dims []int) int {
	n := 1
	for _, d := range dims {
		if d > 0 && n > math.MaxInt/d {
			return -1
		}
		n *= d
	}
	return n
}

// readData reads n bytes. It allocates memory as they arrive, because n comes from
// a header that may be wrong.
func readData(r io.Reader, n int) ([]byte, error) {
	data := make([]byte, min(n, 64<<10))
	for have := 0; have < n; {
		got, err := io.ReadFull(r, data[have:])
		have += got
		if err != nil {
			return nil, truncated(err)
		}
		if have < n {
			more := make([]byte, have+min(have, n-have))
			copy(more, data)
			data = more
		}
	}
	return data, nil
}

// readEnd returns an error unless r ends here. Reading the end also makes a
// gzip.Reader verify its checksum.
func readEnd(r io.Reader) error {
	var b [1]byte
	switch _, err := io.ReadFull(r, b[:]); err {
	case io.EOF:
		return nil
	case nil:
		return &FormatError{Field: "end", Value: "missing", Want: "no bytes after the data"}
	default:
		return &FormatError{Field: "end", Err: err}
	}
}

func truncated(err error) error {
	return &FormatError{Field: "data", Err: unexpected(err)}
}

// unexpected turns io.EOF, which ends a file, into io.ErrUnexpectedEOF, which
// means that the file ends too early.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
