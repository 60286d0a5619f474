package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/datasets/internal/fashion"
	"autoencoders/internal/faults"
)

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
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v, want exit code 1", err)
	}
	if s := stderr.String(); !strings.HasPrefix(s, "download: no mirror gave train-images-idx3-ubyte.gz (") || strings.Count(s, "\n") != 1 {
		t.Errorf("standard error:\n%s", s)
	}
}
