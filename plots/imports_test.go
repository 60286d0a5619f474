package plots

import (
	"os/exec"
	"strings"
	"testing"
)

// A cell that shows a figure is linked in every run: with XLA or the kernel's client in it, that would take seconds longer,
// and a program without a notebook has a use for neither.
func TestNoFigureLinksXLAOrGoNB(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !strings.Contains(string(out), "gonum.org/v1/plot") {
		t.Fatalf("go list says nothing of gonum: %s", out)
	}
	for _, no := range []string{"go-xla", "gonb", "autoencoders/autoencoder", "autoencoders/cell", "net/http"} {
		if strings.Contains(string(out), no) {
			t.Errorf("plots links %s", no)
		}
	}
}
