package cell

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"autoencoders/plots"
)

func TestFileIsNamedAfterTheTitle(t *testing.T) {
	for title, want := range map[string]string{
		"Latent space, 10 epochs": "latent-space-10-epochs.png",
		"../../etc":               "etc.png",
		"?":                       "figure.png",
		"":                        "curve.png", // the kind of the figure
	} {
		f, err := render(plots.Curve(plots.Line("a", []float64{1}), plots.Title(title)))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.file(); got != want {
			t.Errorf("%q is written to %s, want %s", title, got, want)
		}
	}
}

// file is a figure of the reader's own: it writes bytes, and knows nothing about itself.
type file string

func (f file) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, string(f))
	return int64(n), err
}

func TestAnyWriterOfPNGIsAFigure(t *testing.T) {
	t.Chdir(t.TempDir())
	var b strings.Builder
	if _, err := plots.Curve(plots.Line("a", []float64{1})).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if err := show(file(b.String())); err != nil {
		t.Fatal(err)
	}
	if written, err := os.ReadFile("figure.png"); err != nil || string(written) != b.String() {
		t.Errorf("%d bytes of %d were written: %v", len(written), b.Len(), err)
	}
	if err := show(file("GIF89a")); err == nil || !strings.HasPrefix(err.Error(), "cell: Show: what the figure writes is no PNG") {
		t.Errorf("a GIF is shown: %v", err)
	}
	if err := show(nil); err == nil || err.Error() != "cell: Show: no figure (nil)" {
		t.Errorf("no figure is shown: %v", err)
	}
	if err := show((*plots.Figure)(nil)); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("a nil figure is shown: %v", err)
	}
}
