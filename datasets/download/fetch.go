package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"autoencoders/datasets/internal/fashion"
)

const stallLimit = 30 * time.Second

// newClient returns a client that waits only so long for a mirror to answer. The
// download itself has no time limit, because a connection may be slow; fetch gives
// up a mirror that stops sending.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 20 * time.Second,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // the files are .gz and must stay compressed
	}}
}

var errStalled = errors.New("stopped sending")

// fetch downloads what part lacks of the file and checks the whole.
func (d *downloader) fetch(ctx context.Context, address, part string, f fashion.File) error {
	have := partSize(part)
	if have >= f.Size {
		return check(part, f)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(d.stall, func() { cancel(errStalled) })
	defer watch.Stop()

	body, from, err := d.get(ctx, address, have, f.Size)
	if err != nil {
		return cause(ctx, err)
	}
	defer body.Close()
	file, err := openPart(part, from)
	if err != nil {
		return err
	}
	defer file.Close()
	p := newProgress(d.out, f.Name, f.Size, from)
	defer p.end()
	alive := readFunc(func(b []byte) (int, error) {
		n, err := body.Read(b)
		watch.Reset(d.stall)
		p.add(n)
		return n, err
	})
	n, err := io.Copy(file, io.LimitReader(alive, f.Size-from+1))
	if err != nil {
		return cause(ctx, err)
	}
	if from+n < f.Size {
		return fmt.Errorf("broke off after %d of %d bytes", from+n, f.Size)
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return check(part, f)
}

// get requests the file from byte have on and returns the byte at which the answer
// begins: have, or 0 if the server cannot resume. It refuses an answer of the wrong
// length, such as a login page, before that can overwrite the part.
func (d *downloader) get(ctx context.Context, address string, have, size int64) (io.ReadCloser, int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, err
	}
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	partial := resp.StatusCode == http.StatusPartialContent
	from := int64(0)
	if partial {
		from = rangeStart(resp)
	}
	switch good := partial && from == have || resp.StatusCode == http.StatusOK; {
	case good && (resp.ContentLength < 0 || resp.ContentLength == size-from):
		return resp.Body, from, nil
	case good:
		resp.Body.Close()
		return nil, 0, fmt.Errorf("another file, of %d bytes instead of %d", from+resp.ContentLength, size)
	}
	resp.Body.Close()
	if have > 0 && (partial || resp.StatusCode == http.StatusRequestedRangeNotSatisfiable) {
		return d.get(ctx, address, 0, size)
	}
	return nil, 0, errors.New(resp.Status)
}

// rangeStart returns the index of the first byte of a partial answer, or -1 if the
// answer does not say.
func rangeStart(resp *http.Response) int64 {
	var first, last int64
	if n, _ := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d", &first, &last); n != 2 {
		return -1
	}
	return first
}

// openPart opens part for writing after its first from bytes.
func openPart(part string, from int64) (*os.File, error) {
	file, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	if err = file.Truncate(from); err == nil {
		_, err = file.Seek(from, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

// cause returns errStalled if fetch itself closed the connection because nothing
// arrived, and otherwise err.
func cause(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errStalled) {
		return errStalled
	}
	return err
}
