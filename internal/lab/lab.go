// Package lab opens JupyterLab in a browser for tests: a server of the test's own, with the configuration
// that `make lab` uses, and a headless Chromium that looks at it and has no network but that server.
//
// A cell is found by words of its source. Screenshots stay in artifacts/.
package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// Token is the one that the tests' servers ask for.
const Token = "browser-test"

// Lab is a JupyterLab of the test's own, and a page of a browser that looks at it.
type Lab struct {
	*Server
	Dir     string          // the folder of the notebooks, inside the checkout
	Browser context.Context // chromedp's, of the page

	t testing.TB
}

// Open starts a server and a browser; dir is made, and is where the test keeps its notebooks. It skips the
// test where jupyter or chromium is missing.
func Open(t testing.TB, dir string, o Options) *Lab {
	t.Helper()
	jupyter, err := exec.LookPath("jupyter")
	if err != nil {
		t.Skip("skipped: no jupyter on the PATH; `make test` has it")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("skipped: no chromium on the PATH; apt-get install chromium")
	}
	dir, err = filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	l := &Lab{Server: serve(t, jupyter, o), Dir: dir, t: t}
	limit := o.Limit
	if limit == 0 {
		limit = 6 * time.Minute
	}
	l.browse(chromium, limit)
	return l
}

// browse starts the browser.
func (l *Lab) browse(chromium string, limit time.Duration) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox,
		chromedp.Flag("no-proxy-server", true), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), // no network but the server
		chromedp.UserDataDir(l.t.TempDir()), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	background, cancel := context.WithTimeout(context.Background(), limit)
	l.t.Cleanup(cancel)
	allocator, stop := chromedp.NewExecAllocator(background, options...)
	l.t.Cleanup(stop)
	l.page(allocator)
}

// page opens a page, in a new browser if parent has none.
func (l *Lab) page(parent context.Context) {
	page, leave := chromedp.NewContext(parent)
	l.t.Cleanup(leave)
	l.Browser = page
	l.Window(1200, 1400)
	// The page must believe that it is looked at; without it JupyterLab has no current widget.
	if _, err := chromedp.Call(page, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		l.t.Fatal(err)
	}
}

// With returns the same page for another test, a subtest for example: what fails fails that one.
func (l *Lab) With(t testing.TB) *Lab {
	with := *l
	with.t = t
	return &with
}

// Tab returns a page of t's own, in the same browser and on the same server.
func (l *Lab) Tab(t testing.TB) *Lab {
	t.Helper()
	tab := l.With(t)
	tab.page(l.Browser)
	return tab
}

// Another returns a page of t's own in the same browser, on a server of t's own.
func (l *Lab) Another(t testing.TB, o Options) *Lab {
	t.Helper()
	jupyter, err := exec.LookPath("jupyter")
	if err != nil {
		t.Fatal(err)
	}
	other := l.With(t)
	other.Server = serve(t, jupyter, o)
	other.page(l.Browser)
	return other
}

// Copy puts a notebook into the lab's folder.
func (l *Lab) Copy(notebook, name string) {
	l.t.Helper()
	source, err := os.ReadFile(notebook)
	if err == nil {
		err = os.WriteFile(filepath.Join(l.Dir, name), source, 0o644)
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// Write makes a notebook of code cells in the lab's folder.
func (l *Lab) Write(name string, cells ...string) {
	l.t.Helper()
	type object = map[string]any
	list := []object{}
	for i, source := range cells {
		list = append(list, object{"cell_type": "code", "id": fmt.Sprint("cell-", i), "source": source, "metadata": object{}, "outputs": []object{}, "execution_count": nil})
	}
	raw, err := json.Marshal(object{"nbformat": 4, "nbformat_minor": 5, "cells": list, "metadata": object{
		"kernelspec":    object{"name": "autoencoders", "display_name": "Go (autoencoders)", "language": "go"},
		"language_info": object{"name": "go"},
	}})
	if err == nil {
		err = os.WriteFile(filepath.Join(l.Dir, name), raw, 0o644)
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// Path returns what the server calls a file of the lab's folder.
func (l *Lab) Path(name string) string {
	l.t.Helper()
	path, err := filepath.Rel(root(l.t), filepath.Join(l.Dir, name))
	if err != nil {
		l.t.Fatal(err)
	}
	return filepath.ToSlash(path)
}

// Get asks the server for a path, with a token or with none, and checks the answer's status.
func (l *Lab) Get(path, token string, want int) []byte {
	l.t.Helper()
	request, err := http.NewRequest(http.MethodGet, l.URL+path, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "token "+token)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		l.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != want {
		l.t.Errorf("%s with the token %q: %s, want %d: %v", path, token, answer.Status, want, err)
	}
	return body
}

// Open shows a notebook and waits for its kernel.
func (l *Lab) Open(name string) {
	l.t.Helper()
	address := l.URL + "/lab/tree/" + l.Path(name) + "?reset&token=" + Token
	deadline := time.Now().Add(time.Minute)
	for { // the server may still be starting
		err := chromedp.Do(l.Browser, chromedp.Navigate(address))
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			l.t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
	}
	// Where the machine is busy the server may lose what a kernel says of itself as it starts; JupyterLab then
	// shows it as Unknown until a cell runs. Here it is asked again.
	l.Until("the notebook is open and its kernel idle", 60*time.Second, `(() => {
		const kernel = `+KernelOf(name)+`;
		if (kernel?.status === "unknown" && kernel.connectionStatus === "connected") {
			kernel.unknownSince ??= Date.now();
			if (Date.now() - kernel.unknownSince > 10000) {
				kernel.unknownSince = Date.now();
				kernel.requestKernelInfo();
			}
		}
		return kernel?.status === "idle";
	})()`)
}

// Reload loads the page again, as its user would, and waits for the notebook, not for its kernel.
func (l *Lab) Reload(name string) {
	l.t.Helper()
	if err := chromedp.Do(l.Browser, chromedp.Reload()); err != nil {
		l.t.Fatal(err)
	}
	l.Until(name+" is open again", time.Minute, KernelOf(name))
}

// Show brings a notebook to the front beside what is open, its kernel included.
func (l *Lab) Show(name string) {
	l.t.Helper()
	l.Command("docmanager:open", fmt.Sprintf(`{path: %q}`, l.Path(name)))
	l.Until(name+" is in front", 30*time.Second, KernelOf(name))
}

// Edit writes a new cell below the active one and leaves the cursor at its end.
func (l *Lab) Edit(source string) {
	l.t.Helper()
	Eval[bool](l, fmt.Sprintf(`(async () => {
		const {commands, shell} = window.jupyterapp, n = shell.currentWidget.content;
		await commands.execute("notebook:insert-cell-below");
		await commands.execute("notebook:enter-edit-mode");
		const editor = n.activeCell.editor, text = %q;
		editor.model.sharedModel.setSource(text);
		editor.setCursorPosition(editor.getPositionAt(text.length));
		editor.focus();
		return true;
	})()`, source))
}

// Eval runs a script in the page and returns its value; promises are awaited.
func Eval[T any](l *Lab, script string) T {
	l.t.Helper()
	value, err := chromedp.Run(l.Browser, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		l.t.Fatalf("%v in %s", err, script)
	}
	return value
}

// Answers returns how long the page took to answer a script, or an error where that is longer than the limit.
func (l *Lab) Answers(limit time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(l.Browser, limit)
	defer cancel()
	start := time.Now()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[float64]("performance.now()"))
	return time.Since(start), err
}

// Memory returns the bytes that the page's scripts hold.
func (l *Lab) Memory() int64 {
	l.t.Helper()
	if _, err := chromedp.Call(l.Browser, performance.Enable, performance.EnableParams{}); err != nil {
		l.t.Fatal(err)
	}
	result, err := chromedp.Call(l.Browser, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		l.t.Fatal(err)
	}
	for _, m := range result.Metrics {
		if m.Name == "JSHeapUsedSize" {
			return int64(m.Value)
		}
	}
	l.t.Fatal("the browser does not say how much memory the page holds")
	return 0
}

// Until waits until a script's value is true, and fails the test where that takes longer than the limit.
func (l *Lab) Until(what string, limit time.Duration, script string) {
	l.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		if Eval[bool](l, "!!("+script+")") {
			return
		}
		if time.Now().After(end) {
			l.Screenshot("failed")
			l.t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// Begin gives JupyterLab a command, and does not wait for its end.
func (l *Lab) Begin(name string) {
	l.t.Helper()
	Eval[bool](l, fmt.Sprintf(`(() => { window.jupyterapp.commands.execute(%q); return true; })()`, name))
}

// Command gives JupyterLab a command with its arguments, and waits for its end.
func (l *Lab) Command(name, arguments string) {
	l.t.Helper()
	Eval[bool](l, fmt.Sprintf(`window.jupyterapp.commands.execute(%q, %s).then(() => true)`, name, arguments))
}

// Restart restarts the kernel as the menu does, its question answered.
func (l *Lab) Restart() {
	l.t.Helper()
	Eval[bool](l, `window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => true)`)
	l.Idle(30 * time.Second)
}

const noneWaits = `(() => {
	const w = window.jupyterapp.shell.currentWidget;
	const waiting = w.content.widgets.some(c => c.model.type === "code" && c.promptNode?.textContent?.includes("*"));
	return !waiting && w.sessionContext.session.kernel.status === "idle";
})()`

// Idle waits until no cell of the notebook in front waits and its kernel is idle.
func (l *Lab) Idle(limit time.Duration) {
	l.t.Helper()
	time.Sleep(300 * time.Millisecond) // the first prompt needs a moment to show that it waits
	l.Until("no cell waits and the kernel is idle", limit, noneWaits)
}

// CellWith returns an expression of a script: the index of the code cell in front that has the given words.
func CellWith(words string) string {
	return fmt.Sprintf(`window.jupyterapp.shell.currentWidget.content.widgets.findIndex(c => c.model.type === "code" && c.model.sharedModel.getSource().includes(%s))`, quoted(words))
}

// KernelOf returns an expression of a script: the kernel of the notebook in front, if that is the named one
// and is open.
func KernelOf(name string) string {
	return fmt.Sprintf(`(w => w?.context?.path?.endsWith(%s) && w.context.isReady && w.sessionContext?.session?.kernel)(window.jupyterapp?.shell?.currentWidget)`, quoted(name))
}

// quoted is a text as a script writes it.
func quoted(text string) string {
	raw, _ := json.Marshal(text) // a string always can be
	return string(raw)
}

// Run runs the one cell that has the given words, and does not wait.
func (l *Lab) Run(words string) {
	l.t.Helper()
	ran := Eval[bool](l, `(() => {
		const n = window.jupyterapp.shell.currentWidget.content, i = `+CellWith(words)+`;
		if (i < 0) return false;
		n.activeCellIndex = i;
		n.deselectAll();
		window.jupyterapp.commands.execute("notebook:run-cell");
		return true;
	})()`)
	if !ran {
		l.t.Fatalf("no cell has %q", words)
	}
}

// Notebook returns what the page holds now, as JSON.
func (l *Lab) Notebook() []byte {
	l.t.Helper()
	return []byte(Eval[string](l, `JSON.stringify(window.jupyterapp.shell.currentWidget.content.model.toJSON())`))
}

// Output returns all that the cell with the given words says, as text: what it printed, its errors and its
// displays, in the order in which they stand.
func (l *Lab) Output(words string) string {
	l.t.Helper()
	return Eval[string](l, `(() => {
		const text = t => Array.isArray(t) ? t.join("") : t ?? "";
		const of = o => o.output_type === "error" ? text(o.traceback?.map(t => t + "\n")) || o.ename + ": " + o.evalue
			: text(o.text) || text(o.data?.["text/plain"]);
		return window.jupyterapp.shell.currentWidget.content.widgets[`+CellWith(words)+`].model.outputs.toJSON().map(of).join("\n");
	})()`)
}

// LineWith returns the line of a cell's output that has the given words, or "".
func LineWith(output, words string) string {
	for line := range strings.Lines(output) {
		if strings.Contains(line, words) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// Look scrolls to the cell with the given words and keeps a screenshot.
func (l *Lab) Look(words, name string) {
	l.t.Helper()
	Eval[bool](l, `(async () => {
		const n = window.jupyterapp.shell.currentWidget.content, i = `+CellWith(words)+`;
		n.activeCellIndex = i;
		await n.scrollToItem(i, "start");
		await new Promise(r => setTimeout(r, 800));
		n.widgets[i].node.scrollIntoView({block: "start"});
		await new Promise(r => setTimeout(r, 400));
		return true;
	})()`)
	l.Screenshot(name)
}

// Screenshot keeps what the page shows in artifacts/.
func (l *Lab) Screenshot(name string) {
	l.t.Helper()
	picture, err := chromedp.Run(l.Browser, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(root(l.t), "artifacts", name+".png"), picture, 0o644)
	}
	if err != nil {
		l.t.Error(err)
	}
}

// Press sends keys to whatever has the focus, as the keyboard would.
func (l *Lab) Press(keys string, with ...chromedp.Modifier) {
	l.t.Helper()
	if err := chromedp.Do(l.Browser, chromedp.KeyEvent(keys, chromedp.KeyModifiers(with...))); err != nil {
		l.t.Fatal(err)
	}
}

// Stop selects the toolbar's ■ of the notebook in front, for [Lab.Where].
const Stop = `.jp-NotebookPanel:not(.lm-mod-hidden) [data-jp-item-name="interrupt"]`

// Where returns the middle of what a selector finds on the page.
func (l *Lab) Where(selector string) (x, y float64) {
	l.t.Helper()
	at := Eval[[]float64](l, `(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector(`+quoted(selector)+`).getBoundingClientRect())`)
	return at[0], at[1]
}

// Click presses the mouse's left button at a place of the page. It waits as long as the page takes to notice.
func (l *Lab) Click(x, y float64) {
	l.t.Helper()
	if err := chromedp.Do(l.Browser, chromedp.MouseClickXY(x, y)); err != nil {
		l.t.Fatal(err)
	}
}

// Window resizes the browser's window.
func (l *Lab) Window(width, height int64) {
	l.t.Helper()
	if err := chromedp.Do(l.Browser, chromedp.EmulateViewport(width, height)); err != nil {
		l.t.Fatal(err)
	}
}

// Theme changes JupyterLab's theme.
func (l *Lab) Theme(name string) {
	l.t.Helper()
	l.Command("apputils:change-theme", fmt.Sprintf(`{theme: %q}`, name))
	l.Until(name, 20*time.Second, fmt.Sprintf(`document.body.dataset.jpThemeName === %q`, name))
}
