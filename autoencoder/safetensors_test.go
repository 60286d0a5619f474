package autoencoder_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/autoencoder/internal/safetensors"
	"autoencoders/internal/faults"

	"github.com/gomlx/gomlx/core/tensors"
)

// readAll reads every tensor of a safetensors file.
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

// tensorFile puts a safetensors file together from a header and the bytes behind it.
func tensorFile(header string, data int) []byte {
	f := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(f, header...), make([]byte, data)...)
}

// Hostile files are refused by ImportPyTorch before its folder is made.
func TestHostileImports(t *testing.T) {
	f32 := func(name, shape string, begin, end int) string {
		return fmt.Sprintf(`%q:{"dtype":"F32","shape":%s,"data_offsets":[%d,%d]}`, name, shape, begin, end)
	}
	for _, c := range []struct {
		fault, says string
		file        []byte
	}{
		{"of three bytes", "is not read: too short", []byte{1, 0, 0}},
		{"whose header is 2^64-1 bytes long", "is not read: the header claims 18446744073709551615", binary.LittleEndian.AppendUint64(nil, math.MaxUint64)},
		{"of garbage", "is not read: the header is not JSON", tensorFile(`{a:1}`, 0)},
		{"nested a million deep", "exceeded max depth", tensorFile(`{"a":`+strings.Repeat("[", 1<<20), 0)},
		{"with a size that overflows", "shape [4294967296 4294967296] does not", tensorFile("{"+f32("a", "[4294967296,4294967296]", 0, 4)+"}", 4)},
		{"cut off", "bytes 0 to 8 of 4 do not exist", tensorFile("{"+f32("a", "[2]", 0, 8)+"}", 4)},
		{"whose tensors share bytes", "begins at byte 0, but the tensor", tensorFile("{"+f32("a", "[1]", 0, 4)+","+f32("b", "[1]", 0, 4)+"}", 4)},
		{"with something at its end", "the tensors end at byte 4 of 8", tensorFile("{"+f32("a", "[1]", 0, 4)+"}", 8)},
		{"with an empty tensor", "does not contain decoder.0.bias [16]", tensorFile("{"+f32("a", "[0]", 0, 0)+"}", 0)},
	} {
		path := filepath.Join(t.TempDir(), "weights.safetensors")
		if err := os.WriteFile(path, c.file, 0o644); err != nil {
			t.Fatal(err)
		}
		m := small(filepath.Join(t.TempDir(), "model"))
		err := m.ImportPyTorch(path)
		wantLine(t, err, path, c.says)
		if _, err := os.Stat(m.Dir); !os.IsNotExist(err) {
			t.Error("its folder was made:", err)
		}
		faults.Row(t, "imported file "+c.fault, err.Error(), "nothing was imported")
	}
}
