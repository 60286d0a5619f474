package autoencoder

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

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Weights are kept in the safetensors format (github.com/huggingface/safetensors): eight bytes with
// the length of a JSON header, the header, then the tensors' bytes, little-endian, one behind the
// other. It has one file for all, is read by every framework, and executes nothing.

const (
	safetensorsMaxHeader = 100 << 20 // the limit of the format's own library
	safetensorsMetadata  = "__metadata__"
)

// safetensorsTypes are the types that a network or its optimizer uses, as the format names them.
var safetensorsTypes = map[string]dtypes.DType{
	"F32": dtypes.Float32, "F64": dtypes.Float64, "I32": dtypes.Int32, "I64": dtypes.Int64,
	"U64": dtypes.Uint64, "U8": dtypes.Uint8,
}

type safetensorsEntry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// writeSafetensors writes tensors and text in one step: either the whole new file is at path
// afterwards, or what was there before.
func writeSafetensors(path string, values map[string]*tensors.Tensor, metadata map[string]string) error {
	header := map[string]any{safetensorsMetadata: metadata}
	names := slices.Sorted(maps.Keys(values))
	var end int64
	for _, name := range names {
		entry, err := entryOf(values[name], end)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		header[name] = entry
		end = entry.Offsets[1]
	}
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	text = append(text, bytes.Repeat([]byte(" "), (8-len(text)%8)%8)...) // the tensors begin aligned

	return replaceFile(path, func(file io.Writer) error {
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

func entryOf(t *tensors.Tensor, start int64) (safetensorsEntry, error) {
	for name, dtype := range safetensorsTypes {
		if dtype == t.DType() {
			shape := append([]int{}, t.Shape().Dimensions...) // [] for a scalar, never null
			return safetensorsEntry{name, shape, [2]int64{start, start + int64(t.ByteSize())}}, nil
		}
	}
	return safetensorsEntry{}, fmt.Errorf("type %s cannot be kept", t.DType())
}

// readSafetensors reads a whole file of the given size. No length in it is believed before it was
// compared with the size, and no byte belongs to two tensors, so a hostile file costs no more memory
// than a few times its size.
func readSafetensors(r io.Reader, size int64) (values map[string]*tensors.Tensor, metadata map[string]string, err error) {
	var length uint64
	if err := binary.Read(r, binary.LittleEndian, &length); err != nil {
		return nil, nil, errors.New("too short for a safetensors file")
	}
	if length > safetensorsMaxHeader || int64(length) > size-8 {
		return nil, nil, fmt.Errorf("the header claims %d bytes, the file has %d", length, size)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, nil, errors.New("the header is cut off")
	}
	entries, metadata, err := parseHeader(text)
	if err != nil {
		return nil, nil, err
	}
	data := make([]byte, size-8-int64(length))
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, nil, errors.New("the tensors are cut off")
	}
	if err := checkEntries(entries, int64(len(data))); err != nil {
		return nil, nil, err
	}
	values = map[string]*tensors.Tensor{}
	for name, e := range entries {
		if values[name], err = e.tensor(data); err != nil {
			return nil, nil, fmt.Errorf("%.100q: %w", name, err)
		}
	}
	return values, metadata, nil
}

// parseHeader reads the header's one JSON object. encoding/json alone would let the last of two
// equal names win.
func parseHeader(text []byte) (entries map[string]safetensorsEntry, metadata map[string]string, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if t, err := decoder.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, errors.New("the header is not a JSON object")
	}
	entries = map[string]safetensorsEntry{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, nil, fmt.Errorf("the header is not JSON: %s", err)
		}
		name := key.(string) // of an object, or Token had failed
		if name == safetensorsMetadata {
			if metadata != nil {
				return nil, nil, errors.New("the metadata is there twice")
			}
			if err := decoder.Decode(&metadata); err != nil {
				return nil, nil, fmt.Errorf("the metadata is not a map of strings: %s", err)
			}
			continue
		}
		var e safetensorsEntry
		if err := decoder.Decode(&e); err != nil {
			return nil, nil, fmt.Errorf("%.100q is not described as a tensor: %s", name, err)
		}
		if _, twice := entries[name]; twice {
			return nil, nil, fmt.Errorf("%.100q is there twice", name)
		}
		entries[name] = e
	}
	if _, err := decoder.Token(); err != nil {
		return nil, nil, fmt.Errorf("the header is not JSON: %s", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, nil, errors.New("something follows the header's JSON")
	}
	return entries, metadata, nil
}

// checkEntries checks each tensor, and that together they are the data section: one behind the
// other, no byte shared and none left over.
func checkEntries(entries map[string]safetensorsEntry, size int64) error {
	names := slices.SortedFunc(maps.Keys(entries), func(a, b string) int {
		return cmp.Compare(entries[a].Offsets[0], entries[b].Offsets[0])
	})
	var end int64
	for _, name := range names {
		e := entries[name]
		if err := e.check(size); err != nil {
			return fmt.Errorf("%.100q: %w", name, err)
		}
		if e.Offsets[0] != end {
			return fmt.Errorf("%.100q begins at byte %d, but the tensor before it ends at %d", name, e.Offsets[0], end)
		}
		end = e.Offsets[1]
	}
	if end != size {
		return fmt.Errorf("the tensors end at byte %d of %d", end, size)
	}
	return nil
}

// check compares an entry's type, shape and bytes with one another and with the data section's size.
func (e safetensorsEntry) check(size int64) error {
	dtype, ok := safetensorsTypes[e.DType]
	if !ok {
		return fmt.Errorf("type %.20q is not read here; F32 is", e.DType)
	}
	begin, end := e.Offsets[0], e.Offsets[1]
	if begin < 0 || end < begin || end > size {
		return fmt.Errorf("bytes %d to %d of %d do not exist", begin, end, size)
	}
	if len(e.Shape) > 32 {
		return fmt.Errorf("%d axes are not read here", len(e.Shape))
	}
	count := int64(1)
	for _, d := range e.Shape {
		if d < 1 || count > size/int64(d) {
			return fmt.Errorf("shape %v does not fit the file", e.Shape)
		}
		count *= int64(d)
	}
	if want := count * int64(dtype.Size()); want != end-begin {
		return fmt.Errorf("shape %v needs %d bytes, not %d", e.Shape, want, end-begin)
	}
	return nil
}

// tensor copies a checked entry's bytes out of the data section.
func (e safetensorsEntry) tensor(data []byte) (*tensors.Tensor, error) {
	t := tensors.FromShape(shapes.Make(safetensorsTypes[e.DType], e.Shape...))
	if err := t.MutableBytes(func(to []byte) { copy(to, data[e.Offsets[0]:e.Offsets[1]]) }); err != nil {
		return nil, err
	}
	return t, nil
}
