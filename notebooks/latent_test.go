package notebooks

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
			if mean, lo, hi := row[i], row[i+1], row[i+2]; !(lo < mean && mean < hi) {
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
	for _, row := range n.having(t, "range pcaLosses()").rows(1) {
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
	pca, losses := pcaLosses(t, n), trainedLosses(t, n.having(t, "\ntrain(tutorial)"))
	for i, within := range [5][2]float64{{.150, .166}, {.114, .126}, {.084, .112}, {.078, .099}, {.079, .105}} {
		if got := mean(losses[i]); got < within[0] || got > within[1] {
			t.Errorf("%d latents: the mean test loss is %.4f", 2<<i, got)
		}
		for _, loss := range losses[i] {
			if wins := loss < pca[i]; wins != (i < 4) {
				t.Errorf("%d latents: the net has %.4f, PCA %.4f", 2<<i, loss, pca[i])
			}
		}
	}
	if at16, at32 := mean(losses[3]), mean(losses[4]); at32 < 0.97*at16 {
		t.Errorf("32 latents have %.4f, 16 have %.4f: they do help", at32, at16)
	}
	m := separationOf(t, n.having(t, `compare("the tutorial's net"`))
	for i := range 5 {
		if math.Abs(m.loss[i]-mean(losses[i])) > 1e-4 {
			t.Errorf("%d latents: the table says %.4f, the training cell %.4f", 2<<i, m.loss[i], mean(losses[i]))
		}
		if m.linear[i] > m.neighbours[i]-0.02 {
			t.Errorf("%d latents: a linear classifier has %.4f, 5 neighbours %.4f", 2<<i, m.linear[i], m.neighbours[i])
		}
	}
	k := m.neighbours
	if k[0] < .62 || k[0] > .72 || k[1] < k[0]+.08 || k[2] < k[1]+.03 || k[3] < k[2]-.01 || k[4] > k[3]+.005 {
		t.Errorf("5 neighbours have %v", k)
	}
	if p := m.pcaNeighbours; p[0] > k[0]-.1 || p[4] < slices.Max(k)+.02 {
		t.Errorf("5 neighbours have %v with the net's latents, %v with PCA's", k, p)
	}
}

func TestLatentPlaneOfSixteen(t *testing.T) {
	n := executed(t, latent)
	row := n.having(t, "plane, all)").rows(2)
	if len(row) != 1 || row[0][0] > row[0][1]-0.2 {
		t.Fatalf("5 neighbours in the plane, and in all 16 numbers: %v", row)
	}
	if two := separationOf(t, n.having(t, `compare("the tutorial's net"`)).neighbours[0]; row[0][0] > two {
		t.Errorf("the plane of 16 latents has %.4f, 2 latents have %.4f", row[0][0], two)
	}
}

func TestLatentDeadUnits(t *testing.T) {
	n := executed(t, latent)
	var fewest, losses []float64
	for _, row := range n.having(t, `"alive of 128"`).integers(8) { // latents, seed, six layers
		if before := row[4]; before > 11 || row[2] > 80 {
			t.Errorf("%d latents, seed %d: all but a few units are alive: %v", row[0], row[1], row[2:])
		}
		if row[0] >= 8 {
			fewest = append(fewest, float64(min(row[4], row[5])))
		}
	}
	for _, row := range n.having(t, `"alive of 128"`).rows(1)[6:] {
		losses = append(losses, row[0])
	}
	if len(fewest) != 9 || len(losses) != 9 {
		t.Fatalf("living units %v, losses %v", fewest, losses)
	}
	if r := correlation(fewest, losses); r > -0.4 {
		t.Errorf("living units %v and losses %v: the correlation is %.2f", fewest, losses, r)
	}
	stalled, leaky := n.having(t, "run(tutorial(8, 60), 60)").rows(2), n.having(t, "run(leakyNet, 60)").rows(2)
	if len(stalled) != 10 || len(leaky) != 10 {
		t.Fatalf("%d and %d epochs", len(stalled), len(leaky))
	}
	others := trainedLosses(t, n.having(t, "\ntrain(tutorial)"))
	if last := stalled[9][1]; last < others[2][0]+.02 || last < mean(others[1]) || last > mean(others[0]) {
		t.Errorf("the stalled net ends at %.4f; others with 2, 4 and 8 latents at %v", last, others[:3])
	}
	if last := leaky[9][1]; last > 0.093 || last > slices.Min(others[2]) {
		t.Errorf("with leaky ReLUs the loss is %.4f; without, with other seeds, %v", last, others[2])
	}
	alive := n.having(t, "alive(tutorial(8, 60), 12, 8)").integers(4)
	if len(alive) != 1 || alive[0][4] > 5 {
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
	pca, wide, narrow := pcaLosses(t, n), trainedLosses(t, n.having(t, "\ntrain(wide)")), trainedLosses(t, n.having(t, "\ntrain(tutorial)"))
	for i, most := range []float64{.166, .121, .081, .061, .056} {
		if worst := slices.Max(wide[i]); worst > pca[i] {
			t.Errorf("%d latents: the wide net has up to %.4f, PCA %.4f", 2<<i, worst, pca[i])
		}
		if got := mean(wide[i]); got > most || i > 0 && got > mean(wide[i-1])-.001 {
			t.Errorf("%d latents: the wide net has %.4f, with half as many %.4f", 2<<i, got, mean(wide[max(0, i-1)]))
		}
	}
	if math.Abs(mean(wide[0])-mean(narrow[0])) > .008 { // three seeds of each need not overlap on every processor
		t.Errorf("at 2 latents the nets differ: %v and %v", wide[0], narrow[0])
	}
	for i := 2; i < 5; i++ {
		if gap, before := mean(narrow[i])-mean(wide[i]), mean(narrow[i-1])-mean(wide[i-1]); gap < before {
			t.Errorf("%d latents: the gap is %.4f, with half as many %.4f", 2<<i, gap, before)
		}
	}
	if slices.Max(wide[4]) > .7*mean(narrow[4]) {
		t.Errorf("at 32 latents the wide net has %v, the narrow %v", wide[4], narrow[4])
	}
	if spread := slices.Max(wide[2]) - slices.Min(wide[2]); spread > .6*(slices.Max(narrow[2])-slices.Min(narrow[2])) {
		t.Errorf("at 8 latents the wide net's seeds have %v, the narrow's %v", wide[2], narrow[2])
	}
	for _, row := range n.having(t, "alive of 64 before").integers(4) {
		if row[2] < 32 || row[2] > 62 || row[3] < 32 {
			t.Errorf("32 latents, seed %d: %d and %d of 64 are alive", row[1], row[2], row[3])
		}
	}
	m := separationOf(t, n.having(t, `compare("the wide net"`))
	k := m.neighbours
	if k[1] < k[0]+.1 || k[2] < k[1]+.04 || k[3] < k[2]+.01 || k[4] < k[3]-.003 || k[4] < .93 {
		t.Errorf("5 neighbours have %v", k)
	}
	if p := m.pcaNeighbours; math.Abs(p[3]-k[3]) > .015 || p[4] < k[4]-.002 || p[2] > k[2]-.02 {
		t.Errorf("5 neighbours have %v with the net's latents, %v with PCA's", k, p)
	}
	if l := m.linear; l[4] < l[3] || l[3] < l[2]-.005 || l[4] > k[4]-.03 {
		t.Errorf("a linear classifier has %v", l)
	}
}

func TestLatentMixturesAreSharperThroughTheCode(t *testing.T) {
	rows := executed(t, latent).having(t, `"share of grey pixels"`).rows(2) // of the digits, and half-way
	if len(rows) != 3 {
		t.Fatalf("the table has %v", rows)
	}
	pixels, two, sixteen := rows[0], rows[1], rows[2]
	if pixels[1] < 2*pixels[0] || math.Abs(two[1]-two[0]) > .04 || sixteen[1] > 1.3*sixteen[0] || two[0] < 1.3*sixteen[0] {
		t.Errorf("shares of grey pixels, digits and half-way: %v with pixels, %v with 2 latents, %v with 16", pixels, two, sixteen)
	}
}

func TestLatentFigures(t *testing.T) {
	n := executed(t, latent)
	n.shows(t, map[string]string{
		"what PCA keeps":               `"2 numbers"`,
		"the plane of PCA":             "PCA: 512 test images",
		"losses, PCA and the tutorial": `plots.Runs("tutorial's net", losses(tutorial))).Show()`,
		"separation, the tutorial":     `compare("the tutorial's net"`,
		"16 latents in their plane":    "16 latents, seen in",
		"the stalled net":              `"seed 60")`,
		"losses, with the wide net":    `plots.Runs("wide net"`,
		"separation, the wide net":     `compare("the wide net"`,
		"the map":                      "plots.Map(",
		"between two digits":           "through(wide(16, 0), two)",
	})
}
