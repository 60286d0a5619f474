package lessons

import (
	"testing"
	"time"

	"autoencoders/internal/browser/lab"

	"github.com/chromedp/chromedp"
)

// The first start shows the start page, rendered, beside the folder of the lessons, and each of its links to a lesson opens
// that lesson.
func TestJupyterLabOpensOnTheStartPage(t *testing.T) {
	t.Parallel()
	l := openLabWith(t, lab.Options{Workspace: "../../../setup/workspace.json"})
	l.Window(1366, 768)
	if err := chromedp.Do(l.Browser, chromedp.Navigate(l.URL+"/lab?token="+lab.Token)); err != nil {
		t.Fatal(err)
	}
	l.Until("the start page is rendered", time.Minute, `document.querySelector(".jp-MarkdownViewer h1")?.textContent.startsWith("Start here")`)
	l.Until("the file browser lists the lessons", time.Minute,
		`[...document.querySelectorAll(".jp-DirListing-item")].some(i => i.textContent.includes("01-linear") && i.getBoundingClientRect().height > 0)`)
	l.Screenshot("start")
	if open := lab.Eval[int](l, `[...lab.app.shell.widgets("main")].length`); open != 1 {
		t.Errorf("%d tabs are open, want the start page alone", open)
	}
	for _, lesson := range names(t) {
		if !lab.Eval[bool](l, `(link => { link?.click(); return !!link; })([...document.querySelectorAll(".jp-MarkdownViewer a")].find(a => a.textContent && decodeURI(a.href).split("?")[0].endsWith("`+lesson+`")))`) {
			t.Errorf("the start page has no link to %s", lesson)
			continue
		}
		l.Until(lesson+" is open", time.Minute, `lab.panel?.context?.path === "notebooks/`+lesson+`"`)
		l.Command("docmanager:open", map[string]any{"path": "notebooks/start.md", "factory": "Markdown Preview"})
		l.Until("the start page is in front again", 30*time.Second, `lab.panel?.context?.path === "notebooks/start.md"`)
	}
}
