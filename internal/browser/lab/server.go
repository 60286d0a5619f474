package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Options are what a test wants of its server beyond what `make lab` starts.
type Options struct {
	Args  []string      // further arguments of jupyter lab
	Env   []string      // further variables, as in os.Environ; a later one wins
	Limit time.Duration // after which the browser gives up; 0 is six minutes

	// Workspace, if set, is a file with the layout in which JupyterLab opens at /lab. Otherwise that is its launcher.
	Workspace string

	// Wrap, if set, is given the server's command before it starts, and may start it in another way.
	Wrap func(server *exec.Cmd)
}

// Server is a JupyterLab that [Open] started.
type Server struct {
	URL string
	PID int // of the process that was started; with [Options].Wrap it need not be the server's own

	mark string // a variable in the environment of all that it starts
	log  string // the file that its terminal is
	done chan struct{}
}

// mark is the name of the variable by which the processes of a server are found, also once it is gone.
const mark = "AUTOENCODERS_LAB"

// serial tells the servers of a process apart.
var serial atomic.Int64

// serve starts a JupyterLab with the set-up's own configuration and waits until it listens. The test's end ends it.
func serve(t testing.TB, jupyter string, o Options) *Server {
	t.Helper()
	// A file and no pipe: who reads from a pipe keeps it open, and with it what a test wants to see ended.
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s := &Server{
		mark: fmt.Sprintf("%s=%d-%d", mark, os.Getpid(), serial.Add(1)),
		log:  log.Name(),
		done: make(chan struct{}),
	}
	workspaces := t.TempDir()
	if o.Workspace != "" {
		layout, err := os.ReadFile(o.Workspace)
		if err == nil { // under JupyterLab's name for /lab
			err = os.WriteFile(filepath.Join(workspaces, "default-37a8.jupyterlab-workspace"), layout, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(root(t), "setup", "jupyter_server_config.py")
	server := exec.Command(jupyter, append([]string{"lab", "--config=" + config, "--no-browser", "--allow-root",
		"--port=0", "--IdentityProvider.token=" + Token,
		"--LabApp.expose_app_in_browser=True", "--LabApp.default_url=/lab",
		"--LabApp.workspaces_dir=" + workspaces, "--LabApp.user_settings_dir=" + t.TempDir()}, o.Args...)...)
	runtime := t.TempDir() // where the server says on which port it listens
	server.Env = append(append(os.Environ(), s.mark, "JUPYTER_RUNTIME_DIR="+runtime), o.Env...)
	server.Stdout, server.Stderr = log, log
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if o.Wrap != nil {
		o.Wrap(server)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	s.PID = server.Process.Pid
	go func() {
		_ = server.Wait()
		close(s.done)
	}()
	t.Cleanup(func() {
		s.stop(t)
		if t.Failed() {
			t.Logf("JupyterLab said:\n%s", tail(s.Log(), 20_000))
		}
	})
	for end := time.Now().Add(time.Minute); s.URL == ""; time.Sleep(100 * time.Millisecond) {
		if s.Ended(0) || time.Now().After(end) {
			t.Fatal("JupyterLab does not listen")
		}
		s.URL = address(runtime)
	}
	return s
}

// address returns the address that a server has written into its runtime folder, or "" before it has.
func address(runtime string) string {
	files, _ := filepath.Glob(filepath.Join(runtime, "jpserver-*.json"))
	if len(files) == 0 {
		return ""
	}
	var info struct{ Port int }
	if raw, err := os.ReadFile(files[0]); err != nil || json.Unmarshal(raw, &info) != nil { // half written
		return ""
	}
	return fmt.Sprintf("http://127.0.0.1:%d", info.Port)
}

// stop asks the server to leave, and then ends what is left of it: a test that failed must not cost the next one.
func (s *Server) stop(t testing.TB) {
	if !s.Ended(0) { // or its number may be another's
		_ = syscall.Kill(s.PID, syscall.SIGTERM)
		if !s.Ended(20 * time.Second) {
			t.Errorf("the server did not end within 20 s of SIGTERM")
		}
	}
	for _, p := range s.Processes() {
		_ = syscall.Kill(p.PID, syscall.SIGKILL)
	}
	s.Ended(5 * time.Second)
}

// Ended reports whether the process that was started has ended, or does so within the limit.
func (s *Server) Ended(limit time.Duration) bool {
	select {
	case <-s.done:
		return true
	default:
	}
	select {
	case <-s.done:
		return true
	case <-time.After(limit):
		return false
	}
}

// Log returns what the server has written to its terminal so far.
func (s *Server) Log() string {
	raw, _ := os.ReadFile(s.log)
	return string(raw)
}

// tail is the end of a long text.
func tail(text string, n int) string {
	if len(text) > n {
		return "…" + text[len(text)-n:]
	}
	return text
}

// Process is one that a server started, or that one of those started.
type Process struct {
	PID  int
	Name string // of its program, without the folder
	RSS  int64  // bytes of memory
}

// Processes returns what lives of the server: itself, its kernels, gopls and the cells' programs. They are
// found by their environment, so that one whose parent is gone is still counted.
func (s *Server) Processes() []Process {
	var found []Process
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range environments {
		raw, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(append([]byte{0}, raw...), []byte("\x00"+s.mark+"\x00")) {
			continue
		}
		folder := filepath.Dir(file)
		pid, _ := strconv.Atoi(filepath.Base(folder))
		status, err := os.ReadFile(filepath.Join(folder, "status"))
		if err != nil || field(status, "State") == "Z" {
			continue
		}
		program, err := os.Readlink(filepath.Join(folder, "exe"))
		if err != nil {
			continue
		}
		kilobytes, _ := strconv.ParseInt(field(status, "VmRSS"), 10, 64)
		found = append(found, Process{pid, strings.TrimSuffix(filepath.Base(program), " (deleted)"), kilobytes << 10})
	}
	return found
}

// Named returns those of the server's processes whose program has one of the names.
func (s *Server) Named(names ...string) (found []Process) {
	for _, p := range s.Processes() {
		for _, name := range names {
			if p.Name == name {
				found = append(found, p)
			}
		}
	}
	return found
}

// field is the first word of a line of /proc/PID/status.
func field(status []byte, name string) string {
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			if words := strings.Fields(value); len(words) > 0 {
				return words[0]
			}
		}
	}
	return ""
}

// root returns the checkout's folder.
func root(t testing.TB) string {
	t.Helper()
	folder, err := checkout()
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// checkout looks for the folder above the test that has the set-up. Modules inside the checkout have a go.mod each.
func checkout() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "setup", "setup.py")); err == nil {
			return folder, nil
		}
		up := filepath.Dir(folder)
		if up == folder {
			return "", errors.New("the test does not run inside the checkout")
		}
		folder = up
	}
}

// Main runs a package's tests, for its TestMain, with a folder of their own for notebooks: inside the checkout, where the
// kernel finds its modules, in artifacts/, which git ignores. The folder stays if a test fails.
func Main(m *testing.M, folder *string) {
	top, err := checkout()
	if err == nil {
		err = os.MkdirAll(filepath.Join(top, "artifacts"), 0o755)
	}
	if err == nil {
		*folder, err = os.MkdirTemp(filepath.Join(top, "artifacts"), "notebooks-")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if code == 0 {
		os.RemoveAll(*folder)
	}
	os.Exit(code)
}
