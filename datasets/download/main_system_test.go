//go:build system

package main

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/datasets"
	"autoencoders/datasets/internal/fashion"
	"autoencoders/internal/faults"
)

// asPublished puts the real files together from Debian's, which are the
// authors' without the name and the time in the gzip header. The authors' README
// has the MD5.
func asPublished(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for name, c := range map[string]struct {
		packed uint32 // seconds since 1970
		md5    string
	}{
		"train-images-idx3-ubyte": {1504176606, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"},
		"train-labels-idx1-ubyte": {1504176606, "25c81989df183df01b3e8a0aad5dffbe"},
		"t10k-images-idx3-ubyte":  {1504176627, "bef4ecab320f06d8554ea6380940ec79"},
		"t10k-labels-idx1-ubyte":  {1504176627, "bb300cfdad3c16e7a12a480ee83cd310"},
	} {
		debian, err := os.ReadFile(filepath.Join("/usr/share/datasets/fashion-mnist", name+".gz"))
		if err != nil {
			t.Skip("needs Debian's package dataset-fashion-mnist")
		}
		const hasName = 8
		file := []byte{0x1f, 0x8b, 8, hasName}
		file = binary.LittleEndian.AppendUint32(file, c.packed)
		file = append(file, debian[8:10]...)
		file = append(file, name+"\x00"...)
		file = append(file, debian[10:]...)
		if sum := md5.Sum(file); hex.EncodeToString(sum[:]) != c.md5 {
			t.Fatalf("%s.gz has MD5 %x, want %s", name, sum, c.md5)
		}
		files[name+".gz"] = file
	}
	return files
}

// The pinned checksums are those of the files whose MD5 the authors publish, and
// what is downloaded is what package datasets reads.
func TestTheRealFiles(t *testing.T) {
	files := asPublished(t)
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(files[filepath.Base(r.URL.Path)])
	})
	dir := filepath.Join(t.TempDir(), "fashion-mnist")
	t.Setenv("AUTOENCODERS_DATA", dir)
	var out bytes.Buffer
	if err := run(t.Context(), "", []string{m.address()}, &out); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != len(fashion.Files)+1 {
		t.Errorf("a line for each file and one at the end, want no more:\n%s", &out)
	}
	d, err := datasets.FashionMNIST()
	if err != nil {
		t.Fatal(err)
	}
	if d.Train(); d.Test().Images.Size() == 0 || d.Err() != nil {
		t.Error(d.Err())
	}
	if err := run(t.Context(), "", nil, io.Discard); err != nil {
		t.Error("the second run is not content:", err)
	}
}

// The machine's resolver is asked for a name that nobody has: the next mirror helps.
func TestAMirrorThatDoesNotExist(t *testing.T) {
	const nowhere = "http://mirror.invalid/"
	_, alone := download(t, t.TempDir(), nowhere)
	wantLine(t, alone, "no mirror gave "+file.Name+" (mirror.invalid: ")
	dir := t.TempDir()
	_, err := download(t, dir, nowhere, serve(t, good).address())
	wantComplete(t, dir, err)
	faults.Row(t, "download: a mirror that does not exist", "download: "+alone.Error(), "nothing by the file's name; from a second mirror, the whole file")
}
