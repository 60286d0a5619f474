package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"autoencoders/datasets/internal/fashion"
)

// A login page (a classroom's firewall answers 200 to anything) costs nothing of
// what an earlier run brought: the next mirror is asked only for the rest.
func TestAnotherFileLeavesThePart(t *testing.T) {
	content := bytes.Repeat([]byte("Fashion-MNIST"), 1000)
	sum := sha256.Sum256(content)
	f := fashion.File{Name: "file.gz", Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<!DOCTYPE html> log in first")
	}))
	defer page.Close()
	var asked []string
	good := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Range"))
		http.ServeContent(w, r, f.Name, time.Time{}, bytes.NewReader(content))
	}))
	defer good.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file.gz.part"), content[:5000], 0o644); err != nil {
		t.Fatal(err)
	}
	d := &downloader{client: newClient(), mirrors: []string{page.URL + "/", good.URL + "/"}, stall: stallLimit, out: io.Discard}
	if err := d.all(t.Context(), dir, []fashion.File{f}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, f.Name)); err != nil || !bytes.Equal(got, content) {
		t.Errorf("not the file: %v", err)
	}
	if want := "bytes=5000-"; strings.Join(asked, " ") != want {
		t.Errorf("the second mirror was asked for %q, want %q", asked, want)
	}
}
