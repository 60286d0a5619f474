package lessons

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// given returns the decimal numbers in a lesson's prose that none of its cells shows. given.tsv says where each comes from.
func given(t *testing.T, name string) map[string]bool {
	t.Helper()
	numbers := map[string]bool{}
	for _, row := range readTable(t, "given.tsv", 3) {
		if row[2] == "" {
			t.Errorf("given.tsv: where does %s of %s come from?", row[1], row[0])
		}
		if row[0] == name {
			numbers[row[1]] = true
		}
	}
	return numbers
}

var (
	formula = regexp.MustCompile(`(?s)\$\$.*?\$\$|\$[^$\n]+\$`)
	aside   = regexp.MustCompile("`[^`\n]*`|\\]\\([^)]*\\)|arXiv[: ]\\d+\\.\\d+|Exercises? \\d+\\.\\d+(?: to \\d+\\.\\d+)?")
	decimal = regexp.MustCompile(`(?:^|[^\w.])([−-]?\d+\.\d+)(?:[^\w.]|\.(?:\D|$)|$)`)
)

// decimals returns the decimal numbers in prose, as written.
func decimals(prose string) (found []string) {
	prose = aside.ReplaceAllString(formula.ReplaceAllString(prose, " "), " ")
	for len(prose) > 0 {
		at := decimal.FindStringSubmatchIndex(prose)
		if at == nil {
			return found
		}
		found = append(found, strings.ReplaceAll(prose[at[2]:at[3]], "−", "-"))
		prose = prose[at[3]:]
	}
	return found
}

// said returns all the text that a cell's outputs have.
func (c *cell) said() string {
	return strings.ReplaceAll(c.data("text/plain")+"\n"+c.data("text/markdown"), "−", "-")
}

// numbers returns the numbers that a lesson shows, in its outputs and in the code of its cells.
func (n *notebook) numbers() (numbers []float64) {
	for _, c := range n.code() {
		for _, s := range anyNumber.FindAllString(c.said()+"\n"+string(c.Source), -1) {
			if f, err := strconv.ParseFloat(s, 64); err == nil {
				numbers = append(numbers, f)
			}
		}
	}
	return numbers
}

var anyNumber = regexp.MustCompile(`-?\d+(\.\d+)?(e-?\d+)?`)

// has reports whether one of some numbers is the decimal s when it is rounded as s is. The signs may differ: prose says "falls
// by 0.2". tolerance is added to the half of the last digit's unit, as a share of the number.
func has(numbers []float64, s string, tolerance float64) bool {
	want, err := strconv.ParseFloat(strings.TrimPrefix(s, "-"), 64)
	if err != nil {
		return false
	}
	_, digits, _ := strings.Cut(s, ".")
	within := math.Pow(10, -float64(len(digits)))*0.5000001 + tolerance*want
	for _, x := range numbers {
		if math.Abs(math.Abs(x)-want) <= within {
			return true
		}
	}
	return false
}

// A citation is a decimal number in a cell's prose, as written.
type citation struct{ cell, number string }

func (n *notebook) citations() (all []citation) {
	for _, c := range n.Cells {
		for _, s := range decimals(c.prose()) {
			all = append(all, citation{c.ID, s})
		}
	}
	return all
}

// missing returns those of some citations that stand in no output of n, in no cell's code, and not among the given numbers.
func (n *notebook) missing(all []citation, given map[string]bool, tolerance float64) []citation {
	shown := n.numbers()
	return slices.DeleteFunc(slices.Clone(all), func(c citation) bool { return given[c.number] || has(shown, c.number, tolerance) })
}

func TestNumbersInTheProseWereShown(t *testing.T) {
	for _, name := range names(t) {
		n, given := committed(t, name), given(t, name)
		all := n.citations()
		for _, c := range n.missing(all, given, 0) {
			t.Errorf("%s, cell %s says %s, which no output shows", name, c.cell, c.number)
		}
		for s := range given {
			if !slices.ContainsFunc(all, func(c citation) bool { return c.number == s }) {
				t.Errorf("%s does not say %s any more: take it out of given.tsv", name, s)
			}
		}
	}
}

func TestDecimals(t *testing.T) {
	got := strings.Join(decimals("from 0.1625 to −1.5 (0.162), $x = 0.3$, `0.4`, arXiv 1312.6114, 89.6 %, Go 1.26.8 and 3.5."), " ")
	if want := "0.1625 -1.5 0.162 89.6 3.5"; got != want {
		t.Errorf("found %q, want %q", got, want)
	}
	for _, c := range []struct {
		shown []float64
		s     string
		want  bool
	}{
		{[]float64{0.16249}, "0.162", true}, {[]float64{0.16251}, "0.162", false}, {[]float64{-5}, "5.0", true}, {nil, "0.1", false},
	} {
		if has(c.shown, c.s, 0) != c.want {
			t.Errorf("%v has %s: not %v", c.shown, c.s, c.want)
		}
	}
}
