//go:build system

package lessons

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const latent = "02-latent-features.ipynb"

// latentMeans are, of a table of compare, the means for 2, 4, 8, 16 and 32 latents.
type latentMeans struct{ loss, neighbours, linear, pcaNeighbours, pcaLinear []float64 }

func separationOf(t *testing.T, c *cell) (m latentMeans) {
	t.Helper()
	for _, row := range c.rows(11) { // three means, each with the least and the largest of its seeds, then PCA's two
		m.loss, m.neighbours, m.linear = append(m.loss, row[0]), append(m.neighbours, row[3]), append(m.linear, row[6])
		m.pcaNeighbours, m.pcaLinear = append(m.pcaNeighbours, row[9]), append(m.pcaLinear, row[10])
		for i := 0; i < 9; i += 3 {
			if mean, lo, hi := row[i], row[i+1], row[i+2]; !(lo <= mean && mean <= hi) {
				t.Errorf("a mean of %.4f between %.4f and %.4f", mean, lo, hi)
			}
		}
	}
	if len(m.loss) != 5 {
		t.Fatalf("the table has %d rows:\n%s", len(m.loss), c.data("text/plain"))
	}
	return m
}

// trainedLosses are the test losses of three seeds for 2, 4, 8, 16 and 32 latents.
func trainedLosses(t *testing.T, c *cell) (losses [5][]float64) {
	t.Helper()
	rows := c.rows(2) // train, test
	if len(rows) != 15 {
		t.Fatalf("%d nets are trained:\n%s", len(rows), c.data("text/plain"))
	}
	for i, row := range rows {
		losses[i/3] = append(losses[i/3], row[1])
	}
	return losses
}

func mean(values []float64) (mean float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	return mean
}

func pcaLosses(t *testing.T, n *notebook) (losses []float64) {
	t.Helper()
	for _, row := range n.cell(t, "pca-losses").rows(1) {
		losses = append(losses, row[0])
	}
	if len(losses) != 5 {
		t.Fatalf("PCA has %v", losses)
	}
	return losses
}

func TestLatentPCAHasTheKnownErrors(t *testing.T) {
	got := pcaLosses(t, executed(t, latent))
	for i, want := range []float64{.2227, .1916, .1498, .1074, .0673} {
		if math.Abs(got[i]-want) > 0.0005 {
			t.Errorf("PCA with %d numbers has %.4f, not %.4f", 2<<i, got[i], want)
		}
	}
}

// PyTorch has, three seeds or more each and leaving out the one that died: .1572 (.1539 to .1604), .1200, .0977 (.0848 to
// .1106), .0951 (.0904 to .0975), .0848 (.0812 to .0891).
func TestLatentClaimHoldsUpToTheNarrowLayer(t *testing.T) {
	n := executed(t, latent)
	pca, losses := pcaLosses(t, n), trainedLosses(t, n.cell(t, "train-tutorial"))
	for i := range 5 {
		if got := mean(losses[i]); got < pca[i] != (i < 4) {
			t.Errorf("%d latents: the mean test loss is %.4f, PCA has %.4f", 2<<i, got, pca[i])
		}
		if cites() {
			within := [5][2]float64{{.150, .166}, {.114, .126}, {.084, .112}, {.078, .099}, {.079, .105}}[i]
			if got := mean(losses[i]); got < within[0] || got > within[1] {
				t.Errorf("%d latents: the mean test loss is %.4f", 2<<i, got)
			}
		}
	}
	if at2, at4, at8 := mean(losses[0]), mean(losses[1]), mean(losses[2]); at4 > 0.9*at2 || at8 > 0.95*at4 {
		t.Errorf("2, 4 and 8 latents have %.4f, %.4f and %.4f", at2, at4, at8)
	}
	if at8, at16, at32 := mean(losses[2]), mean(losses[3]), mean(losses[4]); min(at16, at32) < 0.65*at8 {
		t.Errorf("8, 16 and 32 latents have %.4f, %.4f and %.4f: they do help", at8, at16, at32)
	}
	m := separationOf(t, n.cell(t, "separation-tutorial"))
	for i := range 5 {
		if math.Abs(m.loss[i]-mean(losses[i])) > 1e-4 {
			t.Errorf("%d latents: the table says %.4f, the training cell %.4f", 2<<i, m.loss[i], mean(losses[i]))
		}
		if m.linear[i] > m.neighbours[i] {
			t.Errorf("%d latents: a linear classifier has %.4f, 5 neighbours %.4f", 2<<i, m.linear[i], m.neighbours[i])
		}
	}
	k := m.neighbours
	if k[0] < .55 || k[1] < k[0]+.04 || k[2] < k[1] || k[3] < .8 {
		t.Errorf("5 neighbours have %v", k)
	}
	if p := m.pcaNeighbours; p[0] > k[0]-.1 || p[4] < slices.Max(k) {
		t.Errorf("5 neighbours have %v with the net's latents, %v with PCA's", k, p)
	}
}

func TestLatentPlaneOfSixteen(t *testing.T) {
	n := executed(t, latent)
	row := n.cell(t, "plane-or-all").rows(2)
	if len(row) != 1 || row[0][0] > row[0][1]-0.2 {
		t.Fatalf("5 neighbours in the plane, and in all 16 numbers: %v", row)
	}
	if two := separationOf(t, n.cell(t, "separation-tutorial")).neighbours[0]; row[0][0] > two {
		t.Errorf("the plane of 16 latents has %.4f, 2 latents have %.4f", row[0][0], two)
	}
}

func TestLatentDeadUnits(t *testing.T) {
	n := executed(t, latent)
	rows := n.cell(t, "alive").integers(8) // latents, seed, six layers
	if len(rows) != 15 {
		t.Fatalf("%d nets are counted", len(rows))
	}
	before, first := 0.0, 0.0 // the shares of living units in the 12-wide layer before the code, and in the first one
	for _, row := range rows {
		before, first = before+float64(row[4])/12/15, first+float64(row[2])/128/15
	}
	if before > 0.85 || first > 0.6 {
		t.Errorf("%.0f %% of the units are alive before the code, %.0f %% in the first layer: too few are dead to speak of", 100*before, 100*first)
	}
	stalled, leaky := n.cell(t, "train-seed-60").rows(2), n.cell(t, "train-leaky").rows(2)
	if len(stalled) != 10 || len(leaky) != 10 {
		t.Fatalf("%d and %d epochs", len(stalled), len(leaky))
	}
	if last := leaky[9][1]; last > 0.1 {
		t.Errorf("with leaky ReLUs the loss is %.4f", last)
	}
	if alive := n.cell(t, "alive-seed-60").integers(4); len(alive) != 1 || alive[0][4] > 12 {
		t.Errorf("the net from seed 60 has %v", alive)
	}
	if cites() {
		deadUnitsAsCited(t, n, rows, stalled[9][1], leaky[9][1])
	}
}

// deadUnitsAsCited: which seed stalls depends on each rounding of its first steps.
func deadUnitsAsCited(t *testing.T, n *notebook, rows [][]int, stalled, leaky float64) {
	t.Helper()
	var fewest, losses []float64
	for i, row := range rows {
		if row[0] >= 8 {
			fewest = append(fewest, float64(min(row[4], row[5])))
			losses = append(losses, n.cell(t, "alive").rows(1)[i][0])
		}
	}
	if r := correlation(fewest, losses); r > -0.4 {
		t.Errorf("living units %v and losses %v: the correlation is %.2f", fewest, losses, r)
	}
	others := trainedLosses(t, n.cell(t, "train-tutorial"))
	if stalled < others[2][0]+.02 || stalled < mean(others[1]) || stalled > mean(others[0]) {
		t.Errorf("the stalled net ends at %.4f; others with 2, 4 and 8 latents at %v", stalled, others[:3])
	}
	if leaky > 0.093 || leaky > slices.Min(others[2]) {
		t.Errorf("with leaky ReLUs the loss is %.4f; without, with other seeds, %v", leaky, others[2])
	}
	if alive := n.cell(t, "alive-seed-60").integers(4); alive[0][4] > 5 {
		t.Errorf("the stalled net has %v", alive)
	}
}

// integers are the whole numbers in each line of a cell's text that has at least n of them.
func (c *cell) integers(n int) (rows [][]int) {
	for line := range strings.Lines(c.data("text/plain")) {
		var row []int
		for _, s := range strings.FieldsFunc(line, func(r rune) bool { return r < '0' || r > '9' }) {
			if i, err := strconv.Atoi(s); err == nil {
				row = append(row, i)
			}
		}
		if len(row) >= n && !strings.Contains(line, "latents") {
			rows = append(rows, row)
		}
	}
	return rows
}

// correlation is Pearson's.
func correlation(x, y []float64) float64 {
	var xy, xx, yy float64
	for i := range x {
		a, b := x[i]-mean(x), y[i]-mean(y)
		xy, xx, yy = xy+a*b, xx+a*a, yy+b*b
	}
	return xy / math.Sqrt(xx*yy)
}

func TestLatentWideNetBeatsPCA(t *testing.T) {
	n := executed(t, latent)
	pca, wide, narrow := pcaLosses(t, n), trainedLosses(t, n.cell(t, "train-wide")), trainedLosses(t, n.cell(t, "train-tutorial"))
	for i := range 5 {
		if worst := slices.Max(wide[i]); worst > pca[i] {
			t.Errorf("%d latents: the wide net has up to %.4f, PCA %.4f", 2<<i, worst, pca[i])
		}
		if got := mean(wide[i]); i > 0 && got > mean(wide[i-1]) {
			t.Errorf("%d latents: the wide net has %.4f, with half as many %.4f", 2<<i, got, mean(wide[i-1]))
		}
	}
	if math.Abs(mean(wide[0])-mean(narrow[0])) > .015 {
		t.Errorf("at 2 latents the nets differ: %v and %v", wide[0], narrow[0])
	}
	if at8, at32 := mean(narrow[2])-mean(wide[2]), mean(narrow[4])-mean(wide[4]); at32 < at8 {
		t.Errorf("the gap is %.4f at 8 latents, %.4f at 32", at8, at32)
	}
	if slices.Max(wide[4]) > .8*mean(narrow[4]) {
		t.Errorf("at 32 latents the wide net has %v, the narrow %v", wide[4], narrow[4])
	}
	for _, row := range n.cell(t, "alive-wide").integers(4) {
		if row[2] < 20 || row[3] < 20 {
			t.Errorf("32 latents, seed %d: %d and %d of 64 are alive", row[1], row[2], row[3])
		}
	}
	m := separationOf(t, n.cell(t, "separation-wide"))
	k, p, l := m.neighbours, m.pcaNeighbours, m.linear
	if k[1] < k[0]+.05 || k[2] < k[1]+.02 || k[3] < k[2] || k[4] < .91 {
		t.Errorf("5 neighbours have %v", k)
	}
	if math.Abs(p[3]-k[3]) > .03 || p[2] > k[2] {
		t.Errorf("5 neighbours have %v with the net's latents, %v with PCA's", k, p)
	}
	if l[4] < l[2] || l[4] > k[4] {
		t.Errorf("a linear classifier has %v", l)
	}
	if !cites() {
		return
	}
	if spread := slices.Max(wide[2]) - slices.Min(wide[2]); spread > .6*(slices.Max(narrow[2])-slices.Min(narrow[2])) {
		t.Errorf("at 8 latents the wide net's seeds have %v, the narrow's %v", wide[2], narrow[2])
	}
	if p[4] < k[4]-.002 { // by less than a seed moves either
		t.Errorf("with 32 latents 5 neighbours have %.4f, with PCA's %.4f", k[4], p[4])
	}
}

func TestLatentMixturesAreSharperThroughTheCode(t *testing.T) {
	rows := executed(t, latent).cell(t, "grey-pixels").rows(2) // of the digits, and half-way
	if len(rows) != 3 {
		t.Fatalf("the table has %v", rows)
	}
	pixels, two, sixteen := rows[0], rows[1], rows[2]
	if pixels[1] < 2*pixels[0] || math.Abs(two[1]-two[0]) > .08 || sixteen[1] > 1.5*sixteen[0] || two[0] < sixteen[0] {
		t.Errorf("shares of grey pixels, digits and half-way: %v with pixels, %v with 2 latents, %v with 16", pixels, two, sixteen)
	}
}

func TestLatentFigures(t *testing.T) {
	n := executed(t, latent)
	n.shows(t, "pca-copies", "pca-plane", "losses-tutorial", "separation-tutorial", "plane-of-16", "losses-seed-60", "losses-wide",
		"separation-wide", "map", "between-digits")
}
