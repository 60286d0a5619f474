package autoencoder

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"autoencoders/internal/input"

	"github.com/gomlx/gomlx/core/tensors"
)

// pixels summarises the numbers of an image tensor.
type pixels struct {
	lowest, highest float32
	notFinite       int // index of the first NaN or infinity; -1: there is none
}

// readPixels reads every number of x once, on all cores.
func readPixels(x *tensors.Tensor) (pixels, error) {
	all := pixels{float32(math.Inf(1)), float32(math.Inf(-1)), -1}
	err := tensors.ConstFlatData(x, func(values []float32) {
		parts := make([]pixels, min(runtime.GOMAXPROCS(0), 1+len(values)>>16))
		var workers sync.WaitGroup
		for i := range parts {
			from, to := len(values)*i/len(parts), len(values)*(i+1)/len(parts)
			workers.Go(func() { parts[i] = pixelsOf(values[from:to], from) })
		}
		workers.Wait()
		for _, p := range parts {
			all.lowest, all.highest = min(all.lowest, p.lowest), max(all.highest, p.highest)
			if all.notFinite < 0 {
				all.notFinite = p.notFinite
			}
		}
	})
	if err != nil {
		return all, plain(err)
	}
	return all, nil
}

func pixelsOf(values []float32, from int) pixels {
	p := pixels{float32(math.Inf(1)), float32(math.Inf(-1)), -1}
	for i, v := range values {
		if v < p.lowest {
			p.lowest = v
		}
		if v > p.highest {
			p.highest = v
		}
		if v-v != 0 {
			p.notFinite = from + i
			return p
		}
	}
	return p
}

// checkImages returns an error unless x is images, float32 [n, height, width, channels], of finite
// numbers.
func checkImages(which string, x *tensors.Tensor) (pixels, error) {
	if err := input.Check(which, x); err != nil {
		return pixels{}, plain(err)
	}
	p, err := readPixels(x)
	if err != nil {
		return p, err
	}
	if p.notFinite >= 0 {
		return p, fail(ErrNotFinite, "image %d of %s has a pixel that is %s: find out where it comes from, or leave the image out",
			p.notFinite/size(x.Shape().Dimensions[1:]), which, valueAt(x, p.notFinite))
	}
	return p, nil
}

// valueAt returns a number of x that is not finite, as text.
func valueAt(x *tensors.Tensor, i int) (text string) {
	if err := tensors.ConstFlatData(x, func(values []float32) { text = fmt.Sprint(values[i]) }); err != nil {
		return "not finite"
	}
	return text
}

// checkUnit returns an error if the loss takes only pixels in [0, 1] and some lie outside.
func (n *network) checkUnit(which string, p pixels) error {
	if n.unit && (p.lowest < 0 || p.highest > 1) {
		bad := p.lowest
		if bad >= 0 {
			bad = p.highest
		}
		return fmt.Errorf("autoencoder: BCE takes pixels in [0, 1], but %s have %g: load them without Normalize, datasets.MNIST()%s",
			which, bad, scaling(p))
	}
	return nil
}

// note returns a warning about pixels far outside of [-1, 1], from which a network hardly learns; "" if there
// are none.
func (p pixels) note(which string) string {
	if p.lowest > -10 && p.highest < 10 {
		return ""
	}
	return fmt.Sprintf("%s have pixels from %g to %g, far outside of [-1, 1]%s", which, p.lowest, p.highest, scaling(p))
}

// scaling returns advice on pixels that look like bytes; "" if they do not.
func scaling(p pixels) string {
	if p.lowest >= 0 && p.highest > 1 && p.highest <= 255 {
		return ": divide them by 255"
	}
	return ""
}

// checkResult returns an error if a network returned a number that is not finite.
func checkResult(function string, y *tensors.Tensor) error {
	p, err := readPixels(y)
	if err == nil && p.notFinite >= 0 {
		err = fail(ErrNotFinite, "%s gives %s for number %d of %d: the network's numbers have grown too large; train again with a smaller LearningRate",
			function, valueAt(y, p.notFinite), p.notFinite/size(y.Shape().Dimensions[1:]), y.Shape().Dimensions[0])
	}
	return err
}
