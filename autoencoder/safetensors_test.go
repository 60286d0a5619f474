package autoencoder_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/internal/faults"

	"github.com/gomlx/gomlx/core/tensors"
)

// safetensors puts a file together from a header and the bytes behind it.
func safetensors(header string, data int) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(file, header...), make([]byte, data)...)
}

func readAll(file []byte) (map[string]*tensors.Tensor, map[string]string, error) {
	return autoencoder.ReadSafetensors(bytes.NewReader(file), int64(len(file)))
}

// good has everything that the reader allows: any order in the header, spaces at its end, a scalar.
const good = `{"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},"__metadata__":{"format":"pt"},"a":{"dtype":"I32","shape":[],"data_offsets":[0,4]}}   `

func TestReadSafetensors(t *testing.T) {
	values, metadata, err := readAll(safetensors(good, 12))
	if err != nil || len(values) != 2 || metadata["format"] != "pt" {
		t.Fatal(values, metadata, err)
	}
	if a, b := values["a"].Shape().String(), values["b"].Shape().String(); a != "(Int32)" || b != "(Float32)[2]" {
		t.Errorf("a is %s, b is %s", a, b)
	}
}

// The format's own library refuses all of these, too.
func TestReadSafetensorsRefuses(t *testing.T) {
	f32 := func(name, shape string, begin, end int) string {
		return fmt.Sprintf(`%q:{"dtype":"F32","shape":%s,"data_offsets":[%d,%d]}`, name, shape, begin, end)
	}
	for says, file := range map[string][]byte{
		"too short":                              {1, 0, 0},
		"the header claims 18446744073709551615": binary.LittleEndian.AppendUint64(nil, math.MaxUint64),
		"the header claims 9223372036854775807":  binary.LittleEndian.AppendUint64(nil, math.MaxInt64),
		"the header claims 10 bytes":             append(binary.LittleEndian.AppendUint64(nil, 10), "{}"...),
		"not a JSON object":                      safetensors(`[]`, 0),
		"the header is not JSON":                 safetensors(`{a:1}`, 0),
		"something follows":                      safetensors(`{}{}`, 0),
		"not described as a tensor":              safetensors(`{"a":[1]}`, 0),
		"exceeded max depth":                     safetensors(`{"a":`+strings.Repeat("[", 1<<20), 0),
		"metadata is not a map":                  safetensors(`{"__metadata__":{"a":1}}`, 0),
		"metadata is there twice":                safetensors(`{"__metadata__":{},"__metadata__":{}}`, 0),
		`"a" is there twice`:                     safetensors("{"+f32("a", "[1]", 0, 4)+","+f32("a", "[1]", 0, 4)+"}", 4),
		`type "F16" is not read here`:            safetensors(`{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}`, 4),
		`type "" is not read here`:               safetensors(`{"a":{}}`, 0),
		"bytes 0 to 8 of 4 do not exist":         safetensors("{"+f32("a", "[2]", 0, 8)+"}", 4),
		"bytes -4 to 0":                          safetensors("{"+f32("a", "[1]", -4, 0)+"}", 4),
		"bytes 4 to 0":                           safetensors("{"+f32("a", "[1]", 4, 0)+"}", 4),
		"shape [0] does not fit":                 safetensors("{"+f32("a", "[0]", 0, 0)+"}", 0),
		"shape [-1 -1] does not fit":             safetensors("{"+f32("a", "[-1,-1]", 0, 4)+"}", 4),
		"shape [4294967296 4294967296] does not": safetensors("{"+f32("a", "[4294967296,4294967296]", 0, 4)+"}", 4),
		"shape [3] needs 12 bytes, not 4":        safetensors("{"+f32("a", "[3]", 0, 4)+"}", 12),
		"begins at byte 0, but the tensor":       safetensors("{"+f32("a", "[1]", 0, 4)+","+f32("b", "[1]", 0, 4)+"}", 4),
		"begins at byte 8, but the tensor":       safetensors("{"+f32("a", "[1]", 0, 4)+","+f32("b", "[1]", 8, 12)+"}", 12),
		"the tensors end at byte 4 of 8":         safetensors("{"+f32("a", "[1]", 0, 4)+"}", 8),
	} {
		_, _, err := readAll(file)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want %q, got %v", says, err)
		}
		if fault := hostile[says]; fault != "" {
			path := filepath.Join(t.TempDir(), "weights.safetensors")
			if err := os.WriteFile(path, file, 0o644); err != nil {
				t.Fatal(err)
			}
			m := small(filepath.Join(t.TempDir(), "model"))
			err := m.ImportPyTorch(path)
			wantLine(t, err, path+" is not read: ", says)
			if _, err := os.Stat(m.Dir); !os.IsNotExist(err) {
				t.Error("its folder was made:", err)
			}
			faults.Row(t, "imported file "+fault, err.Error(), "nothing was imported")
		}
	}
}

// hostile are the refusals that the fault suite's table shows.
var hostile = map[string]string{
	"too short":                              "of three bytes",
	"the header claims 18446744073709551615": "whose header is 2^64-1 bytes long",
	"the header is not JSON":                 "of garbage",
	"exceeded max depth":                     "nested a million deep",
	"shape [4294967296 4294967296] does not": "with a size that overflows",
	"bytes 0 to 8 of 4 do not exist":         "cut off",
	"begins at byte 0, but the tensor":       "whose tensors share bytes",
	"the tensors end at byte 4 of 8":         "with something at its end",
}

// The dearest headers: whatever a file says, reading it costs a small multiple of its size.
func TestReadSafetensorsTakesMemoryForWhatIsThere(t *testing.T) {
	many := func(entry func(i int) string) string {
		entries := make([]string, 20_000)
		for i := range entries {
			entries[i] = entry(i)
		}
		return "{" + strings.Join(entries, ",") + "}"
	}
	for name, file := range map[string][]byte{
		"many tensors": safetensors(many(func(i int) string {
			return fmt.Sprintf(`"%x":{"dtype":"U8","shape":[],"data_offsets":[%d,%d]}`, i, i, i+1)
		}), 20_000),
		"many axes":             safetensors(`{"a":{"dtype":"U8","shape":[`+strings.Repeat("1,", 1<<20)+`1],"data_offsets":[0,1]}}`, 1),
		"one long name":         safetensors(`{"`+strings.Repeat("a", 1<<20)+`":{"dtype":"X","shape":[],"data_offsets":[0,1]}}`, 1),
		"much metadata":         safetensors(`{"__metadata__":`+many(func(i int) string { return fmt.Sprintf(`"%x":""`, i) })+`}`, 0),
		"nested":                safetensors(`{"a":`+strings.Repeat("[", 1<<20), 0),
		"large and not used":    safetensors("{}", 1<<20),
		"large, all one tensor": safetensors(fmt.Sprintf(`{"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}`, 1<<20, 1<<20), 1<<20),
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
func FuzzReadSafetensors(f *testing.F) {
	f.Add(safetensors(good, 12))
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
