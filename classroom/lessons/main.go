// Lessons writes the copies of the lessons that a class works with. The set-up builds it into .venv/bin:
//
//	lessons                     writes the working copies that are missing into work/; each start of JupyterLab does it
//	lessons restore 1           writes the working copy of lesson 1 afresh; the old one is renamed
//	lessons student OUT         writes the sources of the students' graded copies into OUT, for nbgrader; see make student
//	lessons instructor OUT      writes those of the teacher's copies; see make instructor
//
// It finds the checkout by its own place, or by -checkout. With -home, or with AUTOENCODERS_HOME set, the working copies are
// in that folder's work/, beside links to what is to be read, so that many can use one read-only checkout.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"autoencoders/classroom/copies"
)

func main() {
	checkout := flag.String("checkout", "", "the `folder` of the checkout; by default that of this program's .venv")
	home := flag.String("home", os.Getenv("AUTOENCODERS_HOME"), "the `folder` of the student, with work/; by default AUTOENCODERS_HOME, or the checkout")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: lessons [-checkout folder] [-home folder] [restore 1 | student folder | instructor folder]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*checkout, *home, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "lessons:", err)
		os.Exit(1)
	}
}

func run(checkout, home string, args []string) (err error) {
	if checkout == "" {
		if checkout, err = found(); err != nil {
			return err
		}
	}
	if checkout, err = filepath.Abs(checkout); err != nil {
		return err
	}
	if home == "" {
		home = checkout
	}
	p := copies.Place{Checkout: checkout, Home: home, Say: func(line string) { fmt.Println("lessons:", line) }}
	switch {
	case len(args) == 0:
		return p.Fill()
	case len(args) == 2 && args[0] == "restore":
		return p.Restore(args[1])
	case len(args) == 2 && args[0] == "student":
		return p.Student(args[1])
	case len(args) == 2 && args[0] == "instructor":
		return p.Instructor(args[1])
	}
	return errors.New("it takes no argument, or restore and the number of a lesson, or student or instructor and a folder")
}

// found returns the checkout in whose .venv/bin this program is.
func found() (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	root := filepath.Dir(filepath.Dir(filepath.Dir(program)))
	if _, err := os.Stat(filepath.Join(root, "notebooks")); err != nil {
		return "", fmt.Errorf("%s is in no checkout: name it, as in lessons -checkout /srv/lessons", program)
	}
	return root, nil
}
