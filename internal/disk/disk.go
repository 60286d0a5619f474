// Package disk saves files so that a kill, a power cut, a full disk or a second writer never leaves
// less than one whole file. It knows nothing of models: its functions take paths.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// System is the set of file operations that a save performs. Tests replace it with [Use] to simulate a
// kill, a power cut or a full disk at each operation.
type System interface {
	MkdirAll(path string, mode fs.FileMode) error
	Create(path string) (File, error) // for writing; an error if path exists
	Rename(from, to string) error
	Remove(path string) error
	SyncFolder(path string) error // flushes the names in a folder
}

// File is a file that is being written.
type File interface {
	io.WriteCloser
	Name() string
	Sync() error
}

var system System = Real{}

// Use replaces the file operations until restore is called.
func Use(s System) (restore func()) {
	old := system
	system = s
	return func() { system = old }
}

// Real is the operating system.
type Real struct{}

func (Real) MkdirAll(path string, mode fs.FileMode) error { return os.MkdirAll(path, mode) }
func (Real) Rename(from, to string) error                 { return os.Rename(from, to) }
func (Real) Remove(path string) error                     { return os.Remove(path) }

// Create leaves the file's mode to the user's umask.
func (Real) Create(path string) (File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

func (Real) SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	// Some file systems cannot flush a folder, and then there is nothing to be done.
	if err := folder.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// MakeFolder creates a folder and its missing parents, and flushes their names.
func MakeFolder(path string) error {
	var within []string // the folders that get a new name
	for missing := filepath.Clean(path); ; missing = filepath.Dir(missing) {
		if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		within = append(within, filepath.Dir(missing))
	}
	if err := system.MkdirAll(path, 0o777); err != nil {
		return err
	}
	for _, folder := range within {
		if err := system.SyncFolder(folder); err != nil {
			return err
		}
	}
	return nil
}

// Replace puts what write writes at path in one step. After a kill or a power cut path holds either
// the whole new file or what was there before; beside it there is at most an unfinished file, which
// [ClearUnfinished] removes.
func Replace(path string, write func(w io.Writer) error) (err error) {
	file, err := create(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = system.Remove(file.Name()) // err says what went wrong
		}
	}()
	if err := write(file); err != nil {
		return errors.Join(err, file.Close())
	}
	// The contents must be on the disk before the name points to them, and the name before the caller
	// goes on: otherwise a power cut leaves an empty file, or the old one.
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := system.Rename(file.Name(), path); err != nil {
		return err
	}
	return system.SyncFolder(filepath.Dir(path))
}

// create creates an unfinished file for path, under a name that nobody else uses.
func create(path string) (file File, err error) {
	for range 100 {
		name := fmt.Sprintf("%s%d", unfinished(path), rand.Uint64())
		if file, err = system.Create(name); !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
	return nil, err
}

// unfinished returns how the names of unfinished files for path begin.
func unfinished(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".")
}

// ClearUnfinished removes the files that killed programs left unfinished for path. The caller must
// hold the lock of whoever writes to path.
func ClearUnfinished(path string) {
	folder, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	for _, entry := range folder {
		if name := filepath.Join(filepath.Dir(path), entry.Name()); strings.HasPrefix(name, unfinished(path)) {
			_ = system.Remove(name) // it is in nobody's way
		}
	}
}

// Copy copies the file at from to the path to, in one step as [Replace] does.
func Copy(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	return Replace(to, func(w io.Writer) error {
		_, err := io.Copy(w, source)
		return err
	})
}

// Reason returns the operating system's part of an error, without the call and without the name that
// a file had while it was unfinished.
func Reason(err error) error {
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number
	}
	return err
}

// Full reports whether an error says that there is no room left.
func Full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
