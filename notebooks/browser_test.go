package notebooks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// lab is a JupyterLab of the test's own, on a copy of a lesson, and a browser that looks at it.
// Screenshots stay in artifacts/.
type lab struct {
	t       *testing.T
	browser context.Context
	url     string
	dir     string
}

const labToken = "browser-test"

func openLab(t *testing.T, lesson string) *lab {
	t.Helper()
	jupyter, err := exec.LookPath("jupyter")
	if err != nil {
		t.Skip("skipped: no jupyter on the PATH; `make test` has it")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("skipped: no chromium on the PATH; apt-get install chromium")
	}
	dir := filepath.Join(folder, "browser")
	source, err := os.ReadFile(lesson)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, lesson), source, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, dir: dir}
	l.serve(jupyter)
	l.browse(chromium)
	return l
}

func (l *lab) serve(jupyter string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	config, err := filepath.Abs("../setup/jupyter_server_config.py")
	if err != nil {
		l.t.Fatal(err)
	}
	server := exec.Command(jupyter, "lab", "--config="+config, "--no-browser", "--allow-root", fmt.Sprint("--port=", port), "--ServerApp.port_retries=0",
		"--IdentityProvider.token="+labToken, "--LabApp.expose_app_in_browser=True",
		"--LabApp.default_url=/lab", "--LabApp.workspaces_dir="+l.t.TempDir(), "--LabApp.user_settings_dir="+l.t.TempDir())
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := server.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
		if l.t.Failed() {
			l.t.Logf("JupyterLab said:\n%s", log.String())
		}
	})
	l.url = fmt.Sprintf("http://127.0.0.1:%d", port)
}

func (l *lab) browse(chromium string) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox,
		chromedp.UserDataDir(l.t.TempDir()), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	l.t.Cleanup(stop)
	browser, leave := chromedp.NewContext(allocator)
	l.t.Cleanup(leave)
	browser, cancel := context.WithTimeout(browser, 6*time.Minute)
	l.t.Cleanup(cancel)
	l.browser = browser
	if err := chromedp.Do(browser, chromedp.EmulateViewport(1200, 1400)); err != nil {
		l.t.Fatal(err)
	}
	// The page must believe that it is looked at; without it JupyterLab has no current widget.
	if _, err := chromedp.Call(browser, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		l.t.Fatal(err)
	}
}

// open shows a notebook and waits for its kernel.
func (l *lab) open(name string) {
	l.t.Helper()
	address := l.url + "/lab/tree/" + strings.TrimPrefix(filepath.ToSlash(l.dir), "../") + "/" + name + "?reset&token=" + labToken
	deadline := time.Now().Add(time.Minute)
	for { // the server may still be starting
		err := chromedp.Do(l.browser, chromedp.Navigate(address))
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			l.t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
	}
	l.until("the notebook is open and its kernel idle", 60*time.Second, `(() => {
		const w = window.jupyterapp?.shell?.currentWidget;
		return w?.context?.path?.endsWith("`+name+`") && w.context.isReady && w.sessionContext?.session?.kernel?.status === "idle";
	})()`)
}

// eval runs a script in the page and returns its value; promises are awaited.
func eval[T any](l *lab, script string) T {
	l.t.Helper()
	value, err := chromedp.Run(l.browser, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		l.t.Fatalf("%v in %s", err, script)
	}
	return value
}

func (l *lab) until(what string, limit time.Duration, script string) {
	l.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		if eval[bool](l, "!!("+script+")") {
			return
		}
		if time.Now().After(end) {
			l.screenshot("failed")
			l.t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

func (l *lab) command(name string) {
	l.t.Helper()
	eval[bool](l, fmt.Sprintf(`(() => { window.jupyterapp.commands.execute(%q); return true; })()`, name))
}

// restart restarts the kernel as the menu does, its question answered.
func (l *lab) restart() {
	l.t.Helper()
	eval[bool](l, `window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => true)`)
	l.idle(30 * time.Second)
}

const noneWaits = `(() => {
	const w = window.jupyterapp.shell.currentWidget;
	const waiting = w.content.widgets.some(c => c.model.type === "code" && c.promptNode?.textContent?.includes("*"));
	return !waiting && w.sessionContext.session.kernel.status === "idle";
})()`

func (l *lab) idle(limit time.Duration) {
	l.t.Helper()
	time.Sleep(300 * time.Millisecond) // the first prompt needs a moment to show that it waits
	l.until("no cell waits and the kernel is idle", limit, noneWaits)
}

// run runs the one cell that has the given words, and does not wait.
func (l *lab) run(words string) {
	l.t.Helper()
	eval[bool](l, fmt.Sprintf(`(() => {
		const w = window.jupyterapp.shell.currentWidget;
		w.content.activeCellIndex = w.content.widgets.findIndex(c => c.model.type === "code" && c.model.sharedModel.getSource().includes(%q));
		w.content.deselectAll();
		window.jupyterapp.commands.execute("notebook:run-cell");
		return true;
	})()`, words))
}

// notebook is what the page holds now.
func (l *lab) notebook() *notebook {
	l.t.Helper()
	raw := eval[string](l, `JSON.stringify(window.jupyterapp.shell.currentWidget.content.model.toJSON())`)
	var n notebook
	if err := json.Unmarshal([]byte(raw), &n); err != nil {
		l.t.Fatal(err)
	}
	return &n
}

// look scrolls to the cell with the given words and keeps a screenshot.
func (l *lab) look(words, name string) {
	l.t.Helper()
	eval[bool](l, fmt.Sprintf(`(async () => {
		const n = window.jupyterapp.shell.currentWidget.content;
		const i = n.widgets.findIndex(c => c.model.type === "code" && c.model.sharedModel.getSource().includes(%q));
		n.activeCellIndex = i;
		await n.scrollToItem(i, "start");
		await new Promise(r => setTimeout(r, 800));
		n.widgets[i].node.scrollIntoView({block: "start"});
		await new Promise(r => setTimeout(r, 400));
		return true;
	})()`, words))
	l.screenshot(name)
}

func (l *lab) screenshot(name string) {
	l.t.Helper()
	picture, err := chromedp.Run(l.browser, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join("..", "artifacts", name+".png"), picture, 0o644)
	}
	if err != nil {
		l.t.Error(err)
	}
}

// output is all that a cell of the page says, as text.
func (l *lab) output(words string) string {
	l.t.Helper()
	c := l.notebook().having(l.t, words)
	var said []string
	for _, o := range c.Outputs {
		said = append(said, string(o.Text))
	}
	return strings.Join(said, "\n") + c.data("text/plain")
}

func TestLessonInTheBrowser(t *testing.T) {
	const training = "linear.Train("
	l := openLab(t, linear)
	l.open(linear)
	if dialogs := eval[int](l, `document.querySelectorAll(".jp-Dialog").length`); dialogs != 0 {
		t.Errorf("JupyterLab asks something: %s", eval[string](l, `document.querySelector(".jp-Dialog").textContent`))
	}

	// Run All, from nothing.
	eval[bool](l, `window.jupyterapp.commands.execute("notebook:clear-all-cell-outputs").then(() => true)`)
	l.command("notebook:run-all-cells")
	l.idle(4 * time.Minute)
	n := l.notebook()
	checkOutputs(t, linear, n)
	if rows := n.having(t, training).rows(3); len(rows) != 10 {
		t.Errorf("the training table has %d rows", len(rows))
	}
	l.look(training, "training")
	l.look("plots.Explorer(", "explorer")
	if drawn := eval[int](l, `document.querySelectorAll(".vega-embed canvas, .vega-embed svg").length`); drawn == 0 {
		t.Error("the explorer is not drawn by Vega-Lite")
	}

	// Stop the training in the middle, and go on.
	l.run(training)
	l.until("two epochs are in the table", time.Minute, rowsAtLeast(training, 2))
	pressed := time.Now()
	l.command("kernelmenu:interrupt")
	l.idle(10 * time.Second)
	t.Logf("the stop button took %v", time.Since(pressed).Round(time.Millisecond))
	said := l.output(training)
	if !strings.Contains(said, "kept in checkpoints/linear, run the cell again to go on from there") {
		t.Errorf("after the stop button the cell says:\n%s", said)
	}
	kept := len(l.notebook().having(t, training).rows(3))
	if kept < 2 || strings.Contains(said, "goroutine ") {
		t.Errorf("after the stop button the table has %d rows:\n%s", kept, said)
	}
	l.look(training, "interrupted")
	l.run(training)
	l.idle(2 * time.Minute)
	said = l.output(training)
	if rows := l.notebook().having(t, training).rows(3); len(rows) != 10-kept || !strings.Contains(said, "resumed: ") {
		t.Errorf("%d epochs were kept; run again the cell shows\n%s", kept, said)
	}

	// After a restart a cell in the middle finds the model on disk, once what it names is declared.
	l.restart()
	for _, words := range []string{"import (", "var mnist", "var linear", "All 10,000 test images"} {
		l.run(words)
		l.idle(time.Minute)
	}
	if sizes := l.notebook().having(t, "All 10,000 test images").pngs(t); len(sizes) != 1 {
		t.Error("a cell in the middle shows no picture after a restart")
	}

	// Save, and open what was saved as a stranger's: its signature no longer holds.
	eval[bool](l, `window.jupyterapp.commands.execute("docmanager:save").then(() => true)`)
	raw, err := os.ReadFile(filepath.Join(l.dir, linear))
	if err != nil {
		t.Fatal(err)
	}
	strange := bytes.Replace(raw, []byte("# 1 · A linear"), []byte("# From a stranger · A linear"), 1)
	if err := os.WriteFile(filepath.Join(l.dir, "stranger.ipynb"), strange, 0o644); err != nil {
		t.Fatal(err)
	}
	l.open("stranger.ipynb")
	if eval[bool](l, `window.jupyterapp.shell.currentWidget.content.widgets.some(c => c.model.type === "code" && c.model.trusted && c.model.outputs.length > 0)`) {
		t.Error("the stranger's notebook is trusted: this tests nothing")
	}
	l.look("All 10,000 test images", "untrusted")
	if shown := eval[int](l, `[...document.querySelectorAll(".jp-OutputArea img")].filter(i => i.naturalWidth > 0).length`); shown == 0 {
		t.Error("an untrusted notebook shows no pictures")
	}
	l.look("plots.Explorer(", "untrusted-explorer")
	if drawn := eval[int](l, `document.querySelectorAll(".vega-embed canvas, .vega-embed svg").length`); drawn == 0 {
		t.Error("an untrusted notebook does not draw the explorer")
	}
}

// rowsAtLeast is a script: the cell's table has n rows of an epoch.
func rowsAtLeast(words string, n int) string {
	return fmt.Sprintf(`(() => {
		const c = window.jupyterapp.shell.currentWidget.content.widgets.find(c => c.model.type === "code" && c.model.sharedModel.getSource().includes(%q));
		const text = JSON.stringify(c.model.outputs.toJSON().map(o => o.data?.["text/plain"] ?? ""));
		return (text.match(/\d+\.\d{4} +\d+\.\d{4} +\d+\.\d{4}/g) ?? []).length >= %d;
	})()`, words, n)
}
