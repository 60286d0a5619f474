// Package safetensors reads and writes the safetensors format (github.com/huggingface/safetensors):
// eight bytes with the length of a JSON header, the header, then the bytes of the tensors,
// little-endian, one after the other. The format is read by every framework and executes nothing.
package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"autoencoders/internal/disk"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

const (
	maxHeader   = 100 << 20 // the limit of the format's own library
	metadataKey = "__metadata__"
)

// types holds, by the format's names, the types that a network or its optimizer uses, and float16, in which
// weights are exchanged.
var types = map[string]dtypes.DType{
	"F16": dtypes.Float16, "F32": dtypes.Float32, "F64": dtypes.Float64, "I32": dtypes.Int32,
	"I64": dtypes.Int64, "U64": dtypes.Uint64, "U8": dtypes.Uint8,
}

// nameOf returns the format's name of a type, and whether it has one here.
func nameOf(dtype dtypes.DType) (string, bool) {
	for name, d := range types {
		if d == dtype {
			return name, true
		}
	}
	return "", false
}

// Holds reports whether a checkpoint can hold variables of a type. Float16 is only for exchanging weights.
func Holds(dtype dtypes.DType) bool {
	_, ok := nameOf(dtype)
	return ok && dtype != dtypes.Float16
}

// entry describes one tensor in the header.
type entry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// Write replaces the file at path, in one step as [disk.Replace] does.
func Write(path string, values map[string]*tensors.Tensor, metadata map[string]string) error {
	header := map[string]any{metadataKey: metadata}
	names := slices.Sorted(maps.Keys(values))
	var end int64
	for _, name := range names {
		e, err := entryOf(values[name], end)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		header[name] = e
		end = e.Offsets[1]
	}
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	text = append(text, bytes.Repeat([]byte(" "), (8-len(text)%8)%8)...) // the tensors begin aligned

	return disk.Replace(path, func(file io.Writer) error {
		if err := binary.Write(file, binary.LittleEndian, uint64(len(text))); err != nil {
			return err
		}
		if _, err := file.Write(text); err != nil {
			return err
		}
		for _, name := range names {
			var written error
			if err := values[name].ConstBytes(func(data []byte) { _, written = file.Write(data) }); err != nil {
				return err
			}
			if written != nil {
				return written
			}
		}
		return nil
	})
}

func entryOf(t *tensors.Tensor, start int64) (entry, error) {
	name, ok := nameOf(t.DType())
	if !ok {
		return entry{}, fmt.Errorf("a file cannot hold the type %s", t.DType())
	}
	shape := append([]int{}, t.Shape().Dimensions...) // [] for a scalar, never null
	return entry{name, shape, [2]int64{start, start + t.ByteSize()}}, nil
}

// File is an open file whose header was read and checked. Its tensors are read one by one, so a caller can
// check their shapes before any memory is allocated for them.
type File struct {
	Metadata map[string]string

	r       io.ReaderAt
	start   int64 // of the tensors' bytes
	entries map[string]entry
}

// Open reads the header of a file of the given size. Every length in it is checked against the size,
// and tensors may not overlap, so a malicious file can use at most a few times the size of its header
// in memory. An error that wraps neither [ErrFormat] nor [io.ErrUnexpectedEOF] came from r.
func Open(r io.ReaderAt, size int64) (*File, error) {
	var prefix [8]byte
	if size < int64(len(prefix)) {
		return nil, formatError("too short for a safetensors file")
	}
	if err := readAt(r, prefix[:], 0); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > maxHeader || int64(length) > size-8 {
		return nil, formatError("the header claims %d bytes, the file has %d", length, size)
	}
	text := make([]byte, length)
	if err := readAt(r, text, 8); err != nil {
		return nil, err
	}
	entries, metadata, err := parseHeader(text)
	if err != nil {
		return nil, err
	}
	start := 8 + int64(length)
	if err := checkEntries(entries, size-start); err != nil {
		return nil, err
	}
	return &File{metadata, r, start, entries}, nil
}

// ErrFormat is wrapped by the errors of files that are not in the format, or damaged.
var ErrFormat = errors.New("not a whole safetensors file")

// badFormat is an error that reads as its text alone.
type badFormat struct{ text string }

func (e badFormat) Error() string        { return e.text }
func (e badFormat) Is(target error) bool { return target == ErrFormat }

func formatError(format string, args ...any) error { return badFormat{fmt.Sprintf(format, args...)} }

// readAt fills data. If the file ends too early it is cut off; any other error comes from the disk or the
// network and says nothing about the file.
func readAt(r io.ReaderAt, data []byte, at int64) error {
	n, err := r.ReadAt(data, at)
	switch {
	case n == len(data):
		return nil
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return formatError("the file is cut off at byte %d", at+int64(n))
	}
	return err
}

// Names returns the names of the tensors, sorted.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.entries)) }

// Shape returns the shape and the type of a tensor, and whether the file has it.
func (f *File) Shape(name string) (shape shapes.Shape, ok bool) {
	e, ok := f.entries[name]
	if !ok {
		return shapes.Invalid(), false
	}
	return shapes.Make(types[e.DType], e.Shape...), true
}

// Size returns the number of bytes that a tensor takes.
func (f *File) Size(name string) int64 {
	return f.entries[name].Offsets[1] - f.entries[name].Offsets[0]
}

// Read reads one tensor. The file must have it.
func (f *File) Read(name string) (*tensors.Tensor, error) {
	e := f.entries[name]
	t := tensors.FromShape(shapes.Make(types[e.DType], e.Shape...))
	var readErr error
	if err := t.MutableBytes(func(to []byte) { readErr = readAt(f.r, to, f.start+e.Offsets[0]) }); err != nil {
		return nil, err
	}
	return t, readErr
}

// parseHeader reads the JSON object of the header. encoding/json alone would accept a name that occurs twice.
func parseHeader(text []byte) (entries map[string]entry, metadata map[string]string, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if t, err := decoder.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, formatError("the header is not a JSON object")
	}
	entries = map[string]entry{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, nil, formatError("the header is not JSON: %s", err)
		}
		name := key.(string) // of an object, or Token had failed
		if name == metadataKey {
			if metadata != nil {
				return nil, nil, formatError("the metadata is there twice")
			}
			if err := decoder.Decode(&metadata); err != nil {
				return nil, nil, formatError("the metadata is not a map of strings: %s", err)
			}
			continue
		}
		var e entry
		if err := decoder.Decode(&e); err != nil {
			return nil, nil, formatError("%.100q is not described as a tensor: %s", name, err)
		}
		if _, twice := entries[name]; twice {
			return nil, nil, formatError("%.100q is there twice", name)
		}
		entries[name] = e
	}
	if _, err := decoder.Token(); err != nil {
		return nil, nil, formatError("the header is not JSON: %s", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, nil, formatError("something follows the header's JSON")
	}
	return entries, metadata, nil
}

// checkEntries checks each tensor, and that together they fill the data section: one after another, with no
// byte shared and none left over.
func checkEntries(entries map[string]entry, size int64) error {
	names := slices.SortedFunc(maps.Keys(entries), func(a, b string) int {
		x, y := entries[a].Offsets, entries[b].Offsets
		return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) // an empty tensor before the one that begins with it
	})
	var end int64
	for _, name := range names {
		e := entries[name]
		if err := e.check(size); err != nil {
			return formatError("%.100q: %s", name, err)
		}
		if e.Offsets[0] != end {
			return formatError("%.100q begins at byte %d, but the tensor before it ends at %d", name, e.Offsets[0], end)
		}
		end = e.Offsets[1]
	}
	if end != size {
		return formatError("the tensors end at byte %d of %d", end, size)
	}
	return nil
}

// check compares an entry's type, shape and bytes with one another and with the data section's size.
func (e entry) check(size int64) error {
	dtype, ok := types[e.DType]
	if !ok {
		return formatError("type %.20q is not read here; F32 and F16 are", e.DType)
	}
	begin, end := e.Offsets[0], e.Offsets[1]
	if begin < 0 || end < begin || end > size {
		return formatError("bytes %d to %d of %d do not exist", begin, end, size)
	}
	if len(e.Shape) > 32 {
		return formatError("%d axes are not read here", len(e.Shape))
	}
	count := int64(1)
	for _, d := range e.Shape {
		if d < 0 || d > 0 && count > size/int64(d) {
			return formatError("shape %v does not fit the file", e.Shape)
		}
		count *= int64(d)
	}
	if want := count * int64(dtype.Size()); want != end-begin {
		return formatError("shape %v needs %d bytes, not %d", e.Shape, want, end-begin)
	}
	return nil
}
