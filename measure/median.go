package measure

import (
	"github.com/gomlx/gomlx/core/tensors"
)

// Median returns the images x, float32 [n, height, width, channels], with each pixel replaced by the median of the 3x3
// pixels around it, channel by channel. It is the usual filter against isolated wrong pixels; Tukey (Exploratory Data
// Analysis, 1977) describes it for series. At the border the outermost pixels are repeated, as in
// scipy.ndimage.median_filter with mode "nearest"; for a 3x3 window SciPy's default, "reflect", gives the same result.
//
// It returns an error if x has another shape or type, or a number is not finite.
func Median(x *tensors.Tensor) (*tensors.Tensor, error) {
	im, err := readImages(compared, x)
	if err != nil {
		return nil, named("Median", err)
	}
	filtered := make([]float32, len(im.values))
	eachRow(im.rows, func(i int) { im.median(im.row(i), filtered[i*im.columns:(i+1)*im.columns]) })
	return tensors.FromFlatDataAndDimensions(filtered, im.dims...), nil
}

// median filters one image.
func (im stack) median(from, to []float32) {
	row := im.width * im.channels
	for y := range im.height {
		above, below := max(y-1, 0)*row, min(y+1, im.height-1)*row
		for x := range im.width {
			left, right := max(x-1, 0)*im.channels, min(x+1, im.width-1)*im.channels
			for c := range im.channels {
				l, m, r := left+c, x*im.channels+c, right+c
				lo1, mid1, hi1 := sorted(from[above+l], from[y*row+l], from[below+l])
				lo2, mid2, hi2 := sorted(from[above+m], from[y*row+m], from[below+m])
				lo3, mid3, hi3 := sorted(from[above+r], from[y*row+r], from[below+r])
				// Once the three columns are sorted, the median of all nine numbers is the median of three of
				// them: the largest low, the median of the middles and the smallest high.
				_, mid, _ := sorted(mid1, mid2, mid3)
				_, to[y*row+m], _ = sorted(max(lo1, lo2, lo3), mid, min(hi1, hi2, hi3))
			}
		}
	}
}

// sorted returns a, b and c in ascending order.
func sorted(a, b, c float32) (lo, mid, hi float32) {
	lo, hi = min(a, b), max(a, b)
	return min(lo, c), max(lo, min(hi, c)), max(hi, c)
}
