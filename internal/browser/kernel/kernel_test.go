package kernel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"autoencoders/internal/browser/lab"
	"autoencoders/internal/faults"
)

// Limits of a test are far beyond what is promised, since machines differ; what was seen is logged.
const (
	patience   = 60 * time.Second // for a cell
	promptness = 30 * time.Second // for ■, where three seconds are promised
	kernelMax  = 200 << 20        // bytes of memory of the kernel
	savedMax   = 5 << 20          // bytes of a notebook
)

var folder string // of the tests' notebooks

func TestMain(m *testing.M) { lab.Main(m, &folder) }

// open is a JupyterLab with a temporary folder of its own, TMPDIR.
func open(t *testing.T, o lab.Options) (l *lab.Lab, temporary string) {
	t.Helper()
	temporary = t.TempDir()
	o.Env = append(o.Env, "TMPDIR="+temporary)
	return lab.Open(t, filepath.Join(folder, t.Name()), o), temporary
}

// notebook writes a notebook and shows it.
func notebook(l *lab.Lab, name string, cells ...string) {
	l.Write(name, cells...)
	l.Open(name)
}

// cell runs the cell with the given words and returns what it says.
func cell(t *testing.T, l *lab.Lab, words string) string {
	t.Helper()
	start := time.Now()
	l.Run(words)
	l.Idle(patience)
	said := l.Output(words)
	t.Logf("%q said after %.1f s: %.300q", words, time.Since(start).Seconds(), said)
	return said
}

// program waits until the program of a cell runs.
func program(t *testing.T, l *lab.Lab) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		for _, p := range l.Processes() {
			if strings.HasPrefix(p.Name, "gonb_") {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatal("no program of a cell runs")
		}
	}
}

// lines are what is left of an output without escape sequences and empty lines.
func lines(said string) (lines []string) {
	for line := range strings.Lines(said) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// strange are words that a reader of a cell has not written.
var strange = []string{"flag.Parse", "gonb_", "goroutine ", "signal: interrupt", "package main", "expected declaration", "_gonb"}

// says checks that an output begins with a line that has the words, and holds nothing strange.
func says(t *testing.T, said string, words ...string) string {
	t.Helper()
	all := lines(said)
	if len(all) == 0 {
		t.Errorf("the cell says nothing, want %q", words)
		return ""
	}
	for _, w := range words {
		if !strings.Contains(all[0], w) {
			t.Errorf("the cell says first %q, without %q", all[0], w)
		}
	}
	for _, w := range strange {
		if strings.Contains(said, w) {
			t.Errorf("the cell says %q: %s", w, said)
		}
	}
	return all[0]
}

const imports = `import (
	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/cell"
	"autoencoders/datasets"
	"autoencoders/plots"
)`

const tiny = `var mnist = datasets.MNIST(datasets.Normalize(0.5, 0.5))

var tiny = autoencoder.Model{
	Dir:     "checkpoints/tiny",
	Encoder: nn.Sequential(nn.Linear(784, 2)),
	Decoder: nn.Sequential(nn.Linear(2, 784), nn.Tanh()),
}`

// What a beginner types wrong, and the one line that says what to do.
func TestMessages(t *testing.T) {
	t.Parallel()
	l, temporary := open(t, lab.Options{})
	cells := []struct {
		code string
		want []string // of the first line
	}{
		{"x := 3\nfmt.Println(x)", []string{"line 1", "needs %% as its first line"}},
		{"cell.Text(\"hi\")", []string{"line 1", "needs %% as its first line"}},
		{"for {\n}", []string{"line 1", "needs %% as its first line"}},
		{"y := 3\n%%\nfmt.Println(y)", []string{"line 1", "statements stand below %%"}},
		{"%%\nfmt.Println(somme)", []string{"line 2", "undefined: somme"}},
		{"%%\nfmt.Println(inside)", []string{"inside was made under %% in another cell"}},
		{"%%\nunused := 1", []string{"line 2", "declared and not used: unused"}},
		{"import \"github.com/disintegration/imaging\"\n%%\nfmt.Println(imaging.Lanczos.Support)", []string{"github.com/disintegration/imaging", "%env GOPROXY="}},
		{"import \"autoencoders/plot\"\n%%\nplot.Text(\"typo\")", []string{"there is no package", "autoencoders/plot"}},
		{"%%\nplots.Images(mnist.Test().Take(3).Images)", []string{"line 2", "plots.Images makes a figure and does not show it", "cell.Show("}},
		{"%%\nz := tiny.Encode(mnist.Test().Images)\nfmt.Println(z)", []string{"assignment mismatch", "cell.Must("}},
		{"%%\nz := plots.Must(tiny.Encode(mnist.Test().Images))\nfmt.Println(z)", []string{"undefined: plots.Must", "write cell in place of plots"}},
		{"%%\nplots.Text(\"hi\")", []string{"undefined: plots.Text", "write cell in place of plots"}},
		{"%%\nplots.Images(mnist.Test().Take(3).Images).Show()", []string{"Show undefined", "cell.Show( ) around it"}},
		{"%%\nvar m map[string]int\nm[\"a\"] = 1", []string{"line 3", "panic: assignment to entry in nil map", "map[string]int{}"}},
		{"%%\nvar none *[3]int\nfmt.Println(none[1])", []string{"line 3", "panic: runtime error: invalid memory address"}},
		{"%%\nsum := 0\nfmt.Println(1 / sum)", []string{"line 3", "panic: runtime error: integer divide by zero"}},
		{"func again(n int) int {\n\treturn again(n+1) + 1\n}\n%%\nfmt.Println(again(0))", []string{"Cell [21], line 1", "stack overflow"}},
		{"%%\npanic(fmt.Errorf(\"mine: %w\", os.ErrNotExist))", []string{"line 2", "panic: mine: file does not exist"}},
		{"%%\n# a comment", []string{"line 2", "comments begin with //"}},
		{"%%\nsum := 0\nsum += 0.5 * float64(len(\"ab\"))\nfmt.Println(sum)", []string{"line 3", "mismatched types", "begin a sum with 0.0"}},
		{"%%\ntotal := 0\ntotal := 1\nfmt.Println(total)", []string{"line 3", "no new variables", "write = in place of :="}},
		{"%%\nvar s []int\nappend(s, 4)", []string{"line 3", "is not used", "s = append(s, x)"}},
		{"%%\nif len(\"ab\") > 2 {\n}\nelse {\n}", []string{"line 4", "else stands on the line of the closing brace"}},
		{"%%\nn := 3\nfmt.Println(0.5 * n)", []string{"line 3", "float64(n)"}},
		{"%%\ncell.Show(plots.Images(mnist.Test().Images))", []string{"10000 images are too many for one figure: Take(100)"}},
		{"%%\ncell.Must(tiny.Encode(mnist.Test().Take(3).Images)) // though Train was called", []string{"has no trained weights", "a loop ranges over Train"}},
		{"%%\nos.Setenv(\"AUTOENCODERS_DATA\", \"nowhere\")\nfashion, _ := datasets.FashionMNIST()\n" +
			"for _, err := range tiny.Train(fashion.Train().Images, fashion.Test().Images, autoencoder.Tutorial()) {\n\tcell.Check(err)\n}",
			[]string{"the training images could not be loaded: datasets: Fashion-MNIST: "}},
		{"import (\n\t\"github.com/gomlx/gomlx/core/graph\"\n\t\"github.com/gomlx/gomlx/ml/model\"\n)\n\n" +
			"func third(_ *model.Scope, x *graph.Node) *graph.Node {\n\treturn graph.MulScalar(x, float64(x.Shape().Dimensions[2]))\n}\n" +
			"%%\nown := tiny\nown.Encoder = nn.Sequential(nn.Linear(784, 2), third)\ncell.Must(own.Summary(28, 28, 1))",
			[]string{"index out of range [2] with length 2 at Cell [", "], line 7"}},
	}
	sources := []string{imports, tiny, "%%\ninside := 1\nfmt.Println(inside)"}
	for _, c := range cells {
		sources = append(sources, c.code)
	}
	const index = "%%\nv := []int{1, 2, 3}\nfor i := 0; ; i++ {\n\tfmt.Println(v[i])\n}"
	const layers = "import \"github.com/gomlx/gomlx/ml/layers\"\n%%\nfmt.Println(layers.Dropout != nil)"
	const endless = "%%\ntime.Sleep(time.Hour)"
	const middle = "%%\ncell.Must(tiny.Encode(mnist.Test().Take(10).Images))"
	sources = append(sources, index, layers, endless, middle)
	notebook(l, "messages.ipynb", sources...)
	for _, source := range sources[:3] {
		if said := cell(t, l, source); strings.Contains(said, "rror") {
			t.Fatal(said)
		}
	}
	for _, c := range cells {
		line := says(t, cell(t, l, c.code), c.want...)
		first, _, _ := strings.Cut(strings.TrimPrefix(c.code, "%%\n"), "\n")
		if !strings.Contains(line, "panic: ") { // whose words a fault of ours must not have
			faults.Row(t, "in a cell, "+strings.ReplaceAll(first, "|", "/"), line, "the kernel, and what other cells have declared")
		}
	}
	for range 10 { // always, however the lines come through the pipe
		said := cell(t, l, index)
		if lab.LineWith(said, "line 4: panic: runtime error: index out of range [3] with length 3") == "" || strings.Contains(said, "goroutine ") {
			t.Errorf("the panic says:\n%s", said)
		}
	}
	if said := cell(t, l, layers); !strings.Contains(said, "true") {
		t.Errorf("GoMLX's layers in a cell: %s", said)
	}

	l.Run(endless)
	program(t, l)
	l.Begin("kernelmenu:interrupt")
	l.Idle(promptness)
	line := says(t, l.Output(endless), "stopped")
	faults.Row(t, "in a cell, ■", line, "all that was declared")

	// The temporary folder is cleaned away under a live kernel.
	found, err := filepath.Glob(filepath.Join(temporary, "gonb_*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("temporary folders: %q, %v", found, err)
	}
	if err := os.RemoveAll(found[0]); err != nil {
		t.Fatal(err)
	}
	if said := cell(t, l, sources[2]); !strings.Contains(said, "1") || strings.Contains(said, "rror") {
		t.Errorf("after its temporary folder was cleaned away a cell says: %s", said)
	}
	l.Look(index, "messages")

	// The next day: a new kernel, and a cell in the middle.
	l.Restart()
	l.Command("docmanager:save", nil)
	said := cell(t, l, middle)
	line = says(t, said, "are not declared in this kernel: choose Run > Run All Above Selected Cell", "mnist", "tiny")
	if len(lines(said)) != 1 {
		t.Errorf("it says more than one line:\n%s", said)
	}
	faults.Row(t, "after a restart, a cell in the middle", line, "the trained models")
}

// A variable whose value cannot be computed takes no other cell with it.
func TestVariables(t *testing.T) {
	t.Parallel()
	l, _ := open(t, lab.Options{})
	const (
		bad     = "var z = cell.Must(tiny.Encode(mnist.Test().Take(10).Images))"
		user    = "func first() float32 {\n\treturn tensors.MustCopyFlatData[float32](z)[0]\n}"
		train   = "%%\nconfig := autoencoder.Tutorial()\nconfig.Epochs = 1\nfor e, err := range tiny.Train(mnist.Test().Images, mnist.Test().Take(100).Images, config) {\n\tcell.Check(err)\n\tfmt.Println(\"epoch\", e.Number)\n}"
		four    = "%%\ncell.Text(\"%d\", 2+2)"
		uses    = "%%\nfmt.Println(\"first\", first() != 0)"
		crash   = "var broken = []int{1, 2}[len(os.Args)+5]"
		three   = "%%\nfmt.Println(\"three\")"
		slow    = "func slowly() int {\n\ttime.Sleep(1500 * time.Millisecond)\n\treturn 1\n}\n\nvar data = slowly()"
		quick   = "var data = 1"
		five    = "%%\nfmt.Println(\"five\")"
		endless = "var never = func() int {\n\ttime.Sleep(time.Hour)\n\treturn 1\n}()"
		six     = "%%\nfmt.Println(\"six\")"
		pair    = "var left, right = func() (int, error) { os.Exit(3); return 1, nil }()"
		seven   = "%%\nfmt.Println(\"seven\")"
		kept    = "var survivor = 8\n%%\npanic(\"after main began\")"
		eight   = "%%\nfmt.Println(\"eight\", survivor)"
		wrong   = "var wrong int = \"text\""
	)
	notebook(l, "variables.ipynb", imports, tiny, bad, user, train, four, uses, crash, three, slow, five, quick, endless, six, pair, seven, kept, eight, wrong)
	start := time.Now()
	for _, source := range []string{imports, tiny, bad, user} {
		if said := cell(t, l, source); said != "" {
			t.Errorf("a cell that only declares says %s", said)
		}
	}
	t.Logf("four cells that only declare: %v", time.Since(start))

	// Second form of the case: what fails does so in the first cell that runs, which is the one that would help.
	said := cell(t, l, train)
	line := lab.LineWith(said, "z is forgotten, since its value could not be computed: correct cell [3]")
	if line == "" || !strings.Contains(said, "has no trained weights") || !strings.Contains(said, "epoch 1") || !strings.Contains(line, "runs without it") {
		t.Errorf("the training cell says:\n%s", said)
	}
	faults.Row(t, "a variable whose value cannot be computed", line, "every other declaration; the cell runs")
	if said := cell(t, l, four); said != "4" {
		t.Errorf("the next cell says:\n%s", said)
	}
	if said := cell(t, l, uses); lab.LineWith(said, "z is forgotten") == "" && lab.LineWith(said, "undefined: first") == "" {
		t.Errorf("a cell that needs the forgotten variable says:\n%s", said)
	}
	if said := cell(t, l, bad) + cell(t, l, uses); !strings.Contains(said, "first true") {
		t.Errorf("declared again, with trained weights, it says:\n%s", said)
	}

	cell(t, l, crash)
	said = cell(t, l, three)
	if lab.LineWith(said, "broken is forgotten") == "" || lab.LineWith(said, "panic: runtime error: index out of range") == "" || !strings.Contains(said, "three") || strings.Contains(said, "goroutine ") {
		t.Errorf("after an initialiser that panics:\n%s", said)
	}

	cell(t, l, slow)
	if said = cell(t, l, five); lab.LineWith(said, "data, declared in cell [") == "" || lab.LineWith(said, "is computed again in every cell") == "" || !strings.Contains(said, "five") {
		t.Errorf("after a slow initialiser:\n%s", said)
	}
	if said = cell(t, l, four); said != "4" {
		t.Errorf("it is told twice: %s", said)
	}

	cell(t, l, quick)
	cell(t, l, endless)
	l.Run(six)
	program(t, l)
	l.Begin("kernelmenu:interrupt")
	l.Idle(promptness)
	if said = l.Output(six); lab.LineWith(said, "never is forgotten, since its computation was stopped") == "" || strings.Contains(said, "signal: ") {
		t.Errorf("after an initialiser that was stopped:\n%s", said)
	}
	if said = cell(t, l, six); !strings.Contains(said, "six") || strings.Contains(said, "forgotten") {
		t.Errorf("the cell again:\n%s", said)
	}

	cell(t, l, pair)
	if said = cell(t, l, seven); lab.LineWith(said, "left is forgotten") == "" || !strings.Contains(said, "seven") {
		t.Errorf("after an initialiser of two variables that exits:\n%s", said)
	}

	cell(t, l, kept)
	if said = cell(t, l, eight); !strings.Contains(said, "eight 8") {
		t.Errorf("what was declared in a cell that failed after main began is lost: %s", said)
	}
	says(t, cell(t, l, wrong), "line 1", "cannot use \"text\"")
}

// After a reload the page shows what it has missed.
func TestReloadedPage(t *testing.T) {
	// It is not parallel: on a machine that is busy enough JupyterLab gives the page that comes back another kernel.
	l, _ := open(t, lab.Options{})
	const (
		declared = "import \"autoencoders/cell\""
		long     = "%%\ntable := cell.NewTable(\"epoch\", \"loss\")\nfor i := range 12 {\n\ttable.Row(i+1, 0.5)\n\tfmt.Println(\"epoch\", i+1)\n\ttime.Sleep(time.Second)\n" +
			"\tfor _, err := os.Stat(\"reloaded\"); i == 5 && err != nil; _, err = os.Stat(\"reloaded\") {\n\t\ttime.Sleep(100 * time.Millisecond)\n\t}\n}"
		next    = "%%\nfmt.Println(\"next\")"
		another = "%%\nfmt.Println(\"another\")"
	)
	notebook(l, "reload.ipynb", declared, long, next, another)
	cell(t, l, declared)
	l.Run(long)
	l.Until("the table has a row", patience, lab.Script("output", long)+`.includes("0.5")`)
	l.Command("docmanager:save", nil)
	l.Reload("reload.ipynb")
	l.Run(next) // waits behind the cell that runs, which in turn waits until it is asked for
	l.Until("the next cell waits", patience, lab.Script("asked", next))
	if err := os.WriteFile(filepath.Join(l.Dir, "reloaded"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	l.Idle(patience)
	said := l.Output(next)
	line := says(t, said, "The page was reloaded while cell [2] ran")
	for _, want := range []string{"epoch 12", "next"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in\n%s", want, said)
		}
	}
	if rows := strings.Count(said, "0.5"); rows < 12 {
		t.Errorf("the table has %d rows of 12:\n%s", rows, said)
	}
	l.Look(next, "reloaded")
	if said := cell(t, l, another); said != "another\n" {
		t.Errorf("it is shown twice: %s", said)
	}
	faults.Row(t, "in JupyterLab, the page is reloaded while a cell runs", line, "the run; the next cell shows what it reached")
}

// flood is a program that shows more than a page can take.
type flood struct {
	name, code string
	ends       bool   // by itself
	says       string // what is said of what is not shown
}

var floods = []flood{
	{"endless loop that prints", "%%\nfor i := 0; ; i++ {\n\tfmt.Println(\"OK\", i)\n}", false, "5,000 lines of text are shown"},
	{"20,000 lines", "%%\nfor i := range 20000 {\n\tfmt.Println(\"line\", i)\n}\ncell.Text(\"twenty thousand\")", true, "5,000 lines of text are shown"},
	{"huge value", "%%\nfmt.Println(mnist.Test().Images.Value())", true, "more bytes in this line"},
	{"a megabyte in one line", "%%\nfmt.Println(strings.Repeat(\"wide \", 1<<18))", true, "more bytes in this line"},
	{"long lines", "%%\nfor range 3000 {\n\tfmt.Println(strings.Repeat(\"long \", 1000))\n}", true, "1 MB of text are shown"},
	{"binary rubbish", "%%\nb := make([]byte, 1<<20)\nfor {\n\trand.Read(b)\n\tos.Stdout.Write(b)\n}", false, "not shown"},
	{"rubbish on standard error", "%%\nfor i := range 200000 {\n\tlog.Println(\"warning\", i)\n}\nlog.Fatal(\"at last\")", true, "at last"},
	{"a million updates", "%%\nfor i := range 1000000 {\n\tgonbui.UpdateHTML(\"bar\", fmt.Sprint(\"update \", i))\n}\nfmt.Println(\"a million\")", true, "a million"},
	{"endless updates of many places", "%%\nfor i := 0; ; i++ {\n\tgonbui.UpdateHTML(fmt.Sprint(\"place\", i%5000), fmt.Sprint(\"place \", i))\n}", false, "300 displays are shown"},
	{"a million displays", "%%\nfor i := range 1000000 {\n\tgonbui.DisplayHTML(fmt.Sprint(\"display \", i))\n}", true, "300 displays are shown"},
	{"figures without end", "%%\nfor {\n\tcell.Show(plots.Images(mnist.Test().Take(200).Images))\n}", false, "are shown"},
	{"a carriage return without end", "%%\nfor i := 0; ; i++ {\n\tfmt.Print(i, \" %\\r\")\n}", false, "more bytes in this line"},
}

// However much a cell shows, the page can be used, ■ is answered, and neither kernel nor notebook grows.
// It is not parallel: its programs take all that the machine has, and it measures how soon the page answers.
func TestFloods(t *testing.T) {
	l, _ := open(t, lab.Options{Limit: 15 * time.Minute})
	sources := []string{imports, tiny}
	for _, f := range floods {
		sources = append(sources, f.code)
	}
	const after = "%%\nfmt.Println(\"still here\")"
	notebook(l, "floods.ipynb", append(sources, after)...)
	cell(t, l, imports)
	cell(t, l, tiny)
	for i, f := range floods {
		t.Run(f.name, func(t *testing.T) {
			l := l.With(t)
			start := time.Now()
			l.Run(f.code)
			var slowest time.Duration
			full := func() bool { // displays take their time to fill a cell, on a busy machine more than five seconds
				return !strings.Contains(f.code, "cell.Show(") && !strings.Contains(f.code, "gonbui.") || lab.LineWith(l.Output(f.code), f.says) != "" || time.Since(start) > patience
			}
			for time.Since(start) < 5*time.Second || !full() {
				answer, err := l.Answers(promptness)
				if err != nil {
					t.Fatalf("the page does not answer: %v", err)
				}
				slowest = max(slowest, answer)
				time.Sleep(100 * time.Millisecond)
			}
			kernel := memory(l)
			pressed := time.Now()
			if f.ends {
				l.Idle(patience)
			} else {
				if i%2 == 0 { // once with the mouse, once through the menu
					l.Click(l.Stop())
				} else {
					l.Begin("kernelmenu:interrupt")
				}
				l.Idle(promptness)
			}
			took := time.Since(pressed)
			said := l.Output(f.code)
			l.Command("docmanager:save", nil)
			info, err := os.Stat(filepath.Join(l.Dir, "floods.ipynb"))
			if err != nil {
				t.Fatal(err)
			}
			kernel = max(kernel, memory(l))
			t.Logf("the slowest answer of the page took %v, idle %v later; kernel %d MB, page %d MB, notebook %d kB",
				slowest.Round(time.Millisecond), took.Round(time.Millisecond), kernel>>20, l.Memory()>>20, info.Size()>>10)
			if kernel > kernelMax || kernel == 0 {
				t.Errorf("the kernel takes %d MB", kernel>>20)
			}
			if info.Size() > savedMax {
				t.Errorf("the notebook is %d kB", info.Size()>>10)
			}
			line := lab.LineWith(said, f.says)
			if line == "" {
				t.Errorf("nothing says %q:\n%.500s\n…\n%s", f.says, said, said[max(0, len(said)-500):])
			}
			if f.ends && strings.Contains(f.code, "twenty thousand") && !strings.Contains(said, "twenty thousand") {
				t.Error("what is shown with plots is missing")
			}
			if n := strings.Count(said, "\n"); n > 8000 {
				t.Errorf("%d lines are shown", n)
			}
			if len(line) > 200 {
				line = "… " + line[len(line)-40:]
			}
			faults.Row(t, "in a cell, "+f.name, line, "the page, and the kernel with all that was declared")
			if said := cell(t, l, after); !strings.Contains(said, "still here") {
				t.Errorf("the next cell says %s", said)
			}
			lab.Eval[bool](l, lab.Script("clear", f.code)) // as a student would
		})
	}
}

// memory is that of the largest of the server's kernels.
func memory(l *lab.Lab) (most int64) {
	for _, p := range l.Named("gonb") {
		most = max(most, p.RSS)
	}
	return most
}
