package rules

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A cell that shows figures of images or of measures links no XLA: with it, linking takes most of the second that the cell
// takes. (Go runs this test again when a source of the module changes, because TestRules reads them all.)
func TestCellsThatShowLinkNoXLA(t *testing.T) {
	xla := func(packages ...string) []string {
		t.Helper()
		for i, p := range packages {
			packages[i] = module + p
		}
		list := exec.Command("go", append([]string{"list", "-deps"}, packages...)...)
		list.Dir = "../.."
		out, err := list.Output()
		if err != nil {
			t.Fatalf("%v: %v", list, err)
		}
		deps := strings.Fields(string(out))
		return slices.DeleteFunc(deps, func(p string) bool { return !within(p, "github.com/gomlx/go-xla") })
	}
	if found := xla("cell", "plots", "images", "datasets", "measure"); len(found) != 0 {
		t.Errorf("a cell that shows a figure links %s", strings.Join(found, ", "))
	}
	if len(xla("autoencoder")) == 0 {
		t.Error("autoencoder does not need go-xla any more: this test looks for another name")
	}
}
