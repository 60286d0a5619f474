package lessons

import (
	"testing"
	"time"

	"autoencoders/internal/browser/lab"

	"github.com/chromedp/chromedp"
)

// The first start writes the copies to work in, and shows the start page, rendered, beside them. Each of its links to a lesson
// opens that lesson: the copy, and the finished one. The student has a home, so that the copies of this checkout stay out.
func TestJupyterLabOpensOnTheStartPage(t *testing.T) {
	t.Parallel()
	l := openLabWith(t, lab.Options{Workspace: "../../../setup/workspace.json", Env: []string{"AUTOENCODERS_HOME=" + t.TempDir()}})
	l.Window(1366, 768)
	if err := chromedp.Do(l.Browser, chromedp.Navigate(l.URL+"/lab?token="+lab.Token)); err != nil {
		t.Fatal(err)
	}
	l.Until("the start page is rendered", time.Minute, `document.querySelector(".jp-MarkdownViewer h1")?.textContent.startsWith("Start here")`)
	l.Until("the file browser lists the copies", time.Minute,
		`[...document.querySelectorAll(".jp-DirListing-item")].some(i => i.textContent.includes("01-linear") && i.getBoundingClientRect().height > 0)`)
	l.Screenshot("start")
	if open := lab.Eval[int](l, `[...lab.app.shell.widgets("main")].length`); open != 1 {
		t.Errorf("%d tabs are open, want the start page alone", open)
	}
	for _, lesson := range names(t) {
		for _, path := range []string{"work/" + lesson, "notebooks/" + lesson} {
			if !lab.Eval[bool](l, `(link => { link?.click(); return !!link; })([...document.querySelectorAll(".jp-MarkdownViewer a")].find(a => a.textContent && decodeURI(a.href).split("?")[0].endsWith("/`+path+`")))`) {
				t.Errorf("the start page has no link to %s", path)
				continue
			}
			l.Until(path+" is open", time.Minute, `lab.panel?.context?.path === "`+path+`"`)
			l.Command("docmanager:open", map[string]any{"path": "notebooks/start.md", "factory": "Markdown Preview"})
			l.Until("the start page is in front again", 30*time.Second, `lab.panel?.context?.path === "notebooks/start.md"`)
		}
	}
}
