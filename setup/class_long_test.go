//go:build system && long

package setup

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"autoencoders/internal/faults"
)

// shared is a checkout that root sets up for all accounts, with a Go cache that is warm.
func shared(t *testing.T, args ...string) (dir string) {
	t.Helper()
	network(t)
	asRoot(t)
	python := "/usr/bin/python3" // one that every account may run
	if _, err := os.Stat(python); err != nil {
		t.Skip("no python3 of the system's")
	}
	dir = fresh(t)
	// Caches that are warm: links to those of this machine.
	for name, to := range map[string]string{"GOCACHE": ".cache/go-build", "GOMODCACHE": ".cache/go/pkg/mod"} {
		from, to := run(t, "go", "env", name), filepath.Join(dir, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, "sh", "-c", `cp -a --link "$0" "$1" 2>/dev/null || { rm -rf "$1" && cp -a "$0" "$1"; }`, from, to)
	}
	if line, err := (machine{args: append([]string{"make", "SHARED=1", "PYTHON=" + python}, args...)}).make(t, dir); err != nil {
		t.Fatal(line, err)
	}
	return dir
}

// One set-up for a class: another account runs cells with the kernel that root has set up.
func TestKernelOfAnotherAccount(t *testing.T) {
	dir := shared(t, "setup")
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

// One server for a class, as classroom/hub/tljh.md has it but for its installer: a hub that runs as root starts the servers of two
// accounts, with the recipe's own file, on a checkout that they may only read. Both run lesson 1, each with copies in their home.
func TestHubOfOtherAccounts(t *testing.T) {
	dir := shared(t, "classroom", "HUB=1")
	run(t, "cp", "-a", "../notebooks", dir)
	homes, accounts := folder(t), []string{"lessonada", "lessongrace"}
	for _, account := range accounts {
		run(t, "useradd", "--create-home", "--base-dir", homes, account)
		t.Cleanup(func() { exec.Command("userdel", account).Run() })
	}
	class := exec.Command(filepath.Join(dir, ".venv-classroom/bin/python"), filepath.Join(dir, "classroom/load/load.py"))
	class.Env = append(os.Environ(), "ACCOUNTS="+strings.Join(accounts, " "), "PAUSE=0.5", "AUTOENCODERS_PRETRAINED=", "LESSON=1")
	out, err := class.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	for _, account := range accounts {
		trained := filepath.Join(homes, account, "autoencoders/work/checkpoints/linear")
		if owner := run(t, "stat", "-c", "%U", trained); owner != account {
			t.Errorf("%s is %s's", trained, owner)
		}
	}
	if changed := run(t, "find", dir, "-user", accounts[0], "-o", "-user", accounts[1]); changed != "" {
		t.Errorf("students have written into the checkout:\n%s", changed)
	}
	faults.Row(t, "a hub for the accounts of a class, on a checkout that they may only read", "", "their cells run, with copies and trained networks in their homes")
}
