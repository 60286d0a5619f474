package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"
)

// ErrLocked is returned by [Lock] if somebody else holds the lock.
var ErrLocked = errors.New("locked")

// Lock is the right of one process to write into a folder. The system returns it when the process
// ends, however it ends.
type Lock struct {
	file  *flock.Flock // nil: the file system has no locks
	inode os.FileInfo
}

// LockFolder takes the lock of a folder, which need not exist, or returns [ErrLocked] at once. Readers
// need no lock, because [Replace] never shows them half a file.
//
// The lock is on a file beside the folder, Folder.lock, so it holds even if the folder is deleted and
// created again. If no file can be created beside the folder, it is Folder/.lock. The file is open for
// writing, because over NFS Linux passes a lock on to the server for such files only; the file of another
// user, which cannot be written to, is locked all the same.
func LockFolder(folder string) (*Lock, error) {
	folder = actual(folder)
	beside := folder + ".lock"
	l, err := lockFile(beside, os.O_CREATE|os.O_RDWR)
	if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
		return l, err
	}
	if _, err := os.Stat(beside); err == nil {
		return lockFile(beside, os.O_RDONLY)
	}
	return lockFile(filepath.Join(folder, ".lock"), os.O_CREATE|os.O_RDWR)
}

// actual returns the one path of a folder, whichever way it is named: a link and its target have one lock.
func actual(folder string) string {
	if path, err := filepath.EvalSymlinks(folder); err == nil {
		folder = path
	}
	if path, err := filepath.Abs(folder); err == nil {
		folder = path
	}
	return filepath.Clean(folder)
}

func lockFile(path string, flag int) (*Lock, error) {
	for range 100 {
		before, err := stat(path, flag)
		if err != nil {
			return nil, err
		}
		file := flock.New(path, flock.SetFlag(flag), flock.SetPermissions(0o666))
		locked, err := file.TryLock()
		switch {
		case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.ENOLCK):
			// A file system without locks. Two writers then replace each other's files, each whole.
			os.Remove(path)
			return &Lock{}, nil
		case err != nil:
			return nil, err
		case !locked:
			file.Close()
			return nil, ErrLocked
		}
		if isAt(before, path) {
			return &Lock{file, before}, nil
		}
		// The last holder removed the file before it was locked here: this lock is on a file without a name.
		file.Close()
	}
	return nil, ErrLocked
}

// stat returns which file is at path, once it is opened with flag.
func stat(path string, flag int) (os.FileInfo, error) {
	file, err := os.OpenFile(path, flag, 0o666)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return file.Stat()
}

// isAt reports whether a file is still the one at path.
func isAt(file os.FileInfo, path string) bool {
	now, err := os.Stat(path)
	return err == nil && os.SameFile(file, now)
}

// Held reports whether the lock keeps others out.
func (l *Lock) Held() bool { return l.file != nil }

// Unlock returns the lock. Its file is removed while it is still locked, so that nobody can lock it in
// between.
func (l *Lock) Unlock() {
	if l.file == nil {
		return
	}
	if isAt(l.inode, l.file.Path()) {
		os.Remove(l.file.Path())
	}
	l.file.Close()
}
