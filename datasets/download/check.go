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

// contentError says that what arrived is not the published file.
type contentError struct{ got, want string } // SHA-256, in hex

func (e *contentError) Error() string {
	return fmt.Sprintf("wrong contents, SHA-256 %.8s… instead of %.8s…", e.got, e.want)
}

// check returns nil if part is the published file, and else removes it, so that
// the next try begins anew.
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

// complete tells whether path, which ends in .gz, or its unpacked neighbour
// holds the published contents. Debian's files are packed otherwise than the
// published ones; what is inside is the same.
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

// unpackedSum returns "" for what is not a good gzip file.
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
	got, err := sum(io.LimitReader(r, 64<<20)) // the largest is 47 MB: a gzip bomb ends here
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
