// Command tools is Go's part of the set-up; setup.py calls it, in the environment that it has made.
//
//	cd setup/tools && go run . -out <folder> [name ...]               builds Go programs
//	cd setup/tools && go run . -kernel cpu|cuda -drop "NAME ..."      writes the kernel's description, builds what cells import
//
// The programs are those that the tool lines of its go.mod name; without names gonb, gopls and goimports. The kernel, gonb, is
// built from a copy of GoNB's module with the patches of setup/gonb. Each program in the folder is replaced in one step. With
// everything built already, a run takes about a second.
//
// The tools have a module of their own so that their requirements do not choose the versions of what lessons import.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

const kernel = "github.com/janpfeifer/gonb"

func main() {
	out := flag.String("out", "", "the `folder` to put the programs in")
	backend := flag.String("kernel", "", "write the kernel's description for this `backend`: cpu or cuda")
	drop := flag.String("drop", "", "the `names` of variables that no cell must see, with blanks between")
	flag.Parse()
	var err error
	if *backend != "" {
		err = install(*backend, strings.Fields(*drop))
	} else {
		names := flag.Args()
		if len(names) == 0 {
			names = []string{"gonb", "gopls", "goimports"}
		}
		err = build(*out, names)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tools:", err)
		os.Exit(1)
	}
}

// install does what is the kernel's of the set-up, in the environment of the process. The working directory must be setup/tools.
func install(backend string, drop []string) error {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	env := map[string]string{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		env[name] = value
	}
	return settings{root: root, backend: backend, drop: drop, env: env}.install()
}

// build builds the named tools into the folder out. The working directory must be setup/tools.
func build(out string, names []string) error {
	if out == "" {
		return fmt.Errorf("no folder given: use -out <folder>")
	}
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	work, err := filepath.Abs("../../.cache/tools")
	if err != nil {
		return err
	}
	if err := os.RemoveAll(work); err != nil { // a killed run left it behind
		return err
	}
	defer os.RemoveAll(work)
	built := filepath.Join(work, "bin")
	for _, folder := range []string{out, built} {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
	}
	module, err := readModule()
	if err != nil {
		return err
	}
	packages, err := module.packages(names)
	if err != nil {
		return err
	}
	if slices.Contains(packages, kernel) {
		if err := module.patchKernel(filepath.Join(work, "gonb")); err != nil {
			return err
		}
	}
	modified, err := module.write(work)
	if err != nil {
		return err
	}
	for _, name := range names {
		// Go neither links nor writes a program that is up to date. If the link fails, for example across
		// file systems, the program is only linked again.
		_ = os.Link(filepath.Join(out, name), filepath.Join(built, name))
	}
	args := []string{"build", "-modfile=" + modified, "-ldflags=-s -w", "-o", built + string(filepath.Separator)}
	if err := goCommand(append(args, packages...)...); err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(built, name), filepath.Join(out, name)); err != nil {
			return err
		}
	}
	return nil
}

// goCommand runs the go command and shows what it says.
func goCommand(args ...string) error {
	command := exec.Command("go", args...)
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("go %s: %w (its message is above)", args[0], err)
	}
	return nil
}

// module is go.mod with its go.sum. Changes to it are written elsewhere, for go's -modfile.
type module struct {
	mod *modfile.File
	sum []byte
}

// readModule reads the module in the working directory.
func readModule() (*module, error) {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		return nil, fmt.Errorf("%w: run it in setup/tools", err)
	}
	mod, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return nil, err
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		return nil, err
	}
	return &module{mod, sum}, nil
}

// packages returns the package of each named tool. A tool's name is the last element of its path.
func (m *module) packages(names []string) ([]string, error) {
	known := map[string]string{}
	for _, tool := range m.mod.Tool {
		known[path.Base(tool.Path)] = tool.Path
	}
	var packages []string
	for _, name := range names {
		if known[name] == "" {
			return nil, fmt.Errorf("no tool line of setup/tools/go.mod ends in %s: use %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		packages = append(packages, known[name])
	}
	return packages, nil
}

// patchKernel makes a patched copy of GoNB's module and lets the module use it.
func (m *module) patchKernel(folder string) error {
	source, err := kernelSource()
	if err != nil {
		return err
	}
	patches, err := filepath.Glob("../gonb/*.patch")
	if err != nil {
		return err
	}
	if err := patchedCopy(source, folder, patches); err != nil {
		return err
	}
	return m.mod.AddReplace(kernel, "", folder, "")
}

// kernelSource returns the folder of GoNB's module.
func kernelSource() (string, error) {
	command := exec.Command("go", "list", "-f", "{{.Module.Dir}}", kernel)
	command.Stderr = os.Stderr
	folder, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("the source of %s is missing: run go mod download in setup/tools", kernel)
	}
	return strings.TrimSpace(string(folder)), nil
}

// write writes the module into a folder and returns the path of its go.mod.
func (m *module) write(folder string) (string, error) {
	text, err := m.mod.Format()
	if err != nil {
		return "", err
	}
	modified := filepath.Join(folder, "go.mod")
	if err := os.WriteFile(modified, text, 0o666); err != nil {
		return "", err
	}
	return modified, os.WriteFile(filepath.Join(folder, "go.sum"), m.sum, 0o666)
}
