//go:build picture

package lessons

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"autoencoders/internal/browser/lab"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// The README's picture, docs/lesson.png: lesson 1 as it is committed, with the training cell, its table and its figure, beside
// the folder of the lessons. It is taken anew by
//
//	eval "$(make -s env)"; go test -C internal/browser -tags=picture -run=TestPictureOfALesson ./lessons
func TestPictureOfALesson(t *testing.T) {
	l := openLabWith(t, lab.Options{Workspace: "../../../setup/workspace.json"})
	window := func(height int64) {
		t.Helper()
		if _, err := chromedp.Call(l.Browser, emulation.SetDeviceMetricsOverride,
			emulation.SetDeviceMetricsOverrideParams{Width: 1200, Height: height, DeviceScaleFactor: 1.5}); err != nil {
			t.Fatal(err)
		}
	}
	window(1000)
	if err := chromedp.Do(l.Browser, chromedp.Navigate(l.URL+"/lab/tree/notebooks/"+linear+"?token="+lab.Token)); err != nil {
		t.Fatal(err)
	}
	l.Until("the lesson is open and its kernel idle", time.Minute, lab.Script("ready", linear))
	l.Look("training", "lesson")
	l.Until("its pictures are drawn", time.Minute, lab.Script("pictures"))
	const frame = 130 // of JupyterLab, above and below a cell
	window(frame + lab.Eval[int64](l, `Math.ceil(lab.notebook.activeCell.node.getBoundingClientRect().height)`))
	l.Look("training", "lesson")
	taken, err := os.ReadFile(filepath.Join("../../../artifacts", "lesson.png"))
	if err == nil {
		err = os.WriteFile("../../../docs/lesson.png", taken, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
