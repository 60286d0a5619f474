package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"autoencoders/datasets/internal/fashion"
	"autoencoders/internal/disk"
)

// downloader fetches each file from the first mirror that delivers it intact.
type downloader struct {
	client  *http.Client
	mirrors []string      // folders, each ending in /
	stall   time.Duration // give up a mirror that sends nothing for this long
	out     io.Writer     // for the progress
	keep    bool          // the folder is the user's: replace no file in it
}

// all downloads those of the files that dir lacks.
func (d *downloader) all(ctx context.Context, dir string, files []fashion.File) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return onDisk(err)
	}
	unlock, err := d.lock(ctx, dir)
	if err != nil {
		return err
	}
	defer unlock()
	fetched := false
	for _, f := range files {
		if complete(filepath.Join(dir, f.Name), f) {
			continue
		}
		if path := filepath.Join(dir, f.Name); d.keep && exists(path) {
			return fmt.Errorf("%s is not the published file, and may be yours: move it away, or name another folder", path)
		}
		if err := d.file(ctx, dir, f); err != nil {
			return err
		}
		fetched = true
	}
	if fetched {
		fmt.Fprintln(d.out, "Fashion-MNIST is complete in", dir)
	} else {
		fmt.Fprintln(d.out, "Fashion-MNIST is already complete in", dir)
	}
	return nil
}

// lock waits until no other download writes into dir: two would write into the same unfinished files.
func (d *downloader) lock(ctx context.Context, dir string) (unlock func(), err error) {
	for waiting := false; ; waiting = true {
		l, err := disk.LockFolder(dir)
		if err == nil {
			return l.Unlock, nil
		}
		if !errors.Is(err, disk.ErrLocked) {
			return func() {}, nil // nothing can be written there: whoever has to will say so
		}
		if !waiting {
			fmt.Fprintln(d.out, "waiting for another download into", dir)
		}
		select {
		case <-ctx.Done():
			return nil, errors.New("stopped while another download ran: run it again")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// file tries the mirrors in turn. If one of them breaks off, the next one sends the
// rest; the checksum of the whole decides in the end.
func (d *downloader) file(ctx context.Context, dir string, f fashion.File) error {
	path := filepath.Join(dir, f.Name)
	part := path + ".part"
	var failed []string
	for _, mirror := range d.mirrors {
		err := d.mirror(ctx, mirror+f.Name, part, f)
		if err == nil {
			return os.Rename(part, path)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("stopped in %s: run it again to go on from there", f.Name)
		}
		if disk, ok := errors.AsType[*os.PathError](err); ok {
			return onDisk(disk) // no other mirror can help
		}
		failed = append(failed, host(mirror)+": "+reason(err))
	}
	return fmt.Errorf("no mirror gave %s (%s): run it again, or put the file into %s by hand, from %s or Debian's package dataset-fashion-mnist",
		f.Name, strings.Join(failed, "; "), dir, d.mirrors[0]+f.Name)
}

func onDisk(err error) error {
	return fmt.Errorf("%w: make room there or name another folder, and run it again to go on", err)
}

// mirror fetches one file from one mirror, in at most five requests. It asks for
// the rest as long as each answer brings more, and asks for the whole file again
// if the part from an earlier run turns out to be wrong.
func (d *downloader) mirror(ctx context.Context, address, part string, f fashion.File) error {
	for range 5 {
		before := partSize(part)
		err := d.fetch(ctx, address, part, f)
		if err == nil {
			return nil
		}
		_, wrong := errors.AsType[*contentError](err)
		_, disk := errors.AsType[*os.PathError](err)
		again := wrong && before > 0 || !wrong && !disk && partSize(part) > before
		if !again || ctx.Err() != nil {
			return err
		}
	}
	return errors.New("broke off five times")
}

// partSize returns the size of part in bytes, or 0 if there is no such file.
func partSize(part string) int64 {
	info, err := os.Stat(part)
	if err != nil {
		return 0
	}
	return info.Size()
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// reason returns the informative part of a network error, in one line. It leaves
// out the address, which the caller names, and the name server.
func reason(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.Err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}
