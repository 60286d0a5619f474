//go:build system

package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"autoencoders/internal/faults"
)

// network skips a test that needs the package indexes.
func network(t *testing.T) {
	t.Helper()
	if os.Getenv("TEST_NETWORK") == "" {
		t.Skip("asks the package indexes: set TEST_NETWORK=1")
	}
}

// asRoot skips a test that mounts, or works as another account.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, for mounts and accounts")
	}
}

// place is where every checkout of these tests lies, one after the other: Go's cache goes by the folder, and what one has built
// the next one need not build.
var place = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "machine-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	return dir, err
})

// ready is a checkout whose set-up is done, made once and moved away from its place.
var ready = sync.OnceValues(func() (string, error) {
	dir, err := place()
	if err != nil {
		return "", err
	}
	here := filepath.Join(dir, "checkout")
	if err := unpack(here); err != nil {
		return "", err
	}
	command := exec.Command("make", "setup")
	command.Dir = here
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return filepath.Join(dir, "ready"), os.Rename(here, filepath.Join(dir, "ready"))
})

// unpack makes a checkout of what git has of this one, without what a set-up makes and without the lessons.
func unpack(dir string) error {
	const pack = `cd .. && mkdir -p "$0" && git ls-files -z -co --exclude-standard -- . ':!*.ipynb' | tar --null -T - -cf - --ignore-failed-read | tar -xf - -C "$0"`
	out, err := exec.Command("sh", "-c", pack, dir).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return err
}

func TestMain(m *testing.M) {
	status := m.Run()
	if dir, err := place(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(status)
}

// fresh is a checkout where nothing is set up, for the time of the test.
func fresh(t *testing.T) string {
	t.Helper()
	dir := emptied(t)
	if err := unpack(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// prepared is a checkout that is set up but for Go's part, for the time of the test.
func prepared(t *testing.T) string {
	t.Helper()
	base, err := ready()
	if err != nil {
		t.Fatal(err)
	}
	dir := emptied(t)
	run(t, "cp", "-a", "--link", base, dir)
	if err := os.Remove(filepath.Join(dir, ".cache/go.done")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// emptied is the checkouts' place, without one.
func emptied(t *testing.T) string {
	t.Helper()
	dir, err := place()
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "checkout")
	clear := func() {
		exec.Command("chmod", "-R", "u+w", dir).Run()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	}
	clear()
	t.Cleanup(clear)
	return dir
}

// folder is an empty one that other accounts may enter.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "machine-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		exec.Command("chmod", "-R", "u+w", dir).Run()
		os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// kernelOf is what a set-up wrote for the kernel, with the checkouts' place as @.
func kernelOf(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, ".venv/share/jupyter/kernels/autoencoders/kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), filepath.Join(filepath.Dir(dir), "checkout"), "@")
}

var addresses = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// make runs make in a checkout and returns the last line that the set-up said, and how it ended.
func (c machine) make(t *testing.T, dir string, env ...string) (line string, err error) {
	t.Helper()
	program, args := "make", []string{"setup"}
	if len(c.args) > 0 {
		program, args = c.args[0], c.args[1:]
	}
	command := exec.CommandContext(t.Context(), program, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOPROXY="+os.Getenv("TEST_GOPROXY")) // make test has it off
	command.Env = append(command.Env, env...)
	out, err := command.CombinedOutput()
	for l := range strings.Lines(string(out)) {
		if strings.HasPrefix(l, "setup: ") {
			line = strings.TrimSpace(l)
		}
	}
	if bytes.Contains(out, []byte("Traceback")) {
		t.Errorf("a traceback of Python's:\n%s", out)
	}
	if err != nil && line == "" {
		t.Errorf("%v, and not a word of why:\n%s", err, out)
	}
	if testing.Verbose() {
		t.Logf("%s", out)
	}
	return strings.ReplaceAll(line, dir, "the checkout"), err
}

// machine is one that differs from a clean one.
type machine struct {
	name   string
	env    []string                                      // with @ for the checkout, and ~ for an empty folder
	change func(t *testing.T, dir string) (env []string) // what is done to the checkout before
	args   []string                                      // instead of make setup
	empty  bool                                          // nothing is set up yet
	says   string                                        // the end: "" if the set-up does its work all the same
	kept   string
	root   bool
}

// refused is an address where nothing listens.
const refused = "http://127.0.0.1:9"

var fails = "what was there; run again with the cause gone, it completes"

var machines = []machine{
	// Go's variables, and its file of them.
	{name: "GO111MODULE=off", env: []string{"GO111MODULE=off"}},
	{name: "GOROOT is an empty folder", env: []string{"GOROOT=~"}},
	{name: "GOROOT is that of Go 1.25", change: goRoot},
	{name: "GOOS=windows GOARCH=arm64 GOAMD64=v4", env: []string{"GOOS=windows", "GOARCH=arm64", "GOAMD64=v4"}},
	{name: "GOFLAGS=-mod=vendor, GOWORK and GOEXPERIMENT of somebody's", env: []string{"GOFLAGS=-mod=vendor", "GOWORK=/nowhere/go.work", "GOEXPERIMENT=nosuch"}},
	{name: "go env -w of GOFLAGS, GO111MODULE, GOOS", change: func(t *testing.T, dir string) []string {
		file := filepath.Join(folder(t), "env")
		put(t, file, "GOFLAGS=-mod=vendor\nGO111MODULE=off\nGOOS=plan9\n")
		return []string{"GOENV=" + file}
	}},
	{name: "CGO_CFLAGS and CGO_LDFLAGS of another library", env: []string{"CGO_CFLAGS=-I/nowhere -nosuchflag", "CGO_LDFLAGS=-lnosuch"}},
	{name: "CC is no compiler", env: []string{"CC=/bin/false"}},
	{name: "GOPROXY=off before the modules are here", env: []string{"GOPROXY=off", "GOMODCACHE=~"}, says: "setup: Go modules failed: GOPROXY=off forbids Go's downloads: name a proxy in GOPROXY for the first set-up"},
	{name: "the proxy of Go's modules is away", env: []string{"GOPROXY=" + refused, "GOMODCACHE=~"}, says: "setup: Go modules failed: 127.0.0.1:9 cannot be reached: check the network, and the index or proxy that is set; then run it again, it continues"},
	// Python's, pip's and uv's.
	{name: "PYTHONHOME, PYTHONPATH and PYTHONWARNINGS of another Python", env: []string{"PYTHONHOME=/nowhere", "PYTHONPATH=/nowhere", "PYTHONWARNINGS=error"}, empty: true},
	{name: "PIP_USER, PIP_TARGET, PIP_REQUIRE_VIRTUALENV, PIP_NO_BINARY", env: []string{"PIP_USER=1", "PIP_TARGET=/nowhere", "PIP_REQUIRE_VIRTUALENV=1", "PIP_NO_BINARY=:all:"}, empty: true},
	{name: "UV_OFFLINE, UV_PYTHON, UV_SYSTEM_PYTHON", env: []string{"UV_OFFLINE=1", "UV_PYTHON=3.9", "UV_SYSTEM_PYTHON=1"}, empty: true},
	{name: "pip.conf names a mirror that is away", change: func(t *testing.T, dir string) []string {
		home := folder(t)
		put(t, filepath.Join(home, ".config/pip/pip.conf"), "[global]\nindex-url = "+refused+"/simple\nretries = 0\n")
		return []string{"HOME=" + home, "XDG_CONFIG_HOME="}
	}, empty: true, says: "setup: uv failed: 127.0.0.1:9 cannot be reached: check the network, and the index or proxy that is set; then run it again, it continues"},
	{name: "a mirror that has uv, but not the packages", change: halfMirror, empty: true, says: "cannot be reached: check the network"},
	{name: "a mirror that has changed a package", change: forgedMirror, empty: true, says: "setup: uv failed: what came is not what is pinned: a mirror or a proxy changed it, or cut it off; run it again, or use another index"},
	{name: "a certificate that is not trusted", change: selfSigned, empty: true, says: "is not trusted here: install ca-certificates, or let SSL_CERT_FILE name that of your proxy"},
	{name: "no network", args: []string{"unshare", "--net", "make", "setup"}, empty: true, root: true, says: "cannot be reached: check the network, and the index or proxy that is set; then run it again, it continues"},
	{name: "the rustc of rustup on the PATH", change: func(t *testing.T, dir string) []string {
		bin := folder(t)
		put(t, filepath.Join(bin, "rustc"), "#!/bin/sh\nmkdir -p \"${RUSTUP_HOME:-$HOME/.rustup}\"\necho rustc 1.90.0\n")
		return []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=~"}
	}, empty: true, kept: "an empty home"},
	// XLA's and the loader's.
	{name: "XLA_FLAGS with a flag that XLA does not know", env: []string{"XLA_FLAGS=--no_such_flag", "NVIDIA_TF32_OVERRIDE=1"}},
	{name: "LD_LIBRARY_PATH with a C++ library that does not load", change: func(t *testing.T, dir string) []string {
		lib := folder(t)
		put(t, filepath.Join(lib, "libstdc++.so.6"), "no library")
		return []string{"LD_LIBRARY_PATH=" + lib}
	}},
	// Folders and disks.
	{name: "TMPDIR is not there", env: []string{"TMPDIR=/nowhere"}},
	{name: "TMPDIR is a disk whose programs may not run", change: func(t *testing.T, dir string) []string {
		return []string{"TMPDIR=" + mount(t, "size=64m,noexec,mode=1777")}
	}, root: true},
	{name: "HOME is not there", env: []string{"HOME=/nowhere"}},
	{name: "the disk is full", change: func(t *testing.T, dir string) []string { return []string{"GOMODCACHE=" + mount(t, "size=8m")} }, root: true,
		says: "setup: Go modules failed: no room left (the disk is full, or a quota is): the lessons take 3 GB, in this folder and in Go's caches; make room, then run it again"},
	{name: "the checkout is read-only", change: func(t *testing.T, dir string) []string { bind(t, dir, "ro"); return nil }, root: true,
		says: "setup: the checkout is read-only: move the checkout to a disk that can be written to"},
	{name: "the checkout is on a disk whose programs may not run", change: func(t *testing.T, dir string) []string { bind(t, dir, "noexec"); return nil }, root: true,
		says: "setup: the checkout is on a disk whose programs may not run (noexec): move the checkout to another"},
	{name: "the checkout belongs to another account, and git mistrusts it", change: func(t *testing.T, dir string) []string {
		run(t, "git", "-C", dir, "init", "-q")
		run(t, "chown", "-R", "nobody", dir)
		t.Cleanup(func() { run(t, "chown", "-R", "root", dir) }) // its files are links to those of the next one
		return []string{"GIT_CONFIG_GLOBAL=/dev/null"}
	}, root: true},
	{name: "the set-up belongs to another account", change: func(t *testing.T, dir string) []string { return []string{"HOME=~"} },
		args: []string{"setpriv", "--reuid=nobody", "--clear-groups", "make", "setup"}, root: true,
		says: "setup: the checkout is root's, and you may not write there: use that account, or git clone the checkout into a folder of your own"},
	{name: "the folder is renamed, without network", change: func(t *testing.T, dir string) []string { return nil },
		args: []string{"unshare", "--net", "sh", "-c", `cd .. && mv checkout renamed && cd renamed && make setup && cd .. && mv renamed checkout && cd checkout && exec make setup`}, root: true},
	{name: "umask 077, then 002", args: []string{"sh", "-c", "umask 077; make setup && umask 002 && exec make setup"}},
}

func TestSetUpOnRealMachines(t *testing.T) {
	network(t)
	base, err := ready()
	if err != nil {
		t.Fatal(err)
	}
	want := kernelOf(t, base)
	// Go's caches stay where they are, also in another home: all would be built anew, and modules fetched.
	var caches []string
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		caches = append(caches, name+"="+run(t, "go", "env", name))
	}
	for _, c := range machines {
		t.Run(c.name, func(t *testing.T) {
			if c.root {
				asRoot(t)
			}
			var dir string
			if c.empty {
				dir = fresh(t)
			} else {
				dir = prepared(t)
			}
			env := slices.Clone(c.env)
			if c.change != nil {
				env = append(env, c.change(t, dir)...)
			}
			env = append(slices.Clip(caches), env...)
			home := ""
			for i := range env {
				if strings.HasSuffix(env[i], "=~") {
					home = folder(t)
					env[i] = strings.TrimSuffix(env[i], "~") + home
				}
			}
			line, err := c.make(t, dir, env...)
			if c.says != "" {
				if err == nil || !strings.HasSuffix(line, c.says) && !strings.Contains(line, c.says) {
					t.Fatalf("it ends with %v and says\n%s\nwant\n%s", err, line, c.says)
				}
				faults.Row(t, "set-up: "+c.name, addresses.ReplaceAllString(line, "mirror"), fails)
				return
			}
			if err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if got := kernelOf(t, dir); plain(got) != plain(want) {
				t.Errorf("it comes to another kernel than a clean machine:\n%s\nnot\n%s", got, want)
			}
			if strings.HasPrefix(c.kept, "an empty home") {
				if left, _ := os.ReadDir(home); len(left) > 0 {
					for _, f := range left {
						if f.Name() != "go" && f.Name() != ".cache" { // Go's own caches
							t.Errorf("%s is in the home", f.Name())
						}
					}
				}
			}
			faults.Row(t, "set-up: "+c.name, "", "it comes to the kernel of a clean machine")
		})
	}
}

// places are what a kernel may take over from its machine: Go's folders, and where it keeps what is temporary.
var places = regexp.MustCompile(`(?m)^  "(GOCACHE|GOMODCACHE|GOPATH|TMPDIR|PATH|GOTOOLCHAIN|CC)": .*\n`)

func plain(kernel string) string { return places.ReplaceAllString(kernel, "") }

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// mount is a small disk of its own.
func mount(t *testing.T, options string) string {
	t.Helper()
	dir := folder(t)
	run(t, "mount", "-t", "tmpfs", "-o", options, "none", dir)
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// bind mounts a folder over itself, with an option.
func bind(t *testing.T, dir, option string) {
	t.Helper()
	run(t, "mount", "--bind", dir, dir)
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	run(t, "mount", "-o", "remount,bind,"+option, dir)
}

// goRoot brings the root of an older Go.
func goRoot(t *testing.T, _ string) []string {
	t.Helper()
	var module struct{ Dir string }
	command := exec.Command("go", "mod", "download", "-json", "golang.org/toolchain@v0.0.1-go1.25.5."+runtime.GOOS+"-"+runtime.GOARCH)
	command.Dir, command.Env = t.TempDir(), append(os.Environ(), "GOPROXY=", "GOFLAGS=-mod=mod")
	out, err := command.Output()
	if err == nil {
		err = json.Unmarshal(out, &module)
	}
	if err != nil {
		t.Fatal(err)
	}
	return []string{"GOROOT=" + module.Dir}
}

// serve answers on a port of its own.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return "http://" + listener.Addr().String()
}

// uvWheel is the wheel that the lock names, as the real index gives it.
func uvWheel(t *testing.T) (name string, wheel []byte) {
	t.Helper()
	dir := t.TempDir()
	run(t, "sh", "-c", `for p in ../.cache/pip/bin/python $(which -a python3); do "$p" -m pip --version >/dev/null 2>&1 && exec "$p" -m pip "$@"; done; exit 1`, "sh", "download", "-q", "--no-deps", "--only-binary=:all:", "--require-hashes", "-r", "uv-itself.lock", "-d", dir)
	found, _ := filepath.Glob(filepath.Join(dir, "*.whl"))
	if len(found) != 1 {
		t.Fatal(found)
	}
	wheel, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Base(found[0]), wheel
}

func index(name string, wheel []byte) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/simple/uv/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!DOCTYPE html><a href="/%s">%s</a>`, name, name)
	})
	mux.HandleFunc("/"+name, func(w http.ResponseWriter, r *http.Request) { w.Write(wheel) })
	return mux
}

// halfMirror is a mirror that goes away once uv is brought.
func halfMirror(t *testing.T, _ string) []string {
	name, wheel := uvWheel(t)
	return []string{"PIP_INDEX_URL=" + serve(t, index(name, wheel)) + "/simple", "PIP_PROXY=", "PIP_EXTRA_INDEX_URL=" + refused + "/simple", "PIP_RETRIES=0"}
}

// forgedMirror is one whose wheel differs by a byte.
func forgedMirror(t *testing.T, _ string) []string {
	name, wheel := uvWheel(t)
	wheel[len(wheel)/2] ^= 1
	return []string{"PIP_INDEX_URL=" + serve(t, index(name, wheel)) + "/simple", "PIP_FIND_LINKS="}
}

// selfSigned lets no certificate be trusted but one that signs nothing.
func selfSigned(t *testing.T, _ string) []string {
	file := filepath.Join(folder(t), "ca.pem")
	key := filepath.Join(filepath.Dir(file), "key.pem")
	run(t, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=nobody", "-keyout", key, "-out", file)
	return []string{"PIP_CERT=" + file, "SSL_CERT_FILE=" + file, "SSL_CERT_DIR=", "REQUESTS_CA_BUNDLE=" + file, "CURL_CA_BUNDLE=" + file, "PIP_RETRIES=0"}
}

// A file system that keeps no modes: the server's file with the token goes where it can be kept, and JupyterLab starts.
func TestLabWhereModesAreNotKept(t *testing.T) {
	network(t)
	asRoot(t)
	if _, err := exec.LookPath("bindfs"); err != nil {
		t.Skip("no bindfs: apt-get install bindfs")
	}
	dir := prepared(t)
	run(t, "bindfs", "-o", "nonempty,chmod-ignore,perms=0777", dir, dir)
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	runtimes := folder(t)
	if err := os.Chmod(runtimes, 0o700); err != nil {
		t.Fatal(err)
	}
	opened := opens(t, dir, "XDG_RUNTIME_DIR="+runtimes)
	if !strings.HasPrefix(opened, "http://localhost:") {
		t.Errorf("the browser is given %q", opened)
	}
	faults.Row(t, "set-up: a disk that keeps no modes", "", "JupyterLab starts; its token lies where only its user can read it")
}

// The browser gets an address that every browser can open, also one of another system.
func TestBrowserGetsAnAddress(t *testing.T) {
	network(t)
	opened := opens(t, prepared(t))
	if !strings.HasPrefix(opened, "http://localhost:") || !strings.Contains(opened, "token=") {
		t.Errorf("the browser is given %q", opened)
	}
	faults.Row(t, "set-up: a browser that cannot read our files", "", "it is given http://localhost")
}

// opens is what make lab gives the browser.
func opens(t *testing.T, dir string, env ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	command := exec.CommandContext(ctx, "make", "lab", fmt.Sprintf("LAB_ARGS=--port=%d", port))
	command.Dir = dir
	command.Env = append(os.Environ(), append(env, "BROWSER=echo OPENED %s")...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Not SIGTERM: Jupyter loses one that comes as it opens the browser, before its loop has begun.
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stdout, command.Stderr = writer, writer
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	var all bytes.Buffer
	defer func() {
		cancel()
		command.Wait()
		reader.Close()
	}()
	buffer := make([]byte, 4096)
	for {
		n, err := reader.Read(buffer)
		all.Write(buffer[:n])
		if _, rest, ok := strings.Cut(all.String(), "OPENED "); ok {
			if line, _, ok := strings.Cut(rest, "\n"); ok {
				return line
			}
		}
		if err != nil {
			t.Fatalf("JupyterLab opens no browser:\n%s", all.String())
		}
	}
}

// Each lock has wheels for every Python and machine that the README names.
func TestLocksResolve(t *testing.T) {
	network(t)
	var all sync.WaitGroup
	limit := make(chan bool, 8)
	for lock, newest := range map[string]int{"uv-itself": 15, "requirements": 15, "go": 15, "cc": 15, "cuda": 15, "hub": 15, "peers": 14, "classroom": 14} {
		for minor := 10; minor <= newest; minor++ {
			if (lock == "peers" || lock == "classroom") && minor == 10 {
				continue // JAX and nbgrader begin with 3.11
			}
			for _, arch := range []string{"x86_64", "aarch64"} {
				all.Go(func() {
					limit <- true
					defer func() { <-limit }()
					resolves(t, lock, fmt.Sprintf("3.%d", minor), arch+"-manylinux_2_28")
				})
			}
		}
	}
	all.Wait()
	faults.Row(t, "set-up: Python 3.10 to 3.15, x86_64 and aarch64", "", "every lock has its wheels")
	resolves(t, "requirements", "3.12", "aarch64-apple-darwin")
	faults.Row(t, "set-up: macOS, where there is no XLA plugin", "", "the packages come without it, and the pure Go backend is used")
}

// resolves checks that a lock has its wheels for a Python on a platform, without bringing them.
func resolves(t *testing.T, lock, python, platform string) {
	command := exec.Command("../.cache/uv/bin/uv", "pip", "install", "-q", "--dry-run", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-config",
		"--python-version", python, "--python-platform", platform, "--target", t.TempDir(), "-r", lock+".lock")
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%s.lock, Python %s, %s: %v\n%s", lock, python, platform, err, out)
	}
}

// Another account starts the kernel that root has set up, and may not enter root's caches: its own take their place.
func TestKernelScriptFallsBack(t *testing.T) {
	asRoot(t)
	closed, home := folder(t), folder(t)
	for _, name := range []string{"build", "mod"} {
		if err := os.Mkdir(filepath.Join(closed, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	script := filepath.Join(home, "kernel.sh")
	put(t, script, source(t, "kernel.sh"))
	run(t, "chown", "-R", "nobody", home)
	shown := func(build, mod string) string {
		return run(t, "setpriv", "--reuid=nobody", "--clear-groups", "env", "-i", "PATH="+os.Getenv("PATH"), "HOME="+home, "GOPROXY=off", "GOCACHE="+build, "GOMODCACHE="+mod,
			"XDG_CACHE_HOME="+closed, "sh", script, "sh", "-c", `echo "$GOCACHE $GOMODCACHE ${GOPROXY-unset} $XDG_CACHE_HOME"`)
	}
	own := home + "/.cache/autoencoders"
	if got, want := shown(closed+"/build", closed+"/mod"), own+"/go-build "+own+"/go-mod unset "+own+"/XDG_CACHE_HOME"; got != want {
		t.Errorf("a cell sees %s, want %s", got, want)
	}
	if got, want := shown(home, home), home+" "+home+" off "+own+"/XDG_CACHE_HOME"; got != want {
		t.Errorf("where the caches can be read, a cell sees %s, want %s", got, want)
	}
	faults.Row(t, "set-up: another account runs the kernel, and the caches are closed to it", "", "cells run, with caches of that account's own")
}
