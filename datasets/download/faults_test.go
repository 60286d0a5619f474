package main

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"autoencoders/datasets/internal/fashion"
	"autoencoders/internal/faults"
)

// A machine whose clock was set back believes no certificate: the line has to say so.
func TestClockOf1969(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(good))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	client := newClient()
	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots, Time: func() time.Time { return time.Unix(-1, 0).UTC() }}
	dir := t.TempDir()
	d := &downloader{client: client, mirrors: []string{server.URL + "/"}, stall: time.Minute, out: io.Discard}
	err := d.all(t.Context(), dir, []fashion.File{file})
	wantLine(t, err, "certificate has expired or is not yet valid: current time 1969-12-31")
	wantFiles(t, dir)
	faults.Row(t, "download: the clock says 1969", "download: "+err.Error(), "nothing was fetched")
}

// A file that unpacks to without end is read no further than the largest file can be.
func TestUnpackingEndsAtALimit(t *testing.T) {
	dir := t.TempDir()
	bomb := filepath.Join(dir, file.Name)
	put(t, bomb, packed(make([]byte, 200<<20), 9)) // 200 kB packed
	if got := unpackedSum(bomb); got == "" || got == hexSum(make([]byte, 200<<20)) {
		t.Errorf("the bomb was unpacked whole, or not at all: %q", got)
	}
	_, err := download(t, dir, serve(t, good).address())
	wantComplete(t, dir, err)
	faults.Row(t, "gzip bomb (200 MB in 200 kB) in the place of a data file", "", "the published file, fetched in its place")
}
