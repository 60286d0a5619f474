package measure

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"autoencoders/internal/faults"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"
)

func TestFitPCARefusesWhatDoesNotFit(t *testing.T) {
	for want, x := range map[string]*tensors.Tensor{
		"64x64x3 images have 12288 numbers each: the covariance, its eigenvectors and a copy of the data would take 3.624 GB, and 1 GB are free: use smaller images, or fewer": tensors.FromShape(shapes.Make(dtypes.Float32, 2, 64, 64, 3)),
		"rows have 7000 numbers each: the covariance, its eigenvectors and a copy of the data would take 1.176 GB":                                                             tensors.FromShape(shapes.Make(dtypes.Float32, 2, 7000)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := fitPCA(x, 1e9)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Fatalf("got %v, want %s", err, want)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 1e5 {
			t.Errorf("%d bytes were taken before the refusal", taken)
		}
		if x.Rank() == 4 {
			faults.Row(t, "a PCA of images that are too large for it", named("FitPCA", err).Error(), "no memory taken")
		}
	}
	if _, err := fitPCA(tensors.FromValue([][]float32{{1, 2}, {2, 1}}), 200); err != nil {
		t.Errorf("two rows of two numbers: %v", err)
	}
}

// FitPCA computes the memory that it needs from the number of matrices it allocates, so this test counts them.
func TestFitPCATakesTheMemoryItSays(t *testing.T) {
	const n, d = 4, 600
	values := make([]float32, n*d)
	for i := range values {
		values[i] = float32(i * i % 101)
	}
	x := tensors.FromFlatDataAndDimensions(values, n, d)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := FitPCA(x); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	// This is everything that was ever allocated, partial sums included; less is in use at any one time.
	if taken := float64(after.TotalAlloc-before.TotalAlloc) / (8 * d * d); taken < matrices || taken > matrices+2 {
		t.Errorf("memory for %.1f matrices was taken, %d are counted", taken, matrices)
	}
}

// wavy returns rows of numbers without any symmetry; every third number is 0.
func wavy(rows, columns int) table {
	t := table{rows: rows, columns: columns, values: make([]float32, rows*columns), dims: []int{rows, columns}}
	for i := range t.values {
		if i%3 != 0 {
			t.values[i] = float32(math.Sin(float64(i*i))) / float32(1+i%7)
		}
	}
	return t
}

// An entry of the matrix is the sum over eight parts of the rows, each added from its first row to its last. It is the same,
// bit for bit, on any number of cores.
func TestCovarianceDoesNotDependOnTheCores(t *testing.T) {
	x := wavy(101, 37)
	typical := typicalRow(x)
	difference := func(i, j int) float64 { return float64(x.row(i)[j]) - typical[j] }
	want := mat.NewSymDense(37, nil)
	sums := make([]float64, 37)
	for a := range 37 {
		for b := a; b < 37; b++ {
			var total float64
			for part := range 8 {
				var partial float64
				from, to := span(101, part, 8)
				for i := from; i < to; i++ {
					if p, q := difference(i, a), difference(i, b); p != 0 && q != 0 {
						partial += p * q
					}
				}
				total += partial
			}
			want.SetSym(a, b, total)
		}
		for part := range 8 {
			var partial float64
			from, to := span(101, part, 8)
			for i := from; i < to; i++ {
				partial += difference(i, a)
			}
			sums[a] += partial
		}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first []float64
	for _, cores := range []int{1, 2, 3, 16, 64} {
		runtime.GOMAXPROCS(cores)
		mean, c := covariance(x)
		for a := range 37 {
			if got, want := mean[a], typical[a]+sums[a]/101; got != want {
				t.Fatalf("%d cores: mean %d is %v, want %v", cores, a, got, want)
			}
			for b := a; b < 37; b++ {
				if got, want := c.At(a, b), (want.At(a, b)-sums[a]*sums[b]/101)/100; math.Abs(got-want) > 1e-15 {
					t.Fatalf("%d cores: covariance (%d, %d) is %v, want %v", cores, a, b, got, want)
				}
			}
		}
		if bits := c.RawSymmetric().Data; first == nil {
			first = bits
		} else if !slices.Equal(bits, first) {
			t.Errorf("%d cores: the covariance differs from that of one core", cores)
		}
	}
}

func TestStripesAreTheWholeTriangle(t *testing.T) {
	for _, d := range []int{1, 2, 37, 784} {
		for n := 1; n <= min(d, 128); n++ {
			end := 0
			for stripe := range n {
				from, to := triangleSpan(d, stripe, n)
				if from != end || to < from {
					t.Fatalf("stripe %d of %d of %d rows is [%d, %d) after %d", stripe, n, d, from, to, end)
				}
				end = to
			}
			if end != d {
				t.Fatalf("%d stripes end at row %d of %d", n, end, d)
			}
		}
	}
}

func TestPiecesHaveTheBitsOfTheWhole(t *testing.T) {
	x := wavy(1100, 150)
	m := mat.NewDense(150, 150, nil)
	offset := make([]float64, 150)
	for i := range 150 {
		offset[i] = math.Cos(float64(i))
		for j := range 150 {
			m.Set(i, j, math.Sin(float64(i*j+j)))
		}
	}
	for name, matrix := range map[string]mat.Matrix{"Encode's": m.Slice(0, 150, 0, 100), "Decode's": m.T()} {
		whole := pieces(x, offset, matrix, offset[:min(150, cols(matrix))], 1100)
		for _, rows := range []int{256, 300, 549} {
			if got := pieces(x, offset, matrix, offset[:cols(matrix)], rows); !slices.Equal(got, whole) {
				t.Errorf("%s product in pieces of %d rows differs from the whole", name, rows)
			}
		}
	}
}

func cols(m mat.Matrix) int { _, c := m.Dims(); return c }

func TestAFitThatHasNotConvergedIsNoNumber(t *testing.T) {
	r := sklearn(t)
	train, _ := tables(t, r)
	l := &regression{x: standardiser(train)(train), labels: r.TrainLabels, d: 5, classes: 4}
	_, err := l.fit(2)
	const want = "the classifier has not converged: after 2 iterations an entry of its gradient is 0."
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "above 0.0001: give it") {
		t.Fatalf("got %v, want %s…", err, want)
	}
	if _, err := l.fit(iterations); err != nil {
		t.Errorf("with %d iterations: %v", iterations, err)
	}
	faults.Row(t, "a linear classifier that has not converged", named("LinearAccuracy", err).Error(), "no accuracy of a half-fitted classifier")
}

// A separable set has its minimum far from zero, one feature is constant and one is a copy of another. Hard fits like this
// converge, too.
func TestHardFitsConverge(t *testing.T) {
	var values []float32
	var labels []uint8
	for i := range 400 {
		x := float32(i%4) * 1e4
		values = append(values, x, x, 7, float32(math.Sin(float64(i)))*1e-3)
		labels = append(labels, uint8(i%4))
	}
	z := tensors.FromFlatDataAndDimensions(values, 400, 4)
	if accuracy, err := LinearAccuracy(z, labels, z, labels); err != nil || accuracy != 1 {
		t.Errorf("accuracy %v (%v), want 1", accuracy, err)
	}
}

func TestErrorsAreOfEachImage(t *testing.T) {
	a := tensors.FromValue([][]float32{{0, 1}, {-1, 1}, {0.1, 0.3}})
	b := tensors.FromValue([][]float32{{0, 1}, {1, 0}, {0.2, 0.1}})
	got, err := Errors(a, b)
	if err != nil || len(got) != 3 || got[0] != 0 || got[1] != 2.5 || math.Abs(got[2]-0.025) > 1e-8 {
		t.Fatalf("%v (%v), want 0, (4 + 1) / 2 and (0.01 + 0.04) / 2", got, err)
	}
	if back, err := Errors(b, a); err != nil || !slices.Equal(back, got) {
		t.Errorf("the other way round they are %v (%v)", back, err)
	}
	x, y := wavy(500, 64), wavy(1000, 64)
	p := tensors.FromFlatDataAndDimensions(x.values, 500, 8, 8, 1)
	q := tensors.FromFlatDataAndDimensions(y.values[500*64:], 500, 8, 8, 1)
	each, err := Errors(p, q)
	if err != nil {
		t.Fatal(err)
	}
	if mse, err := MSE(p, q); err != nil || mse != mean(each) {
		t.Errorf("MSE is %v (%v), the mean of Errors %v", mse, err, mean(each))
	}
}
