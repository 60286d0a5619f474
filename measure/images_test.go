package measure_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"autoencoders/measure"

	"github.com/gomlx/gomlx/core/tensors"
)

// golden holds results of scikit-image and SciPy; parity/measures.py describes the fields.
type golden struct {
	Shape        []int
	X, Y, Median []int // in 1/64
	PSNR, SSIM   float64
}

func goldens(t *testing.T) map[string]golden {
	t.Helper()
	raw, err := os.ReadFile("testdata/scikit-image.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases map[string]golden }
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Cases) != 3 {
		t.Fatal("the goldens have", len(file.Cases), "cases", err)
	}
	return file.Cases
}

func (g golden) images(sixtyFourths []int) *tensors.Tensor {
	v := make([]float32, len(sixtyFourths))
	for i, k := range sixtyFourths {
		v[i] = float32(k) / 64
	}
	return tensors.FromFlatDataAndDimensions(v, g.Shape...)
}

func TestAsScikitImage(t *testing.T) {
	for name, g := range goldens(t) {
		x, y := g.images(g.X), g.images(g.Y)
		psnr, err := measure.PSNR(x, y, 2)
		if err != nil || math.Abs(psnr-g.PSNR) > 1e-9 {
			t.Errorf("%s: PSNR is %v (%v), scikit-image has %v", name, psnr, err, g.PSNR)
		}
		ssim, err := measure.SSIM(x, y, 2)
		if err != nil || math.Abs(ssim-g.SSIM) > 1e-9 {
			t.Errorf("%s: SSIM is %v (%v), scikit-image has %v", name, ssim, err, g.SSIM)
		}
	}
}

func TestMedianIsSciPys(t *testing.T) {
	for name, g := range goldens(t) {
		got, err := measure.Median(g.images(g.X))
		if err != nil {
			t.Fatal(err)
		}
		if !got.Equal(g.images(g.Median)) {
			t.Errorf("%s: the medians differ from SciPy's", name)
		}
	}
}

// Nine numbers have too many orders to try them all, so 2,000 random ones are tried.
func TestMedianIsTheFifthOfNine(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	for range 2000 {
		v := make([]float32, 9)
		for i := range v {
			v[i] = float32(random.IntN(6)) // with ties
		}
		got, err := measure.Median(tensors.FromFlatDataAndDimensions(slices.Clone(v), 1, 3, 3, 1))
		if err != nil {
			t.Fatal(err)
		}
		middle := tensors.MustCopyFlatData[float32](got)[4]
		if slices.Sort(v); middle != v[4] {
			t.Fatalf("the median of %v is %v", v, middle)
		}
	}
}

func TestWhatIsKnownWithoutALibrary(t *testing.T) {
	black := tensors.FromFlatDataAndDimensions(slices.Repeat([]float32{-1}, 2*12*12), 2, 12, 12, 1)
	grey := tensors.FromFlatDataAndDimensions(slices.Repeat([]float32{0}, 2*12*12), 2, 12, 12, 1)
	if mse, err := measure.MSE(grey, black); err != nil || mse != 1 {
		t.Errorf("MSE of 0 and -1 is %v (%v)", mse, err)
	}
	if psnr, err := measure.PSNR(grey, black, 2); err != nil || math.Abs(psnr-10*math.Log10(4)) > 1e-12 {
		t.Errorf("PSNR of 0 and -1 is %v (%v)", psnr, err)
	}
	if psnr, err := measure.PSNR(grey, grey, 2); err != nil || !math.IsInf(psnr, 1) {
		t.Errorf("PSNR of an image and itself is %v (%v)", psnr, err)
	}
	if ssim, err := measure.SSIM(black, black, 2); err != nil || math.Abs(ssim-1) > 1e-12 {
		t.Errorf("SSIM of an image and itself is %v (%v)", ssim, err)
	}
	// Flat images have no variance, so only the means count: C1 / (1 + C1) with C1 = 0.0004.
	if ssim, err := measure.SSIM(grey, black, 2); err != nil || math.Abs(ssim-0.0004/1.0004) > 1e-12 {
		t.Errorf("SSIM of 0 and -1 is %v (%v)", ssim, err)
	}
	// A mean of ratios is not the ratio of the mean: of images that are off by 1 and by 0.1, in [-1, 1].
	x := tensors.FromFlatDataAndDimensions([]float32{0, -0.9}, 2, 1, 1, 1)
	y := tensors.FromFlatDataAndDimensions([]float32{-1, -1}, 2, 1, 1, 1)
	if psnr, err := measure.PSNR(x, y, 2); err != nil || math.Abs(psnr-(10*math.Log10(4)+10*math.Log10(400))/2) > 1e-4 {
		t.Errorf("the mean PSNR is %v (%v)", psnr, err)
	}
}

func TestClip(t *testing.T) {
	x := tensors.FromFlatDataAndDimensions([]float32{-1.5, -1, 0.25, 1, 1e9}, 5, 1)
	got, err := measure.Clip(x, -1, 1)
	if err != nil || !slices.Equal(tensors.MustCopyFlatData[float32](got), []float32{-1, -1, 0.25, 1, 1}) {
		t.Errorf("clipped: %v, %v", got, err)
	}
	if tensors.MustCopyFlatData[float32](x)[0] != -1.5 {
		t.Error("Clip changed its argument")
	}
}

func TestErrorsAreOneLine(t *testing.T) {
	good := tensors.FromFlatDataAndDimensions(make([]float32, 144), 1, 12, 12, 1)
	small := tensors.FromFlatDataAndDimensions(make([]float32, 100), 1, 10, 10, 1)
	flat := tensors.FromFlatDataAndDimensions(make([]float32, 144), 1, 144)
	bytes := tensors.FromFlatDataAndDimensions(make([]uint8, 144), 1, 12, 12, 1)
	gone := tensors.FromFlatDataAndDimensions(make([]float32, 144), 1, 12, 12, 1)
	gone.MustFinalizeAll()
	nan := tensors.FromFlatDataAndDimensions([]float32{0, float32(math.NaN())}, 2, 1, 1, 1)
	for want, f := range map[string]func() error{
		"PSNR: the images are missing":               func() error { _, err := measure.PSNR(nil, good, 2); return err },
		"PSNR: the shapes differ: [1 12 12 1] and":   func() error { _, err := measure.PSNR(good, small, 2); return err },
		"PSNR: the data range is 0":                  func() error { _, err := measure.PSNR(good, good, 0); return err },
		"PSNR: the data range is NaN":                func() error { _, err := measure.PSNR(good, good, math.NaN()); return err },
		"SSIM: the images are 10x10 pixels":          func() error { _, err := measure.SSIM(small, small, 2); return err },
		"SSIM: the images are no longer there":       func() error { _, err := measure.SSIM(gone, good, 2); return err },
		"SSIM: the images to compare with are no":    func() error { _, err := measure.SSIM(good, gone, 2); return err },
		"Median: the images have the shape [1 144]":  func() error { _, err := measure.Median(flat); return err },
		"Median: the images are Uint8, not float32":  func() error { _, err := measure.Median(bytes); return err },
		"Median: the images hold NaN in image 1":     func() error { _, err := measure.Median(nan); return err },
		"Clip: the range begins at 1 and ends at -1": func() error { _, err := measure.Clip(good, 1, -1); return err },
		"Clip: the images are missing":               func() error { _, err := measure.Clip(nil, 0, 1); return err },
	} {
		if err := f(); err == nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "measure: "+want) {
			t.Errorf("%v, want measure: %s…", err, want)
		}
	}
}

func BenchmarkMNISTTestSet(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 0))
	v := make([]float32, 10000*784)
	for i := range v {
		v[i] = 2*random.Float32() - 1
	}
	x := tensors.FromFlatDataAndDimensions(v, 10000, 28, 28, 1)
	y := tensors.FromFlatDataAndDimensions(slices.Clone(v), 10000, 28, 28, 1)
	b.Run("PSNR", func(b *testing.B) {
		for b.Loop() {
			if _, err := measure.PSNR(x, y, 2); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("SSIM", func(b *testing.B) {
		for b.Loop() {
			if _, err := measure.SSIM(x, y, 2); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Median", func(b *testing.B) {
		for b.Loop() {
			if _, err := measure.Median(x); err != nil {
				b.Fatal(err)
			}
		}
	})
}
