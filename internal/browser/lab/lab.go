// Package lab opens JupyterLab in a browser for tests: a server of the test's own, with the configuration that `make lab`
// uses, and a headless Chromium that shows its page and has no network but that server.
//
// A cell is found by words of its source. Screenshots are saved in artifacts/. Scripts that the page runs reach JupyterLab
// through the object lab of page.js, the only place that names JupyterLab's insides.
package lab

import (
	"context"
	_ "embed"
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
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

//go:embed page.js
var script string

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
	l.newPage(allocator)
}

// newPage opens a page, in a new browser if parent has none.
func (l *Lab) newPage(parent context.Context) {
	browser, leave := chromedp.NewContext(parent)
	l.t.Cleanup(leave)
	l.Browser = browser
	l.Window(1200, 1400)
	// The page must believe that it is looked at; without it JupyterLab has no current widget.
	_, err := chromedp.Call(browser, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	if err == nil {
		_, err = chromedp.Call(browser, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	}
	if err != nil {
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
	tab.newPage(l.Browser)
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
	other.newPage(l.Browser)
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
	if err := chromedp.Do(l.Browser, chromedp.Navigate(l.URL+"/lab/tree/"+l.Path(name)+"?reset&token="+Token)); err != nil {
		l.t.Fatal(err)
	}
	l.Until("the notebook is open and its kernel idle", time.Minute, Script("ready", name))
}

// Reload loads the page again, as its user would, and waits for the notebook, not for its kernel.
func (l *Lab) Reload(name string) {
	l.t.Helper()
	if err := chromedp.Do(l.Browser, chromedp.Reload()); err != nil {
		l.t.Fatal(err)
	}
	l.Until(name+" is open again", time.Minute, Script("kernel", name))
}

// Show brings a notebook to the front beside what is open, its kernel included.
func (l *Lab) Show(name string) {
	l.t.Helper()
	l.Command("docmanager:open", map[string]any{"path": l.Path(name)})
	l.Until(name+" is in front", 30*time.Second, Script("kernel", name))
}

// Edit writes a new cell below the active one and leaves the cursor at its end.
func (l *Lab) Edit(source string) {
	l.t.Helper()
	Eval[bool](l, Script("edit", source))
}

// Script returns a call of one of page.js' functions, for [Eval] and [Lab.Until].
func Script(function string, arguments ...any) string {
	list := make([]string, len(arguments))
	for i, a := range arguments {
		raw, err := json.Marshal(a)
		if err != nil {
			panic(err) // the tests pass strings and maps of them
		}
		list[i] = string(raw)
	}
	return "lab." + function + "(" + strings.Join(list, ", ") + ")"
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
	Eval[bool](l, Script("begin", name))
}

// Command gives JupyterLab a command with its arguments, which may be nil, and waits for its end.
func (l *Lab) Command(name string, arguments map[string]any) {
	l.t.Helper()
	Eval[bool](l, Script("command", name, arguments))
}

// Restart restarts the kernel as the menu does, its question answered.
func (l *Lab) Restart() {
	l.t.Helper()
	Eval[bool](l, Script("restart"))
	l.Idle(30 * time.Second)
}

// Idle waits until no cell of the notebook in front runs or waits and its kernel is idle.
func (l *Lab) Idle(limit time.Duration) {
	l.t.Helper()
	l.Until("no cell runs or waits and the kernel is idle", limit, Script("idle"))
}

// Run runs the one cell that has the given words, and does not wait.
func (l *Lab) Run(words string) {
	l.t.Helper()
	if !Eval[bool](l, Script("run", words)) {
		l.t.Fatalf("no cell has %q", words)
	}
}

// Notebook returns what the page holds now, as JSON.
func (l *Lab) Notebook() []byte {
	l.t.Helper()
	return []byte(Eval[string](l, Script("json")))
}

// Output returns all that the cell with the given words says, as text: what it printed, its errors and its
// displays, in the order in which they stand.
func (l *Lab) Output(words string) string {
	l.t.Helper()
	return Eval[string](l, Script("output", words))
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

// Look scrolls to the cell with the given words and saves a screenshot.
func (l *Lab) Look(words, name string) {
	l.t.Helper()
	Eval[bool](l, Script("show", words))
	l.Screenshot(name)
}

// Screenshot saves what the page shows in artifacts/.
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

// Stop returns the middle of the toolbar's ■ of the notebook in front, for [Lab.Click].
func (l *Lab) Stop() (x, y float64) {
	l.t.Helper()
	at := Eval[[]float64](l, Script("stop"))
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
	l.Command("apputils:change-theme", map[string]any{"theme": name})
	l.Until("the theme is "+name, 20*time.Second, fmt.Sprintf(`lab.theme() === %q`, name))
}
