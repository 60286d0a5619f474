//go:build system && linux

package disk_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"autoencoders/internal/disk"
)

// A folder whose parent cannot be written to is locked from inside.
func TestLockInsideAFolder(t *testing.T) {
	if os.Getuid() == 0 {
		// Root may write anywhere: the same as another user, in a process of its own.
		if os.Getenv("AS_NOBODY") == "" {
			parent, err := os.MkdirTemp("", "lock-")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(parent)
			program := filepath.Join(parent, "test")
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.Chmod(parent, 0o755), copyFile(self, program), os.Mkdir(filepath.Join(parent, "model"), 0o777),
				os.Chmod(filepath.Join(parent, "model"), 0o777)); err != nil {
				t.Fatal(err)
			}
			for _, held := range []bool{false, true} {
				if held {
					defer mustLock(t, filepath.Join(parent, "model")).Unlock()
				}
				c := exec.Command(program, "-test.run=^TestLockInsideAFolder$")
				c.Env = append(os.Environ(), "AS_NOBODY="+filepath.Join(parent, "model"))
				c.Dir = "/"
				c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
				if out, err := c.CombinedOutput(); err != nil {
					t.Errorf("held by root: %v: %v\n%s", held, err, out)
				}
			}
			return
		}
	}
	folder := os.Getenv("AS_NOBODY")
	if folder == "" {
		parent := t.TempDir()
		folder = filepath.Join(parent, "model")
		if err := errors.Join(os.Mkdir(folder, 0o777), os.Chmod(parent, 0o555)); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(parent, 0o755)
	}
	if _, err := os.Stat(folder + ".lock"); err == nil {
		if _, err := disk.LockFolder(folder); !errors.Is(err, disk.ErrLocked) {
			t.Errorf("another user holds the lock, and a second lock gives %v", err)
		}
		return
	}
	l := mustLock(t, folder)
	if _, err := os.Stat(filepath.Join(folder, ".lock")); err != nil {
		t.Error(err)
	}
	if _, err := disk.LockFolder(folder); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("a second lock: %v", err)
	}
	l.Unlock()
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}
