package cell

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"autoencoders/internal/faults"
	"autoencoders/plots"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// cells are programs as a GoNB cell runs them, each in a process of its own.
var cells = map[string]func(){
	"train": func() {
		table, live := NewTable("epoch", "loss", "time"), NewLive()
		for epoch := 1; epoch <= 3; epoch++ {
			for step := range 200 {
				table.Progress(step, 200)
				time.Sleep(time.Millisecond)
			}
			live.Show(plots.Scatter(threePoints(), []uint8{1, 2, 3}, plots.Title(fmt.Sprint("epoch ", epoch))))
			table.Row(epoch, 0.5/float64(epoch), 1300*time.Millisecond)
		}
		table.Note("")
		table.Note("<3 epochs>")
	},
	"burst": func() {
		live := NewLive()
		for i := range 4 {
			live.Show(plots.Curve(plots.Line("loss", []float64{1, 2}), plots.Title(fmt.Sprint(i))))
		}
	},
	"explorer": func() {
		plane := plots.Around(threePoints(), 2)
		Show(plots.Explorer(plane, shades(), threePoints(), nil))
		Text("*%d* digits", 10)
		Rows([]string{"layer", "parameters"}, [][]string{{"Linear", "100,480"}}).Show()
	},
	"fails": func() {
		table := NewTable("epoch", "loss")
		table.Row(1, 0.5)
		table.Progress(43, 100)
		time.Sleep(120 * time.Millisecond)
		table.Progress(44, 100)
		Check(errors.New("autoencoder: stopped\n\tat train.go:42\n\tat main.go:7"))
	},
	// The kernel of this one answers nothing.
	"silent": func() {
		gonb.patience = 500 * time.Millisecond
		table := NewTable("epoch")
		for step := range 10 {
			table.Progress(step, 10)
			time.Sleep(progressInterval)
		}
		table.Row(1)
		Text("done")
		Check(errors.New("autoencoder: stopped"))
	},
	"bad figure": func() { Show(plots.Scatter(threePoints(), []uint8{1})) },
}

func TestMain(m *testing.M) {
	if cell, ok := cells[os.Getenv("CELL_TEST")]; ok {
		cell()
		return
	}
	os.Exit(m.Run())
}

// runCell runs a cell as GoNB would, reading what it displays from a named pipe
// and answering its requests to synchronise. Those of the cell "silent" are among
// what is shown instead.
func runCell(t *testing.T, name string) (shown []protocol.DisplayData, stderr string, status int) {
	t.Helper()
	// GoNB registers these; a type it does not know would close the pipe.
	gob.Register(map[string]any{})
	gob.Register([]any{})
	dir := t.TempDir()
	there, back := filepath.Join(dir, "there"), filepath.Join(dir, "back")
	for _, pipe := range []string{there, back} {
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal("no named pipes here:", err)
		}
	}
	cmd := exec.Command(os.Args[0])
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CELL_TEST="+name, protocol.GONB_PIPE_ENV+"="+there, protocol.GONB_PIPE_BACK_ENV+"="+back)
	var errs strings.Builder
	cmd.Stderr = &errs
	var done sync.WaitGroup
	done.Go(func() {
		r, err := os.Open(there)
		if err != nil {
			t.Error(err)
			return
		}
		defer r.Close()
		w, err := os.OpenFile(back, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer w.Close()
		dec, enc := gob.NewDecoder(r), gob.NewEncoder(w)
		for {
			var d protocol.DisplayData
			if err := dec.Decode(&d); err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("the display pipe broke: %v", err)
				}
				return
			}
			if v, ok := d.Data[protocol.MIMECommValue].(protocol.CommValue); ok {
				if name == "silent" {
					shown = append(shown, d)
					continue
				}
				enc.Encode(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: v.Value})
				continue
			}
			shown = append(shown, d)
		}
	})
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	done.Wait()
	return shown, errs.String(), cmd.ProcessState.ExitCode()
}

// last is what a saved notebook keeps: the last state of each display.
func last(shown []protocol.DisplayData) []protocol.DisplayData {
	var kept []protocol.DisplayData
	at := map[string]int{}
	for _, d := range shown {
		if i, ok := at[d.DisplayID]; ok && d.DisplayID != "" {
			kept[i] = d
			continue
		}
		at[d.DisplayID] = len(kept)
		kept = append(kept, d)
	}
	return kept
}

func TestTrainingCellKeepsOneTableAndOneFigure(t *testing.T) {
	start := time.Now()
	shown, stderr, status := runCell(t, "train")
	most := int(time.Since(start)/progressInterval) + 1
	if status != 0 || stderr != "" {
		t.Fatalf("status %d: %s", status, stderr)
	}
	kept := last(shown)
	if len(kept) != 2 {
		t.Fatalf("%d displays are kept, want the table and the figure", len(kept))
	}
	html, _ := kept[0].Data[protocol.MIMETextHTML].(string)
	for _, want := range []string{">1</td>", ">0.5000</td>", ">0.2500</td>", ">0.1667</td>", ">1.3 s</td>", "&lt;3 epochs&gt;"} {
		if !strings.Contains(html, want) {
			t.Errorf("the table lacks %q: %s", want, html)
		}
	}
	if strings.Contains(html, "█") || strings.Contains(html, "%") {
		t.Errorf("a progress bar is left: %s", html)
	}
	for _, no := range []string{"<th", "<progress", "<script", "<style"} {
		if strings.Contains(html, no) {
			t.Errorf("the table has %s, which a sanitiser escapes", no)
		}
	}
	if got := kept[1].Data[protocol.MIMETextPlain]; got != "epoch 3" {
		t.Errorf("the figure kept is %v, want the last", got)
	}
	if _, ok := kept[1].Data[protocol.MIMEImagePNG].([]byte); !ok {
		t.Error("the figure is not a PNG")
	}
	size, _ := kept[1].Metadata[string(protocol.MIMEImagePNG)].(map[string]any)
	if size["width"] != 620 {
		t.Errorf("the figure is shown %v wide, want 620: half its pixels", size["width"])
	}
	if alt, _ := size["alt"].(string); !strings.Contains(alt, "3 points") {
		t.Errorf("the figure's alt text is %q, want what is seen", alt)
	}
	bars := 0
	for _, d := range shown {
		if s, _ := d.Data[protocol.MIMETextHTML].(string); strings.Contains(s, "█") {
			bars++
		}
	}
	if bars < 2 || bars > most {
		t.Errorf("the bar moved %d times, want some and %d, ten a second, at most", bars, most)
	}
}

func TestLiveNeverLosesItsLastPicture(t *testing.T) {
	shown, _, _ := runCell(t, "burst")
	kept := last(shown)
	if len(kept) != 1 || kept[0].Data[protocol.MIMETextPlain] != "3" {
		t.Errorf("kept %d displays, want the one of figure 3", len(kept))
	}
}

func TestShowSendsVegaLiteBesideThePNG(t *testing.T) {
	shown, stderr, _ := runCell(t, "explorer")
	if len(shown) != 3 {
		t.Fatalf("%d displays, want 3: %s", len(shown), stderr)
	}
	if _, ok := shown[0].Data[protocol.MIMEImagePNG].([]byte); !ok {
		t.Error("no PNG for those who cannot show Vega-Lite")
	}
	spec, ok := shown[0].Data[mimeVegaLite].(map[string]any)
	if !ok || spec["$schema"] != "https://vega.github.io/schema/vega-lite/v5.json" {
		t.Errorf("no Vega-Lite object, got %T", shown[0].Data[mimeVegaLite])
	}
	if shown[1].Data[protocol.MIMETextMarkdown] != "*10* digits" {
		t.Errorf("text: %v", shown[1].Data)
	}
	if !strings.Contains(fmt.Sprint(shown[2].Data[protocol.MIMETextPlain]), "100,480") {
		t.Errorf("table: %v", shown[2].Data)
	}
}

func TestCheckPrintsOneLineAndEndsTheCell(t *testing.T) {
	shown, stderr, status := runCell(t, "fails")
	if stderr != "autoencoder: stopped\n" || status != 1 {
		t.Errorf("status %d and %q, want 1 and one line", status, stderr)
	}
	kept := last(shown)
	if len(kept) != 1 {
		t.Fatalf("%d displays, want the table", len(kept))
	}
	html := kept[0].Data[protocol.MIMETextHTML].(string)
	if !strings.Contains(html, "0.5000") || strings.Contains(html, "█") {
		t.Errorf("want the table's row and no bar that stands still: %s", html)
	}
}

func TestShowOfABadFigureEndsTheCell(t *testing.T) {
	_, stderr, status := runCell(t, "bad figure")
	if stderr != "plots: Scatter: 1 labels for 3 points\n" || status != 1 {
		t.Errorf("status %d and %q", status, stderr)
	}
}

func TestAKernelThatIsGoneIsWaitedForOnce(t *testing.T) {
	shown, stderr, status := runCell(t, "silent")
	if stderr != "autoencoder: stopped\n" || status != 1 {
		t.Errorf("status %d and %q", status, stderr)
	}
	requests := 0
	for _, d := range shown {
		if _, ok := d.Data[protocol.MIMECommValue]; ok {
			requests++
		}
	}
	if requests != 1 {
		t.Errorf("the kernel was asked %d times, and waited for each time; want once", requests)
	}
	if displays := len(shown) - requests; displays < 5 {
		t.Errorf("%d displays were sent: a kernel that is only slow would lack the others", displays)
	}
	faults.Row(t, "a kernel that stops answering while a cell trains", strings.TrimSpace(stderr), "one wait instead of one at each display")
}

// The clock is the test's own.
func TestASlowKernelIsWaitedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan bool)
		var requests atomic.Int32
		k := kernel{sync: func() { requests.Add(1); <-answers }, patience: 5 * time.Second}
		start := time.Now()
		for range 20 {
			k.flush()
		}
		if waited := time.Since(start); requests.Load() != 1 || waited != k.patience {
			t.Errorf("%d requests and %v of waiting, want one and %v", requests.Load(), waited, k.patience)
		}
		answers <- true // late
		synctest.Wait()
		start = time.Now()
		go func() { time.Sleep(time.Second); answers <- true }()
		k.flush()
		if waited := time.Since(start); requests.Load() != 2 || waited != time.Second || k.unanswered != nil {
			t.Errorf("after its answer the kernel was asked %d times and waited for %v, want a second time and a second", requests.Load()-1, waited)
		}
	})
}

func threePoints() *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions([]float32{0, 0, 1, 2, 3, -1}, 3, 2)
}

// shades are 4 images of 4 x 4 pixels, from black to white.
func shades() *tensors.Tensor {
	v := make([]float32, 4*16)
	for i := range v {
		v[i] = float32(i/16) / 3
	}
	return tensors.FromFlatDataAndDimensions(v, 4, 4, 4, 1)
}
