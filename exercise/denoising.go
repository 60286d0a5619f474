package exercise

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"autoencoders/autoencoder"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// PSNR checks a function that returns the peak signal-to-noise ratio of an image, in decibels, for pixels from -1 to 1.
func PSNR(yours func(x, clean []float64) float64) {
	report(psnr(yours), "Ten decibels more are a tenth of the error. The range belongs to the measure: the same image in pixels from 0 to 1 "+
		"has a quarter of the error and a quarter of the squared range, so its PSNR is the same.")
}

func psnr(yours func(x, clean []float64) float64) error {
	for _, c := range [][2][]float64{
		{{0.5, -1, 0.75}, {0.75, -0.5, 0.5}},
		{{0, 0, 0, 0}, {1, 1, -1, -1}},
		{{-0.9, 0.8}, {-1, 1}},
	} {
		x, clean := c[0], c[1]
		call := fmt.Sprintf("psnr(%v, %v)", x, clean)
		got, err := number(call, func() float64 { return yours(slices.Clone(x), slices.Clone(clean)) })
		if err != nil {
			return err
		}
		sum, absolute, _ := differences(x, clean)
		mean, r := sum/float64(len(x)), slices.Max(clean)-slices.Min(clean)
		if err := compare(call, got, 10*math.Log10(4/mean),
			slip{10 * math.Log10(1/mean), "from -1 to 1 the range is 2, and it is squared: 10 log10(2²/MSE)"},
			slip{10 * math.Log10(2/mean), "square the range: 10 log10(2²/MSE)"},
			slip{10 * math.Log(4/mean), "this is the natural logarithm; decibels take the one to base 10, math.Log10"},
			slip{20 * math.Log10(4/mean), "20 log10 belongs to the root of the MSE; with the MSE it is 10 log10"},
			slip{math.Log10(4 / mean), "a decibel is a tenth: multiply by 10"},
			slip{10 * math.Log10(mean/4), "the MSE belongs in the denominator: a small error gives a large PSNR"},
			slip{10 * math.Log10(4/sum), "take the mean of the squares, not their sum"},
			slip{10 * math.Log10(4*float64(len(x))/absolute), "this uses the mean absolute error; square the differences"},
			slip{10 * math.Log10(r*r/mean), "the range is that of all possible pixels, from -1 to 1, not that of this image"},
			slip{20 * math.Log10(2/mean), "20 log10 belongs to the root of the MSE; with the MSE it is 10 log10(2²/MSE)"},
			slip{10 * math.Log10(2/math.Sqrt(mean)), "with the root of the MSE it is 20 log10"},
			slip{10 * math.Log10(255*255/mean), "255 belongs to pixels from 0 to 255; from -1 to 1 the range is 2"},
		); err != nil {
			return err
		}
	}
	return nil
}

// MedianOfNine checks a function that returns the median of the nine pixels of a window. The window must stay as it is.
func MedianOfNine(yours func(window []float64) float64) {
	report(medianOfNine(yours), "Up to four of the nine pixels may be anything at all, and the median still lies among the others. A mean "+
		"moves with every single one. That is why the median removes salt and pepper.")
}

func medianOfNine(yours func(window []float64) float64) error {
	for _, window := range [][]float64{
		{8, 1, 7, 2, 9, 3, 6, 4, 50},
		{-1, 1, -1, -1, 1, -1, -1, 1, -1},
		{0.1, 0.9, 0.5, 0.7, 0.3, 0.2, 0.8, 0.4, 0.6},
	} {
		call := fmt.Sprintf("medianOfNine(%v)", window)
		given := slices.Clone(window)
		got, err := number(call, func() float64 { return yours(given) })
		if err != nil {
			return err
		}
		sorted := slices.Sorted(slices.Values(window))
		mean := 0.0
		for _, v := range window {
			mean += v / 9
		}
		if err := compare(call, got, sorted[4],
			slip{window[4], "this is the pixel in the middle of the window; sort the nine first"},
			slip{mean, "this is the mean; the median is the fifth of the sorted nine"},
			slip{sorted[5], "the fifth of nine has the index 4, since indices count from 0"},
			slip{sorted[3], "this is the fourth of the sorted nine; the fifth has the index 4"},
			slip{sorted[8], "this is the largest; the median is the fifth of the sorted nine"},
			slip{sorted[0], "this is the smallest; the median is the fifth of the sorted nine"},
		); err != nil {
			return err
		}
		if !slices.Equal(given, window) {
			return failf(call, " sorts the image's own pixels: sort a copy, slices.Clone(window)")
		}
	}
	return nil
}

// SaltPepper checks a function that replaces pixels by black and white. uniform draws a number from [0, 1), one for each pixel:
// below share/2 the pixel becomes -1, else below share it becomes 1, and otherwise it stays.
func SaltPepper(yours func(x []float64, share float64, uniform func() float64) []float64) {
	report(saltPepper(yours), "Most of MNIST's pixels are black already, so you see more salt than pepper. A pixel that is replaced says "+
		"nothing about what it was; under Gaussian noise it still says something.")
}

func saltPepper(yours func(x []float64, share float64, uniform func() float64) []float64) error {
	for _, c := range []struct {
		x, draws []float64
		share    float64
	}{
		{[]float64{0, 0.5, -0.5, 0.25}, []float64{0.05, 0.15, 0.95, 0.3}, 0.2},
		{[]float64{0, 0, 0}, []float64{0.1, 0.49, 0.6}, 1},
		{[]float64{0.3, -0.3}, []float64{0, 0.999}, 0},
	} {
		call := fmt.Sprintf("saltAndPepper(%v, %v, uniform), where uniform gives %v,", c.x, c.share, c.draws)
		next := 0
		uniform := func() float64 { next++; return c.draws[(next-1)%len(c.draws)] }
		x := slices.Clone(c.x)
		got, err := numbers(call, func() []float64 { return yours(x, c.share, uniform) })
		if err != nil {
			return err
		}
		with := func(pepper, salt float64, value func(i int, black bool) float64) (values []float64) {
			for i, u := range c.draws {
				v := c.x[i]
				if u < pepper {
					v = value(i, true)
				} else if u < salt {
					v = value(i, false)
				}
				values = append(values, v)
			}
			return values
		}
		colour := func(low, high float64) func(int, bool) float64 {
			return func(_ int, black bool) float64 {
				if black {
					return low
				}
				return high
			}
		}
		if next != len(c.x) && len(got) == len(c.x) {
			return failf(call, " calls uniform %s for %d pixels: draw one number for each pixel, keep it (u := uniform()), and compare it twice", times(next), len(c.x))
		}
		if !slices.Equal(x, c.x) {
			return failf(call, " changes the image that it was given: write into the copy y")
		}
		above := func(limit float64) float64 { return math.Nextafter(limit, 2) } // < above(limit) is <= limit
		mirrored := with(c.share/2, 0, colour(-1, 1))
		for i, u := range c.draws {
			if u >= 1-c.share/2 {
				mirrored[i] = 1
			}
		}
		if err := compareAll(call, got, with(c.share/2, c.share, colour(-1, 1)),
			sliceSlip{with(c.share/2, c.share, colour(1, -1)), "black and white are exchanged: below share/2 a pixel becomes -1"},
			sliceSlip{with(c.share/2, c.share, colour(0, 1)), "black is -1 here, not 0"},
			sliceSlip{with(c.share, 2*c.share, colour(-1, 1)), "share is the part of both together: half of it becomes black, half white"},
			sliceSlip{with(c.share, c.share, colour(-1, 1)), "nothing becomes white: below share/2 a pixel becomes -1, and from there to share it becomes 1"},
			sliceSlip{with(0, c.share, colour(-1, 1)), "nothing becomes black: the second if replaces the pixel again; use else if"},
			sliceSlip{with(c.share/2, 1, colour(-1, 1)), "every pixel is replaced: where the number is share or more, the pixel stays"},
			sliceSlip{with(above(c.share/2), above(c.share), colour(-1, 1)), "below means <, not <="},
			sliceSlip{mirrored, "white is from share/2 to share here, not at the upper end"},
		); err != nil {
			return err
		}
	}
	return nil
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

const noiseStd = 0.3

// Noise checks a layer that adds Gaussian noise with a standard deviation of 0.3 to its input.
func Noise(yours func(scope *model.Scope, x *graph.Node) *graph.Node) {
	report(noise(yours), "The layer describes the noise, and the compiled program draws new noise at each call. So the network never sees the same "+
		"noisy image twice.")
}

func noise(yours func(scope *model.Scope, x *graph.Node) *graph.Node) error {
	backend, err := autoencoder.Backend()
	if err != nil {
		return err
	}
	const images, pixels = 500, 64
	values := make([]float32, images*pixels)
	for i := range values {
		values[i] = float32(i%pixels)/pixels*2 - 1
	}
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(1); err != nil {
		return err
	}
	const call = "addNoise(scope, x)"
	var failed error
	// The student's layer, and x in its place if it fails: GoMLX v0.28.3 hangs if a layer panics with a string.
	safe := func(scope *model.Scope, x *graph.Node) (y *graph.Node) {
		failed = attempt(call, func() { y = yours(scope, x) })
		if failed == nil && y == nil {
			failed = failf(call, " returns nil: return the sum of x and the noise")
		}
		if failed != nil {
			return x
		}
		return y
	}
	run, err := model.NewExec(backend, store, safe)
	if err != nil {
		return err
	}
	defer run.Finalize()
	var y [2][]float32
	for i := range y {
		out, err := run.Call1(tensors.FromFlatDataAndDimensions(slices.Clone(values), images, 8, 8, 1))
		if failed != nil {
			return failed
		}
		if err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			return failf(call, " cannot be compiled: %s", first)
		}
		if dims := out.Shape().Dimensions; !slices.Equal(dims, []int{images, 8, 8, 1}) {
			return failf(call, " turns images of shape [%d 8 8 1] into shape %v: noise has the shape of x, x.Shape()", images, dims)
		}
		if kind := out.DType(); kind != dtypes.Float32 {
			return failf(call, " turns float32 into %s: draw the noise with x.Shape(), which has the type as well", strings.ToLower(kind.String()))
		}
		y[i] = tensors.MustCopyFlatData[float32](out)
	}
	return judgeNoise(call, values, y, pixels)
}

// judgeNoise looks at what a layer has made of the same images in two calls. All bounds are ten standard errors of a right layer wide
// or more, so that none fails. The order of the cases matters: each takes for granted that the ones before it do not hold.
func judgeNoise(call string, x []float32, y [2][]float32, pixels int) error {
	n := float64(len(x))
	var mean, square, fourth, slope, power float64
	perImage := make([]float64, len(x)/pixels)
	var zeros []float32 // what became of the pixels that are 0
	for i, v := range x {
		if v == 0 {
			zeros = append(zeros, y[0][i])
		}
		d := float64(y[0][i] - v)
		mean += d / n
		square += d * d / n
		fourth += d * d * d * d / n
		slope += d * float64(v)
		power += float64(v) * float64(v)
		perImage[i/pixels] += d / float64(pixels)
	}
	std, slope := math.Sqrt(max(0, square-mean*mean)), slope/power // rounding may leave less than 0
	fail := func(format string, args ...any) error { return failf(call, format, args...) }
	var spread float64 // of the images' mean noise
	for _, m := range perImage {
		spread += (m - mean) * (m - mean) / float64(len(perImage))
	}
	switch {
	case math.IsNaN(std):
		return fail(" gives pixels that are NaN")
	case std == 0 && mean == 0:
		return fail(" returns x as it is: add the noise to it")
	case !slices.ContainsFunc(zeros, func(v float32) bool { return v != 0 }):
		return fail(" leaves a pixel of 0 at 0: add the noise, x + noise; a product leaves 0 at 0")
	case slices.Max(y[0]) == 1 || slices.Min(y[0]) == -1: // with noise no pixel is just 1 or -1
		return fail(" clips the sum: leave it as it is, also below -1 and above 1")
	case slope < -0.9:
		return fail(" returns the noise alone: add it to x")
	case math.Abs(slope-(noiseStd-1)) < 0.05:
		return fail(" multiplies x by %v as well: multiply only the noise, then add", noiseStd)
	case slices.Equal(noiseOf(x, y[0], 0, pixels), noiseOf(x, y[0], pixels, pixels)) || spread > 4*square/float64(pixels):
		return fail(" adds the same noise to all images or to all pixels: draw with x.Shape()")
	case math.Abs(mean-noiseStd) < 0.05 && math.Abs(std-1) < 0.05:
		return fail(" adds %v to the noise: multiply the noise by it", noiseStd)
	case math.Abs(mean) > 0.03:
		return fail(" changes the mean of the images by %.3f: the noise must have the mean 0, as that of RandomNormal has", mean)
	case math.Abs(slope) > 0.05:
		return fail(" changes x itself: return x plus the noise")
	case slices.Equal(y[0], y[1]):
		return fail(" adds the same noise at each call: let the store draw it, scope.Store().RandomNormal")
	case math.Abs(std-1) < 0.05:
		return fail(" adds noise with a standard deviation of %.3f; multiply it by %v", std, noiseStd)
	case math.Abs(std-noiseStd*noiseStd) < 0.002:
		return fail(" adds noise with a standard deviation of %.3f, the square of %v: multiply by the standard deviation, not by the variance", std, noiseStd)
	case math.Abs(std-math.Sqrt(noiseStd)) < 0.02:
		return fail(" adds noise with a standard deviation of %.3f, the root of %v: that is the standard deviation already", std, noiseStd)
	case math.Abs(std-noiseStd) > 0.02:
		return fail(" adds noise with a standard deviation of %.3f, but %v is asked for", std, noiseStd)
	case math.Abs(fourth/(square*square)-3) > 0.5: // a Gaussian's is 3, with a standard error of 0.03 here
		return fail(" adds noise that is not Gaussian: draw it with RandomNormal")
	}
	return nil
}

// noiseOf returns the noise of n pixels from a place on, rounded to what 32-bit floats keep of it.
func noiseOf(x, y []float32, from, n int) (rounded []float64) {
	for i := from; i < from+n; i++ {
		rounded = append(rounded, math.Round(1e4*float64(y[i]-x[i])))
	}
	return rounded
}
