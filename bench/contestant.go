package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// contestant is a program that trains: for each line that it is sent it runs one epoch and answers
// with {"seconds": …, "loss": …}. Within its first epoch it says {"step": 1} when one step is done.
type contestant struct {
	name      string
	rounds    int
	command   *exec.Cmd
	ask       io.WriteCloser
	answers   *bufio.Scanner
	started   time.Time
	firstStep float64   // seconds from the start of the program, its imports included; 0: not seen
	seconds   []float64 // of each epoch
	loss      float64   // mean over the last epoch
	memory    int       // peak of resident memory so far, MiB
}

func start(name, root string, argv ...string) (*contestant, error) {
	c := &contestant{name: name, command: exec.Command(argv[0], argv[1:]...), started: time.Now()}
	c.command.Dir, c.command.Stderr = root, os.Stderr
	var err error
	if c.ask, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	answers, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.answers = bufio.NewScanner(answers)
	return c, c.command.Start()
}

// epoch asks for one epoch and waits for it.
func (c *contestant) epoch() error {
	if _, err := fmt.Fprintln(c.ask); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	for c.answers.Scan() {
		var answer struct {
			Step          int
			Seconds, Loss float64
		}
		if err := json.Unmarshal(c.answers.Bytes(), &answer); err != nil {
			return fmt.Errorf("%s says %q: %w", c.name, c.answers.Text(), err)
		}
		if answer.Step > 0 {
			c.firstStep = time.Since(c.started).Seconds()
			continue
		}
		c.seconds, c.loss = append(c.seconds, answer.Seconds), answer.Loss
		return c.measureMemory()
	}
	return fmt.Errorf("%s stopped: %w", c.name, io.ErrUnexpectedEOF)
}

var highWater = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

func (c *contestant) measureMemory() error {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.command.Process.Pid))
	if err != nil {
		return err
	}
	if found := highWater.FindSubmatch(status); found != nil {
		kilobytes, err := strconv.Atoi(string(found[1]))
		c.memory = kilobytes >> 10
		return err
	}
	return fmt.Errorf("%s: /proc has no VmHWM", c.name)
}

func (c *contestant) stop() {
	c.ask.Close()        // ends its loop
	_ = c.command.Wait() // its figures are here
}
