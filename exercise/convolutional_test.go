package exercise

import (
	"testing"

	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

func TestConvolve(t *testing.T) {
	type F = func(image, window [][]float64, row, column int, bias float64) float64
	sum := func(window [][]float64, f func(i, j int) float64) (total float64) {
		for i := range window {
			for j := range window[i] {
				total += f(i, j)
			}
		}
		return total
	}
	right := func(image, window [][]float64, row, column int, bias float64) float64 {
		return bias + sum(window, func(i, j int) float64 { return window[i][j] * image[row+i][column+j] })
	}
	inside := func(v int) int { return min(v, 3) }
	examine(t, "convolve(", convolve, []F{right}, func(_, _ [][]float64, _, _ int, _ float64) float64 { panic(stub) }, []answer[F]{
		{func(image, window [][]float64, row, column int, _ float64) float64 {
			return right(image, window, row, column, 0)
		}, ": add the bias"},
		{func(image, window [][]float64, _, _ int, bias float64) float64 {
			return right(image, window, 0, 0, bias)
		}, ": the window lies at (row, column), not in the corner of the image"},
		{func(image, window [][]float64, row, column int, bias float64) float64 {
			return bias + sum(window, func(i, j int) float64 {
				if column+i > 3 || row+j > 3 {
					return 0
				}
				return window[i][j] * image[column+i][row+j]
			})
		}, ": rows and columns are exchanged: the image's rows come first"},
		{func(image, window [][]float64, row, column int, bias float64) float64 {
			k := len(window) - 1
			return bias + sum(window, func(i, j int) float64 { return window[k-i][k-j] * image[row+i][column+j] })
		}, ": the window is turned by 180°; here it is used as it stands"},
		{func(image, window [][]float64, row, column int, bias float64) float64 {
			return bias + sum(window, func(i, j int) float64 { return window[j][i] * image[row+i][column+j] })
		}, ": i and j are exchanged in one place: window[i][j] lies over image[row+i][column+j]"},
		{func(image, window [][]float64, row, column int, bias float64) float64 {
			return sum(window, func(i, j int) float64 { return bias + window[i][j]*image[row+i][column+j] })
		}, ": add the bias once, after both loops"},
		{func(image, window [][]float64, row, column int, bias float64) float64 { // once for each row
			return right(image, window, row, column, bias*float64(len(window)))
		}, ": add the bias once, after both loops"},
		{func(image, window [][]float64, row, column int, bias float64) float64 {
			return bias + sum(window, func(i, j int) float64 { return window[i][j] * image[inside(column+j)][inside(row+i)] })
		}, ": rows and columns of the image are exchanged: it is image[row+i][column+j]"},
		{func(image, window [][]float64, row, column int, bias float64) float64 { // the centre at (row, column)
			return right(image, window, row-1, column-1, bias)
		}, " panics: index out of range [-1]"},
		{func(image, window [][]float64, row, column int, bias float64) float64 {
			return bias + sum(window, func(i, j int) float64 { return window[i][j] * image[inside(row+i+1)][inside(column+j)] })
		}, "returns 5, but 1 is right"},
		{func(image, window [][]float64, row, column int, _ float64) float64 {
			return image[row+len(image)][column] * window[0][0]
		}, " panics: index out of range [4] with length 4"},
	})
	teaches(t, func() { Convolve(right) }, "PyTorch and GoMLX compute a convolution in the same way.")
}

func TestMend(t *testing.T) {
	type F = func() nn.Layer
	of := func(layers ...nn.Layer) F { return func() nn.Layer { return nn.Sequential(layers...) } }
	first, last := nn.ConvTranspose2d(16, 8, 3), nn.ConvTranspose2d(8, 1, 3)
	right := of(first, nn.ReLU(), last, nn.Sigmoid())
	const want = "but ConvTranspose2d(16, 8, 3), ReLU(), ConvTranspose2d(8, 1, 3), Sigmoid() are right"
	examine(t, "decoder()", mend, []F{right, of(nn.Sequential(first, nn.ReLU()), last, nn.Sigmoid())}, func() nn.Layer { panic(stub) }, []answer[F]{
		{of(first, nn.ReLU(), last, nn.ReLU()), want + ": a ReLU has no upper limit, and it has no gradient for a pixel that it has made black"},
		{of(first, nn.ReLU(), last, nn.Tanh()), want + ": a Tanh goes down to -1, and no pixel is below 0"},
		{of(first, nn.ReLU(), last), want + ": without an activation at the end the output may leave [0, 1]; the images never do"},
		{of(first, last, nn.Sigmoid()), want},
		{of(first, nn.ReLU(), nn.ConvTranspose2d(8, 3, 3), nn.Sigmoid()), "do not fit: the decoder gives [28 28 3], 2352 numbers an image, but the images are [28 28 1], 784 numbers"},
		{of(first, nn.ReLU(), nn.ConvTranspose2d(6, 1, 3), nn.Sigmoid()), "do not fit: nn: ConvTranspose2d(6, 1, 3) takes images with 6 channels, but got 8: [26 26 8]"},
		{func() nn.Layer { // one of the student's own, whose name nobody knows
			return func(_ *model.Scope, x *graph.Node) *graph.Node {
				return graph.BroadcastToDims(graph.ReduceAllMean(x), x.Shape().Dim(0), 28, 28, 1)
			}
		}, want},
		{func() nn.Layer { return nil }, " returns nil: return nn.Sequential(…) with the layers"},
	})
	teaches(t, func() { Mend(right) }, "The end of a decoder has to fit the images")
}

func TestSize(t *testing.T) {
	type F = func(n, kernel, stride, padding int) int
	right := func(n, k, s, p int) int { return (n+2*p-k)/s + 1 }
	examine(t, "size(", size, []F{right, func(n, k, s, p int) int { return (n + 2*p - k + s) / s }}, func(_, _, _, _ int) int { panic(stub) }, []answer[F]{
		{func(n, k, s, p int) int { return (n + 2*p - k) / s }, "size(17, 6, 2, 5) returns 10, but 11 is right: count the first window as well: add 1, after the division"},
		{func(n, k, s, p int) int { return (n+p-k)/s + 1 }, ": the padding is on both sides: add it twice"},
		{func(n, k, s, p int) int { return (n+2*p-k+s-1)/s + 1 }, ": round down: a window that does not fit completely is left out"},
		{func(n, k, s, _ int) int { return (n-k)/s + 1 }, "size(17, 6, 2, 5) returns 6, but 11 is right: the padding makes the image larger: add it on both sides"},
		{func(n, k, s, p int) int { return n + 2*p - k/s + 1 }, ": / binds more tightly than + and -: put n + 2*padding - kernel into brackets"},
		{func(n, k, _, p int) int { return n + 2*p - k + 1 }, ": the window moves by the stride: divide by it"},
		{func(n, _, s, p int) int { return (n+2*p)/s + 1 }, ": the last window has to fit as well: subtract the kernel"},
		{func(n, k, s, p int) int { return (n-1)*s - 2*p + k }, ": this is the size of a ConvTranspose2d"},
		{func(n, k, s, p int) int { return (n + 2*p - k + 1) / s }, ": count the first window as well: add 1, after the division"},
		{func(n, _, _, _ int) int { return n }, "size(17, 6, 2, 5) returns 17, but 11 is right"},
		{func(n, k, s, p int) int { return (n+2*p-k)/(s-1) - 10 }, " panics: integer divide by zero"},
	})
	teaches(t, func() { Size(right) }, "Go's division of whole numbers rounds down for you")
}

func TestTransposedSize(t *testing.T) {
	type F = func(n, kernel, stride, padding, outputPadding int) int
	right := func(n, k, s, p, o int) int { return (n-1)*s - 2*p + k + o }
	examine(t, "transposedSize(", transposedSize, []F{right}, func(_, _, _, _, _ int) int { panic(stub) }, []answer[F]{
		{func(n, k, s, p, _ int) int { return (n-1)*s - 2*p + k }, "transposedSize(8, 7, 4, 3, 2) returns 29, but 31 is right: add the output padding"},
		{func(n, k, s, p, o int) int { return n*s - 2*p + k + o }, ": n stamps have n - 1 steps between them"},
		{func(n, k, s, p, o int) int { return (n-1)*s + 2*p + k + o }, ": on the way back the padding is cut off: subtract it"},
		{func(n, k, s, p, o int) int { return (n-1)*s - p + k + o }, ": the padding is cut off on both sides: subtract it twice"},
		{func(n, k, s, p, o int) int { return (n-1)*s - 2*p + k + 2*o }, ": the output padding is added once"},
		{func(n, k, s, p, o int) int { return n - 1*s - 2*p + k + o }, ": * binds more tightly than -: put n - 1 into brackets"},
		{func(n, k, s, _, o int) int { return (n-1)*s + k + o }, ": the padding is cut off on both sides: subtract it twice"},
		{func(n, k, s, p, o int) int { return (n-1)*s - 2*p + (k - 1) + o }, ": add the whole kernel: the last stamp is kernel pixels wide"},
		{func(n, _, s, p, o int) int { return (n-1)*s - 2*p + o }, ": add the kernel: the last stamp is kernel pixels wide"},
		{func(n, k, s, p, _ int) int { return (n+2*p-k)/s + 1 }, ": this is the size of a Conv2d"},
		{func(n, _, s, _, _ int) int { return n * s }, ": an image need not be an exact multiple of the stride: use the formula"},
		{func(n, _, _, _, _ int) int { return n }, "transposedSize(8, 7, 4, 3, 2) returns 8, but 31 is right"},
	})
	teaches(t, func() { TransposedSize(right) }, "With stride 2, a transposed convolution of 14 pixels")
}
