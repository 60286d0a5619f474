package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "autoencoders/"

// rooms are the folders of the module's packages. A package belongs to the room whose folder is the longest prefix of its
// own. It may import its own room and those that the room names. Programs and tests may import everything.
var rooms = map[string]room{
	"autoencoder":          {imports: []string{"autoencoder/nn", "autoencoder/internal", "internal"}, why: "a model knows neither data sets nor figures: tensors pass between them"},
	"autoencoder/nn":       {imports: []string{"autoencoder/internal"}, why: "layers need GoMLX alone, so that they build for js/wasm as well"},
	"autoencoder/internal": {imports: []string{"internal"}, why: "what model and layers share knows neither of them"},
	"datasets":             {imports: []string{"internal"}, why: "images are tensors, whatever is done with them later"},
	"measure":              {imports: []string{"internal"}, why: "a measure takes tensors, whatever made them"},
	"plots":                {imports: []string{"internal"}, why: "a figure takes tensors, whatever made them, and is drawn in any program"},
	"images":               {imports: []string{"internal"}, why: "images are tensors, whatever made them"},
	"cell":                 {imports: []string{"internal"}, prints: true, why: "a cell shows whatever writes itself as a PNG; what it shows outside a notebook it prints"},
	"course":               {imports: []string{"autoencoder", "autoencoder/nn", "cell", "datasets", "images", "internal", "measure", "plots"}, why: "what the lessons share may use everything, and nothing uses it but the lessons"},
	"classroom":            {imports: []string{"internal"}, why: "a copy of a lesson is a file, whatever the lesson is about"},
	"exercise":             {imports: []string{"autoencoder", "autoencoder/nn", "cell", "internal"}, why: "a check knows the right answer itself, and so holds the packages to it as well"},
	"internal":             {why: "what several packages share knows none of them"},
}

// room is a row of the table. A package that prints would mix with what a cell prints, in an order that GoNB does not keep.
type room struct {
	imports []string
	prints  bool
	why     string
}

// others are imports from outside the module that only the named rooms may have, and programs.
var others = []struct {
	prefix string
	rooms  []string
	why    string
}{
	{"github.com/janpfeifer/gonb", []string{"cell"}, "only one package talks to the kernel, so that all others work in any program"},
	{"github.com/gomlx/go-xla", []string{"autoencoder"}, "it needs cgo, and so does not build for js/wasm"},
	{"net/http", nil, "it makes each cell's link slower: downloads are a program of their own"},
	{"testing", []string{"internal"}, "it adds its flags to the program that links it"},
	{"log", nil, "a package returns errors; what it logs shows in the cell of whoever imports it"},
}

// apart are the folders that have a module of their own, which nothing imports.
var apart = []string{"internal/browser", "setup/tools", "setup/lint"}

// within reports whether a folder, or an import path, is another one or below it.
func within(folder, parent string) bool {
	return folder == parent || strings.HasPrefix(folder, parent+"/")
}

// roomOf returns the room of a package's folder, or "".
func roomOf(folder string) (name string) {
	for candidate := range rooms {
		if within(folder, candidate) && len(candidate) > len(name) {
			name = candidate
		}
	}
	return name
}

// breaches returns what in a file of the package in the given folder breaks a rule.
func breaches(folder string, file *ast.File) (found []string) {
	own := roomOf(folder)
	program := file.Name.Name == "main"
	if own == "" && !program {
		return []string{"the folder has no rule: add it to rooms"}
	}
	names := map[string]string{} // what the file calls a package, by import path
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
		names[imported] = path.Base(imported)
		if spec.Name != nil {
			names[imported] = spec.Name.Name
		}
		if why := forbidden(own, program, imported); why != "" {
			found = append(found, fmt.Sprintf("it imports %s: %s", imported, why))
		}
	}
	if program || rooms[own].prints {
		return found
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if printed := prints(node, names); printed != "" {
			found = append(found, fmt.Sprintf("it uses %s: packages do not print, their output would mix with the cell's", printed))
		}
		return true
	})
	return found
}

// forbidden returns why a package of a room must not import another package, or "" if it may.
func forbidden(own string, program bool, imported string) string {
	if folder, ours := strings.CutPrefix(imported, module); ours {
		for _, a := range apart {
			if within(folder, a) {
				return "it is a module of its own, with tools or tests"
			}
		}
		if to := roomOf(folder); !program && to != own && !slices.Contains(rooms[own].imports, to) {
			return rooms[own].why
		}
		return ""
	}
	for _, o := range others {
		if within(imported, o.prefix) && !program && !slices.Contains(o.rooms, own) {
			return o.why
		}
	}
	return ""
}

// prints returns what a node writes to standard output or error with, or "". The names are those of packages in its file.
func prints(node ast.Node, names map[string]string) string {
	switch node := node.(type) {
	case *ast.CallExpr:
		if f, ok := node.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") {
			return f.Name
		}
	case *ast.SelectorExpr:
		of, ok := node.X.(*ast.Ident)
		if !ok {
			return ""
		}
		printer := of.Name == names["fmt"] && strings.HasPrefix(node.Sel.Name, "Print")
		stream := of.Name == names["os"] && (node.Sel.Name == "Stdout" || node.Sel.Name == "Stderr")
		if printer || stream {
			return of.Name + "." + node.Sel.Name
		}
	}
	return ""
}

// Every file of the module, for whatever system it is, keeps the rules. Only tests may break them.
func TestRules(t *testing.T) {
	root := os.DirFS("../..")
	seen := map[string]bool{}
	err := fs.WalkDir(root, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			_, mod := fs.Stat(root, path.Join(file, "go.mod"))
			skipped := strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "artifacts" || mod == nil
			if file != "." && skipped {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		seen[roomOf(path.Dir(file))] = true
		for _, breach := range breaches(path.Dir(file), parsed) {
			t.Errorf("%s: %s", file, breach)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range rooms {
		if !seen[name] {
			t.Errorf("the room %s has no package: remove its rule", name)
		}
	}
	for _, folder := range apart {
		if _, err := fs.Stat(root, path.Join(folder, "go.mod")); err != nil {
			t.Errorf("%s is no module of its own: %v", folder, err)
		}
	}
}

// Each rule can be broken, and then says so.
func TestBrokenRules(t *testing.T) {
	for _, c := range []struct {
		folder, source, want string // want is "" for a file that keeps the rules
	}{
		{"autoencoder", `package autoencoder; import _ "autoencoders/autoencoder/nn"; import _ "autoencoders/internal/disk"`, ""},
		{"autoencoder", `package autoencoder; import _ "autoencoders/datasets"`, "imports autoencoders/datasets: a model knows neither"},
		{"autoencoder/nn", `package nn; import _ "autoencoders/autoencoder"`, "imports autoencoders/autoencoder: layers need GoMLX alone"},
		{"autoencoder/nn", `package nn; import _ "github.com/gomlx/go-xla/pjrt"`, "needs cgo"},
		{"datasets", `package datasets; import _ "autoencoders/measure"`, "imports autoencoders/measure"},
		{"datasets/internal/fashion", `package fashion; import _ "net/http"`, "imports net/http"},
		{"measure", `package measure; import _ "autoencoders/plots"`, "imports autoencoders/plots"},
		{"measure", `package measure; import _ "autoencoders/cell"`, "imports autoencoders/cell"},
		{"images", `package images; import _ "autoencoders/datasets"`, "imports autoencoders/datasets"},
		{"images", `package images; import _ "autoencoders/internal/input"`, ""},
		{"plots", `package plots; import _ "autoencoders/autoencoder"`, "imports autoencoders/autoencoder"},
		{"cell", `package cell; import _ "github.com/janpfeifer/gonb/gonbui"`, ""},
		{"measure", `package measure; import _ "github.com/janpfeifer/gonb/gonbui"`, "only one package talks to the kernel"},
		{"internal/input", `package input; import _ "autoencoders/datasets"`, "imports autoencoders/datasets"},
		{"internal/memory", `package memory; import _ "log/slog"`, "imports log/slog"},
		{"measure", `package measure; import _ "testing"`, "imports testing"},
		{"nowhere", `package nowhere`, "has no rule"},
		{"bench", `package main; import _ "autoencoders/plots"; import "fmt"; func f() { fmt.Println() }`, ""},
		{"bench", `package main; import _ "autoencoders/internal/browser/lab"`, "a module of its own"},
		{"datasets", `package datasets; import "fmt"; var _, _ = fmt.Println()`, "uses fmt.Println"},
		{"datasets", `package datasets; import "fmt"; var _ = fmt.Sprint()`, ""},
		{"datasets", `package datasets; import f "fmt"; var _, _ = f.Printf("")`, "uses f.Printf"},
		{"datasets", `package datasets; import "os"; var _ = os.Stderr`, "uses os.Stderr"},
		{"datasets", `package datasets; func f() { println("here") }`, "uses println"},
		{"cell", `package cell; import "fmt"; var _, _ = fmt.Println()`, ""},
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "a.go", c.source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		found := strings.Join(breaches(c.folder, file), "\n")
		if (c.want == "") != (found == "") || !strings.Contains(found, c.want) {
			t.Errorf("%s, %s: found %q, want %q", c.folder, c.source, found, c.want)
		}
	}
}
