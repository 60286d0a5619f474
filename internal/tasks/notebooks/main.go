// Notebooks runs the lessons, each from its first cell to its last, and writes their outputs back:
//
//	go run ./internal/tasks/notebooks                        # all of them
//	go run ./internal/tasks/notebooks 01-linear-autoencoder  # one
//	go run ./internal/tasks/notebooks -format                # lays out what was edited, and runs nothing
//	go run ./internal/tasks/notebooks -compare a.ipynb b.ipynb
//	go run ./internal/tasks/notebooks -pretrain 1            # keeps the trained models; make pretrain
//
// It runs in the checkout's root, in the environment of `make env`. A lesson runs as a copy in a folder of its own, so that
// no model trained before is found, or lost. A lesson in which a cell fails is left as it was. The weights of the nets that
// the website and the classroom use are written to notebooks/weights.
//
// With -compare it says where two executions of a lesson differ first. On one machine they differ in times only.
//
// With -pretrain the models that the lessons train stay in .cache/pretrained, for a class that sets AUTOENCODERS_PRETRAINED to
// that folder; the lessons stay as they are. Models that are there already are not trained again.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"autoencoders/autoencoder"
	"autoencoders/internal/ipynb"
)

func main() {
	compared := flag.Bool("compare", false, "say where two executed notebooks differ first, times apart")
	laidOut := flag.Bool("format", false, "lay notebooks out as they are committed, without running them")
	pretrained := flag.Bool("pretrain", false, "keep the models that the lessons train in .cache/pretrained, and leave the lessons as they are")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	switch {
	case *compared:
		err = compare(flag.Args())
	case *laidOut:
		err = format(flag.Args())
	case *pretrained:
		err = all(ctx, flag.Args(), func(ctx context.Context, path string) error {
			return pretrain(ctx, path, filepath.Join(".cache", "pretrained"))
		})
	default:
		err = all(ctx, flag.Args(), execute)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "notebooks:", err)
		os.Exit(1)
	}
}

// compare returns an error that names the first difference of two notebooks.
func compare(paths []string) error {
	if len(paths) != 2 {
		return fmt.Errorf("-compare takes the paths of two notebooks")
	}
	var n [2]ipynb.Notebook
	for i, path := range paths {
		var err error
		if n[i], err = ipynb.Read(path); err != nil {
			return err
		}
	}
	if d := ipynb.Difference(n[0], n[1]); d != "" {
		return fmt.Errorf("%s and %s differ: %s", paths[0], paths[1], d)
	}
	fmt.Println("the notebooks differ in times only")
	return nil
}

// format writes the lessons with these names, or all, in their layout.
func format(names []string) error {
	paths, err := find(names)
	if err != nil {
		return err
	}
	for _, path := range paths {
		n, err := ipynb.Read(path)
		if err != nil {
			return err
		}
		if err := finish(n, path); err != nil {
			return err
		}
	}
	return nil
}

// all calls run for the lessons with these names, or for each. It goes on after one that fails.
func all(ctx context.Context, names []string, run func(ctx context.Context, path string) error) error {
	paths, err := find(names)
	if err != nil {
		return err
	}
	failed := 0
	for _, path := range paths {
		start := time.Now()
		switch err := run(ctx, path); {
		case ctx.Err() != nil:
			return fmt.Errorf("interrupted in %s, which is left as it was", path)
		case err != nil:
			failed++
			fmt.Fprintf(os.Stderr, "notebooks: %s: %v; the file is left as it was\n", path, err)
		default:
			fmt.Printf("%s: done in %.0f s\n", path, time.Since(start).Seconds())
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d failed", failed, len(paths))
	}
	return nil
}

// find returns the paths of the lessons with these names: "01-linear-autoencoder", with or without its folder and .ipynb, or
// its number.
func find(names []string) (paths []string, err error) {
	for _, name := range names {
		if number, err := strconv.Atoi(name); err == nil {
			if numbered, _ := filepath.Glob(fmt.Sprintf("notebooks/%02d-*.ipynb", number)); len(numbered) == 1 {
				name = numbered[0]
			}
		}
		path := filepath.Join("notebooks", strings.TrimSuffix(filepath.Base(name), ".ipynb")+".ipynb")
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("no lesson is named %s: %w", name, err)
		}
		paths = append(paths, path)
	}
	if len(names) == 0 {
		paths, err = filepath.Glob(filepath.Join("notebooks", "*.ipynb"))
		if err == nil && len(paths) == 0 {
			err = fmt.Errorf("no notebooks/*.ipynb here: run it in the checkout's root")
		}
	}
	return paths, err
}

// copyOf copies the lesson at path into a new folder of its own.
func copyOf(path string) (folder, copied string, err error) {
	n, err := ipynb.Read(path)
	if err != nil {
		return "", "", err
	}
	if err := os.MkdirAll(".cache", 0o777); err != nil {
		return "", "", err
	}
	if folder, err = os.MkdirTemp(".cache", "notebooks-"); err != nil {
		return "", "", err
	}
	copied = filepath.Join(folder, filepath.Base(path))
	if err := os.WriteFile(copied, n.Format(), 0o666); err != nil {
		os.RemoveAll(folder)
		return "", "", err
	}
	return folder, copied, nil
}

// pretrain runs a copy of the lesson at path, with the given folder in the place of its checkpoints.
func pretrain(ctx context.Context, path, pretrained string) error {
	folder, copied, err := copyOf(path)
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := os.MkdirAll(pretrained, 0o777); err != nil {
		return err
	}
	if pretrained, err = filepath.Abs(pretrained); err != nil {
		return err
	}
	if err := os.Symlink(pretrained, filepath.Join(folder, "checkpoints")); err != nil {
		return err
	}
	if err := os.Setenv(autoencoder.PretrainedVariable, "1"); err != nil { // what is there stays
		return err
	}
	return ipynb.Execute(ctx, copied)
}

// execute runs the lesson at path and writes it back.
func execute(ctx context.Context, path string) error {
	folder, copied, err := copyOf(path)
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := ipynb.Execute(ctx, copied); err != nil {
		return err
	}
	n, err := ipynb.Read(copied)
	if err != nil {
		return err
	}
	lesson := strings.TrimSuffix(filepath.Base(path), ".ipynb")
	if err := exportWeights(lesson, folder, filepath.Join("notebooks", "weights")); err != nil {
		return err
	}
	return finish(n, path)
}

// finish writes a notebook to path as it is committed.
func finish(n ipynb.Notebook, path string) error {
	n.Clean()
	if err := setKernel(n); err != nil {
		return err
	}
	return n.Write(path)
}

// setKernel names the kernel as the set-up installs it, whatever the machine's is called.
func setKernel(n ipynb.Notebook) error {
	raw, err := os.ReadFile(filepath.Join("setup", "kernel.json"))
	if err != nil {
		return err
	}
	var spec struct {
		Name     string `json:"display_name"`
		Language string
	}
	if err := json.Unmarshal(raw, &spec); err != nil {
		return fmt.Errorf("setup/kernel.json: %w", err)
	}
	metadata, ok := n["metadata"].(map[string]any)
	if !ok {
		return fmt.Errorf("the notebook has no metadata")
	}
	metadata["kernelspec"] = map[string]any{"display_name": spec.Name, "language": spec.Language, "name": ipynb.Kernel}
	return nil
}
