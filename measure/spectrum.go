package measure

import (
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/dsp/fourier"
)

// Spectrum returns how strong waves of each length are along the rows of the images x, float32 [n, height, width, channels].
// Element k, from 0 to width/2, is the squared magnitude of the discrete Fourier transform at k waves to a row, as
// numpy.fft.rfft defines it, averaged over all rows and channels. If width is even, the last element belongs to the wave that
// alternates from pixel to pixel. Next to its neighbours it shows whether images have a texture of two pixels, such as the
// checkerboard of a transposed convolution with stride 2 (Odena, Dumoulin and Olah, "Deconvolution and Checkerboard
// Artifacts", Distill 2016).
//
// It returns an error if a number is not finite.
func Spectrum(x *tensors.Tensor) ([]float64, error) {
	s, err := readImages(compared, x)
	if err != nil {
		return nil, named("Spectrum", err)
	}
	transform, row := fourier.NewFFT(s.width), make([]float64, s.width)
	strengths := make([]float64, s.width/2+1)
	rows := float64(len(s.values) / s.width)
	for start := 0; start < len(s.values); start += s.width * s.channels {
		for c := range s.channels {
			for i := range row {
				row[i] = float64(s.values[start+i*s.channels+c])
			}
			for k, z := range transform.Coefficients(nil, row) {
				strengths[k] += (real(z)*real(z) + imag(z)*imag(z)) / rows
			}
		}
	}
	return strengths, nil
}
