package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"autoencoders/datasets/internal/fashion"
	"autoencoders/internal/faults"
)

// The mirrors of these tests are functions in the process and the clock is the test's own: it goes on only
// while everything waits, so that no pause of the machine looks like silence.

// A slowBody is the body of an answer that arrives in blocks, with a wait before each of them.
type slowBody struct {
	ctx   context.Context
	left  []byte
	block int
	wait  func()
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.wait(); b.ctx.Err() != nil {
		return 0, b.ctx.Err()
	}
	if len(b.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.left[:min(b.block, len(b.left))])
	b.left = b.left[n:]
	return n, nil
}

func (b *slowBody) Close() error { return nil }

func answer(r *http.Request, status int, body io.ReadCloser) *http.Response {
	return &http.Response{StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)), Body: body,
		ContentLength: -1, Header: http.Header{}, Request: r}
}

// downloadFrom downloads file with a limit of a minute on silence from a mirror that transport is.
func downloadFrom(ctx context.Context, dir string, transport roundTrip) error {
	d := &downloader{client: &http.Client{Transport: transport}, mirrors: []string{"http://mirror/"}, stall: time.Minute, out: io.Discard}
	return d.all(ctx, dir, []fashion.File{file})
}

// A slow line may take much longer than the limit on silence.
func TestASlowMirrorIsGivenTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := downloadFrom(t.Context(), dir, func(r *http.Request) (*http.Response, error) {
			wait := func() { time.Sleep(59 * time.Second) }
			return answer(r, http.StatusOK, &slowBody{r.Context(), published, len(published) / 8, wait}), nil
		})
		wantComplete(t, dir, err)
		if took := time.Since(start); took < 8*59*time.Second {
			t.Errorf("it took %v: the mirror was not slow", took)
		}
	})
	faults.Row(t, "download: a slow mirror", "", "the whole file: only silence ends a download")
}

// Silence ends a download, whether it comes before the answer, before the first byte or after some: what
// had come is kept.
func TestAMirrorThatStalls(t *testing.T) {
	for _, c := range []struct {
		when string
		kept int
	}{
		{"before it answers", 0}, {"before it sends", 0}, {"after 1,000 bytes", 1000},
	} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			asked, start := 0, time.Now()
			err := downloadFrom(t.Context(), dir, func(r *http.Request) (*http.Response, error) {
				if asked++; asked > 1 { // for the rest of what has come
					return answer(r, http.StatusServiceUnavailable, http.NoBody), nil
				}
				silence := func() { <-r.Context().Done() }
				if c.when == "before it answers" {
					silence()
					return nil, r.Context().Err()
				}
				sent := 0
				return answer(r, http.StatusOK, &slowBody{r.Context(), published, 1000, func() {
					if sent++; 1000*sent > c.kept {
						silence()
					}
				}}), nil
			})
			says := "mirror: stopped sending"
			if c.kept > 0 {
				says = "mirror: 503 Service Unavailable"
			}
			wantLine(t, err, "no mirror gave "+file.Name+" ("+says+")")
			if waited := time.Since(start); waited != time.Minute {
				t.Errorf("%s: given up after %v, want the minute of the limit", c.when, waited)
			}
			if n := partSize(filepath.Join(dir, file.Name+".part")); n != int64(c.kept) {
				t.Errorf("%s: %d bytes kept, want %d", c.when, n, c.kept)
			}
			if c.kept == 0 {
				faults.Row(t, "download: a mirror that stalls "+c.when, "download: "+err.Error(), "nothing by the file's name")
			}
		})
		_, err := download(t, dir, serve(t, good).address())
		wantComplete(t, dir, err)
	}
}

// The user stops the download after the first block.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	asked := 0
	err := downloadFrom(ctx, dir, func(r *http.Request) (*http.Response, error) {
		asked++
		blocks := 0
		return answer(r, http.StatusOK, &slowBody{r.Context(), published, 1000, func() {
			if blocks++; blocks == 2 {
				stop()
			}
		}}), nil
	})
	wantLine(t, err, "stopped in "+file.Name+": run it again to go on from there")
	wantFiles(t, dir, file.Name+".part")
	if n := partSize(filepath.Join(dir, file.Name+".part")); n != 1000 || asked != 1 {
		t.Errorf("%d bytes kept after %d requests, want 1000 after one", n, asked)
	}
	faults.Row(t, "download: interrupted", "download: "+err.Error(), "what had come, for the next run")
}

// On a terminal the line of progress is written at most ten times a second.
func TestProgressOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := newProgress(&out, "file", 1000, 0)
		p.terminal = true
		for range 1000 {
			time.Sleep(time.Millisecond)
			p.add(1)
		}
		p.end()
		if n := strings.Count(out.String(), "\r"); n != 11 || !strings.HasSuffix(out.String(), "100%\n") {
			t.Errorf("%d lines in a second, want 10 and the last one:\n%q", n, out.String())
		}
	})
}
