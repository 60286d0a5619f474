// Command download fetches Fashion-MNIST into the data folder, for `make data`:
// four files, 31 MB. It is a program of its own so that the cells of a notebook,
// which import package datasets, link no network code.
//
// It tries several mirrors, goes on with what an interrupted run left behind,
// and gives a file its name only when its SHA-256 is right. Where everything is
// there already it says so and fetches nothing.
//
// Usage: go run ./datasets/download [-dir folder]
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"autoencoders/datasets/internal/fashion"
)

// mirrors hold the files under their published names. The last is the one that
// the authors' README names.
var mirrors = []string{
	"https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
	"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
	"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
}

func main() {
	dir := flag.String("dir", "", "folder for the files (default: AUTOENCODERS_DATA, or data/fashion-mnist in the checkout)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, mirrors, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "download:", err)
		os.Exit(1)
	}
}

// run makes dir, or the data folder, hold every file.
func run(ctx context.Context, dir string, mirrors []string, out io.Writer) error {
	if dir == "" {
		var err error
		if dir, _, err = fashion.Dir(); err != nil {
			return err
		}
	}
	d := &downloader{client: newClient(), mirrors: mirrors, stall: stallLimit, out: out}
	return d.all(ctx, dir, fashion.Files)
}
