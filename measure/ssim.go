package measure

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// These are the constants of the paper, sections III.B and III.C.
const (
	ssimWindow = 11  // pixels on a side
	ssimSigma  = 1.5 // of the Gaussian, in pixels
	ssimK1     = 0.01
	ssimK2     = 0.03
)

// SSIM returns the mean structural similarity of the images x and reference, both float32 [n, height, width, channels]:
// 1 for equal images, about 0 for unrelated ones. While [MSE] looks at each pixel alone, SSIM compares mean, contrast and
// pattern in a window that slides over both images:
//
//	SSIM = (2·μx·μy + C1)(2·σxy + C2) / ((μx² + μy² + C1)(σx² + σy² + C2))
//
// (Wang, Bovik, Sheikh and Simoncelli, Image Quality Assessment: From Error Visibility to Structural Similarity, IEEE
// Transactions on Image Processing 13(4), 2004, equation 13.) The window is a Gaussian of 11x11 pixels with a standard
// deviation of 1.5 pixels, C1 = (0.01·dataRange)² and C2 = (0.03·dataRange)². Variances are weighted sums, without the
// factor n/(n-1) of a sample. The mean is taken over all positions at which the window lies inside the image, over channels
// and over images. The result equals that of scikit-image's structural_similarity with gaussian_weights=True, sigma=1.5 and
// use_sample_covariance=False. dataRange is the distance from black to white: 2 for pixels in [-1, 1].
//
// It returns an error if the images are smaller than the window, and in the cases in which [PSNR] does.
func SSIM(x, reference *tensors.Tensor, dataRange float64) (float64, error) {
	a, b, err := readPair(x, reference, dataRange)
	if err == nil && min(a.height, a.width) < ssimWindow {
		err = fmt.Errorf("the images are %dx%d pixels, smaller than the window of %dx%[3]d", a.height, a.width, ssimWindow)
	}
	if err != nil {
		return 0, named("SSIM", err)
	}
	c1, c2 := math.Pow(ssimK1*dataRange, 2), math.Pow(ssimK2*dataRange, 2)
	return mean(each(a.rows, func(i int) float64 {
		var sum float64
		for c := range a.channels {
			sum += ssim(plane(a, i, c), plane(b, i, c), a.width, c1, c2)
		}
		return sum / float64(a.channels)
	})), nil
}

// plane returns one channel of image i.
func plane(im stack, i, channel int) []float64 {
	v := im.row(i)
	p := make([]float64, im.height*im.width)
	for j := range p {
		p[j] = float64(v[j*im.channels+channel])
	}
	return p
}

// ssim returns the mean similarity of two planes.
func ssim(x, y []float64, width int, c1, c2 float64) float64 {
	product := func(a, b []float64) []float64 {
		p := make([]float64, len(a))
		for i := range p {
			p[i] = a[i] * b[i]
		}
		return windowMeans(p, width)
	}
	mx, my, xx, yy, xy := windowMeans(x, width), windowMeans(y, width), product(x, x), product(y, y), product(x, y)
	var sum float64
	for i := range mx {
		covariance := xy[i] - mx[i]*my[i]
		variances := xx[i] - mx[i]*mx[i] + yy[i] - my[i]*my[i]
		sum += (2*mx[i]*my[i] + c1) * (2*covariance + c2) / ((mx[i]*mx[i] + my[i]*my[i] + c1) * (variances + c2))
	}
	return sum / float64(len(mx))
}

// windowMeans returns the weighted means of a plane under the Gaussian window, one for each position at which it fits. The
// window is the product of a row and a column, so it is applied first to the rows and then to the columns, which takes 22
// products per pixel instead of 121.
func windowMeans(image []float64, width int) []float64 {
	return rowMeans(rowMeans(image, width), len(image)/width)
}

// rowMeans returns the weighted means along the rows, transposed: row i of the result holds position i of every row. A
// second call therefore works along the columns and transposes back.
func rowMeans(image []float64, width int) []float64 {
	height, fits := len(image)/width, width-ssimWindow+1
	means := make([]float64, fits*height)
	w := &gaussian
	for y := range height {
		row := image[y*width : (y+1)*width]
		for x := range fits {
			p := (*[ssimWindow]float64)(row[x:])
			means[x*height+y] = w[5]*p[5] + w[4]*(p[4]+p[6]) + w[3]*(p[3]+p[7]) + // the weights are symmetric
				w[2]*(p[2]+p[8]) + w[1]*(p[1]+p[9]) + w[0]*(p[0]+p[10])
		}
	}
	return means
}

// gaussian holds the weights along one side of the window. Their sum is 1.
var gaussian = func() (w [ssimWindow]float64) {
	var sum float64
	for i := range w {
		d := float64(i - ssimWindow/2)
		w[i] = math.Exp(-d * d / (2 * ssimSigma * ssimSigma))
		sum += w[i]
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}()
