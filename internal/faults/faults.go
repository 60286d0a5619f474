// Package faults keeps the record of the fault suite: what was broken, what the user saw of it, and
// what was kept. A test that broke something, and has checked what is left, says so with [Row]; `make
// test` prints the rows of all packages as one table.
package faults

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// Key is that of the test attribute which carries a row, a JSON list of three strings, out of go
// test -json. An attribute is kept with a cached result, as a file would not be.
const Key = "fault"

// Row records a fault that t has seen through. Seen is the very line that the user gets, or "" where
// the program recovers and has nothing to say; a line that no user should see (more than one, a stack
// trace, a panic) fails the test. Kept says in a few words what t found afterwards.
func Row(t testing.TB, fault, seen, kept string) {
	t.Helper()
	for _, bad := range []string{"\n", "goroutine ", "panic", "runtime error", ".go:"} {
		if strings.Contains(seen, bad) {
			t.Errorf("%s: the user sees %q, which has %q in it", fault, seen, bad)
		}
	}
	seen = folders.ReplaceAllString(seen, "…")
	if len(seen) > 400 {
		t.Errorf("%s: the user sees a line of %d bytes: %s", fault, len(seen), seen)
	}
	row, err := json.Marshal([]string{fault, seen, kept})
	if err != nil {
		t.Fatal(err)
	}
	t.Attr(Key, string(row))
}

// folders are those that tests work in: they differ from run to run, and say nothing.
var folders = regexp.MustCompile(`/[^ :"]*/(Test\w*\d+/\d+|small-disk-\d+)`)
