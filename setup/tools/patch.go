package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
)

// patchedCopy copies the module in the folder source to the folder target, without its tests, documentation and examples,
// and applies the patches there, in their order. Every line of a patch's context must match.
func patchedCopy(source, target string, patches []string) error {
	if err := os.CopyFS(target, withoutTests{os.DirFS(source)}); err != nil {
		return err
	}
	for _, patch := range patches {
		if err := apply(patch, target); err != nil {
			return err
		}
	}
	return nil
}

// withoutTests is a module's file system without what a program is not built from.
type withoutTests struct{ fs.FS }

func (module withoutTests) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(module.FS, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		unused := name == "." && slices.Contains([]string{"docs", "examples"}, e.Name())
		return unused || e.Name() == "nbtests" || strings.HasSuffix(e.Name(), "_test.go")
	}), err
}

// apply applies a patch to the module in the folder. The error is one line that names the patch, the file and the line.
func apply(patch, folder string) error {
	text, err := os.Open(patch)
	if err != nil {
		return err
	}
	defer text.Close()
	files, _, err := gitdiff.Parse(text)
	if err != nil {
		return fmt.Errorf("%s cannot be read as a patch: %w", filepath.Base(patch), err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, file := range files {
		if err := change(root, file); err != nil {
			return fmt.Errorf("setup/gonb/%s does not fit %w: make it again for the GoNB of setup/tools/go.mod, as setup/gonb/README.md describes", filepath.Base(patch), err)
		}
	}
	return nil
}

// change changes, creates or removes one file. Its error begins with the file and the line.
func change(root *os.Root, file *gitdiff.File) error {
	if file.IsRename || file.IsCopy || file.IsBinary {
		return fmt.Errorf("%s (it is a rename, a copy or a binary change, and only changes of text are supported)", file.NewName)
	}
	name := file.OldName
	var old []byte
	if file.IsNew {
		name = file.NewName
		if _, err := root.Stat(name); err == nil {
			return fmt.Errorf("%s line 1 (the file exists already)", name)
		}
	} else {
		var err error
		if old, err = root.ReadFile(name); err != nil {
			return fmt.Errorf("%s line 1 (there is no such file)", name)
		}
	}
	var changed bytes.Buffer
	if err := gitdiff.Apply(&changed, bytes.NewReader(old), file); err != nil {
		line := int64(1)
		if at := (*gitdiff.ApplyError)(nil); errors.As(err, &at) {
			line = max(line, at.Line)
		}
		return fmt.Errorf("%s line %d (%w)", name, line, err)
	}
	if file.IsDelete {
		return root.Remove(name)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return root.WriteFile(name, changed.Bytes(), 0o666)
}
