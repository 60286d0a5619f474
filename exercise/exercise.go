// Package exercise checks what students write in the exercises of the lessons. Each check takes the student's function and
// compares it with the right one on values of its own:
//
//	exercise.MSE(mse)
//
// If the function is right, the cell shows a sentence about what was learned. If it is wrong, the cell ends with one line
// that says on which values it differs and, where the answer is a typical slip, which one. A function that nobody has
// written yet, whose body is still panic("not written yet"), is no error: the cell says so, and Run All goes on. In a copy
// that is graded, where the variable AUTOENCODERS_GRADING is set, it is one.
package exercise

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"autoencoders/cell"
)

// gradingVariable is set while nbgrader runs a student's copy.
const gradingVariable = "AUTOENCODERS_GRADING"

// stub is what the body of an exercise panics with until somebody writes it. The copies for students have it too.
const stub = "not written yet"

var errNotWritten = errors.New("exercise: not written yet: replace the line panic(\"not written yet\") with your own code, run that cell, then this one")

// report ends a check: it shows what was learned if err is nil, and else what is wrong.
func report(err error, learned string) {
	if errors.Is(err, errNotWritten) && os.Getenv(gradingVariable) == "" {
		cell.Text("*%s*", strings.TrimPrefix(errNotWritten.Error(), "exercise: "))
		return
	}
	cell.Check(err)
	cell.Text("✓ %s", learned)
}

// attempt calls the student's code, and returns an error if it panics.
func attempt(call string, student func()) (err error) {
	defer func() {
		switch r := recover(); {
		case r == nil:
		case strings.Contains(fmt.Sprint(r), stub): // GoMLX wraps the panics of a layer
			err = errNotWritten
		default:
			first, _, _ := strings.Cut(fmt.Sprint(r), "\n")
			if strings.HasSuffix(first, "with length 0") {
				first += noElements
			}
			err = failf(call, " panics: %s", strings.TrimPrefix(first, "runtime error: "))
		}
	}()
	student()
	return nil
}

// number returns what the student's code returns, or an error if it panics.
func number(call string, student func() float64) (got float64, err error) {
	err = attempt(call, func() { got = student() })
	return got, err
}

// numbers returns what the student's code returns, or an error if it panics.
func numbers(call string, student func() []float64) (got []float64, err error) {
	err = attempt(call, func() { got = student() })
	return got, err
}

// noElements is what is to be said where even index 0 is out of range.
const noElements = ": a slice has no elements before make or append gives it some"

// failf is the line about a call of the student's code.
func failf(call, format string, args ...any) error {
	return errors.New("exercise: " + call + fmt.Sprintf(format, args...))
}

// A slip is a wrong answer that students often give, and what is to be said about it.
type slip struct {
	value float64
	says  string
}

// compare returns nil if got is want up to the rounding of 32-bit floats, and otherwise a line that says what call returned,
// what is right and, if got is one of the slips, what went wrong.
func compare(call string, got, want float64, slips ...slip) error {
	if same(got, want) {
		return nil
	}
	line := fmt.Sprintf("exercise: %s returns %.6g, but %.6g is right", call, got, want)
	for _, s := range slips {
		if same(got, s.value) {
			return errors.New(line + ": " + s.says)
		}
	}
	if math.IsNaN(got) {
		line += notANumber
	}
	return errors.New(line)
}

// notANumber is what may be behind a NaN, whatever the exercise.
const notANumber = ": NaN is not a number; it comes from 0/0, or from the root or the logarithm of a negative number"

// same reports whether two numbers agree up to the rounding of 32-bit floats. NaN agrees with nothing, and an infinite number
// only with itself.
func same(a, b float64) bool {
	d := math.Abs(a - b)
	return a == b || !math.IsInf(d, 1) && d <= 1e-5*max(1, math.Abs(a), math.Abs(b))
}

// compareAll is compare for slices: it names the first number that differs, or the length.
func compareAll(call string, got, want []float64, slips ...sliceSlip) error {
	if slices.EqualFunc(got, want, same) {
		return nil
	}
	line := fmt.Sprintf("exercise: %s returns %d numbers, but %d are right", call, len(got), len(want))
	if len(got) == len(want) {
		i := 0
		for same(got[i], want[i]) {
			i++
		}
		line = fmt.Sprintf("exercise: %s returns %.4g, but %.4g is right (index %d)", call, got, want, i)
	}
	for _, s := range slips {
		if slices.EqualFunc(got, s.values, same) {
			return errors.New(line + ": " + s.says)
		}
	}
	switch {
	case slices.ContainsFunc(got, math.IsNaN):
		line += notANumber
	case len(got) == 2*len(want) && allZero(got[:len(want)]):
		line += appended
	}
	return errors.New(line)
}

// appended is what is to be said where the elements of make are followed by the right number of others.
const appended = ": append adds behind the elements that make has made; assign to those, or begin with an empty slice"

func allZero(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return v != 0 })
}

// A sliceSlip is a slip of compareAll.
type sliceSlip struct {
	values []float64
	says   string
}
