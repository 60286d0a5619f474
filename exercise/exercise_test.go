package exercise

import (
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// cells are programs that run a check as a cell does, in a process of its own, because a wrong answer ends the process.
var cells = map[string]func(){
	"right": func() { MSE(rightMSE) },
	"wrong": func() { MSE(func(x, y []float64) float64 { return 4 * rightMSE(x, y) }) },
	"stub":  func() { MSE(func(_, _ []float64) float64 { panic(stub) }) },
	"panic": func() { MSE(func(x, _ []float64) float64 { return x[len(x)] }) },
}

func TestMain(m *testing.M) {
	if cell, ok := cells[os.Getenv("EXERCISE_TEST")]; ok {
		cell()
		return
	}
	os.Exit(m.Run())
}

// What a student sees of a check: text in the cell, or one line of an error that stops Run All. An exercise that nobody has
// written is an error only in a copy that is graded.
func TestReport(t *testing.T) {
	const (
		learned    = "✓ A pixel that is off by 2 costs four times as much"
		sum        = "exercise: mse([1 -1 0.5 0], [1 1 -0.5 0]) returns 5, but 1.25 is right: this is the sum of the squares; divide it by the number of pixels"
		index      = "exercise: mse([1 -1 0.5 0], [1 1 -0.5 0]) panics: index out of range [4] with length 4"
		notWritten = `not written yet: replace the line panic("not written yet") with your own code, run that cell, then this one`
	)
	for _, c := range []struct {
		cell, grading  string
		stdout, stderr string // how they begin
		status         int
	}{
		{"right", "", learned, "", 0},
		{"right", "1", learned, "", 0},
		{"wrong", "", "", sum, 1},
		{"wrong", "1", "", sum, 1},
		{"panic", "", "", index, 1},
		{"stub", "", "*" + notWritten + "*", "", 0},
		{"stub", "1", "", "exercise: " + notWritten, 1},
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "EXERCISE_TEST="+c.cell, gradingVariable+"="+c.grading)
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != c.status {
			t.Errorf("%s, grading %q: the status is %d, want %d", c.cell, c.grading, got, c.status)
		}
		for _, stream := range []struct{ name, got, want string }{{"stdout", stdout.String(), c.stdout}, {"stderr", stderr.String(), c.stderr}} {
			if !strings.HasPrefix(stream.got, stream.want) || stream.want == "" && stream.got != "" || strings.Count(stream.got, "\n") > 1 {
				t.Errorf("%s, grading %q: %s has %q, want one line %q", c.cell, c.grading, stream.name, stream.got, stream.want)
			}
		}
	}
}

func TestAttempt(t *testing.T) {
	for _, c := range []struct {
		student func()
		want    string
	}{
		{func() {}, ""},
		{func() { panic(stub) }, errNotWritten.Error()},
		{func() { panic(errors.New("graph: " + stub)) }, errNotWritten.Error()},
		{func() { panic("no\nstack\ttrace") }, "exercise: f(1) panics: no"},
		{func() { var none []float64; _ = none[len(stub)-15] }, "exercise: f(1) panics: index out of range [0] with length 0" + noElements},
		{func() { _ = any(stub).(error) }, "exercise: f(1) panics: interface conversion: string is not error: missing method Error"},
	} {
		got := ""
		if err := attempt("f(1)", c.student); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if err := attempt("f(1)", func() { panic(stub) }); !errors.Is(err, errNotWritten) {
		t.Errorf("a stub gives %v, which report does not recognise", err)
	}
}

func TestCompare(t *testing.T) {
	slips := []slip{{2, "double"}, {1.5, "half more"}}
	for _, c := range []struct {
		got  float64
		want string
	}{
		{1, ""},
		{1 + 9e-6, ""},
		{1 + 2e-5, "exercise: f() returns 1.00002, but 1 is right"},
		{2, "exercise: f() returns 2, but 1 is right: double"},
		{1.5, "exercise: f() returns 1.5, but 1 is right: half more"},
		{-1, "exercise: f() returns -1, but 1 is right"},
		{math.NaN(), "exercise: f() returns NaN, but 1 is right" + notANumber},
		{math.Inf(1), "exercise: f() returns +Inf, but 1 is right"},
		{math.Inf(-1), "exercise: f() returns -Inf, but 1 is right"},
	} {
		got := ""
		if err := compare("f()", c.got, 1, slips...); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%v: got %q, want %q", c.got, got, c.want)
		}
	}
	if err := compare("f()", 2_000_000.1, 2_000_000); err != nil {
		t.Errorf("32-bit floats have seven digits: %v", err)
	}
	if err := compare("f()", 2_000_100, 2_000_000); err == nil {
		t.Error("two million and a hundred is not two million")
	}
}

func TestCompareAll(t *testing.T) {
	want := []float64{1, 2, 3}
	for _, c := range []struct {
		got  []float64
		want string
	}{
		{[]float64{1, 2, 3.00001}, ""},
		{[]float64{1, 5, 7}, "exercise: f() returns [1 5 7], but [1 2 3] is right (index 1)"},
		{[]float64{1, 2, math.NaN()}, "exercise: f() returns [1 2 NaN], but [1 2 3] is right (index 2)" + notANumber},
		{[]float64{1, math.Inf(1), 3}, "exercise: f() returns [1 +Inf 3], but [1 2 3] is right (index 1)"},
		{[]float64{3, 2, 1}, "exercise: f() returns [3 2 1], but [1 2 3] is right (index 0): backwards"},
		{[]float64{1, 2}, "exercise: f() returns 2 numbers, but 3 are right: one is lost"},
		{[]float64{1, 2, 3, 4}, "exercise: f() returns 4 numbers, but 3 are right"},
		{[]float64{0, 0, 0, 1, 2, 3}, "exercise: f() returns 6 numbers, but 3 are right" + appended},
		{nil, "exercise: f() returns 0 numbers, but 3 are right"},
	} {
		got := ""
		if err := compareAll("f()", c.got, want, sliceSlip{[]float64{3, 2, 1}, "backwards"}, sliceSlip{[]float64{1, 2}, "one is lost"}); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%v: got %q, want %q", c.got, got, c.want)
		}
	}
}

// An answer to an exercise of the type F, and the end of the line that it gets.
type answer[F any] struct {
	write F
	says  string
}

// examine holds a check to what it has to do: every right answer passes, the stub is not written yet, and each wrong answer gets
// one line that begins with the call and ends as its row says.
func examine[F any](t *testing.T, call string, check func(F) error, right []F, empty F, wrong []answer[F]) {
	t.Helper()
	for i, write := range right {
		if err := check(write); err != nil {
			t.Errorf("%s: right answer %d: %v", call, i, err)
		}
	}
	if err := check(empty); !errors.Is(err, errNotWritten) {
		t.Errorf("%s: the stub gives %v", call, err)
	}
	for i, w := range wrong {
		err := check(w.write)
		if err == nil {
			t.Errorf("%s: wrong answer %d passes, want a line that ends in %q", call, i, w.says)
			continue
		}
		line := err.Error()
		if !strings.Contains(line, call) || !strings.HasPrefix(line, "exercise: ") || strings.Contains(line, "\n") || !strings.HasSuffix(line, w.says) {
			t.Errorf("%s: wrong answer %d gets %q, want a line that ends in %q", call, i, line, w.says)
		}
	}
}

// shown returns what a check shows that ends well.
func shown(t *testing.T, check func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "shown"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stdout := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = stdout }()
	check()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// teaches holds the text that a check shows for a right answer to its first words.
func teaches(t *testing.T, check func(), words string) {
	t.Helper()
	if got := shown(t, check); !strings.HasPrefix(got, "✓ "+words) || strings.Count(got, "\n") != 1 {
		t.Errorf("a right answer shows %q, want %q", got, "✓ "+words)
	}
}
