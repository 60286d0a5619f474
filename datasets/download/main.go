// Command download fetches Fashion-MNIST into the data folder: four files, 31 MB.
// `make data` runs it. It is a separate program so that notebook cells, which
// import package datasets, link no network code.
//
// It tries several mirrors and resumes what an interrupted run left behind. A file
// gets its name only after its SHA-256 has been checked. If all files are there
// already, download says so and fetches nothing.
//
// A damaged file in the checkout's own data folder is fetched again. In a folder
// that the user names, by -dir or by the environment variable AUTOENCODERS_DATA,
// download never replaces a file: it prints an error instead.
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

// mirrors are folders that hold the files under their published names. The last
// one is the address in the authors' README.
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

// run downloads the files into dir or, if dir is "", into the data folder.
func run(ctx context.Context, dir string, mirrors []string, out io.Writer) error {
	own := dir != ""
	if !own {
		var err error
		if dir, own, err = fashion.Dir(); err != nil {
			return err
		}
	}
	d := &downloader{client: newClient(), mirrors: mirrors, stall: stallLimit, out: out, keep: own}
	return d.all(ctx, dir, fashion.Files)
}
