package kernel

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"autoencoders/internal/browser/lab"
	"autoencoders/internal/faults"

	"golang.org/x/sys/unix"
)

// However a server ends, its kernels, gopls and the cells' programs end as well, and their folders go.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP) // else, under nohup, the servers would inherit that it is ignored, and keep it so
	t.Cleanup(func() { signal.Stop(hangUp) })
	l, _ := open(t, lab.Options{Limit: 15 * time.Minute})
	kill := func(signals ...syscall.Signal) func(*testing.T, *lab.Lab) {
		return func(t *testing.T, l *lab.Lab) {
			for _, s := range signals { // a spawner of JupyterHub asks, insists, and ends it
				if l.Ended(0) {
					return
				}
				if err := syscall.Kill(l.PID, s); err != nil {
					t.Fatal(err)
				}
				l.Ended(3 * time.Second)
			}
		}
	}
	var terminal *os.File
	ways := []struct {
		name string
		wrap func(*exec.Cmd)
		end  func(*testing.T, *lab.Lab)
	}{
		{"the server is killed by TERM", nil, kill(syscall.SIGTERM)},
		{"the server is killed by HUP", nil, kill(syscall.SIGHUP)},
		{"the server is killed by KILL", nil, kill(syscall.SIGKILL)},
		{"a hub stops the server", nil, kill(syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL)},
		{"the server's terminal is closed", func(server *exec.Cmd) {
			var slave *os.File
			terminal, slave = openTerminal(t)
			server.Stdin = slave
			server.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
		}, func(*testing.T, *lab.Lab) { terminal.Close() }},
		{"the kernel is killed", nil, func(t *testing.T, l *lab.Lab) {
			for _, p := range l.Named("gonb") {
				if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
					t.Error(err)
				}
			}
			kill(syscall.SIGTERM)(t, l)
		}},
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			temporary := t.TempDir()
			l := l.Another(t, lab.Options{Env: []string{"TMPDIR=" + temporary}, Wrap: way.wrap})
			const busy = "%%\nfor {\n\ttime.Sleep(time.Second)\n}"
			notebook(l, "busy.ipynb", busy)
			l.Run(busy)
			program := func() string {
				folders, _ := filepath.Glob(filepath.Join(temporary, "gonb_*"))
				if len(folders) != 1 {
					return "no folder"
				}
				return filepath.Base(folders[0])
			}
			for end := time.Now().Add(patience); len(l.Named("gonb")) != 1 || len(l.Named("gopls")) != 1 || len(l.Named(program())) != 1; {
				if time.Now().After(end) {
					t.Fatalf("a kernel, gopls and a program are to run, there are %v", l.Processes())
				}
				time.Sleep(100 * time.Millisecond)
			}
			start := time.Now()
			way.end(t, l)
			var left []lab.Process
			for end := time.Now().Add(100 * time.Second); ; time.Sleep(100 * time.Millisecond) {
				folders, _ := filepath.Glob(filepath.Join(temporary, "*gonb*"))
				if left = l.Processes(); len(left) == 0 && len(folders) == 0 {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("left are %v and %q", left, folders)
				}
			}
			t.Logf("all is gone after %.1f s", time.Since(start).Seconds())
			faults.Row(t, way.name+" while a cell runs", "", "nothing of it stays; models keep their finished epochs")
		})
	}
}

// openTerminal is a terminal: what closes the first end hangs up the second.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

// The connection to an idle notebook is never cut, nor that to a busy one, and the memory of a busy one stays as it is:
// for two minutes here, for WATCH where that is set (make watch-kernel).
func TestWatchedNotebooks(t *testing.T) {
	t.Parallel()
	watch := 2*time.Minute + 5*time.Second
	if set := os.Getenv("WATCH"); set != "" {
		var err error
		if watch, err = time.ParseDuration(set); err != nil {
			t.Fatal(err)
		}
	}
	idle, _ := open(t, lab.Options{Limit: watch + 5*time.Minute})
	const (
		one  = "%%\nfmt.Println(\"one\")"
		busy = "%%\nfor i := 0; ; i++ {\n\tgonbui.UpdateHTML(\"bar\", fmt.Sprint(i, strings.Repeat(\" row\", 500)))\n\tif i%100 == 0 {\n\t\tfmt.Println(\"line\", i)\n\t}\n\ttime.Sleep(10 * time.Millisecond)\n}"
	)
	notebook(idle, "idle.ipynb", one)
	cell(t, idle, one)
	lab.Eval[bool](idle, lab.Script("watch", "idle.ipynb"))
	other := idle.Tab(t)
	notebook(other, "busy.ipynb", busy)
	lab.Eval[bool](other, lab.Script("watch", "busy.ipynb"))
	other.Run(busy)
	time.Sleep(20 * time.Second)
	sizes := func() (kernel, server, page int64) {
		for _, p := range idle.Processes() {
			if strings.HasPrefix(p.Name, "python") {
				server = max(server, p.RSS)
			}
		}
		return memory(idle), server, other.Memory()
	}
	kernel, server, page := sizes()
	time.Sleep(watch - 20*time.Second)
	kernelThen, serverThen, pageThen := sizes()
	t.Logf("after 20 s and after %v: kernel %d and %d MB, server %d and %d MB, page %d and %d MB",
		watch, kernel>>20, kernelThen>>20, server>>20, serverThen>>20, page>>20, pageThen>>20)
	if kernelThen > kernel+50<<20 || serverThen > server+100<<20 || pageThen > page+150<<20 {
		t.Error("the memory of a busy notebook grows")
	}
	for name, l := range map[string]*lab.Lab{"idle": idle, "busy": other} {
		if got := lab.Eval[string](l, `JSON.stringify(lab.changes)`); got != "[]" {
			t.Errorf("the connection to the %s notebook became %s", name, got)
		}
	}
	for _, words := range []string{"ping timeout", "Starting buffering", "Restoring connection", "websocket_ping_timeout", "WebSocketClosedError"} {
		if line := lab.LineWith(idle.Log(), words); line != "" {
			t.Errorf("the server says: %s", line)
		}
	}
	other.Begin("kernelmenu:interrupt")
	other.Idle(promptness)
}
