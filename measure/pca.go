package measure

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"autoencoders/internal/input"
	"autoencoders/internal/memory"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// PCA is a principal component analysis: the orthogonal directions in which images vary most. No linear encoder into d
// numbers, with any linear decoder, has a smaller mean squared error than the first d components on the images that they
// were fitted to (Eckart and Young 1936; as an autoencoder: Baldi and Hornik 1989). One PCA serves every d.
//
// Make one with [FitPCA].
type PCA struct {
	dims       []int // of one image: [28, 28, 1]
	mean       []float64
	components *mat.Dense // [numbers, numbers], one component per column, by descending variance
}

// FitPCA returns the principal components of images, float32 [n, height, width, channels], or of latents, float32 [n, d]:
// the eigenvectors of their covariance, each with the sign that makes its entry of largest magnitude positive. 60,000
// images of 28x28 take about two seconds on two cores.
//
// Memory grows with the square of the numbers in an image, and time with the third power: images of 1,500 numbers take
// nine seconds, and for 64x64x3 images the matrices alone take 3.6 GB.
//
// It returns an error, before it allocates, if the matrices do not fit into the free memory. It also returns one if there
// are fewer than two rows, or if a number is not finite.
func FitPCA(x *tensors.Tensor) (*PCA, error) {
	p, err := fitPCA(x, memory.Available())
	if err != nil {
		return nil, named("FitPCA", err)
	}
	return p, nil
}

// fitPCA does the work of FitPCA on a computer with this many bytes of free memory.
func fitPCA(x *tensors.Tensor, free float64) (*PCA, error) {
	if err := input.CheckFloats(compared, x); err != nil {
		return nil, err
	}
	if dims := x.Shape().Dimensions; len(dims) > 1 {
		if err := fits(dims, free); err != nil {
			return nil, err
		}
	}
	t, err := read(compared, x)
	if err != nil {
		return nil, err
	}
	if t.rows < 2 {
		return nil, errors.New("one row has no directions to differ in: give it two or more")
	}
	p := &PCA{dims: slices.Clone(t.dims[1:])}
	var eigen mat.EigenSym
	var c *mat.SymDense
	if p.mean, c = covariance(t); !eigen.Factorize(c, true) {
		return nil, errors.New("the eigenvectors of the covariance were not found")
	}
	p.components = new(mat.Dense)
	eigen.VectorsTo(p.components)
	orient(p.components)
	return p, nil
}

// matrices is the largest number of matrices of the covariance's size that FitPCA holds at once: the covariance, the
// solver's eigenvectors, and their copy in the result. The partial sums before that take half of one.
const matrices = 3

// fits returns an error if the copy of a tensor of these dimensions and its matrices need more than free bytes.
func fits(dims []int, free float64) error {
	d := 1.0
	for _, size := range dims[1:] {
		d *= float64(size)
	}
	copied, square := 4*float64(dims[0])*d, matrices*8*d*d
	if copied+square <= free {
		return nil
	}
	what := "rows"
	if len(dims) == 4 {
		what = fmt.Sprintf("%dx%dx%d images", dims[1], dims[2], dims[3])
	}
	return fmt.Errorf("%s have %.0f numbers each: the covariance, its eigenvectors and a copy of the data would take %s, and %s are free: use smaller images, or fewer",
		what, d, memory.Gigabytes(copied+square), memory.Gigabytes(free))
}

// orient reverses the order of the eigenvectors, which are the columns, from ascending to descending variance. It also gives
// each one the sign that FitPCA promises.
func orient(vectors *mat.Dense) {
	d, _ := vectors.Dims()
	for i := range d {
		slices.Reverse(vectors.RawRowView(i))
	}
	for j := range d {
		var most float64
		for i := range d {
			if v := vectors.At(i, j); math.Abs(v) > math.Abs(most) {
				most = v
			}
		}
		if most < 0 {
			for i := range d {
				vectors.Set(i, j, -vectors.At(i, j))
			}
		}
	}
}

// covariance returns the mean of the rows and their covariance.
//
// It sums products of differences from a typical row instead of the mean, and corrects the sums afterwards. The background
// pixels of a digit, four out of five, then differ by exactly 0 and cost nothing.
//
// The rows are summed in a fixed number of parts, which fixes the order of the additions for any number of cores. The cores
// share the work by rows of the matrix: each entry is computed by one worker.
func covariance(t table) ([]float64, *mat.SymDense) {
	const parts = 8
	typical, d := typicalRow(t), t.columns
	sums, products := make([][]float64, parts), make([]float64, d*d)
	parallel(parts, func(part int) {
		sum := make([]float64, d)
		from, to := span(t.rows, part, parts)
		for i := from; i < to; i++ {
			for j, v := range t.row(i) {
				sum[j] += float64(v) - typical[j]
			}
		}
		sums[part] = sum
	})
	sum := sums[0]
	for _, more := range sums[1:] {
		floats.Add(sum, more)
	}
	stripes := min(2*runtime.GOMAXPROCS(0), d)
	parallel(stripes, func(stripe int) {
		first, last := triangleSpan(d, stripe, stripes)
		partial := make([]float64, (last-first)*d)
		columns, values := make([]int, d), make([]float64, d)
		for part := range parts {
			clear(partial)
			from, to := span(t.rows, part, parts)
			for i := from; i < to; i++ {
				n, mine := 0, 0 // the differences in this row, and how many of them are in the stripe
				for j, v := range t.row(i)[first:] {
					if v := float64(v) - typical[first+j]; v != 0 {
						columns[n], values[n] = first+j, v
						n++
						if first+j < last {
							mine++
						}
					}
				}
				for a, v := range values[:mine] {
					row := partial[(columns[a]-first)*d : (columns[a]-first+1)*d]
					others := values[a:n]
					for b, j := range columns[a:n] { // the upper triangle
						row[j] += v * others[b]
					}
				}
			}
			for j, v := range partial {
				products[first*d+j] += v
			}
		}
	})
	n, c := float64(t.rows), mat.NewSymDense(d, products)
	means := make([]float64, d)
	for i := range means {
		means[i] = typical[i] + sum[i]/n
		for j := i; j < d; j++ {
			c.SetSym(i, j, (c.At(i, j)-sum[i]*sum[j]/n)/(n-1))
		}
	}
	return means, c
}

// triangleSpan returns the first row of a stripe and the row after its last one. The n stripes divide the upper triangle of
// a d x d matrix into about equal areas.
func triangleSpan(d, stripe, n int) (from, to int) {
	// The rows from r on hold (1 - r/d)² of the triangle.
	row := func(k int) int { return int(math.Round(float64(d) * (1 - math.Sqrt(1-float64(k)/float64(n))))) }
	return row(stripe), row(stripe + 1)
}

// typicalRow returns the median of each column over the first 101 rows.
func typicalRow(t table) []float64 {
	typical, column := make([]float64, t.columns), make([]float32, min(t.rows, 101))
	for j := range typical {
		for i := range column {
			column[i] = t.values[i*t.columns+j]
		}
		slices.Sort(column)
		typical[j] = float64(column[len(column)/2])
	}
	return typical
}

// Encode returns the first d coordinates of images, float32 [n, d]: how far each image lies from the mean image along each
// of the first d components. x must have the shape of the images that p was fitted to, except for n.
//
// It returns an error if x has another shape, a number is not finite, or d is not between 1 and the number of components.
func (p *PCA) Encode(x *tensors.Tensor, d int) (*tensors.Tensor, error) {
	z, err := p.encode(x, d)
	if err != nil {
		return nil, named("PCA.Encode", err)
	}
	return z, nil
}

func (p *PCA) encode(x *tensors.Tensor, d int) (*tensors.Tensor, error) {
	if err := p.fitted(); err != nil {
		return nil, err
	}
	t, err := read(compared, x)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(t.dims[1:], p.dims) {
		return nil, fmt.Errorf("the images are %v, but it was fitted to %v", t.dims[1:], p.dims)
	}
	if d < 1 || d > t.columns {
		return nil, fmt.Errorf("%d of %d components: d must be 1-%d", d, t.columns, t.columns)
	}
	z := product(t, p.mean, p.components.Slice(0, t.columns, 0, d), nil)
	if i := input.NotFinite(z); i >= 0 {
		return nil, fmt.Errorf("a coordinate of %s overflows: has the training diverged?", t.place(i/d*t.columns))
	}
	return tensors.FromFlatDataAndDimensions(z, t.rows, d), nil
}

// Decode returns the images [n, …] with the coordinates z, float32 [n, d]: the mean image plus the first d components, each
// multiplied by its coordinate.
//
// It returns an error if z has another shape, a number is not finite, or d is not between 1 and the number of components.
func (p *PCA) Decode(z *tensors.Tensor) (*tensors.Tensor, error) {
	x, err := p.decode(z)
	if err != nil {
		return nil, named("PCA.Decode", err)
	}
	return x, nil
}

func (p *PCA) decode(z *tensors.Tensor) (*tensors.Tensor, error) {
	if err := p.fitted(); err != nil {
		return nil, err
	}
	t, err := read("the latents", z)
	if err != nil {
		return nil, err
	}
	if len(t.dims) != 2 || t.columns > len(p.mean) {
		return nil, fmt.Errorf("the latents have the shape %v, not [n, d] with d of 1-%d", t.dims, len(p.mean))
	}
	x := product(t, nil, p.components.Slice(0, len(p.mean), 0, t.columns).T(), p.mean)
	if i := input.NotFinite(x); i >= 0 {
		return nil, fmt.Errorf("the image of row %d overflows: are these coordinates of Encode?", i/len(p.mean))
	}
	return tensors.FromFlatDataAndDimensions(x, append([]int{t.rows}, p.dims...)...), nil
}

// Reconstruct returns the images x as d components reproduce them, a tensor of x's shape: [PCA.Decode] of [PCA.Encode].
//
// It returns an error in the cases in which these two do.
func (p *PCA) Reconstruct(x *tensors.Tensor, d int) (*tensors.Tensor, error) {
	z, err := p.Encode(x, d)
	if err != nil {
		return nil, err
	}
	return p.Decode(z)
}

// fitted returns an error if p has no components.
func (p *PCA) fitted() error {
	if p == nil || p.components == nil {
		return errors.New("there are no components: make the PCA with FitPCA, and look at its error")
	}
	return nil
}

// product returns (t - before) m + after, row by row; nil stands for zeros. It works on pieces of about 32 MB, because a
// float64 copy of a whole data set takes twice the data set's memory.
func product(t table, before []float64, m mat.Matrix, after []float64) []float32 {
	// Gonum adds in a different order if a product has fewer than four blocks of 64x64. Pieces of at least 256 rows have
	// four or more, so that the result is that of the whole product, bit for bit.
	_, width := m.Dims()
	return pieces(t, before, m, after, max(256, 1<<22/max(t.columns, width)))
}

// pieces computes the product in pieces of at least this many rows, or as a whole if there are fewer.
func pieces(t table, before []float64, m mat.Matrix, after []float64, rows int) []float32 {
	_, width := m.Dims()
	values := make([]float32, 0, t.rows*width)
	parts := max(1, t.rows/rows)
	piece := mat.NewDense((t.rows+parts-1)/parts, t.columns, nil)
	for part := range parts {
		from, to := span(t.rows, part, parts)
		for i := from; i < to; i++ {
			row := piece.RawRowView(i - from)
			for j, v := range t.row(i) {
				row[j] = float64(v)
			}
			if before != nil {
				floats.Sub(row, before)
			}
		}
		var result mat.Dense
		result.Mul(piece.Slice(0, to-from, 0, t.columns), m)
		for i := range to - from {
			row := result.RawRowView(i)
			if after != nil {
				floats.Add(row, after)
			}
			for _, v := range row {
				values = append(values, float32(v))
			}
		}
	}
	return values
}
