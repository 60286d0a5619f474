package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress prints how much of a file has arrived. On a terminal it updates one line
// at most ten times a second; elsewhere it prints that line once, at the end.
type progress struct {
	out        io.Writer
	name       string
	size, have int64
	terminal   bool
	shown      time.Time
}

func newProgress(out io.Writer, name string, size, have int64) *progress {
	p := &progress{out: out, name: name, size: size, have: have}
	if file, ok := out.(*os.File); ok {
		info, err := file.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

func (p *progress) add(n int) {
	p.have += int64(n)
	if p.terminal && time.Since(p.shown) >= 100*time.Millisecond {
		fmt.Fprintf(p.out, "\r%v", p)
		p.shown = time.Now()
	}
}

func (p *progress) end() {
	if p.terminal {
		fmt.Fprint(p.out, "\r")
	}
	fmt.Fprintln(p.out, p)
}

func (p *progress) String() string {
	const MB = 1e6
	return fmt.Sprintf("%-26s %5.1f of %.1f MB, %3d%%", p.name, float64(p.have)/MB, float64(p.size)/MB, 100*p.have/max(1, p.size))
}
