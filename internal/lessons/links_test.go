package lessons

import (
	"encoding/csv"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// prose returns the Markdown of a cell without its blocks of code.
func (c *cell) prose() string {
	if c.Type != "markdown" {
		return ""
	}
	parts := strings.Split(string(c.Source), "```")
	var b strings.Builder
	for i := 0; i < len(parts); i += 2 {
		b.WriteString(parts[i])
	}
	return b.String()
}

// readTable returns the rows of a table of this folder, tab-separated, without its header.
func readTable(t *testing.T, name string, columns int) [][]string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, columns
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rows[1:]
}

// Links inside the course lead to a file. Each one outside stands in links.tsv, with the title of what is there and the day on
// which somebody looked.
func TestLinksLeadSomewhere(t *testing.T) {
	looked := map[string]bool{}
	for _, row := range readTable(t, "links.tsv", 3) {
		if _, err := time.Parse(time.DateOnly, row[2]); err != nil || row[1] == "" {
			t.Errorf("links.tsv: %s has the title %q and was looked at on %q", row[0], row[1], row[2])
		}
		looked[row[0]] = false
	}
	texts := map[string]string{}
	for _, name := range names(t) {
		for _, c := range committed(t, name).Cells {
			texts[name] += c.prose() + "\n"
		}
	}
	start, err := os.ReadFile(filepath.Join(folder, "start.md"))
	if err != nil {
		t.Fatal(err)
	}
	texts["start.md"] = string(start)
	for name, text := range texts {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target, err := url.Parse(found[1])
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			switch {
			case target.Scheme != "":
				if _, ok := looked[found[1]]; !ok {
					t.Errorf("%s: %s is not in links.tsv: look at it, and enter its title and the day", name, found[1])
				}
				looked[found[1]] = true
			case target.Path != "":
				if _, err := os.Stat(filepath.Join(folder, target.Path)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	for address, used := range looked {
		if !used {
			t.Errorf("links.tsv: no lesson links to %s", address)
		}
	}
}
