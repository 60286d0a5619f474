package main

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
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

// The program's own mirrors are asked one after the other, each for the published
// name in its folder, and each is a server of its own.
func TestEachMirrorIsAsked(t *testing.T) {
	asked := map[string]string{} // host -> path
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if path, again := asked[r.URL.Host]; again {
			t.Errorf("%s was asked for %s and for %s", r.URL.Host, path, r.URL.Path)
		}
		asked[r.URL.Host] = r.URL.Path
		return nil, errors.New("unplugged")
	})}
	d := &downloader{client: client, mirrors: mirrors, stall: stallLimit, out: io.Discard}
	err := d.all(t.Context(), t.TempDir(), fashion.Files)
	if len(asked) < 3 {
		t.Errorf("only %d mirrors", len(asked))
	}
	for host, path := range asked {
		wantLine(t, err, host+": unplugged")
		if folder, name := filepath.Split(path); folder == "" || name != fashion.Files[0].Name {
			t.Errorf("%s was asked for %s", host, path)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A file in a folder that the reader names may be of another data set.
func TestTheReadersFileIsNotReplaced(t *testing.T) {
	m := serve(t, good)
	for _, byFlag := range []bool{true, false} {
		dir := t.TempDir()
		own := filepath.Join(dir, fashion.Files[0].Name)
		put(t, own, []byte("another data set"))
		flag := dir
		if t.Setenv("AUTOENCODERS_DATA", dir); !byFlag {
			flag = ""
		}
		err := run(t.Context(), flag, []string{m.address()}, io.Discard)
		wantLine(t, err, own+" is not the published file, and may be yours: move it away, or name another folder")
		if got, _ := os.ReadFile(own); string(got) != "another data set" {
			t.Errorf("the file now has %d bytes", len(got))
		}
		wantFiles(t, dir, fashion.Files[0].Name)
		if byFlag {
			faults.Row(t, "download: another data set's file in the reader's own folder", "download: "+err.Error(), "that file; nothing was fetched")
		}
	}
	m.wantAsked(t)
}

// The program itself: with no network it prints one line and exits 1.
func TestOffline(t *testing.T) {
	if os.Getenv("DOWNLOAD_AS_PROGRAM") != "" {
		os.Args = []string{"download", "-dir", os.Getenv("DOWNLOAD_AS_PROGRAM")}
		main()
		return
	}
	program := exec.Command(os.Args[0], "-test.run=^TestOffline$")
	nowhere := "http://127.0.0.1:1" // a proxy that refuses: no mirror is asked
	program.Env = append(os.Environ(), "DOWNLOAD_AS_PROGRAM="+t.TempDir(),
		"HTTP_PROXY="+nowhere, "HTTPS_PROXY="+nowhere, "http_proxy="+nowhere, "https_proxy="+nowhere, "NO_PROXY=", "no_proxy=")
	var stderr bytes.Buffer
	program.Stderr = &stderr
	err := program.Run()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
		t.Errorf("ended with %v, want exit code 1", err)
	}
	if s := stderr.String(); !strings.HasPrefix(s, "download: no mirror gave train-images-idx3-ubyte.gz (") || strings.Count(s, "\n") != 1 {
		t.Errorf("standard error:\n%s", s)
	}
}
