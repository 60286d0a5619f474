package lessons

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"autoencoders/internal/browser/lab"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

type object = map[string]any

// markdown is a cell of text, showing a cell of Go with one output.
func markdown(source string) object {
	return object{"cell_type": "markdown", "metadata": object{}, "source": source}
}

func showing(source string, data, metadata object) object {
	return object{"cell_type": "code", "execution_count": 1, "metadata": object{}, "source": source,
		"outputs": []object{{"output_type": "display_data", "data": data, "metadata": metadata}}}
}

// white returns a white PNG as a notebook holds it.
func white(t *testing.T, width, height int) string {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	var raw bytes.Buffer
	if err := png.Encode(&raw, picture); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw.Bytes())
}

// save writes a notebook of these cells into the lab's folder, and returns its path.
func save(t *testing.T, l *lab.Lab, name string, cells ...object) string {
	t.Helper()
	for i, c := range cells {
		c["id"] = fmt.Sprint("cell-", i)
	}
	raw, err := json.Marshal(object{"nbformat": 4, "nbformat_minor": 5, "cells": cells, "metadata": object{
		"kernelspec":    object{"name": "autoencoders", "display_name": "Go (autoencoders)", "language": "go"},
		"language_info": object{"name": "go", "pygments_lexer": "go"},
	}})
	path := filepath.Join(l.Dir, name)
	if err == nil {
		err = os.WriteFile(path, raw, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// In the dark theme a picture is shown at 85 % of its brightness, and in the light one as it is. Text that fills more than
// the window scrolls in its own frame.
func TestPicturesAreDimmedInTheDark(t *testing.T) {
	t.Parallel()
	l := openLab(t)
	save(t, l, "white.ipynb",
		showing("%%\nshow()", object{"image/png": white(t, 400, 300)}, object{"image/png": object{"width": 400, "height": 300}}),
		object{"cell_type": "code", "execution_count": 2, "metadata": object{}, "source": "%%\nsay()",
			"outputs": []object{{"output_type": "stream", "name": "stdout", "text": strings.Repeat("a line\n", 1000)}}})
	l.Open("white.ipynb")
	for theme, want := range map[string]uint8{"JupyterLab Light": 255, "JupyterLab Dark": 217} {
		l.Theme(theme)
		l.Until("the picture is drawn", 30*time.Second, lab.Script("pictures"))
		var got color.Color
		expected := color.NRGBA{want, want, want, 255}
		for start := time.Now(); got != expected && time.Since(start) < 30*time.Second; time.Sleep(200 * time.Millisecond) {
			got = middle(t, l) // a veil fades away after the theme has changed
		}
		if got != expected {
			t.Errorf("%s: white is shown as %v, want %d", theme, got, want)
		}
	}
	if high := lab.Eval[float64](l, `document.querySelector(lab.area + ".jp-RenderedText").getBoundingClientRect().height / window.innerHeight`); high > .81 {
		t.Errorf("a thousand lines of text take %.2f of the window's height", high)
	}
}

// exported opens an exported page in the browser, laid out for A4: 21 cm of 96 pixels an inch, less the page's margins of half
// an inch.
func exported(t *testing.T, l *lab.Lab, file string) {
	t.Helper()
	err := chromedp.Do(l.Browser, chromedp.Navigate("file://"+file))
	if err == nil {
		_, err = chromedp.Call(l.Browser, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	}
	if err != nil {
		t.Fatal(err)
	}
	l.Window(794-96, 1000)
}

// printed saves the page as a PDF of A4 pages in artifacts/, to be looked at.
func printed(t *testing.T, l *lab.Lab, name string) {
	t.Helper()
	pdf, err := chromedp.Call(l.Browser, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: 21 / 2.54, PaperHeight: 29.7 / 2.54, PrintBackground: new(true)})
	if err == nil {
		err = os.WriteFile(filepath.Join("../../../artifacts", name+".pdf"), pdf.Data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tooWide returns what is wider than the page, or than a frame that cuts it off. Spaces at the end of a line do not count.
func tooWide(l *lab.Lab) []string {
	return lab.Eval[[]string](l, `[...document.querySelectorAll("main *")].filter(e => {
		const r = e.getBoundingClientRect();
		return r.width > 0 && (e.textContent.trim() || e.tagName === "IMG") && (r.right > window.innerWidth + .5 || r.left < -.5 || (e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "visible"));
	}).map(e => e.tagName + " " + e.className + ": " + e.textContent.trim().slice(0, 60)).slice(0, 10)`)
}

// An export, from JupyterLab's menu and from the command line, shows formulas, figures with their alt text and all of the
// code on a page of A4 paper, with no script and no network.
func TestExportedPage(t *testing.T) {
	t.Parallel()
	l := openLab(t)
	alt := `Scatter "Figure 1": 5 < 6 & so on`
	path := save(t, l, "page.ipynb",
		markdown("# Formulas of $\\beta$\n\nIn a line: $z = \\mu + \\sigma \\odot \\epsilon$, and $a_1 * b_2 * c_3 < 5$.\n\n"+
			"$$\n\\log p(x) \\ge \\mathbb{E}_{q(z\\mid x)}[\\log p(x\\mid z)]\n  - \\mathrm{KL}(q(z\\mid x)\\,\\|\\,p(z))\n$$\n\n"+
			"| what | formula |\n|---|---|\n| density | $p(x|z) = \\mathcal{N}(x; \\mu, \\sigma^2 I)$ |\n| norm | $\\lVert x\\rVert^2$ |\n\n"+
			"\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}\n"),
		markdown("A dollar amount in code: `price := \"$5 and $6\"`. One in the text costs \\$7.\n\n```go\n// $x$ is $5\nfmt.Println(\"$$\")\n```\n\n    an indented $y$ block\n\nThe end: $\\frac{1}{n}\\sum_{i=1}^n x_i$."),
		showing("%%\n"+strings.Repeat("\t", 12)+`fmt.Println("`+strings.Repeat("a long line of code ", 20)+`")`, object{"image/png": white(t, 1600, 900)},
			object{"image/png": object{"alt": alt, "width": 1600, "height": 900}}),
		showing("%%\ntable()", object{"text/html": "<table><tr>" + strings.Repeat("<td style=\"white-space:nowrap;padding:3px 14px\">0.1582 (0.1558–0.1625)</td>", 10) + "</tr></table>"}, object{}),
		showing("%%\nsay()", object{"text/plain": strings.Repeat("0123456789", 40)}, object{}))

	fromMenu := filepath.Join(l.Dir, "menu.html")
	if err := os.WriteFile(fromMenu, l.Get("/nbconvert/html/"+l.Path("page.ipynb")+"?download=true", lab.Token, 200), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("jupyter", "nbconvert", "--to", "html", "--output", "command.html", path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"menu", "command"} {
		absolute, err := filepath.Abs(filepath.Join(l.Dir, name+".html"))
		if err != nil {
			t.Fatal(err)
		}
		exported(t, l, absolute)
		l.Screenshot("exported-" + name)
		printed(t, l, "exported-"+name)
		if wide := tooWide(l); len(wide) > 0 {
			t.Errorf("%s: wider than an A4 page: %s", name, strings.Join(wide, "; "))
		}
		if math := lab.Eval[int](l, `[...document.querySelectorAll("math")].filter(m => m.getBoundingClientRect().width > 5).length`); math != 8 {
			t.Errorf("%s: %d formulas are drawn, want 8", name, math)
		}
		if in := lab.Eval[int](l, `document.querySelectorAll("td math").length`); in != 2 {
			t.Errorf("%s: %d formulas are in the table, want 2", name, in)
		}
		code := lab.Eval[string](l, `[...document.querySelectorAll(".jp-MarkdownOutput :is(code, pre)")].map(c => c.textContent).join("\n")`)
		for _, want := range []string{`price := "$5 and $6"`, "// $x$ is $5", `fmt.Println("$$")`, "an indented $y$ block"} {
			if !strings.Contains(code, want) {
				t.Errorf("%s: the code %s is not as it was written:\n%s", name, want, code)
			}
		}
		if rest := lab.Eval[string](l, `(d => { d.querySelectorAll("code, pre").forEach(e => e.remove()); return d.textContent; })(document.querySelector("main").cloneNode(true))`); strings.Count(rest, "$") != 1 || !strings.Contains(rest, "costs $7") {
			t.Errorf("%s: a formula is left as text:\n%s", name, rest)
		}
		if got := lab.Eval[string](l, `document.querySelector(lab.area + " img").alt`); got != alt {
			t.Errorf("%s: the picture's alt text is %q, want %q", name, got, alt)
		}
		if scripts := lab.Eval[int](l, `document.scripts.length`); scripts != 0 {
			t.Errorf("%s: %d scripts are in the page", name, scripts)
		}
		if address := lab.Eval[[]string](l, `[...document.querySelectorAll("[src], link")].map(e => e.src || e.href).filter(a => /^(https?:)?\/\//.test(a))`); len(address) > 0 {
			t.Errorf("%s: the page waits for %v", name, address)
		}
	}
}

// Printed on A4 no lesson loses anything, and none of its formulas is left as LaTeX.
func TestLessonsOnPaper(t *testing.T) {
	t.Parallel()
	lessons := names(t)
	l := openLab(t, lessons...)
	for _, lesson := range lessons {
		name := strings.TrimSuffix(lesson, ".ipynb")
		file, err := filepath.Abs(filepath.Join(l.Dir, name+".html"))
		if err == nil {
			err = os.WriteFile(file, l.Get("/nbconvert/html/"+l.Path(lesson)+"?download=true", lab.Token, 200), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		exported(t, l, file)
		printed(t, l, name)
		if wide := tooWide(l); len(wide) > 0 {
			t.Errorf("%s: wider than an A4 page: %s", lesson, strings.Join(wide, "; "))
		}
		if left := lab.Eval[[]string](l, `[...document.querySelectorAll(".jp-MarkdownOutput")].flatMap(c => {
			const d = c.cloneNode(true);
			d.querySelectorAll("code, pre").forEach(e => e.remove());
			return d.textContent.match(/\$[^$]*\$|\\(begin|frac|mathbb)\b/g) ?? [];
		})`); len(left) > 0 {
			t.Errorf("%s: left as LaTeX: %q", lesson, left)
		}
	}
	if warned := lab.LineWith(l.Log(), "stays as LaTeX"); warned != "" {
		t.Error(warned)
	}
}

// middle returns the colour on the screen in the middle of the first picture of an output.
func middle(t *testing.T, l *lab.Lab) color.Color {
	t.Helper()
	at := lab.Eval[[]int](l, `(r => [r.x + r.width / 2, r.y + r.height / 2].map(Math.round))(document.querySelector(lab.area + " img").getBoundingClientRect())`)
	raw, err := chromedp.Run(l.Browser, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	shot, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return color.NRGBAModel.Convert(shot.At(at[0], at[1]))
}
