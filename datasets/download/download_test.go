package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"autoencoders/datasets/internal/fashion"
	"autoencoders/internal/faults"
)

// The file that the tests download, as it is published.
var (
	inside    = bytes.Repeat([]byte("ankle boot, pullover, trouser; "), 4000)
	published = packed(inside, gzip.NoCompression)
	file      = fashion.File{
		Name:     "t10k-images-idx3-ubyte.gz",
		Size:     int64(len(published)),
		SHA256:   hexSum(published),
		Unpacked: hexSum(inside),
	}
)

func packed(data []byte, level int) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		panic(err)
	}
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// mirror is a server that notes the Range of every request it gets.
type mirror struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func serve(t *testing.T, handle http.HandlerFunc) *mirror {
	t.Helper()
	m := &mirror{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		m.asked = append(m.asked, r.Header.Get("Range"))
		m.mu.Unlock()
		handle(w, r)
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *mirror) address() string { return m.URL + "/data/" }

func (m *mirror) wantAsked(t *testing.T, ranges ...string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Equal(m.asked, ranges) {
		t.Errorf("the mirror was asked for %q, want %q", m.asked, ranges)
	}
}

// good serves the file, whole or from where a Range begins.
func good(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, file.Name, time.Time{}, bytes.NewReader(published))
}

// whole knows no Range.
func whole(w http.ResponseWriter, _ *http.Request) { w.Write(published) }

func forbidden(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "no", http.StatusForbidden)
}

// corrupted is one bit away from the file.
func corrupted(w http.ResponseWriter, r *http.Request) {
	b := bytes.Clone(published)
	b[len(b)/2] ^= 1
	http.ServeContent(w, r, file.Name, time.Time{}, bytes.NewReader(b))
}

// cut breaks every answer off after n bytes, though more were promised.
func cut(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		good(&cutWriter{ResponseWriter: w, left: n}, r)
	}
}

type cutWriter struct {
	http.ResponseWriter
	left int
}

func (c *cutWriter) Write(p []byte) (int, error) {
	if c.left < len(p) {
		c.ResponseWriter.Write(p[:c.left])
		panic(http.ErrAbortHandler)
	}
	c.left -= len(p)
	return c.ResponseWriter.Write(p)
}

// download runs the downloader for file alone.
func download(t *testing.T, dir string, mirrors ...string) (output string, err error) {
	t.Helper()
	var out bytes.Buffer
	d := &downloader{client: newClient(), mirrors: mirrors, stall: time.Minute, out: &out}
	err = d.all(t.Context(), dir, []fashion.File{file})
	return out.String(), err
}

// wantComplete checks that dir holds the file and nothing else.
func wantComplete(t *testing.T, dir string, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, file.Name))
	if err != nil || !bytes.Equal(got, published) {
		t.Errorf("the file is not the published one: %d bytes, %v", len(got), err)
	}
	wantFiles(t, dir, file.Name)
}

func wantFiles(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, names) {
		t.Errorf("the folder holds %q, want %q", got, names)
	}
}

// wantLine checks one line of error with all of these parts.
func wantLine(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %v", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error\n%v\nlacks %q", err, part)
		}
	}
}

func TestDownload(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "fashion-mnist")
	m := serve(t, good)
	out, err := download(t, dir, m.address())
	wantComplete(t, dir, err)
	if !strings.Contains(out, "100%") || !strings.HasSuffix(out, "Fashion-MNIST is complete in "+dir+"\n") {
		t.Errorf("output:\n%s", out)
	}
	m.wantAsked(t, "")
}

// lines hands on what is written, line by line.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// `make data` twice at once: the second waits, and finds everything there.
func TestTwoDownloadsAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	begun, goOn := make(chan bool), make(chan bool)
	m := serve(t, func(w http.ResponseWriter, r *http.Request) {
		begun <- true
		<-goOn
		good(w, r)
	})
	first := make(chan error)
	go func() {
		d := &downloader{client: newClient(), mirrors: []string{m.address()}, stall: time.Minute, out: io.Discard}
		first <- d.all(t.Context(), dir, []fashion.File{file})
	}()
	<-begun
	second, said := make(chan error), make(lines)
	go func() {
		d := &downloader{client: newClient(), mirrors: []string{m.address()}, stall: time.Minute, out: said}
		second <- d.all(t.Context(), dir, []fashion.File{file})
	}()
	line := <-said
	close(goOn)
	if want := "waiting for another download into " + dir + "\n"; line != want {
		t.Errorf("the second said %q, want %q", line, want)
	}
	if got, want := <-said, "Fashion-MNIST is already complete in "+dir+"\n"; got != want {
		t.Errorf("then the second said %q, want %q", got, want)
	}
	wantComplete(t, dir, errors.Join(<-first, <-second))
	m.wantAsked(t, "")
	faults.Row(t, "two downloads into one folder", strings.TrimSpace(line), "the files, whole; each is fetched once")
}

func TestAlreadyCompleteAsksNobody(t *testing.T) {
	for name, contents := range map[string][]byte{
		file.Name:                            published,
		file.Name + " ":                      packed(inside, gzip.BestCompression), // packed otherwise, as Debian's
		strings.TrimSuffix(file.Name, ".gz"): inside,
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, strings.TrimSpace(name)), contents)
		m := serve(t, forbidden)
		out, err := download(t, dir, m.address())
		if err != nil {
			t.Error(name, err)
		}
		if want := "Fashion-MNIST is already complete in " + dir + "\n"; out != want {
			t.Errorf("output %q, want %q", out, want)
		}
		m.wantAsked(t)
	}
}

func TestADamagedFileIsFetchedAgain(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, file.Name), published[:100])
	_, err := download(t, dir, serve(t, good).address())
	wantComplete(t, dir, err)
}

func TestTheNextMirrorHelps(t *testing.T) {
	closed := httptest.NewServer(http.HandlerFunc(good))
	closed.Close()
	for name, first := range map[string]string{
		"refuses":                            closed.URL + "/",
		"answers 403":                        serve(t, forbidden).address(),
		"answers 404":                        serve(t, http.NotFound).address(),
		"sends a file of the wrong checksum": serve(t, corrupted).address(),
		"sends a web page":                   serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>Log in</html>") }).address(),
		"sends a byte too many":              serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(append(bytes.Clone(published), 0)) }).address(),
		"redirects in a circle":              serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }).address(),
		"breaks off":                         serve(t, cut(100)).address(),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, alone := download(t, dir, first)
			wantLine(t, alone, "no mirror gave "+file.Name+" (", "): run it again, or put the file into "+dir+" by hand")
			if _, err := os.Stat(filepath.Join(dir, file.Name)); !os.IsNotExist(err) {
				t.Error("something has the file's name:", err)
			}
			_, err := download(t, dir, first, serve(t, good).address())
			wantComplete(t, dir, err)
			faults.Row(t, "download: a mirror that "+name, "download: "+alone.Error(), "nothing by the file's name; from a second mirror, the whole file")
		})
	}
}

// A mirror that sends for as long as anybody reads is read to the file's size
// and a byte beyond.
func TestAMirrorWithoutEnd(t *testing.T) {
	dir := t.TempDir()
	sent := make(chan int, 1)
	endless := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n, block := 0, make([]byte, 1<<16)
		for n < 1<<28 {
			if _, err := w.Write(block); err != nil {
				break
			}
			n += len(block)
		}
		sent <- n
	})
	_, err := download(t, dir, endless.address(), serve(t, good).address())
	wantComplete(t, dir, err)
	if n := <-sent; n > 1<<26 { // most of them in the buffers between
		t.Errorf("%d bytes were taken of a file of %d", n, file.Size)
	}
	faults.Row(t, "download: a mirror that sends without end", "", "the whole file, from the next mirror; no more was read than its size")
}

func TestRedirectsAreFollowed(t *testing.T) {
	dir := t.TempDir()
	there := serve(t, good)
	here := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, there.URL+r.URL.Path, http.StatusMovedPermanently)
	})
	_, err := download(t, dir, here.address())
	wantComplete(t, dir, err)
}

func TestABrokenDownloadGoesOn(t *testing.T) {
	dir := t.TempDir()
	m := serve(t, cut(len(published)/3+1))
	_, err := download(t, dir, m.address())
	wantComplete(t, dir, err)
	n := len(published)/3 + 1
	m.wantAsked(t, "", fmt.Sprintf("bytes=%d-", n), fmt.Sprintf("bytes=%d-", 2*n))
	faults.Row(t, "download: broken off twice", "", "what had come; the rest is asked for, and the file is whole")
}

func TestTheNextRunGoesOn(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, file.Name+".part"), published[:1000])
	m := serve(t, good)
	_, err := download(t, dir, m.address())
	wantComplete(t, dir, err)
	m.wantAsked(t, "bytes=1000-")
}

func TestAServerWithoutRangesBeginsAgain(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, file.Name+".part"), published[:1000])
	_, err := download(t, dir, serve(t, whole).address())
	wantComplete(t, dir, err)
}

func TestAServerThatSendsAnotherRange(t *testing.T) {
	for name, handle := range map[string]http.HandlerFunc{
		"416": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestedRangeNotSatisfiable) },
		"elsewhere": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 10-%d/%d", len(published)-1, len(published)))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(published[10:])
		},
		"unsaid": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusPartialContent) },
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, file.Name+".part"), published[:1000])
		m := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") == "" {
				whole(w, r)
				return
			}
			handle(w, r)
		})
		_, err := download(t, dir, m.address())
		t.Log(name)
		wantComplete(t, dir, err)
		m.wantAsked(t, "bytes=1000-", "")
	}
}

func TestAWrongPartIsThrownAway(t *testing.T) {
	for name, part := range map[string][]byte{
		"shorter":  bytes.Repeat([]byte("x"), 1000),
		"as long":  make([]byte, len(published)),
		"longer":   make([]byte, len(published)+1000),
		"complete": published,
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, file.Name+".part"), part)
		_, err := download(t, dir, serve(t, good).address())
		t.Log(name)
		wantComplete(t, dir, err)
	}
}

func TestNoMirrorHelps(t *testing.T) {
	closed := httptest.NewServer(http.HandlerFunc(good))
	closed.Close()
	dir := t.TempDir()
	_, err := download(t, dir, closed.URL+"/", serve(t, forbidden).address(), serve(t, corrupted).address())
	wantLine(t, err, "no mirror gave "+file.Name, "connection refused", "403 Forbidden", "wrong contents, SHA-256 ",
		"put the file into "+dir+" by hand", "dataset-fashion-mnist")
	wantFiles(t, dir)
}

func TestAFolderThatCannotBeWritten(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "blocked")
	put(t, blocked, nil)
	_, err := download(t, filepath.Join(blocked, "fashion-mnist"), serve(t, good).address())
	wantLine(t, err, blocked)
	faults.Row(t, "download: into a folder that cannot be written", "download: "+err.Error(), "nothing was fetched")

	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, file.Name+".part"), 0o755); err != nil {
		t.Fatal(err)
	}
	m := serve(t, good)
	_, err = download(t, dir, m.address(), m.address())
	wantLine(t, err, file.Name+".part")
}

// A server that packs on the way must not change what is saved.
func TestNothingIsUnpackedOnTheWay(t *testing.T) {
	dir := t.TempDir()
	m := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(published)
	})
	_, err := download(t, dir, m.address())
	wantComplete(t, dir, err)
	m.wantAsked(t, "")
}

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
