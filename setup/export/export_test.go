// Package export has no Go code: its tests check how the set-up has JupyterLab export a lesson.
package export

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"autoencoders/internal/ipynb"
)

// withMathML returns Markdown texts as the export hands them on, and what it logs.
func withMathML(t *testing.T, sources ...string) (texts []string, log string) {
	t.Helper()
	given, err := json.Marshal(sources)
	if err != nil {
		t.Fatal(err)
	}
	python := exec.Command("python3", "-c", "import sys; sys.dont_write_bytecode = True\nimport json, logging, lesson_export as e\nlogging.basicConfig()\njson.dump([e.with_mathml(s) for s in json.load(sys.stdin)], sys.stdout)")
	python.Stdin = strings.NewReader(string(given))
	var said strings.Builder
	python.Stderr = &said
	out, err := python.Output()
	if err == nil {
		err = json.Unmarshal(out, &texts)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	return texts, said.String()
}

// A formula becomes MathML that Markdown leaves as it is, wherever it stands; a dollar elsewhere is none.
func TestFormulas(t *testing.T) {
	math := map[string]string{ // the LaTeX of a formula, and what its MathML has
		"$x$":                               "<math><mi>x</mi></math>",
		"a $x_1 * y_2 * z$ b":               "<msub><mi>x</mi><mn>1</mn></msub><mo lspace=\"0.2222em\" rspace=\"0.2222em\">&#8727;</mo>",
		"$$\na\n= b\n$$":                    `<math display="block">`,
		"| a |\n|---|\n| $p(x|z)$ |":        "&#124;",
		"$a < b$":                           "<mo>&lt;</mo>",
		"$\\mathbb{E}_q[\\log p]$":          "&#120124;",
		"\\begin{align*}a&=b\\end{align*}":  "<mtable",
		"$x$, which costs \\$5, and $y$":    "which costs \\$5, and <math>",
		"`$a$` and $b$":                     "`$a$` and <math>",
		"```\n$a$\n```\n$b$":                "```\n$a$\n```\n<math>",
		"~~~go\n$a$ `\n~~~\n$b$":            "~~~go\n$a$ `\n~~~\n<math>",
		"text\n\n    $a$\n\n$b$":            "text\n\n    $a$\n\n<math>",
		"`` a ` $5 `` and $b$":              "`` a ` $5 `` and <math>",
		"$\\text{over\ntwo lines}$":         "<mtext>",
		"**$\\beta$-VAE**":                  "**<math>",
		"$f(x) = \\hat{x}$ ([paper](http))": "([paper](http))",
	}
	var sources []string
	for source := range math {
		sources = append(sources, source)
	}
	texts, log := withMathML(t, sources...)
	for i, source := range sources {
		if !strings.Contains(texts[i], math[source]) {
			t.Errorf("%q becomes\n%s\nwithout %s", source, texts[i], math[source])
		}
	}
	if log != "" {
		t.Error(log)
	}

	plain := []string{"costs $5", "`$a$`", "``` $a$ ```", "```\n$$\n```", "\\$a\\$", "one $\n\nparagraph$", "$ \\unknown{x} $", "$\\frac{1$"}
	texts, log = withMathML(t, plain...)
	for i, source := range plain {
		if texts[i] != source {
			t.Errorf("%q becomes %q", source, texts[i])
		}
	}
	if strings.Count(log, "stays as LaTeX") != 2 || !strings.Contains(log, "unknown") {
		t.Errorf("of two formulas that cannot be read the log says\n%s", log)
	}
}

// Every formula of the lessons can be read.
func TestFormulasOfTheLessons(t *testing.T) {
	lessons, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(lessons) == 0 {
		t.Fatal(lessons, err)
	}
	for _, lesson := range lessons {
		raw, err := os.ReadFile(lesson)
		var n struct {
			Cells []struct {
				Type   string `json:"cell_type"`
				Source ipynb.Text
			}
		}
		if err == nil {
			err = json.Unmarshal(raw, &n)
		}
		if err != nil {
			t.Fatal(err)
		}
		var sources []string
		for _, cell := range n.Cells {
			if cell.Type == "markdown" {
				sources = append(sources, string(cell.Source))
			}
		}
		if _, log := withMathML(t, sources...); log != "" {
			t.Errorf("%s: %s", lesson, log)
		}
	}
}
