//go:build system && long

package setup

import (
	"autoencoders/internal/faults"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// One set-up for a class: another account runs cells with the kernel that root has set up.
func TestKernelOfAnotherAccount(t *testing.T) {
	network(t)
	asRoot(t)
	python := "/usr/bin/python3" // one that every account may run
	if _, err := os.Stat(python); err != nil {
		t.Skip("no python3 of the system's")
	}
	dir := fresh(t)
	// Caches that are warm: links to those of this machine.
	for name, to := range map[string]string{"GOCACHE": ".cache/go-build", "GOMODCACHE": ".cache/go/pkg/mod"} {
		from, to := run(t, "go", "env", name), filepath.Join(dir, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, "sh", "-c", `cp -a --link "$0" "$1" 2>/dev/null || { rm -rf "$1" && cp -a "$0" "$1"; }`, from, to)
	}
	if line, err := (machine{args: []string{"make", "setup", "SHARED=1", "PYTHON=" + python}}).make(t, dir); err != nil {
		t.Fatal(line, err)
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	home := folder(t)
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	if err := os.Chown(home, uid, gid); err != nil {
		t.Fatal(err)
	}
	cell := func(t *testing.T) string {
		t.Helper()
		program := filepath.Join(folder(t), "cell.py")
		put(t, program, `
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="autoencoders")
show = lambda message: print(message["content"].get("text", "") or message["content"].get("evalue", ""), end="")
client.execute_interactive("%%\nfmt.Println(20 + 3)", output_hook=show, timeout=300)
manager.shutdown_kernel()
`)
		command := exec.Command(filepath.Join(dir, ".venv/bin/python"), "-I", program)
		command.Dir = home
		command.Env = []string{"HOME=" + home, "PATH=/usr/bin:/bin", "JUPYTER_PATH=" + filepath.Join(dir, ".venv/share/jupyter")}
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		out, err := command.CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return string(out)
	}
	if out := cell(t); !strings.Contains(out, "23") {
		t.Errorf("a cell shows %q", out)
	}
	faults.Row(t, "set-up: another account runs the kernel, SHARED=1", "", "its cells run, with the caches in the checkout")
	for _, name := range []string{"go", "go-build"} { // as a root's home is, that others may not enter
		if err := os.Chmod(filepath.Join(dir, ".cache", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if out := cell(t); !strings.Contains(out, "23") {
		t.Errorf("where the caches are closed, a cell shows %q", out)
	}
	faults.Row(t, "set-up: another account runs the kernel, and the caches are closed to it", "", "its cells run, with caches of its own")
}
