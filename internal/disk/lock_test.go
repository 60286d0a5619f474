//go:build linux

package disk_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"autoencoders/internal/disk"
)

func mustLock(t *testing.T, folder string) *disk.Lock {
	t.Helper()
	l, err := disk.LockFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	if !l.Held() {
		t.Fatal("the folder of temporary files (TMPDIR) is on a file system without locks")
	}
	return l
}

func TestLockKeepsOthersOut(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "model")
	l := mustLock(t, folder)
	if _, err := disk.LockFolder(folder); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("a second lock: %v", err)
	}
	l.Unlock()
	if names, _ := filepath.Glob(folder + "*"); len(names) > 0 {
		t.Errorf("after it are left %v", names)
	}
	mustLock(t, folder).Unlock()
}

// The folder may go and come while it is locked, and so may the file beside it.
func TestLockSurvivesItsFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "model")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	l := mustLock(t, folder)
	if err := errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o777)); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.LockFolder(folder); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("the folder was made again, and a second lock gives %v", err)
	}
	// Somebody deletes the lock's file and locks anew. The first one must not remove the second one's file.
	if err := os.Remove(folder + ".lock"); err != nil {
		t.Fatal(err)
	}
	second := mustLock(t, folder)
	l.Unlock()
	if _, err := disk.LockFolder(folder); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("after the first one's unlock a third lock gives %v", err)
	}
	second.Unlock()
}

// A lock that is returned and taken all the time has one holder at a time: nobody holds it through a file
// that was removed meanwhile.
func TestOneHolderAtATime(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "model")
	var inside, held int
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for range 500 {
				l, err := disk.LockFolder(folder)
				if errors.Is(err, disk.ErrLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if inside++; inside > 1 {
					t.Error("two hold the lock")
				}
				held++
				mu.Unlock()
				mu.Lock()
				inside--
				mu.Unlock()
				l.Unlock()
			}
		})
	}
	workers.Wait()
	if held < 10 {
		t.Errorf("the lock was held %d times", held)
	}
}

// Over NFS Linux turns flock into a lock of the server only for a file that is open for writing
// (fs/nfs/file.c, nfs_flock and nfs4's mapping to byte ranges); on a folder it would be local to the host.
func TestLockIsOnAFileOpenForWriting(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "model")
	defer mustLock(t, folder).Unlock()
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range descriptors {
		if target, _ := os.Readlink("/proc/self/fd/" + d.Name()); target != folder+".lock" {
			continue
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + d.Name())
		if err != nil {
			t.Fatal(err)
		}
		var flags int
		for line := range strings.Lines(string(info)) {
			fmt.Sscanf(line, "flags: %o", &flags)
		}
		if flags&syscall.O_ACCMODE != syscall.O_RDWR || !strings.Contains(string(info), "FLOCK  ADVISORY  WRITE") {
			t.Errorf("the lock's file is open like this:\n%s", info)
		}
		return
	}
	t.Error("the lock's file is not open")
}

// Files and folders have the modes that the user's umask leaves.
func TestUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	folder := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(folder, "file")
	write := func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }
	if err := errors.Join(disk.MakeFolder(folder), disk.Replace(path, write)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{folder: 0o700 | os.ModeDir, path: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s has the mode %v, want %v: %v", path, info.Mode(), want, err)
		}
	}
	syscall.Umask(0o002)
	if err := disk.Replace(path, write); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o664 {
		t.Errorf("with umask 002 the file has the mode %v: %v", info.Mode(), err)
	}
}

// Only what was unfinished for this very file goes.
func TestClearUnfinished(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a", ".a.1", ".a.22", ".a", ".ab.1", ".b.1", "a.1"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	disk.ClearUnfinished(filepath.Join(folder, "a"))
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if got := strings.Join(left, " "); got != ".a .ab.1 .b.1 a a.1" {
		t.Errorf("left are %s", got)
	}
}
