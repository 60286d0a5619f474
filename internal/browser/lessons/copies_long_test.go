//go:build long

package lessons

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"autoencoders/internal/browser/lab"
)

// The teacher's copy of every lesson, or of those whose names begin with LESSON: Run All in JupyterLab ends without an error, and
// each picture is drawn. With AUTOENCODERS_PRETRAINED set, trainings are replayed.
func TestTeachersCopies(t *testing.T) {
	l := openLabWith(t, lab.Options{Limit: 80 * time.Minute})
	teachers := filepath.Join(l.Dir, "instructor")
	writeCopies(t, "instructor", teachers)
	for _, name := range names(t) {
		if !strings.HasPrefix(strings.TrimLeft(name, "0"), os.Getenv("LESSON")) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			l := l.With(t)
			l.Copy(filepath.Join(teachers, strings.TrimSuffix(name, ".ipynb"), name), name)
			l.Open(name)
			l.Command("notebook:clear-all-cell-outputs", nil)
			begun := time.Now()
			l.Begin("notebook:run-all-cells")
			l.Idle(30 * time.Minute)
			t.Logf("%s: Run All took %v", name, time.Since(begun).Round(time.Second))
			held(t, l).succeeded(t)
			if got, want := held(t, l).figures(t), committed(t, name).figures(t); got != want {
				t.Errorf("%d figures are shown, committed are %d", got, want)
			}
			for _, wrong := range walk(l, false).Wrong {
				t.Error(wrong)
			}
			for _, look := range []string{"exercise.", "plots."} {
				l.Look(look, strings.TrimSuffix(name, ".ipynb")+"-"+look[:len(look)-1])
			}
			l.Command("kernelmenu:shutdown", nil)
		})
	}
}
