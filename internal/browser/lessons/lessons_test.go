package lessons

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"autoencoders/internal/browser/lab"
	"autoencoders/internal/faults"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var folder string // of the tests' notebooks

func TestMain(m *testing.M) { lab.Main(m, &folder) }

// openLab opens a JupyterLab on copies of lessons.
func openLab(t *testing.T, lessons ...string) *lab.Lab {
	t.Helper()
	return openLabWith(t, lab.Options{}, lessons...)
}

func openLabWith(t *testing.T, o lab.Options, lessons ...string) *lab.Lab {
	t.Helper()
	l := lab.Open(t, filepath.Join(folder, t.Name()), o)
	for _, lesson := range lessons {
		l.Copy(filepath.Join(notebooks, lesson), lesson)
	}
	return l
}

// held returns what the page holds now.
func held(t *testing.T, l *lab.Lab) *notebook {
	t.Helper()
	return parsed(t, l.Notebook())
}

// declare runs lesson 1's cells that the later ones need.
func declare(l *lab.Lab) {
	for _, words := range []string{"import (", "var mnist", "var linear"} {
		l.Run(words)
	}
}

// rowsAtLeast is a script: the cell's table has n rows of an epoch.
func rowsAtLeast(words string, n int) string {
	return fmt.Sprintf(`(%s.match(/\d+\.\d{4} +\d+\.\d{4} +\d+\.\d s/g) ?? []).length >= %d`, lab.Script("output", words), n)
}

// seen is what a walk through the page found.
type seen struct {
	Figures int
	Wrong   []string
}

// walk scrolls through the notebook, cell by cell: each picture is drawn, fits into its cell, and each
// text of an output can be told from what is behind it, with WCAG 2's contrast of 4.5 to 1. If the window has the width of a
// laptop, no line of code and no table is cut off at the right, either.
func walk(l *lab.Lab, laptop bool) seen {
	return lab.Eval[seen](l, fmt.Sprintf(`(async () => {
		const laptop = %v;
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
		const n = lab.notebook, found = {figures: 0, wrong: []};
		for (const [i, c] of n.widgets.entries()) {
			if (c.model.type !== "code") continue;
			if (laptop) {
				n.activeCellIndex = i;
				await n.scrollToItem(i, "start");
				for (let tries = 0; tries < 100 && !c.node.querySelector(".cm-scroller"); tries++) await new Promise(r => setTimeout(r, 50));
				const code = c.node.querySelector(".cm-scroller");
				if (!code || code.scrollWidth > code.clientWidth + 1) found.wrong.push("cell " + i + ": a line of code is cut off");
			}
			if (c.model.outputs.length === 0) continue;
			const want = c.model.outputs.toJSON().filter(o => o.data?.["image/png"]).length;
			n.activeCellIndex = i;
			await n.scrollToItem(i, "start");
			let drawn = [];
			for (let tries = 0; tries < 100 && (drawn.length < want || tries < 2); tries++) {
				await new Promise(r => setTimeout(r, 50));
				drawn = [...c.node.querySelectorAll(lab.area + " img, " + lab.vega)]
					.filter(d => d.getBoundingClientRect().width > 100 && d.naturalWidth !== 0);
			}
			found.figures += drawn.length;
			if (drawn.length !== want) found.wrong.push("cell " + i + ": " + drawn.length + " of " + want + " figures are drawn");
			for (const d of drawn) {
				const area = d.closest(lab.area);
				const spills = d.getBoundingClientRect().right > area.getBoundingClientRect().right + 1;
				const scrolls = /auto|scroll/.test(getComputedStyle(area).overflowX);
				if (spills && (d.tagName === "IMG" || !scrolls)) found.wrong.push("cell " + i + ": a figure is cut off at the right");
			}
			for (const table of laptop ? c.node.querySelectorAll(lab.area + " table") : []) {
				const area = table.closest(lab.area);
				if (table.getBoundingClientRect().right > area.getBoundingClientRect().right + 1) found.wrong.push("cell " + i + ": a table is cut off at the right");
			}
			for (const text of c.node.querySelectorAll(lab.area + " :is(td, pre, p, strong)")) {
				if (!text.textContent.trim()) continue;
				const [a, b] = [luminance(parts(getComputedStyle(text).color)), luminance(behind(text))].sort((x, y) => y - x);
				if ((a + .05) / (b + .05) < 4.5) {
					found.wrong.push("cell " + i + ": cannot be read: " + text.textContent.slice(0, 40));
					break;
				}
			}
		}
		return found;
	})()`, laptop))
}

// The teacher's copy of lesson 1, which is the lesson with notes between its cells.
func TestLessonInTheBrowser(t *testing.T) {
	const training = "linear.Train("
	l := openLab(t)
	teachers := filepath.Join(l.Dir, "instructor")
	writeCopies(t, "instructor", teachers)
	l.Copy(filepath.Join(teachers, strings.TrimSuffix(linear, ".ipynb"), linear), linear)
	l.Open(linear)
	if asked := lab.Eval[string](l, lab.Script("dialog")); asked != "" {
		t.Errorf("JupyterLab asks something: %s", asked)
	}

	// Run All, from nothing.
	l.Command("notebook:clear-all-cell-outputs", nil)
	l.Begin("notebook:run-all-cells")
	l.Idle(4 * time.Minute)
	n := held(t, l)
	n.succeeded(t)
	if got, want := n.figures(t), committed(t, linear).figures(t); got != want {
		t.Errorf("%d figures are shown, committed are %d", got, want)
	}
	if rows := n.having(t, training).rows(); rows != 10 {
		t.Errorf("the training table has %d rows", rows)
	}
	l.Look(training, "training")
	l.Look("plots.Explorer(", "explorer")
	if drawn := lab.Eval[int](l, lab.Script("drawn")); drawn == 0 {
		t.Error("the explorer is not drawn by Vega-Lite")
	}

	// Stop the training in the middle, and go on.
	l.Run(training)
	l.Until("two epochs are in the table", time.Minute, rowsAtLeast(training, 2))
	pressed := time.Now()
	l.Begin("kernelmenu:interrupt")
	l.Idle(10 * time.Second)
	t.Logf("the stop button took %v", time.Since(pressed).Round(time.Millisecond))
	said := l.Output(training)
	stopped := lab.LineWith(said, "saved in checkpoints/linear, run the cell again to resume")
	if stopped == "" {
		t.Errorf("after the stop button the cell says:\n%s", said)
	}
	kept := held(t, l).having(t, training).rows()
	if kept < 2 || strings.Contains(said, "goroutine ") {
		t.Errorf("after the stop button the table has %d rows:\n%s", kept, said)
	}
	l.Look(training, "interrupted")
	l.Run(training)
	l.Idle(2 * time.Minute)
	said = l.Output(training)
	if rows := held(t, l).having(t, training).rows(); rows != 10-kept || !strings.Contains(said, "resumed: ") {
		t.Errorf("%d epochs were kept; run again the cell shows\n%s", kept, said)
	}
	faults.Row(t, "in JupyterLab, the stop button", stopped, "the finished epochs; the cell goes on from them")

	// After a restart a cell in the middle finds the model on disk, once what it names is declared.
	l.Restart()
	declare(l)
	l.Run("Codes of all 10,000")
	l.Idle(time.Minute)
	if figures := held(t, l).having(t, "Codes of all 10,000").figures(t); figures != 1 {
		t.Error("a cell in the middle shows no picture after a restart")
	}

	// Save, and open what was saved as a stranger's: its signature no longer holds.
	l.Command("docmanager:save", nil)
	raw, err := os.ReadFile(filepath.Join(l.Dir, linear))
	if err != nil {
		t.Fatal(err)
	}
	strange := bytes.Replace(raw, []byte("# 1 · A fully"), []byte("# From a stranger · A fully"), 1)
	if err := os.WriteFile(filepath.Join(l.Dir, "stranger.ipynb"), strange, 0o644); err != nil {
		t.Fatal(err)
	}
	l.Open("stranger.ipynb")
	if lab.Eval[bool](l, lab.Script("trusted")) {
		t.Error("the stranger's notebook is trusted: this tests nothing")
	}
	l.Look("Codes of all 10,000", "untrusted")
	if shown := lab.Eval[int](l, lab.Script("pictures")); shown == 0 {
		t.Error("an untrusted notebook shows no pictures")
	}
	l.Look("plots.Explorer(", "untrusted-explorer")
	if drawn := lab.Eval[int](l, lab.Script("drawn")); drawn == 0 {
		t.Error("an untrusted notebook does not draw the explorer")
	}
}

// Every lesson is opened as it is committed, with its outputs: in the light theme on a laptop's screen, in the dark one, and in a
// window as narrow as half of a small screen.
func TestExecutedLessonsInTheBrowser(t *testing.T) {
	t.Parallel()
	lessons := names(t)
	l := openLab(t, lessons...)
	for _, lesson := range lessons {
		figures := committed(t, lesson).figures(t)
		l.Open(lesson)
		if lab.Eval[bool](l, lab.Script("dirty")) {
			t.Errorf("%s counts as changed when it is only opened", lesson)
		}
		for _, look := range []struct {
			name, theme   string
			width, height int64
		}{{"light", "JupyterLab Light", 1366, 768}, {"dark", "JupyterLab Dark", 1200, 1400}, {"narrow", "JupyterLab Light", 640, 900}} {
			l.Theme(look.theme)
			l.Window(look.width, look.height)
			found := walk(l, look.width == 1366)
			if found.Figures != figures || len(found.Wrong) > 0 {
				t.Errorf("%s, %s: %d of %d figures; %s", lesson, look.name, found.Figures, figures, strings.Join(found.Wrong, "; "))
			}
			l.Screenshot(strings.TrimSuffix(lesson, ".ipynb") + "-" + look.name)
		}
		l.Window(1200, 1400)
	}
}

// What File, Save and Export gives is a page that stands alone: the browser has no network, and every
// figure is there. Every other format that it offers is made as well, with the programs of the set-up alone.
func TestExports(t *testing.T) {
	t.Parallel()
	lessons := names(t)
	jupyter, _ := exec.LookPath("jupyter")
	bare := t.TempDir() // a PATH with what a program of the environment needs to start, and without pandoc
	for _, program := range []string{"dirname", "realpath"} {
		path, err := exec.LookPath(program)
		if err == nil {
			err = os.Symlink(path, filepath.Join(bare, program))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	l := openLabWith(t, lab.Options{Env: []string{"PATH=" + filepath.Dir(jupyter) + ":" + bare}}, lessons...)
	l.Open(lessons[0])
	var formats map[string]any
	if err := json.Unmarshal(l.Get("/api/nbconvert", lab.Token, http.StatusOK), &formats); err != nil {
		t.Fatal(err)
	}
	for format := range formats {
		if body := l.Get("/nbconvert/"+format+"/"+l.Path(lessons[0])+"?download=true", lab.Token, http.StatusOK); len(body) < 1000 {
			t.Errorf("the export as %s has %d bytes", format, len(body))
		}
	}
	for _, format := range []string{"html", "slides", "markdown", "notebook", "script"} {
		if formats[format] == nil {
			t.Errorf("no export as %s is offered", format)
		}
	}
	if formats["pdf"] != nil {
		t.Error("an export as PDF is offered")
	}
	for _, lesson := range lessons {
		page := l.Get("/nbconvert/html/"+l.Path(lesson)+"?download=true", lab.Token, http.StatusOK)
		file := filepath.Join(l.Dir, strings.TrimSuffix(lesson, ".ipynb")+".html")
		if err := os.WriteFile(file, page, 0o644); err != nil {
			t.Fatal(err)
		}
		figures := committed(t, lesson).figures(t)
		absolute, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := chromedp.Do(l.Browser, chromedp.Navigate((&url.URL{Scheme: "file", Path: absolute}).String())); err != nil {
			t.Fatal(err)
		}
		drawn := lab.Eval[int](l, `[...document.querySelectorAll(lab.area + " img")].filter(i => i.naturalWidth > 100 && i.getBoundingClientRect().width > 100).length`)
		if drawn != figures {
			t.Errorf("%s: %d of %d figures are in the exported page", lesson, drawn, figures)
		}
		if wide := lab.Eval[int](l, `document.documentElement.scrollWidth - window.innerWidth`); wide > 0 {
			t.Errorf("%s: the exported page is %d pixels wider than the window", lesson, wide)
		}
		if keywords := lab.Eval[int](l, `document.querySelectorAll(".highlight .kd").length`); keywords == 0 {
			t.Errorf("%s: the exported page does not colour Go", lesson)
		}
		l.Screenshot(strings.TrimSuffix(lesson, ".ipynb") + "-exported")
	}
}

// From the first cell to a stopped training and a restarted kernel without a mouse.
func TestWithTheKeyboardAlone(t *testing.T) {
	l := openLab(t, linear)
	l.Open(linear)
	l.Command("notebook:clear-all-cell-outputs", nil)
	l.Press(kb.Escape)
	for range 100 { // to the first cell, whatever is active
		l.Press(kb.ArrowUp)
	}
	for range 60 { // cell by cell, waiting for none
		if strings.Contains(lab.Eval[string](l, lab.Script("source")), "linear.Train(") {
			break
		}
		l.Press(kb.Enter, chromedp.ModifierShift)
	}
	l.Press(kb.Enter, chromedp.ModifierCtrl)
	l.Until("two epochs are in the table", 2*time.Minute, rowsAtLeast("linear.Train(", 2))
	l.Press("ii")
	l.Idle(10 * time.Second)
	if said := l.Output("linear.Train("); !strings.Contains(said, "run the cell again to resume") {
		t.Errorf("after I, I the cell says:\n%s", said)
	}

	// Into a cell, a change, and out again.
	l.Press("b")
	l.Press(kb.Enter)
	l.Press("%%\rcell.Text(\"by %s\", \"keyboard\")")
	l.Press(kb.Enter, chromedp.ModifierCtrl)
	l.Idle(time.Minute)
	if said := l.Output(`"keyboard"`); !strings.Contains(said, "by keyboard") {
		t.Errorf("the new cell says:\n%s", said)
	}
	l.Press(kb.Escape)

	l.Press("00")
	l.Until("JupyterLab asks whether to restart", 5*time.Second, lab.Script("dialog"))
	l.Press(kb.Enter)
	l.Until("the kernel is new", 30*time.Second, "!"+lab.Script("dialog")+" && "+lab.Script("idle"))
	l.Press(kb.Enter, chromedp.ModifierCtrl)
	l.Idle(time.Minute)
	if n := lab.Eval[int](l, lab.Script("count")); n != 1 {
		t.Errorf("after the restart the cell is number %d of the kernel", n)
	}
	if said := l.Output(`"keyboard"`); !strings.Contains(said, "by keyboard") { // an import that lacks is found
		t.Errorf("after the restart the new cell says:\n%s", said)
	}
}

// A second notebook runs at once, in the same folder: it may read, and train elsewhere, but not into
// the model that the first one is training.
func TestTwoNotebooksAtOnce(t *testing.T) {
	const training = "linear.Train("
	l := openLab(t, linear)
	l.Copy(filepath.Join(notebooks, linear), "second.ipynb")
	l.Open("second.ipynb")
	declare(l)
	l.Idle(time.Minute)
	l.Open(linear)
	declare(l)
	l.Run(training)
	l.Until("an epoch is in the table", 2*time.Minute, rowsAtLeast(training, 1))

	l.Show("second.ipynb")
	l.Run(training)
	l.Idle(time.Minute)
	said := l.Output(training)
	line := lab.LineWith(said, "is being trained already")
	if line == "" || strings.Contains(said, "goroutine ") {
		t.Errorf("the second notebook's training says:\n%s", said)
	}
	l.Run("Codes of all 10,000")
	l.Idle(time.Minute)
	if figures := held(t, l).having(t, "Codes of all 10,000").figures(t); figures != 1 {
		t.Error("the second notebook does not read the first one's model")
	}
	l.Show(linear)
	l.Idle(2 * time.Minute)
	if rows := held(t, l).having(t, training).rows(); rows != 10 {
		t.Errorf("the first notebook's table has %d rows", rows)
	}
	faults.Row(t, "in JupyterLab, a second notebook trains the same model", line, "the first one's training to its end; the second reads it meanwhile")
}

// Completion and help for what is under the cursor, in a cell of Go.
func TestHelpInACell(t *testing.T) {
	t.Parallel()
	l := openLab(t, linear)
	l.Open(linear)
	declare(l)
	l.Idle(time.Minute)
	l.Edit("%%\nlinear.")
	l.Press(kb.Tab)
	l.Until("completion offers the methods of a Model", 30*time.Second,
		`["Encode", "Train", "Reconstruct"].every(name => lab.completions().some(i => i.includes(name)))`)
	l.Screenshot("completion")
	l.Press(kb.Escape)
	l.Edit("%%\nplots.Scatter")
	l.Press(kb.Tab, chromedp.ModifierShift)
	l.Until("the help says what Scatter draws", 30*time.Second, `/func plots\.Scatter|func Scatter/.test(lab.help())`)
	l.Screenshot("help")
}

// The server answers on this machine only, and only who has its token.
func TestServerAsksForItsToken(t *testing.T) {
	t.Parallel()
	l := openLab(t, linear)
	l.Open(linear)
	for path, refusal := range map[string]int{ // a page leads to the log-in in place of what was asked for
		"/api/contents": http.StatusForbidden, "/api/kernels": http.StatusForbidden,
		"/files/" + l.Path(linear): http.StatusFound, "/nbconvert/html/" + l.Path(linear): http.StatusFound,
	} {
		for _, token := range []string{"", "wrong"} {
			if body := l.Get(path, token, refusal); bytes.Contains(body, []byte("autoencoder")) {
				t.Errorf("%s with the token %q gives %.100s", path, token, body)
			}
		}
		l.Get(path, lab.Token, http.StatusOK)
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(l.URL)
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
