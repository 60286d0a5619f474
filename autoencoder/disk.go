package autoencoder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// disk is all that keeping a file asks of the operating system, call by call. A test puts one in its
// place that kills the program, cuts the power or fills up at each call in turn.
type disk interface {
	MkdirAll(path string, mode fs.FileMode) error
	CreateTemp(folder, pattern string) (diskFile, error)
	Rename(from, to string) error
	Remove(path string) error
}

type diskFile interface {
	io.WriteCloser
	Name() string
	Chmod(mode fs.FileMode) error
	Sync() error
}

var theDisk disk = realDisk{}

type realDisk struct{}

func (realDisk) MkdirAll(path string, mode fs.FileMode) error { return os.MkdirAll(path, mode) }
func (realDisk) Rename(from, to string) error                 { return os.Rename(from, to) }
func (realDisk) Remove(path string) error                     { return os.Remove(path) }
func (realDisk) CreateTemp(folder, pattern string) (diskFile, error) {
	return os.CreateTemp(folder, pattern)
}

// replaceFile puts what write writes at path in one step: after a kill or a power cut there is either
// the whole new file or what was there before, and beside it at most a file that [clearUnfinished]
// removes.
func replaceFile(path string, write func(w io.Writer) error) (err error) {
	file, err := theDisk.CreateTemp(filepath.Dir(path), unfinished(path))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			theDisk.Remove(file.Name())
		}
	}()
	if err := write(file); err != nil {
		return errors.Join(err, file.Close())
	}
	// On disk before the name points there, or a power cut could leave an empty file.
	if err := errors.Join(file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return err
	}
	return theDisk.Rename(file.Name(), path)
}

// unfinished is the pattern of the names that a file at path has until it is whole.
func unfinished(path string) string { return "." + filepath.Base(path) + ".*" }

// clearUnfinished removes what killed programs left of files that were to be at path. Nobody else may
// be writing one: see [Model.lock].
func clearUnfinished(path string) {
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), unfinished(path)))
	for _, name := range left {
		theDisk.Remove(name)
	}
}

// notKept is the error of weights that could not be written to a folder.
func notKept(which, folder string, err error) error {
	advice := "give the model another Dir"
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		advice = "make room and run the cell again"
	}
	return fmt.Errorf("autoencoder: the %s cannot be kept in %s: %w: %s", which, folder, reason(err), advice)
}

// reason is the error of the operating system alone: not the call, nor the name that a file had while
// it was not finished.
func reason(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}
