package main

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"

	"autoencoders/datasets/internal/fashion"
)

// contentError reports that what arrived is not the published file.
type contentError struct{ got, want string } // SHA-256, in hex

func (e *contentError) Error() string {
	return fmt.Sprintf("wrong contents, SHA-256 %.8s… instead of %.8s…", e.got, e.want)
}

// check returns nil if part is the published file. Otherwise it removes part, so
// that the next attempt starts from scratch, and returns a contentError.
func check(part string, f fashion.File) error {
	got, err := sumFile(part)
	if err != nil {
		return err
	}
	if got == f.SHA256 {
		return nil
	}
	if err := os.Remove(part); err != nil {
		return err
	}
	return &contentError{got: got, want: f.SHA256}
}

// complete reports whether path, which ends in .gz, or the uncompressed file beside
// it has the published contents. The compressed files may differ: Debian's have
// another gzip header than the published ones.
func complete(path string, f fashion.File) bool {
	if got, err := sumFile(path); err == nil {
		return got == f.SHA256 || unpackedSum(path) == f.Unpacked
	}
	got, err := sumFile(strings.TrimSuffix(path, ".gz"))
	return err == nil && got == f.Unpacked
}

func sumFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	return sum(file)
}

// unpackedSum returns the checksum of the uncompressed contents of path, or "" if
// path is not a valid gzip file.
func unpackedSum(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	r, err := gzip.NewReader(file)
	if err != nil {
		return ""
	}
	got, err := sum(io.LimitReader(r, 64<<20)) // the largest file has 47 MB, so this stops a gzip bomb
	if err != nil {
		return ""
	}
	return got
}

func sum(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
