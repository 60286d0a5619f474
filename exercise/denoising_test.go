package exercise

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

func TestPSNR(t *testing.T) {
	type F = func(x, clean []float64) float64
	of := func(f func(mse float64) float64) F {
		return func(x, clean []float64) float64 { return f(rightMSE(x, clean)) }
	}
	right := of(func(mse float64) float64 { return 10 * math.Log10(4/mse) })
	examine(t, "psnr(", psnr, []F{right, of(func(mse float64) float64 { return 20 * math.Log10(2/math.Sqrt(mse)) })}, func(_, _ []float64) float64 { panic(stub) }, []answer[F]{
		{of(func(mse float64) float64 { return 10 * math.Log10(1/mse) }), ": from -1 to 1 the range is 2, and it is squared: 10 log10(2²/MSE)"},
		{of(func(mse float64) float64 { return 10 * math.Log10(2/mse) }), ": square the range: 10 log10(2²/MSE)"},
		{of(func(mse float64) float64 { return 10 * math.Log(4/mse) }), ": this is the natural logarithm; decibels take the one to base 10, math.Log10"},
		{of(func(mse float64) float64 { return 20 * math.Log10(4/mse) }), ": 20 log10 belongs to the root of the MSE; with the MSE it is 10 log10"},
		{of(func(mse float64) float64 { return math.Log10(4 / mse) }), ": a decibel is a tenth: multiply by 10"},
		{of(func(mse float64) float64 { return 10 * math.Log10(mse/4) }), ": the MSE belongs in the denominator: a small error gives a large PSNR"},
		{func(x, clean []float64) float64 { return 10 * math.Log10(4/(rightMSE(x, clean)*float64(len(x)))) }, ": take the mean of the squares, not their sum"},
		{of(func(mse float64) float64 { return mse / 0 }), "returns +Inf, but 15.0515 is right"},
		{of(func(mse float64) float64 { return 20 * math.Log10(2/mse) }), ": 20 log10 belongs to the root of the MSE; with the MSE it is 10 log10(2²/MSE)"},
		{of(func(mse float64) float64 { return 10 * math.Log10(2/math.Sqrt(mse)) }), ": with the root of the MSE it is 20 log10"},
		{of(func(mse float64) float64 { return 10 * math.Log10(255*255/mse) }), ": 255 belongs to pixels from 0 to 255; from -1 to 1 the range is 2"},
		{of(func(mse float64) float64 { return 10 * math.Log10(4*mse-1) }), "returns NaN, but 15.0515 is right" + notANumber},
		{func(x, clean []float64) (sum float64) {
			for i := range x {
				sum += math.Abs(x[i] - clean[i])
			}
			return 10 * math.Log10(4*float64(len(x))/sum)
		}, ": this uses the mean absolute error; square the differences"},
		{func(x, clean []float64) float64 {
			r := slices.Max(clean) - slices.Min(clean)
			return 10 * math.Log10(r*r/rightMSE(x, clean))
		}, ": the range is that of all possible pixels, from -1 to 1, not that of this image"},
	})
	teaches(t, func() { PSNR(right) }, "Ten decibels more are a tenth of the error.")
}

func TestMedianOfNine(t *testing.T) {
	type F = func(window []float64) float64
	at := func(i int) F { return func(w []float64) float64 { return slices.Sorted(slices.Values(w))[i] } }
	examine(t, "medianOfNine(", medianOfNine, []F{at(4)}, func([]float64) float64 { panic(stub) }, []answer[F]{
		{func(w []float64) float64 { return w[4] }, ": this is the pixel in the middle of the window; sort the nine first"},
		{func(w []float64) (mean float64) {
			for _, v := range w {
				mean += v / 9
			}
			return mean
		}, ": this is the mean; the median is the fifth of the sorted nine"},
		{at(5), ": the fifth of nine has the index 4, since indices count from 0"},
		{at(3), ": this is the fourth of the sorted nine; the fifth has the index 4"},
		{at(8), ": this is the largest; the median is the fifth of the sorted nine"},
		{at(0), ": this is the smallest; the median is the fifth of the sorted nine"},
		{func(w []float64) float64 {
			slices.Sort(w)
			return w[4]
		}, " sorts the image's own pixels: sort a copy, slices.Clone(window)"},
		{at(9), " panics: index out of range [9] with length 9"},
		{func([]float64) float64 { return math.NaN() }, "returns NaN, but 6 is right" + notANumber},
	})
	teaches(t, func() { MedianOfNine(at(4)) }, "Up to four of the nine pixels may be anything")
}

func TestSaltPepper(t *testing.T) {
	type F = func(x []float64, share float64, uniform func() float64) []float64
	with := func(f func(v, u, share float64) float64) F {
		return func(x []float64, share float64, uniform func() float64) (y []float64) {
			for _, v := range x {
				y = append(y, f(v, uniform(), share))
			}
			return y
		}
	}
	choose := func(low, high, black, white float64) F {
		return with(func(v, u, share float64) float64 {
			switch {
			case u < low*share:
				return black
			case u < high*share:
				return white
			}
			return v
		})
	}
	right := choose(0.5, 1, -1, 1)
	examine(t, "saltAndPepper(", saltPepper, []F{right}, func([]float64, float64, func() float64) []float64 { panic(stub) }, []answer[F]{
		{choose(0.5, 1, 1, -1), ": black and white are exchanged: below share/2 a pixel becomes -1"},
		{choose(0.5, 1, 0, 1), ": black is -1 here, not 0"},
		{choose(1, 2, -1, 1), ": share is the part of both together: half of it becomes black, half white"},
		{choose(1, 1, -1, 1), ": nothing becomes white: below share/2 a pixel becomes -1, and from there to share it becomes 1"},
		{choose(0, 0, -1, 1), "returns [0 0.5 -0.5 0.25], but [-1 1 -0.5 0.25] is right (index 0)"},
		{func(x []float64, share float64, uniform func() float64) []float64 {
			y := right(x, share, uniform)
			copy(x, y)
			return y
		}, " changes the image that it was given: write into the copy y"},
		{func(x []float64, share float64, uniform func() float64) []float64 { // into x instead of y
			y := slices.Clone(x)
			copy(x, right(x, share, uniform))
			return y
		}, " changes the image that it was given: write into the copy y"},
		{func(x []float64, share float64, uniform func() float64) []float64 {
			y := right(x, share, uniform)
			uniform()
			return y
		}, " calls uniform 5 times for 4 pixels: draw one number for each pixel, keep it (u := uniform()), and compare it twice"},
		{func(x []float64, share float64, uniform func() float64) []float64 { // two draws for a pixel
			y := slices.Clone(x)
			for i := range y {
				if uniform() < share/2 {
					y[i] = -1
				} else if uniform() < share {
					y[i] = 1
				}
			}
			return y
		}, " calls uniform 7 times for 4 pixels: draw one number for each pixel, keep it (u := uniform()), and compare it twice"},
		{func(x []float64, share float64, uniform func() float64) []float64 { // one for all of them
			u := uniform()
			return right(x, share, func() float64 { return u })
		}, " calls uniform once for 4 pixels: draw one number for each pixel, keep it (u := uniform()), and compare it twice"},
		{func(x []float64, _ float64, _ func() float64) []float64 { return slices.Clone(x) }, " calls uniform 0 times for 4 pixels: draw one number for each pixel, keep it (u := uniform()), and compare it twice"},
		{with(func(v, u, share float64) float64 { // two ifs, the second of which replaces what the first has done
			if u < share {
				return 1
			}
			return v
		}), ": nothing becomes black: the second if replaces the pixel again; use else if"},
		{with(func(_, u, share float64) float64 {
			if u < share/2 {
				return -1
			}
			return 1
		}), ": every pixel is replaced: where the number is share or more, the pixel stays"},
		{with(func(v, u, share float64) float64 {
			switch {
			case u <= share/2:
				return -1
			case u <= share:
				return 1
			}
			return v
		}), ": below means <, not <="},
		{with(func(v, u, share float64) float64 {
			switch {
			case u < share/2:
				return -1
			case u > 1-share/2:
				return 1
			}
			return v
		}), ": white is from share/2 to share here, not at the upper end"},
		{func(x []float64, _ float64, _ func() float64) []float64 { return x[:1] }, " returns 1 numbers, but 4 are right"},
	})
	teaches(t, func() { SaltPepper(right) }, "Most of MNIST's pixels are black already")
}

func TestNoise(t *testing.T) {
	type F = func(scope *model.Scope, x *graph.Node) *graph.Node
	add := func(noise func(scope *model.Scope, x *graph.Node) *graph.Node) F {
		return func(scope *model.Scope, x *graph.Node) *graph.Node { return graph.Add(x, noise(scope, x)) }
	}
	normal := func(std float64) F {
		return func(scope *model.Scope, x *graph.Node) *graph.Node {
			return graph.MulScalar(scope.Store().RandomNormal(x.Graph(), x.Shape()), std)
		}
	}
	one := func(dims ...int) F { // the same noise for all that the dimensions leave out
		return func(scope *model.Scope, x *graph.Node) *graph.Node {
			return graph.MulScalar(scope.Store().RandomNormal(x.Graph(), shapes.Make(x.DType(), dims...)), 0.3)
		}
	}
	right := add(normal(0.3))
	examine(t, "addNoise(scope, x)", noise, []F{right}, func(*model.Scope, *graph.Node) *graph.Node { panic(stub) }, []answer[F]{
		{func(_ *model.Scope, x *graph.Node) *graph.Node { return x }, " returns x as it is: add the noise to it"},
		{func(*model.Scope, *graph.Node) *graph.Node { return nil }, " returns nil: return the sum of x and the noise"},
		{normal(0.3), " returns the noise alone: add it to x"},
		{func(scope *model.Scope, x *graph.Node) *graph.Node { return graph.Mul(x, normal(0.3)(scope, x)) }, " leaves a pixel of 0 at 0: add the noise, x + noise; a product leaves 0 at 0"},
		{add(func(scope *model.Scope, x *graph.Node) *graph.Node {
			return scope.Store().RandomUniform(x.Graph(), x.Shape())
		}), ": the noise must have the mean 0, as that of RandomNormal has"},
		{func(scope *model.Scope, x *graph.Node) *graph.Node {
			return graph.AddScalar(add(normal(1))(scope, x), 0.3)
		}, " adds 0.3 to the noise: multiply the noise by it"},
		{func(scope *model.Scope, x *graph.Node) *graph.Node {
			return graph.MulScalar(add(normal(1))(scope, x), 0.3)
		}, " multiplies x by 0.3 as well: multiply only the noise, then add"},
		{func(scope *model.Scope, x *graph.Node) *graph.Node { return normal(1)(scope, x) }, " returns the noise alone: add it to x"},
		{func(scope *model.Scope, x *graph.Node) *graph.Node { return graph.ClipScalar(right(scope, x), -1, 1) }, " clips the sum: leave it as it is, also below -1 and above 1"},
		{func(scope *model.Scope, x *graph.Node) *graph.Node { return graph.ClipScalar(right(scope, x), 0, 1) }, " clips the sum: leave it as it is, also below -1 and above 1"},
		{func(scope *model.Scope, x *graph.Node) *graph.Node {
			return graph.ConvertDType(right(scope, x), dtypes.Float64)
		}, " turns float32 into float64: draw the noise with x.Shape(), which has the type as well"},
		{add(func(scope *model.Scope, x *graph.Node) *graph.Node { // not Gaussian, with the right standard deviation
			return graph.MulScalar(graph.AddScalar(scope.Store().RandomUniform(x.Graph(), x.Shape()), -0.5), 0.3*math.Sqrt(12))
		}), " adds noise that is not Gaussian: draw it with RandomNormal"},
		{add(func(scope *model.Scope, x *graph.Node) *graph.Node {
			return graph.MulScalar(graph.AddScalar(scope.Store().RandomUniform(x.Graph(), x.Shape()), -0.5), 0.3)
		}), ", but 0.3 is asked for"},
		{func(scope *model.Scope, x *graph.Node) *graph.Node { return right(scope, graph.MulScalar(x, 1.2)) }, " changes x itself: return x plus the noise"},
		{func(_ *model.Scope, x *graph.Node) *graph.Node { return graph.AddScalar(x, 0.3) }, " adds the same noise to all images or to all pixels: draw with x.Shape()"},
		{add(one()), " adds the same noise to all images or to all pixels: draw with x.Shape()"},
		{func(scope *model.Scope, x *graph.Node) *graph.Node { return graph.MaxScalar(right(scope, x), -1) }, " clips the sum: leave it as it is, also below -1 and above 1"},
		{func(scope *model.Scope, x *graph.Node) *graph.Node {
			return graph.ClipScalar(add(normal(1))(scope, x), 0, 1)
		}, " clips the sum: leave it as it is, also below -1 and above 1"},
		{add(one(1, 8, 8, 1)), " adds the same noise to all images or to all pixels: draw with x.Shape()"},
		{add(one(500, 1, 1, 1)), " adds the same noise to all images or to all pixels: draw with x.Shape()"},
		{add(normal(1)), "; multiply it by 0.3"},
		{add(normal(0.09)), ", the square of 0.3: multiply by the standard deviation, not by the variance"},
		{add(normal(math.Sqrt(0.3))), ", the root of 0.3: that is the standard deviation already"},
		{add(normal(0.5)), ", but 0.3 is asked for"},
		{func(_ *model.Scope, x *graph.Node) *graph.Node { return graph.Log(graph.MulScalar(graph.Abs(x), -1)) }, " gives pixels that are NaN"},
		{func(scope *model.Scope, x *graph.Node) *graph.Node { return graph.Reshape(right(scope, x), 500, 64) }, " turns images of shape [500 8 8 1] into shape [500 64]: noise has the shape of x, x.Shape()"},
		{add(func(_ *model.Scope, x *graph.Node) *graph.Node { // the same in both calls: no random numbers at all
			wave := graph.Sin(graph.MulScalar(graph.Iota(x.Graph(), shapes.Make(x.DType(), 32000), 0), 12.9898))
			return graph.Reshape(graph.MulScalar(wave, 0.3*math.Sqrt2), 500, 8, 8, 1)
		}), " adds the same noise at each call: let the store draw it, scope.Store().RandomNormal"},
		{func(_ *model.Scope, x *graph.Node) *graph.Node { panic("no idea") }, " panics: no idea"},
	})
	teaches(t, func() { Noise(right) }, "The layer describes the noise")
}
