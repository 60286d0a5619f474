package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"autoencoders/autoencoder/internal/safetensors"

	"github.com/gomlx/gomlx/core/tensors"
)

// file puts a file together from a header and the bytes behind it.
func file(header string, data int) []byte {
	f := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(f, header...), make([]byte, data)...)
}

func readAll(file []byte) (map[string]*tensors.Tensor, map[string]string, error) {
	f, err := safetensors.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, nil, err
	}
	values := map[string]*tensors.Tensor{}
	for _, name := range f.Names() {
		if values[name], err = f.Read(name); err != nil {
			return nil, nil, err
		}
	}
	return values, f.Metadata, nil
}

// good has everything that the reader allows: any order in the header, spaces at its end, a scalar.
const good = `{"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},"__metadata__":{"format":"pt"},"a":{"dtype":"I32","shape":[],"data_offsets":[0,4]}}   `

func TestRead(t *testing.T) {
	values, metadata, err := readAll(file(good, 12))
	if err != nil || len(values) != 2 || metadata["format"] != "pt" {
		t.Fatal(values, metadata, err)
	}
	if a, b := values["a"].Shape().String(), values["b"].Shape().String(); a != "(Int32)" || b != "(Float32)[2]" {
		t.Errorf("a is %s, b is %s", a, b)
	}
}

// The format's own library refuses all of these, too.
func TestOpenRefuses(t *testing.T) {
	f32 := func(name, shape string, begin, end int) string {
		return fmt.Sprintf(`%q:{"dtype":"F32","shape":%s,"data_offsets":[%d,%d]}`, name, shape, begin, end)
	}
	for says, file := range map[string][]byte{
		"too short":                              {1, 0, 0},
		"the header claims 18446744073709551615": binary.LittleEndian.AppendUint64(nil, math.MaxUint64),
		"the header claims 9223372036854775807":  binary.LittleEndian.AppendUint64(nil, math.MaxInt64),
		"the header claims 10 bytes":             append(binary.LittleEndian.AppendUint64(nil, 10), "{}"...),
		"not a JSON object":                      file(`[]`, 0),
		"the header is not JSON":                 file(`{a:1}`, 0),
		"something follows":                      file(`{}{}`, 0),
		"not described as a tensor":              file(`{"a":[1]}`, 0),
		"exceeded max depth":                     file(`{"a":`+strings.Repeat("[", 1<<20), 0),
		"metadata is not a map":                  file(`{"__metadata__":{"a":1}}`, 0),
		"metadata is there twice":                file(`{"__metadata__":{},"__metadata__":{}}`, 0),
		`"a" is there twice`:                     file("{"+f32("a", "[1]", 0, 4)+","+f32("a", "[1]", 0, 4)+"}", 4),
		`type "BF16" is not read here`:           file(`{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}`, 4),
		`type "" is not read here`:               file(`{"a":{}}`, 0),
		"bytes 0 to 8 of 4 do not exist":         file("{"+f32("a", "[2]", 0, 8)+"}", 4),
		"bytes -4 to 0":                          file("{"+f32("a", "[1]", -4, 0)+"}", 4),
		"bytes 4 to 0":                           file("{"+f32("a", "[1]", 4, 0)+"}", 4),
		"shape [-1 -1] does not fit":             file("{"+f32("a", "[-1,-1]", 0, 4)+"}", 4),
		"shape [4294967296 4294967296] does not": file("{"+f32("a", "[4294967296,4294967296]", 0, 4)+"}", 4),
		"shape [3] needs 12 bytes, not 4":        file("{"+f32("a", "[3]", 0, 4)+"}", 12),
		"begins at byte 0, but the tensor":       file("{"+f32("a", "[1]", 0, 4)+","+f32("b", "[1]", 0, 4)+"}", 4),
		"begins at byte 8, but the tensor":       file("{"+f32("a", "[1]", 0, 4)+","+f32("b", "[1]", 8, 12)+"}", 12),
		"the tensors end at byte 4 of 8":         file("{"+f32("a", "[1]", 0, 4)+"}", 8),
	} {
		_, _, err := readAll(file)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") || !errors.Is(err, safetensors.ErrFormat) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}

// The dearest headers: whatever a file says, reading it costs a small multiple of its size.
func TestReadTakesMemoryForWhatIsThere(t *testing.T) {
	many := func(entry func(i int) string) string {
		entries := make([]string, 20_000)
		for i := range entries {
			entries[i] = entry(i)
		}
		return "{" + strings.Join(entries, ",") + "}"
	}
	for name, file := range map[string][]byte{
		"many tensors": file(many(func(i int) string {
			return fmt.Sprintf(`"%x":{"dtype":"U8","shape":[],"data_offsets":[%d,%d]}`, i, i, i+1)
		}), 20_000),
		"many axes":             file(`{"a":{"dtype":"U8","shape":[`+strings.Repeat("1,", 1<<20)+`1],"data_offsets":[0,1]}}`, 1),
		"one long name":         file(`{"`+strings.Repeat("a", 1<<20)+`":{"dtype":"X","shape":[],"data_offsets":[0,1]}}`, 1),
		"much metadata":         file(`{"__metadata__":`+many(func(i int) string { return fmt.Sprintf(`"%x":""`, i) })+`}`, 0),
		"nested":                file(`{"a":`+strings.Repeat("[", 1<<20), 0),
		"large and not used":    file("{}", 1<<20),
		"large, all one tensor": file(fmt.Sprintf(`{"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}`, 1<<20, 1<<20), 1<<20),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := readAll(file)
		runtime.ReadMemStats(&after)
		took := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %d bytes taken for %d", name, took, len(file))
		if took > 32*uint64(len(file)) {
			t.Errorf("%s: %d bytes taken for %d", name, took, len(file))
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// Whatever the file, the reader answers with tensors that it has the bytes for, or with an error.
func FuzzRead(f *testing.F) {
	f.Add(file(good, 12))
	f.Fuzz(func(t *testing.T, file []byte) {
		values, _, err := readAll(file)
		if err == nil {
			var size int64
			for _, v := range values {
				size += v.ByteSize()
			}
			if size > int64(len(file)) {
				t.Fatalf("%d bytes of tensors from a file of %d", size, len(file))
			}
		}
	})
}

// What the format's own library (Python, 0.6) reads as well.
func TestEmptyTensors(t *testing.T) {
	for header, want := range map[string]string{
		`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`:                                                                   "(Float32)[0]",
		`{"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]}}`:             "(Float32)[3 0]",
		`{"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[0,1000000000000],"data_offsets":[4,4]}}`: "(Float32)[0 1000000000000]",
	} {
		values, _, err := readAll(file(header, strings.Count(header, "U8")*4))
		if err != nil {
			t.Errorf("%s: %v", header, err)
			continue
		}
		if got := strings.ReplaceAll(values["a"].Shape().String(), ",", ""); got != want {
			t.Errorf("%s: %s, want %s", header, got, want)
		}
	}
}

// readerAt fails at every read from byte at on.
type readerAt struct {
	io.ReaderAt
	at  int64
	err error
}

func (r readerAt) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > r.at {
		n, _ := iotest.ErrReader(r.err).Read(p)
		return n, r.err
	}
	return r.ReaderAt.ReadAt(p, at)
}

// An error of the disk or the network says nothing about the file; one that ends early is damaged.
func TestFailedReadIsNotDamage(t *testing.T) {
	whole := file(good, 12)
	for _, at := range []int64{0, 8, 20, int64(len(whole)) - 1} {
		for err, damaged := range map[error]bool{syscall.EIO: false, syscall.ESTALE: false, io.EOF: true, io.ErrUnexpectedEOF: true} {
			f, got := safetensors.Open(readerAt{bytes.NewReader(whole), at, err}, int64(len(whole)))
			if got == nil {
				_, got = f.Read("b")
			}
			if got == nil || errors.Is(got, safetensors.ErrFormat) != damaged || !damaged && !errors.Is(got, err) {
				t.Errorf("%v at byte %d: %v, damaged: %v", err, at, got, errors.Is(got, safetensors.ErrFormat))
			}
		}
	}
}

// A file may claim any size: nothing is taken for its tensors, and nothing is read of them, before they
// are asked for.
func TestLargeFileTakesNoMemory(t *testing.T) {
	const size = 1 << 40
	header := file(fmt.Sprintf(`{"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}`, size, size), 0)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := safetensors.Open(bytes.NewReader(header), int64(len(header)+size)) // a read behind the header fails
	if err != nil {
		t.Fatal(err)
	}
	if shape, ok := f.Shape("a"); !ok || shape.Size() != size {
		t.Error("the shape is", shape)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("%d bytes were taken", took)
	}
}
