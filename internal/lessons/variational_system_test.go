//go:build system

package lessons

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

const variational = "04-variational.ipynb"

// numbersIn are all that a cell's text has.
func numbersIn(t *testing.T, c *cell, n int) []float64 {
	t.Helper()
	var all []float64
	for _, s := range number.FindAllString(c.data("text/markdown"), -1) {
		var f float64
		if _, err := fmt.Sscan(s, &f); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	if len(all) != n {
		t.Fatalf("%q has %d numbers, want %d", c.data("text/markdown"), len(all), n)
	}
	return all
}

// isNear reports whether got is within tolerance of want.
func isNear(got, want, tolerance float64) bool { return math.Abs(got-want) <= tolerance }

// The columns of a training table, after the train loss.
const vaeTest, vaeReconstruction, vaeKL = 1, 2, 3

// training returns the rows of a training table, and fails unless there are as many as epochs.
func (c *cell) training(t *testing.T, epochs int) [][]float64 {
	t.Helper()
	rows := c.rows(4)
	if len(rows) != epochs {
		t.Fatalf("%s has %d epochs, want %d:\n%s", c.ID, len(rows), epochs, c.data("text/plain"))
	}
	return rows
}

// PyTorch has 155.7 nats (KL 5.7) for two latents after 10 epochs.
func TestVariationalTrainsAsPyTorchDoes(t *testing.T) {
	n := executed(t, variational)
	rows := n.cell(t, "train-vae-2").training(t, 10)
	for i, row := range rows {
		if !isNear(row[vaeTest], row[vaeReconstruction]+row[vaeKL], 2e-4) {
			t.Errorf("epoch %d: the test loss is not its two terms: %v", i+1, row)
		}
	}
	first, last := rows[0], rows[9]
	if first[vaeTest] < last[vaeTest]+8 || last[vaeTest] > 162 || last[vaeKL] < 4 || last[vaeKL] > 8 {
		t.Errorf("two latents go from %v to %v", first, last)
	}
	plain := n.cell(t, "train-plain-2").training(t, 10)[9]
	if plain[vaeKL] != 0 || plain[vaeTest] > last[vaeTest] {
		t.Errorf("the plain net with two latents: %v, the variational one %v", plain, last)
	}
	hand := numbersIn(t, n.cell(t, "kl-by-hand"), 4)
	if !isNear(hand[2], hand[3], 1e-3) || !isNear(hand[3], last[vaeKL], 1e-3) {
		t.Errorf("the KL by hand: %v", hand)
	}
	if cites() && (!isNear(last[vaeTest], 153.8, 0.8) || !isNear(last[vaeKL], 5.8, 0.3) || !isNear(first[vaeKL], 5.2, 0.2) || !isNear(plain[vaeTest], 147.5, 1)) {
		t.Errorf("two latents go from %v to %v, the plain net ends at %v", first, last, plain)
	}
}

// PyTorch has 105.8 nats (KL 25.1) for twenty.
func TestVariationalWithTwentyLatents(t *testing.T) {
	n := executed(t, variational)
	rows := n.cell(t, "train-vae-20").training(t, 30) // three seeds
	for seed := range 3 {
		if last := rows[10*seed+9]; last[vaeTest] > 110 || last[vaeKL] < 20 || last[vaeKL] > 30 {
			t.Errorf("seed %d ends at %v", seed, last)
		}
	}
	spread := numbersIn(t, n.cell(t, "elbo-of-seeds"), 3)
	if spread[2]-spread[1] > 4 || spread[1] > spread[0] || spread[2] < spread[0] {
		t.Errorf("the seeds: %v", spread)
	}
	plain := n.cell(t, "train-plain-20").training(t, 10)[9]
	if plain[vaeTest] > rows[9][vaeReconstruction]-5 {
		t.Errorf("the plain net with 20 latents has %v, the variational one %v", plain, rows[9])
	}
	distances := n.cell(t, "distances").rows(1)
	if len(distances) != 3 {
		t.Fatalf("the distances are %v", distances)
	}
	test, vae, fitted := distances[0][0], distances[1][0], distances[2][0]
	if !isNear(test, 23.8, 0.1) || vae < test || fitted < vae+2 {
		t.Errorf("the distances are %v", distances)
	}
	if cites() && (!isNear(spread[0], 105.6, 0.4) || !isNear(plain[vaeTest], 68.0, 1) || !isNear(rows[9][vaeReconstruction], 80.3, 1.5) ||
		!isNear(vae, 26.9, 1.5) || !isNear(fitted, 34.7, 2)) {
		t.Errorf("the seeds have %v, the plain net %v, the first seed %v, the distances %v", spread, plain, rows[9], distances)
	}
}

func TestVariationalLossInNats(t *testing.T) {
	n := executed(t, variational)
	// The entropy of the grey levels, and of the mean image: the data alone decides.
	if said := numbersIn(t, n.cell(t, "baselines"), 2); !isNear(said[0], 45.53, 0.011) || !isNear(said[1], 205.65, 0.011) {
		t.Errorf("the baselines are %v", said)
	}
	both := n.cell(t, "sum-or-mean").rows(2)
	if len(both) != 2 || both[0][0] < 15*both[1][0] || !isNear(both[0][1], both[0][0]/784, 1e-4) {
		t.Errorf("sum and mean: %v", both)
	}
	for i, row := range n.cell(t, "train-mean-loss").training(t, 5) {
		if row[vaeKL] > 0.002 {
			t.Errorf("trained on the mean, epoch %d: %v", i+1, row)
		}
	}
	if nats := lossIn(t, n.cell(t, "mean-loss-in-nats")); nats < 205.65 || nats > 208 {
		t.Errorf("trained on the mean: %v nats", nats)
	}
}

func TestVariationalCodesFillTheGaussian(t *testing.T) {
	n := executed(t, variational)
	plain := numbersIn(t, n.cell(t, "plain-code-spread"), 4) // two means, two standard deviations
	if max(plain[2], plain[3]) < 2 {
		t.Errorf("the plain net's codes: %v", plain)
	}
	if seven := numbersIn(t, n.cell(t, "posterior-of-a-7"), 4); seven[1] > 0.6 || seven[3] > 0.6 {
		t.Errorf("the posterior of the 7 is %v", seven)
	}
	rows := n.cell(t, "within-radius").rows(4) // N(0, 1), draws, means, plain codes
	if len(rows) != 3 {
		t.Fatalf("the shares are %v", rows)
	}
	for i, exact := range []float64{0.3935, 0.8647, 0.9889} {
		row := rows[i]
		if !isNear(row[0], exact, 1e-4) || !isNear(row[1], row[0], 0.3) || !isNear(row[2], row[1], 0.05) || row[3] > row[1]-0.1 {
			t.Errorf("within radius %d: %v", i+1, row)
		}
		if cites() && (!isNear(row[1], []float64{0.35, 0.70, 0.89}[i], 0.04) || !isNear(row[3], []float64{0.02, 0.12, 0.30}[i], 0.06)) {
			t.Errorf("within radius %d: %v", i+1, row)
		}
	}
	if cites() && (!isNear(plain[2], 3.0, 0.4) || !isNear(plain[3], 5.9, 0.6) || math.Hypot(plain[0], plain[1]) < 2) {
		t.Errorf("the plain net's codes: %v", plain)
	}
}

func TestVariationalBoundRisesWithItsSamples(t *testing.T) {
	rows := executed(t, variational).cell(t, "bounds").rows(2)
	if len(rows) != 4 {
		t.Fatalf("the bounds are %v", rows)
	}
	for i := range 4 {
		if i > 0 && (rows[i][0] <= rows[i-1][0] || rows[i][1] <= rows[i-1][1]) || rows[i][0] < rows[i][1]+30 {
			t.Errorf("the bounds are %v", rows)
		}
		if want := []float64{-104.8, -102.5, -100.9, -100.3}[i]; cites() && !isNear(rows[i][0], want, 0.5) {
			t.Errorf("the bounds are %v", rows)
		}
	}
}

func TestVariationalWeightOfTheKL(t *testing.T) {
	n := executed(t, variational)
	c := n.cell(t, "betas")
	rows := c.rows(4)
	if len(rows) != 3 {
		t.Fatalf("the table has %v", rows)
	}
	// "0.1" is a number with a point, the other betas are not. Then: reconstruction, KL, negative ELBO, log p(x).
	small, one, large := rows[0][1:], rows[1], rows[2]
	if small[0] > one[0]-4 || one[0] > large[0]-10 || small[1] < one[1]+10 || one[1] < large[1]+5 {
		t.Errorf("a larger beta does not trade reconstruction for KL: %v", rows)
	}
	if one[2] > small[2]-5 || one[2] > large[2]-5 || one[3] < small[3]+2 || one[3] < large[3]+2 {
		t.Errorf("beta 1 is not the best: %v", rows)
	}
	if cites() {
		for i, at := range [][]float64{{69, 55, 123.6}, {80, 25, 105.6}, {113, 9.3, 122.0}} {
			for j, want := range at {
				if got := [][]float64{small, one, large}[i][j]; !isNear(got, want, 1.2) {
					t.Errorf("row %d of the betas: %v, want about %v", i+1, got, want)
				}
			}
		}
	}
	var active []int
	for line := range strings.Lines(strings.TrimSpace(c.data("text/plain"))) {
		fields := strings.Fields(line)
		if count, err := strconv.Atoi(fields[len(fields)-1]); err == nil {
			active = append(active, count)
		}
	}
	if len(active) != 3 || active[0] < 18 || active[1] < 18 || active[2] > 17 || active[2] < 8 {
		t.Fatalf("active units: %v", active)
	}
	unused := 0
	for _, row := range n.cell(t, "units-with-beta-4").rows(3) { // KL, variance, sigma
		if row[1] > 0.01 {
			continue
		}
		if unused++; row[0] > 0.02 || row[2] < 0.95 {
			t.Errorf("an unused latent has %v", row)
		}
	}
	if unused != 20-active[2] {
		t.Errorf("%d latents are unused, %d of 20 active", unused, active[2])
	}
	if change := numbersIn(t, n.cell(t, "busy-and-collapsed"), 2); change[0] < 10*change[1] {
		t.Errorf("from -3 to 3: %v", change)
	}
}

func TestVariationalFigures(t *testing.T) {
	n := executed(t, variational)
	n.shows(t, "plain-samples", "plain-codes", "plain-fitted-samples", "mean-loss-copies", "draws-for-a-7", "codes-and-circles", "map",
		"explorer", "samples-2", "losses-20", "copies-2-and-20", "samples-20", "beta-copies", "beta-samples", "kl-of-each-latent", "one-latent")
	spec := n.cell(t, "explorer").data("application/vnd.vegalite.v5+json")
	if !strings.Contains(spec, "$schema") || len(spec) > 200_000 {
		t.Errorf("the explorer's specification has %d bytes", len(spec))
	}
}
