package datasets

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// read loads one half. Its files must hold exactly as many images and labels as
// newDataset says.
func (d *Dataset) read(h *half) (*Split, error) {
	labels, err := d.readLabels(h)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.labels, cause(err))
	}
	split, err := d.readImages(h, labels)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.images, cause(err))
	}
	return split, nil
}

// cause returns a wrong checksum without the FormatError around it, which says
// only that it was noticed at the end of the file.
func cause(err error) error {
	if sum, ok := errors.AsType[*ChecksumError](err); ok {
		return sum
	}
	return err
}

func (d *Dataset) readLabels(h *half) ([]uint8, error) {
	file, err := d.open(h.labels)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	labels, err := readLabels(file)
	if err != nil {
		return nil, err
	}
	if len(labels) != h.n {
		return nil, &FormatError{Field: "size", Value: int64(len(labels)), Want: fmt.Sprint(h.n)}
	}
	return labels, nil
}

// readImages converts one block of pixels while the next one is unpacked. The
// two take about the same time, so on two cores this halves the wait.
func (d *Dataset) readImages(h *half, labels []uint8) (*Split, error) {
	file, err := d.open(h.images)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	dims, err := readHeader(file)
	if err != nil {
		return nil, err
	}
	want := []int{h.n, 28, 28}
	if !slices.Equal(dims, want) {
		return nil, &FormatError{Field: "dimensions", Value: dims, Want: fmt.Sprint(want)}
	}
	images := newImages([]int{h.n, 28, 28, 1})
	fill(images, func(flat []float32) { err = d.convert(file, flat) })
	if err != nil {
		return nil, err
	}
	return &Split{Images: images, Labels: labels}, nil
}

// convert reads len(flat) bytes, writes their values to flat and checks that the
// stream ends there.
func (d *Dataset) convert(r io.Reader, flat []float32) error {
	const blockSize = 1 << 18
	free, full := make(chan []byte, 3), make(chan []byte, 3)
	for range cap(free) {
		free <- make([]byte, blockSize)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		at := 0
		for block := range full {
			toFloat(flat[at:at+len(block)], block, &d.pixel)
			at += len(block)
			free <- block
		}
	}()
	var err error
	for left := len(flat); left > 0 && err == nil; {
		block := (<-free)[:min(blockSize, left)]
		if _, err = io.ReadFull(r, block); err == nil {
			full <- block
			left -= len(block)
		}
	}
	close(full)
	<-done
	if err != nil {
		return truncated(err)
	}
	return readEnd(r)
}

func toFloat(dst []float32, src []byte, pixel *[256]float32) {
	for i, b := range src {
		dst[i] = pixel[b]
	}
}
