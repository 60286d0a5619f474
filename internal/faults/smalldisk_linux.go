package faults

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

const smallDisk = "FAULTS_SMALL_DISK"

// SmallDisk runs the test that calls it in a process of its own, in which folder is a disk of so many
// bytes: an in-memory file system that no other process sees and that goes with it. There, inside is
// true; the outer test has nothing to do but to return. No rights are needed, but user namespaces; a
// machine that forbids them skips the test.
func SmallDisk(t *testing.T, bytes int) (folder string, inside bool) {
	t.Helper()
	if folder := os.Getenv(smallDisk); folder != "" {
		if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
			t.Skip("no file system can be mounted here:", err)
		}
		return folder, true
	}
	folder, err := os.MkdirTemp("", "small-disk-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(folder)
	command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	command.Env = append(os.Environ(), smallDisk+"="+folder)
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := command.CombinedOutput()
	if command.Process == nil {
		t.Skip("no user namespaces here:", err)
	}
	if err != nil {
		t.Errorf("on a small disk: %v\n%s", err, out)
	}
	if _, skipped, ok := strings.Cut(string(out), "no file system can be mounted here:"); ok {
		t.Skip("no file system can be mounted here:" + skipped)
	}
	for line := range strings.Lines(string(out)) {
		if _, row, ok := strings.Cut(strings.TrimSpace(line), " "+t.Name()+" "+Key+" "); ok {
			t.Attr(Key, row)
		}
	}
	return folder, false
}

// ReadOnly makes a small disk one that nobody can write to.
func ReadOnly(t *testing.T, folder string) {
	t.Helper()
	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}
