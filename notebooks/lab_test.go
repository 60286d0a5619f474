package notebooks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
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

// lab is a JupyterLab of the test's own, on copies of lessons, and a browser that looks at it.
// Screenshots stay in artifacts/.
type lab struct {
	t       *testing.T
	browser context.Context
	url     string
	dir     string
}

const labToken = "browser-test"

func openLab(t *testing.T, lessons ...string) *lab {
	t.Helper()
	jupyter, err := exec.LookPath("jupyter")
	if err != nil {
		t.Skip("skipped: no jupyter on the PATH; `make test` has it")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("skipped: no chromium on the PATH; apt-get install chromium")
	}
	l := &lab{t: t, dir: filepath.Join(folder, t.Name())}
	if err := os.MkdirAll(l.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, lesson := range lessons {
		l.copy(lesson, lesson)
	}
	l.serve(jupyter)
	l.browse(chromium)
	return l
}

// copy puts a lesson into the lab's folder.
func (l *lab) copy(lesson, name string) {
	l.t.Helper()
	source, err := os.ReadFile(lesson)
	if err == nil {
		err = os.WriteFile(filepath.Join(l.dir, name), source, 0o644)
	}
	if err != nil {
		l.t.Fatal(err)
	}
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
		chromedp.Flag("no-proxy-server", true), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), // no network but the server
		chromedp.UserDataDir(l.t.TempDir()), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	l.t.Cleanup(stop)
	browser, leave := chromedp.NewContext(allocator)
	l.t.Cleanup(leave)
	browser, cancel := context.WithTimeout(browser, 6*time.Minute)
	l.t.Cleanup(cancel)
	l.browser = browser
	l.window(1200, 1400)
	// The page must believe that it is looked at; without it JupyterLab has no current widget.
	if _, err := chromedp.Call(browser, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		l.t.Fatal(err)
	}
}

// path is what the server calls a file of the lab's folder.
func (l *lab) path(name string) string {
	return strings.TrimPrefix(filepath.ToSlash(l.dir), "../") + "/" + name
}

// get asks the server for a path, with a token or with none.
func (l *lab) get(path, token string, want int) []byte {
	l.t.Helper()
	request, err := http.NewRequest(http.MethodGet, l.url+path, nil)
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

// open shows a notebook and waits for its kernel.
func (l *lab) open(name string) {
	l.t.Helper()
	address := l.url + "/lab/tree/" + l.path(name) + "?reset&token=" + labToken
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
	// Where the machine is busy the server may lose what a kernel says of itself as it starts; JupyterLab then
	// shows it as Unknown until a cell runs. Here it is asked again.
	l.until("the notebook is open and its kernel idle", 60*time.Second, `(() => {
		const kernel = `+kernelOf(name)+`;
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

// show brings a notebook to the front beside what is open, its kernel included.
func (l *lab) show(name string) {
	l.t.Helper()
	l.command("docmanager:open", fmt.Sprintf(`{path: %q}`, l.path(name)))
	l.until(name+" is in front", 30*time.Second, kernelOf(name))
}

// edit writes a new cell below the active one and leaves the cursor at its end.
func (l *lab) edit(source string) {
	l.t.Helper()
	eval[bool](l, fmt.Sprintf(`(async () => {
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

// begin gives JupyterLab a command, and does not wait for its end.
func (l *lab) begin(name string) {
	l.t.Helper()
	eval[bool](l, fmt.Sprintf(`(() => { window.jupyterapp.commands.execute(%q); return true; })()`, name))
}

// command gives JupyterLab a command with its arguments, and waits for its end.
func (l *lab) command(name, arguments string) {
	l.t.Helper()
	eval[bool](l, fmt.Sprintf(`window.jupyterapp.commands.execute(%q, %s).then(() => true)`, name, arguments))
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

// cellWith is an expression of a script: the index of the code cell in front that has the given words.
func cellWith(words string) string {
	return fmt.Sprintf(`window.jupyterapp.shell.currentWidget.content.widgets.findIndex(c => c.model.type === "code" && c.model.sharedModel.getSource().includes(%q))`, words)
}

// kernelOf is an expression of a script: the kernel of the notebook in front, if that is the named one and is open.
func kernelOf(name string) string {
	return fmt.Sprintf(`(w => w?.context?.path?.endsWith(%q) && w.context.isReady && w.sessionContext?.session?.kernel)(window.jupyterapp?.shell?.currentWidget)`, name)
}

// declare runs lesson 1's cells that the later ones need.
func (l *lab) declare() {
	l.t.Helper()
	for _, words := range []string{"import (", "var mnist", "var linear"} {
		l.run(words)
	}
}

// run runs the one cell that has the given words, and does not wait.
func (l *lab) run(words string) {
	l.t.Helper()
	eval[bool](l, `(() => {
		const n = window.jupyterapp.shell.currentWidget.content;
		n.activeCellIndex = `+cellWith(words)+`;
		n.deselectAll();
		window.jupyterapp.commands.execute("notebook:run-cell");
		return true;
	})()`)
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
	eval[bool](l, `(async () => {
		const n = window.jupyterapp.shell.currentWidget.content, i = `+cellWith(words)+`;
		n.activeCellIndex = i;
		await n.scrollToItem(i, "start");
		await new Promise(r => setTimeout(r, 800));
		n.widgets[i].node.scrollIntoView({block: "start"});
		await new Promise(r => setTimeout(r, 400));
		return true;
	})()`)
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

// lineWith is the line of a cell's output that has the given words, or "".
func lineWith(output, words string) string {
	for line := range strings.Lines(output) {
		if strings.Contains(line, words) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// rowsAtLeast is a script: the cell's table has n rows of an epoch.
func rowsAtLeast(words string, n int) string {
	return fmt.Sprintf(`(() => {
		const c = window.jupyterapp.shell.currentWidget.content.widgets[%s];
		const text = JSON.stringify(c.model.outputs.toJSON().map(o => o.data?.["text/plain"] ?? ""));
		return (text.match(/\d+\.\d{4} +\d+\.\d{4} +\d+\.\d{4}/g) ?? []).length >= %d;
	})()`, cellWith(words), n)
}

// press sends keys to whatever has the focus, as the keyboard would.
func (l *lab) press(keys string, with ...chromedp.Modifier) {
	l.t.Helper()
	if err := chromedp.Do(l.browser, chromedp.KeyEvent(keys, chromedp.KeyModifiers(with...))); err != nil {
		l.t.Fatal(err)
	}
}

// window resizes the browser's window.
func (l *lab) window(width, height int64) {
	l.t.Helper()
	if err := chromedp.Do(l.browser, chromedp.EmulateViewport(width, height)); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) theme(name string) {
	l.t.Helper()
	l.command("apputils:change-theme", fmt.Sprintf(`{theme: %q}`, name))
	l.until(name, 20*time.Second, fmt.Sprintf(`document.body.dataset.jpThemeName === %q`, name))
}

// seen is what a walk through the page found.
type seen struct {
	Figures int
	Wrong   []string
}

// walk scrolls through the notebook, cell by cell: each picture is drawn, fits into its cell, and each
// text of an output can be told from what is behind it, with WCAG 2's contrast of 4.5 to 1.
func (l *lab) walk() seen {
	l.t.Helper()
	return eval[seen](l, `(async () => {
		const luminance = c => {
			const [r, g, b] = c.map(x => (x /= 255) <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
			return .2126 * r + .7152 * g + .0722 * b;
		};
		const parts = colour => colour.match(/[\d.]+/g).map(Number);
		const behind = node => {
			for (; node; node = node.parentElement) {
				const [r, g, b, a = 1] = parts(getComputedStyle(node).backgroundColor);
				if (a > .5) return [r, g, b];
			}
			return [255, 255, 255];
		};
		const n = window.jupyterapp.shell.currentWidget.content, found = {figures: 0, wrong: []};
		for (const [i, c] of n.widgets.entries()) {
			if (c.model.type !== "code" || c.model.outputs.length === 0) continue;
			const want = c.model.outputs.toJSON().filter(o => o.data?.["image/png"]).length;
			n.activeCellIndex = i;
			await n.scrollToItem(i, "start");
			let drawn = [];
			for (let tries = 0; tries < 100 && (drawn.length < want || tries < 2); tries++) {
				await new Promise(r => setTimeout(r, 50));
				drawn = [...c.node.querySelectorAll(".jp-OutputArea-output img, .vega-embed canvas, .vega-embed svg")]
					.filter(d => d.getBoundingClientRect().width > 100 && d.naturalWidth !== 0);
			}
			found.figures += drawn.length;
			if (drawn.length !== want) found.wrong.push("cell " + i + ": " + drawn.length + " of " + want + " figures are drawn");
			for (const d of drawn) {
				const area = d.closest(".jp-OutputArea-output");
				const spills = d.getBoundingClientRect().right > area.getBoundingClientRect().right + 1;
				const scrolls = /auto|scroll/.test(getComputedStyle(area).overflowX);
				if (spills && (d.tagName === "IMG" || !scrolls)) found.wrong.push("cell " + i + ": a figure is cut off at the right");
			}
			for (const text of c.node.querySelectorAll(".jp-OutputArea-output :is(td, pre, p, strong)")) {
				if (!text.textContent.trim()) continue;
				const [a, b] = [luminance(parts(getComputedStyle(text).color)), luminance(behind(text))].sort((x, y) => y - x);
				if ((a + .05) / (b + .05) < 4.5) {
					found.wrong.push("cell " + i + ": cannot be read: " + text.textContent.slice(0, 40));
					break;
				}
			}
		}
		return found;
	})()`)
}
