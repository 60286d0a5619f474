//go:build system && linux

package main

import (
	"os"
	"path/filepath"
	"testing"

	"autoencoders/internal/faults"
)

func TestDownloadOnAFullDisk(t *testing.T) {
	disk, inside := faults.SmallDisk(t, len(published)+64<<10)
	if !inside {
		return
	}
	dir, ballast := filepath.Join(disk, "fashion-mnist"), filepath.Join(disk, "ballast")
	put(t, ballast, make([]byte, 100<<10))
	m := serve(t, good)
	_, err := download(t, dir, m.address(), m.address())
	wantLine(t, err, file.Name+".part: no space left on device: make room there or name another folder, and run it again to go on")
	m.wantAsked(t, "") // no other mirror can help
	wantFiles(t, dir, file.Name+".part")
	line := err.Error()
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	_, err = download(t, dir, m.address())
	wantComplete(t, dir, err)
	faults.Row(t, "download: disk full", "download: "+line, "what had come; with room again the next run brings the rest")
}
