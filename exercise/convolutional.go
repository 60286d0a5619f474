package exercise

import (
	"fmt"
	"strings"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
)

// Convolve checks a function that returns one pixel of a convolution: the window's weights times the pixels under it, with
// the window's upper left corner at (row, column), plus the bias.
func Convolve(yours func(image, window [][]float64, row, column int, bias float64) float64) {
	report(convolve(yours), "PyTorch and GoMLX compute a convolution in the same way. In signal processing, a convolution first turns the window by 180°, "+
		"and what you wrote is called a cross-correlation. If the weights are learned, it makes no difference.")
}

func convolve(yours func(image, window [][]float64, row, column int, bias float64) float64) error {
	image := [][]float64{{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}, {13, 14, 15, 17}}
	for _, c := range []struct {
		window      [][]float64
		row, column int
		bias        float64
	}{
		{[][]float64{{1, 0}, {0, 0}}, 0, 0, 0},
		{[][]float64{{1, 2, 0}, {0, 1, 0}, {0, -1, 4}}, 0, 1, 0.5},
		{[][]float64{{0, 1}, {-1, 2}}, 2, 1, -1},
		{[][]float64{{0, 1}, {0, 0}}, 1, 2, 0},
	} {
		call := fmt.Sprintf("convolve(image, %v, %d, %d, %v), with image = %v,", c.window, c.row, c.column, c.bias, image)
		got, err := number(call, func() float64 { return yours(clone(image), clone(c.window), c.row, c.column, c.bias) })
		if err != nil {
			return err
		}
		k := len(c.window)
		sum := func(weight func(i, j int) float64, row, column int) (total float64) {
			for i := range k {
				for j := range k {
					if row+i < len(image) && column+j < len(image) { // where a slip leaves the image, Go has panicked already
						total += weight(i, j) * image[row+i][column+j]
					}
				}
			}
			return total
		}
		plain := func(i, j int) float64 { return c.window[i][j] }
		transposed := func(i, j int) float64 { return c.window[j][i] }
		want := sum(plain, c.row, c.column) + c.bias
		if err := compare(call, got, want,
			slip{want - c.bias, "add the bias"},
			slip{sum(plain, 0, 0) + c.bias, "the window lies at (row, column), not in the corner of the image"},
			slip{sum(plain, c.column, c.row) + c.bias, "rows and columns are exchanged: the image's rows come first"},
			slip{sum(func(i, j int) float64 { return c.window[k-1-i][k-1-j] }, c.row, c.column) + c.bias, "the window is turned by 180°; here it is used as it stands"},
			slip{sum(transposed, c.row, c.column) + c.bias, "i and j are exchanged in one place: window[i][j] lies over image[row+i][column+j]"},
			slip{sum(transposed, c.column, c.row) + c.bias, "rows and columns of the image are exchanged: it is image[row+i][column+j]"},
			slip{want + float64(k-1)*c.bias, "add the bias once, after both loops"},
			slip{want + float64(k*k-1)*c.bias, "add the bias once, after both loops"},
		); err != nil {
			return err
		}
	}
	return nil
}

// Size checks a function that returns the side of a Conv2d's output for an image of n x n pixels.
func Size(yours func(n, kernel, stride, padding int) int) {
	report(size(yours), "Go's division of whole numbers rounds down for you, as long as nothing is negative. What it drops are rows at the bottom and "+
		"columns at the right that no window reaches; they belong to the padding first, and then to the image.")
}

func size(yours func(n, kernel, stride, padding int) int) error {
	for _, c := range [][4]int{{17, 6, 2, 5}, {28, 5, 1, 0}, {28, 3, 2, 1}, {27, 3, 2, 1}, {7, 3, 2, 0}, {32, 4, 4, 0}} {
		n, k, s, p := c[0], c[1], c[2], c[3]
		call := fmt.Sprintf("size(%d, %d, %d, %d)", n, k, s, p)
		got, err := number(call, func() float64 { return float64(yours(n, k, s, p)) })
		if err != nil {
			return err
		}
		if err := compare(call, got, float64((n+2*p-k)/s+1),
			slip{float64((n + 2*p - k) / s), "count the first window as well: add 1, after the division"},
			slip{float64((n+p-k)/s + 1), "the padding is on both sides: add it twice"},
			slip{float64((n+2*p-k+s-1)/s + 1), "round down: a window that does not fit completely is left out"},
			slip{float64((n-k)/s + 1), "the padding makes the image larger: add it on both sides"},
			slip{float64(n + 2*p - k/s + 1), "/ binds more tightly than + and -: put n + 2*padding - kernel into brackets"},
			slip{float64(n + 2*p - k + 1), "the window moves by the stride: divide by it"},
			slip{float64((n+2*p)/s + 1), "the last window has to fit as well: subtract the kernel"},
			slip{float64((n-1)*s - 2*p + k), "this is the size of a ConvTranspose2d"},
		); err != nil {
			return err
		}
	}
	return nil
}

// TransposedSize checks a function that returns the side of a ConvTranspose2d's output for an image of n x n pixels.
func TransposedSize(yours func(n, kernel, stride, padding, outputPadding int) int) {
	report(transposedSize(yours), "With stride 2, a transposed convolution of 14 pixels can give 27 or 28, and the output padding decides which. If your decoder "+
		"ends at 25 or 27 pixels instead of 28, look at its output padding first.")
}

func transposedSize(yours func(n, kernel, stride, padding, outputPadding int) int) error {
	for _, c := range [][5]int{{8, 7, 4, 3, 2}, {20, 5, 1, 0, 0}, {14, 3, 2, 1, 0}, {14, 3, 2, 1, 1}, {7, 4, 2, 1, 0}, {1, 7, 1, 0, 0}} {
		n, k, s, p, o := c[0], c[1], c[2], c[3], c[4]
		call := fmt.Sprintf("transposedSize(%d, %d, %d, %d, %d)", n, k, s, p, o)
		got, err := number(call, func() float64 { return float64(yours(n, k, s, p, o)) })
		if err != nil {
			return err
		}
		if err := compare(call, got, float64((n-1)*s-2*p+k+o),
			slip{float64((n-1)*s - 2*p + k), "add the output padding"},
			slip{float64(n*s - 2*p + k + o), "n stamps have n - 1 steps between them"},
			slip{float64((n-1)*s + 2*p + k + o), "on the way back the padding is cut off: subtract it"},
			slip{float64((n-1)*s - p + k + o), "the padding is cut off on both sides: subtract it twice"},
			slip{float64((n-1)*s - 2*p + k + 2*o), "the output padding is added once"},
			slip{float64(n - s - 2*p + k + o), "* binds more tightly than -: put n - 1 into brackets"},
			slip{float64((n-1)*s + k + o), "the padding is cut off on both sides: subtract it twice"},
			slip{float64((n-1)*s - 2*p + k - 1 + o), "add the whole kernel: the last stamp is kernel pixels wide"},
			slip{float64((n-1)*s - 2*p + o), "add the kernel: the last stamp is kernel pixels wide"},
			slip{float64(n * s), "an image need not be an exact multiple of the stride: use the formula"},
			slip{float64((n+2*p-k)/s + 1), "this is the size of a Conv2d"},
		); err != nil {
			return err
		}
	}
	return nil
}

// Mend checks a function that returns a decoder for grey images with pixels in [0, 1]: ConvTranspose2d(16, 8, 3), a ReLU,
// ConvTranspose2d(8, 1, 3) and a Sigmoid.
func Mend(yours func() nn.Layer) {
	report(mend(yours), "The end of a decoder has to fit the images: as many channels, and an activation with the range of the "+
		"pixels. For [-1, 1] that is Tanh, for [0, 1] Sigmoid.")
}

func mend(yours func() nn.Layer) error {
	return sameLayers("decoder", "decoder()", yours, func(decoder nn.Layer) autoencoder.Model {
		return autoencoder.Model{Encoder: nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.ReLU()), Decoder: decoder}
	}, []string{"ConvTranspose2d(16, 8, 3)", "ReLU()", "ConvTranspose2d(8, 1, 3)", "Sigmoid()"}, func(got []string) string {
		if len(got) == 0 {
			return ""
		}
		switch last := got[len(got)-1]; {
		case last == "ReLU()":
			return "a ReLU has no upper limit, and it has no gradient for a pixel that it has made black"
		case last == "Tanh()":
			return "a Tanh goes down to -1, and no pixel is below 0"
		case strings.HasPrefix(last, "Conv"):
			return "without an activation at the end the output may leave [0, 1]; the images never do"
		}
		return ""
	})
}
