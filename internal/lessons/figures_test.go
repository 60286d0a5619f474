package lessons

import (
	"fmt"
	"strings"
	"testing"
)

// A class can say "look at figure 4", and who cannot see it is told what is there.
func TestFiguresHaveANumberATitleAndAnAltText(t *testing.T) {
	for _, name := range names(t) {
		n := 0
		for _, c := range committed(t, name).code() {
			for _, o := range c.Outputs {
				if _, ok := o.Data["image/png"]; !ok {
					continue
				}
				n++
				number, title, _ := strings.Cut(textOf(o.Data["text/plain"]), ". ")
				if number != fmt.Sprint("Figure ", n) || len(title) < 5 {
					t.Errorf("%s, cell %s: the title is %q, want \"Figure %d. …\"", name, c.ID, textOf(o.Data["text/plain"]), n)
				}
				if alt := o.alt(); len(alt) < 40 || alt == title {
					t.Errorf("%s, cell %s: the alt text is %q", name, c.ID, alt)
				}
			}
		}
	}
}

// alt returns what an output says of its picture to those who cannot see it.
func (o output) alt() string {
	picture, _ := o.Metadata["image/png"].(map[string]any)
	alt, _ := picture["alt"].(string)
	return alt
}

// alt returns the alt texts of a cell's pictures.
func (c *cell) alt() string {
	var all []string
	for _, o := range c.Outputs {
		all = append(all, o.alt())
	}
	return strings.TrimSpace(strings.Join(all, "\n"))
}

// textOf returns a value of an output's data, which nbformat may write as lines.
func textOf(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []any:
		var b strings.Builder
		for _, line := range value {
			fmt.Fprint(&b, line)
		}
		return b.String()
	}
	return ""
}
