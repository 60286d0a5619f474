package notebooks

import (
	"bytes"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"autoencoders/internal/faults"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestLessonInTheBrowser(t *testing.T) {
	const training = "linear.Train("
	l := openLab(t, linear)
	l.open(linear)
	if dialogs := eval[int](l, `document.querySelectorAll(".jp-Dialog").length`); dialogs != 0 {
		t.Errorf("JupyterLab asks something: %s", eval[string](l, `document.querySelector(".jp-Dialog").textContent`))
	}

	// Run All, from nothing.
	l.command("notebook:clear-all-cell-outputs", "{}")
	l.begin("notebook:run-all-cells")
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
	l.begin("kernelmenu:interrupt")
	l.idle(10 * time.Second)
	t.Logf("the stop button took %v", time.Since(pressed).Round(time.Millisecond))
	said := l.output(training)
	stopped := lineWith(said, "kept in checkpoints/linear, run the cell again to go on from there")
	if stopped == "" {
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
	faults.Row(t, "in JupyterLab, the stop button", stopped, "the finished epochs; the cell goes on from them")

	// After a restart a cell in the middle finds the model on disk, once what it names is declared.
	l.restart()
	l.declare()
	l.run("All 10,000 test images")
	l.idle(time.Minute)
	if sizes := l.notebook().having(t, "All 10,000 test images").pngs(t); len(sizes) != 1 {
		t.Error("a cell in the middle shows no picture after a restart")
	}

	// Save, and open what was saved as a stranger's: its signature no longer holds.
	l.command("docmanager:save", "{}")
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

// Every lesson is opened as it is committed, with its outputs: in the light theme, in the
// dark one, and in a window as narrow as half of a small screen.
func TestExecutedLessonsInTheBrowser(t *testing.T) {
	lessons := names(t)
	l := openLab(t, lessons...)
	for _, lesson := range lessons {
		figures := read(t, lesson).figures(t)
		l.open(lesson)
		if eval[bool](l, `window.jupyterapp.shell.currentWidget.context.model.dirty`) {
			t.Errorf("%s counts as changed when it is only opened", lesson)
		}
		for _, look := range []struct {
			name, theme   string
			width, height int64
		}{{"light", "JupyterLab Light", 1200, 1400}, {"dark", "JupyterLab Dark", 1200, 1400}, {"narrow", "JupyterLab Light", 640, 900}} {
			l.theme(look.theme)
			l.window(look.width, look.height)
			found := l.walk()
			if found.Figures != figures || len(found.Wrong) > 0 {
				t.Errorf("%s, %s: %d of %d figures; %s", lesson, look.name, found.Figures, figures, strings.Join(found.Wrong, "; "))
			}
			l.screenshot(strings.TrimSuffix(lesson, ".ipynb") + "-" + look.name)
		}
		l.window(1200, 1400)
	}
}

// What File, Save and Export gives is a page that stands alone: the browser has no network, and every
// figure is there.
func TestExportedToHTML(t *testing.T) {
	lessons := names(t)
	l := openLab(t, lessons...)
	l.open(lessons[0])
	for _, lesson := range lessons {
		page := l.get("/nbconvert/html/"+l.path(lesson)+"?download=true", labToken, http.StatusOK)
		file := filepath.Join(l.dir, strings.TrimSuffix(lesson, ".ipynb")+".html")
		if err := os.WriteFile(file, page, 0o644); err != nil {
			t.Fatal(err)
		}
		figures := read(t, lesson).figures(t)
		absolute, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := chromedp.Do(l.browser, chromedp.Navigate((&url.URL{Scheme: "file", Path: absolute}).String())); err != nil {
			t.Fatal(err)
		}
		drawn := eval[int](l, `[...document.querySelectorAll(".jp-OutputArea-output img")].filter(i => i.naturalWidth > 100 && i.getBoundingClientRect().width > 100).length`)
		if drawn != figures {
			t.Errorf("%s: %d of %d figures are in the exported page", lesson, drawn, figures)
		}
		if wide := eval[int](l, `document.documentElement.scrollWidth - window.innerWidth`); wide > 0 {
			t.Errorf("%s: the exported page is %d pixels wider than the window", lesson, wide)
		}
		if keywords := eval[int](l, `document.querySelectorAll(".highlight .kd").length`); keywords == 0 {
			t.Errorf("%s: the exported page does not colour Go", lesson)
		}
		l.screenshot(strings.TrimSuffix(lesson, ".ipynb") + "-exported")
	}
}

// From the first cell to a stopped training and a restarted kernel without a mouse.
func TestWithTheKeyboardAlone(t *testing.T) {
	l := openLab(t, linear)
	l.open(linear)
	l.command("notebook:clear-all-cell-outputs", "{}")
	source := `window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource()`
	l.press(kb.Escape)
	for range 60 { // to the first cell, whatever is active
		l.press(kb.ArrowUp)
	}
	for range 40 { // cell by cell, waiting for none
		if strings.Contains(eval[string](l, source), "linear.Train(") {
			break
		}
		l.press(kb.Enter, chromedp.ModifierShift)
	}
	l.press(kb.Enter, chromedp.ModifierCtrl)
	l.until("two epochs are in the table", 2*time.Minute, rowsAtLeast("linear.Train(", 2))
	l.press("ii")
	l.idle(10 * time.Second)
	if said := l.output("linear.Train("); !strings.Contains(said, "run the cell again to go on from there") {
		t.Errorf("after I, I the cell says:\n%s", said)
	}

	// Into a cell, a change, and out again.
	l.press("b")
	l.press(kb.Enter)
	l.press("%%\rplots.Text(\"by %s\", \"keyboard\")")
	l.press(kb.Enter, chromedp.ModifierCtrl)
	l.idle(time.Minute)
	if said := l.output(`"keyboard"`); !strings.Contains(said, "by keyboard") {
		t.Errorf("the new cell says:\n%s", said)
	}
	l.press(kb.Escape)

	l.press("00")
	l.until("JupyterLab asks whether to restart", 5*time.Second, `document.querySelector(".jp-Dialog")`)
	l.press(kb.Enter)
	l.until("the kernel is new", 30*time.Second, `!document.querySelector(".jp-Dialog") && window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === "idle"`)
	l.press(kb.Enter, chromedp.ModifierCtrl)
	l.idle(time.Minute)
	if n := eval[int](l, `window.jupyterapp.shell.currentWidget.content.activeCell.model.executionCount`); n != 1 {
		t.Errorf("after the restart the cell is number %d of the kernel", n)
	}
	if said := l.output(`"keyboard"`); !strings.Contains(said, "by keyboard") { // an import that lacks is found
		t.Errorf("after the restart the new cell says:\n%s", said)
	}
}

// A second notebook runs at once, in the same folder: it may read, and train elsewhere, but not into
// the model that the first one is training.
func TestTwoNotebooksAtOnce(t *testing.T) {
	const training = "linear.Train("
	l := openLab(t, linear)
	l.copy(linear, "second.ipynb")
	l.open("second.ipynb")
	l.declare()
	l.idle(time.Minute)
	l.open(linear)
	l.declare()
	l.run(training)
	l.until("an epoch is in the table", 2*time.Minute, rowsAtLeast(training, 1))

	l.show("second.ipynb")
	l.run(training)
	l.idle(time.Minute)
	said := l.output(training)
	line := lineWith(said, "is being trained already")
	if line == "" || strings.Contains(said, "goroutine ") {
		t.Errorf("the second notebook's training says:\n%s", said)
	}
	l.run("All 10,000 test images")
	l.idle(time.Minute)
	if sizes := l.notebook().having(t, "All 10,000 test images").pngs(t); len(sizes) != 1 {
		t.Error("the second notebook does not read the first one's model")
	}
	l.show(linear)
	l.idle(2 * time.Minute)
	if rows := l.notebook().having(t, training).rows(3); len(rows) != 10 {
		t.Errorf("the first notebook's table has %d rows", len(rows))
	}
	faults.Row(t, "in JupyterLab, a second notebook trains the same model", line, "the first one's training to its end; the second reads it meanwhile")
}

// Completion and help for what is under the cursor, in a cell of Go.
func TestHelpInACell(t *testing.T) {
	l := openLab(t, linear)
	l.open(linear)
	l.declare()
	l.idle(time.Minute)
	l.edit("%%\nlinear.")
	l.press(kb.Tab)
	l.until("completion offers the methods of a Model", 30*time.Second,
		`["Encode", "Train", "Reconstruct"].every(name => [...document.querySelectorAll(".jp-Completer-item")].some(i => i.textContent.includes(name)))`)
	l.screenshot("completion")
	l.press(kb.Escape)
	l.edit("%%\nplots.Scatter")
	l.press(kb.Tab, chromedp.ModifierShift)
	l.until("the help says what Scatter draws", 30*time.Second, `/func plots\.Scatter|func Scatter/.test(document.querySelector(".jp-Tooltip")?.textContent ?? "")`)
	l.screenshot("help")
}

// The server answers on this machine only, and only who has its token.
func TestServerAsksForItsToken(t *testing.T) {
	l := openLab(t, linear)
	l.open(linear)
	for path, refusal := range map[string]int{ // a page leads to the log-in in place of what was asked for
		"/api/contents": http.StatusForbidden, "/api/kernels": http.StatusForbidden,
		"/files/" + l.path(linear): http.StatusFound, "/nbconvert/html/" + l.path(linear): http.StatusFound,
	} {
		for _, token := range []string{"", "wrong"} {
			if body := l.get(path, token, refusal); bytes.Contains(body, []byte("autoencoder")) {
				t.Errorf("%s with the token %q gives %.100s", path, token, body)
			}
		}
		l.get(path, labToken, http.StatusOK)
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(l.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		ip := a.(*net.IPNet).IP
		if ip.IsLoopback() || ip.To4() == nil {
			continue
		}
		if conn, err := net.DialTimeout("tcp", net.JoinHostPort(ip.String(), at.Port()), time.Second); err == nil {
			conn.Close()
			t.Errorf("the server answers at %v, not on this machine alone", ip)
		}
	}
}
