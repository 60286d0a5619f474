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

// newClient waits for a mirror to answer, but not for ever. The limit on one
// that stops sending is in fetch: the whole may take as long as a slow line
// needs.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 20 * time.Second,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // the files are .gz: nobody may unpack them on the way
	}}
}

var errStalled = errors.New("stopped sending")

// fetch completes part, of which the beginning may be there, and checks it.
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

// get asks for the file from byte have on, and returns where the answer begins:
// there, or at 0 where the server does not resume. An answer of another length
// than size, such as a login page, is refused before it can harm the part.
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

// rangeStart returns the first byte of a partial answer, -1 where it is unclear.
func rangeStart(resp *http.Response) int64 {
	var first, last int64
	if n, _ := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d", &first, &last); n != 2 {
		return -1
	}
	return first
}

// openPart opens the part for writing behind its first from bytes.
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

// cause names the stall where it was our own watch that cut the connection.
func cause(ctx context.Context, err error) error {
	if context.Cause(ctx) == errStalled {
		return errStalled
	}
	return err
}
