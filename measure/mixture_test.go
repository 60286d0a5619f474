package measure

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"autoencoders/internal/faults"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distmv"
)

// matrix returns a tensor [n, d] as a matrix of gonum.
func matrix(z *tensors.Tensor) *mat.Dense {
	dims, values := z.Shape().Dimensions, tensors.MustCopyFlatData[float32](z)
	m := mat.NewDense(dims[0], dims[1], nil)
	for i, v := range values {
		m.Set(i/dims[1], i%dims[1], float64(v))
	}
	return m
}

// moments returns the mean and the covariance of the rows as gonum computes them, the latter with 1/n.
func moments(z *tensors.Tensor) (mean []float64, covariance *mat.SymDense) {
	m := matrix(z)
	n, d := m.Dims()
	for j := range d {
		mean = append(mean, stat.Mean(mat.Col(nil, j, m), nil))
	}
	covariance = mat.NewSymDense(d, nil)
	stat.CovarianceMatrix(covariance, m, nil)
	covariance.ScaleSym(float64(n-1)/float64(n), covariance)
	return mean, covariance
}

// tilted returns rows of three correlated numbers on different scales.
func tilted(n int) *tensors.Tensor {
	random := rand.New(rand.NewPCG(5, 0))
	var values []float32
	for range n {
		a, b, c := random.NormFloat64(), random.NormFloat64(), random.NormFloat64()
		values = append(values, float32(100+20*a), float32(0.1*a+0.05*b), float32(-3+a-b+0.5*c))
	}
	return tensors.FromFlatDataAndDimensions(values, n, 3)
}

// The mean log-likelihood of the data under the Gaussian of maximum likelihood has a closed form:
// -(d log 2π + log|Σ| + d)/2.
func TestFittedGaussianIsThatOfMaximumLikelihood(t *testing.T) {
	z := tilted(500)
	m, err := FitGaussian(z)
	if err != nil {
		t.Fatal(err)
	}
	mean, covariance := moments(z)
	got, err := m.LogLikelihood(z)
	if want := -(3*math.Log(2*math.Pi) + math.Log(mat.Det(covariance)) + 3) / 2; err != nil || math.Abs(got-want) > 1e-5 {
		t.Errorf("the log-likelihood is %v (%v), want %v", got, err, want)
	}
	gonum, ok := distmv.NewNormal(mean, covariance, nil)
	if !ok {
		t.Fatal("gonum takes the covariance for singular")
	}
	at := []float64{110, 0.0625, -2.75}
	got, err = m.LogLikelihood(tensors.FromValue([][]float32{{110, 0.0625, -2.75}}))
	if want := gonum.LogProb(at); err != nil || math.Abs(got-want) > 1e-4 {
		t.Errorf("the density at %v is exp(%v) (%v), gonum has exp(%v)", at, got, err, want)
	}
}

func TestDrawsHaveTheMomentsOfWhatWasFitted(t *testing.T) {
	z := tilted(300)
	m, err := FitGaussian(z)
	if err != nil {
		t.Fatal(err)
	}
	const n = 40000
	drawn, err := m.Sample(n, 1)
	if err != nil {
		t.Fatal(err)
	}
	mean, covariance := moments(z)
	gotMean, gotCovariance := moments(drawn)
	for i := range 3 {
		si := math.Sqrt(covariance.At(i, i))
		if math.Abs(gotMean[i]-mean[i]) > 4*si/math.Sqrt(n) {
			t.Errorf("the mean of feature %d is %v, want %v", i, gotMean[i], mean[i])
		}
		for j := range 3 {
			sj := math.Sqrt(covariance.At(j, j))
			if math.Abs(gotCovariance.At(i, j)-covariance.At(i, j)) > 4*math.Sqrt2*si*sj/math.Sqrt(n) {
				t.Errorf("the covariance of %d and %d is %v, want %v", i, j, gotCovariance.At(i, j), covariance.At(i, j))
			}
		}
	}
	again, _ := m.Sample(n, 1)
	other, _ := m.Sample(n, 2)
	if !drawn.Equal(again) || drawn.Equal(other) {
		t.Error("the seed does not decide what is drawn")
	}
}

// known is a mixture of three Gaussians in the plane, which overlap a little.
var known = []struct {
	weight     float64
	mean       [2]float64
	covariance [3]float64 // xx, xy, yy
}{
	{0.5, [2]float64{0, 0}, [3]float64{1, 0.8, 1}},
	{0.3, [2]float64{5, 0}, [3]float64{1, -0.6, 2}},
	{0.2, [2]float64{0, 60}, [3]float64{4, 0, 100}}, // the second feature has another scale
}

// ofKnown draws rows of known with gonum.
func ofKnown(n int) *tensors.Tensor {
	random := rand.New(rand.NewPCG(3, 0))
	var values []float32
	for range n {
		u, k := random.Float64(), 0
		for u > known[k].weight {
			u -= known[k].weight
			k++
		}
		c := known[k].covariance
		normal, _ := distmv.NewNormal(known[k].mean[:], mat.NewSymDense(2, []float64{c[0], c[1], c[1], c[2]}), random)
		for _, v := range normal.Rand(nil) {
			values = append(values, float32(v))
		}
	}
	return tensors.FromFlatDataAndDimensions(values, n, 2)
}

func TestAMixtureIsRecoveredFromItsDraws(t *testing.T) {
	const n = 20000
	z := ofKnown(n)
	for seed := range uint64(20) {
		m, err := FitMixture(z, 3, seed)
		if err != nil || len(m.components) != 3 {
			t.Fatal(len(m.components), err)
		}
		for _, want := range known {
			var got component
			nearest := math.Inf(1)
			mean := func(c component, i int) float64 { return m.mean[i] + m.scale[i]*c.mean[i] }
			for _, c := range m.components {
				if d := math.Hypot(mean(c, 0)-want.mean[0], mean(c, 1)-want.mean[1]); d < nearest {
					got, nearest = c, d
				}
			}
			if math.Abs(got.weight-want.weight) > 0.015 {
				t.Errorf("seed %d: the weight is %.3f, want %v", seed, got.weight, want.weight)
			}
			l := got.factor
			covariance := [3]float64{m.scale[0] * m.scale[0] * l[0] * l[0], m.scale[0] * m.scale[1] * l[0] * l[2], m.scale[1] * m.scale[1] * (l[2]*l[2] + l[3]*l[3])}
			sigma := [2]float64{math.Sqrt(want.covariance[0]), math.Sqrt(want.covariance[2])}
			few := 5 / math.Sqrt(n*want.weight) // five standard errors
			for i := range 2 {
				if math.Abs(mean(got, i)-want.mean[i]) > few*sigma[i] {
					t.Errorf("seed %d: the mean %d is %.3f, want %v", seed, i, mean(got, i), want.mean[i])
				}
			}
			for i, unit := range []float64{sigma[0] * sigma[0], sigma[0] * sigma[1], sigma[1] * sigma[1]} {
				if math.Abs(covariance[i]-want.covariance[i]) > few*math.Sqrt2*unit {
					t.Errorf("seed %d: the covariance %d is %.3f, want %v", seed, i, covariance[i], want.covariance[i])
				}
			}
		}
	}
}

// A round of expectation maximisation never makes the data less likely (Dempster, Laird and Rubin 1977, theorem 1).
func TestLikelihoodNeverFalls(t *testing.T) {
	for name, z := range map[string]*tensors.Tensor{"a mixture": ofKnown(3000), "one Gaussian": tilted(3000)} {
		for _, k := range []int{2, 3, 8} {
			_, likelihoods, err := fitMixture(z, k, 1)
			if err != nil || len(likelihoods) < 3 {
				t.Fatalf("%s: %d rounds (%v)", name, len(likelihoods), err)
			}
			for i, l := range likelihoods[1:] {
				if l < likelihoods[i] {
					t.Errorf("%s, %d Gaussians: round %d takes the likelihood from %v to %v", name, k, i+1, likelihoods[i], l)
				}
			}
		}
	}
}

func TestAMixtureDescribesClustersBetterThanOneGaussian(t *testing.T) {
	z := ofKnown(6000)
	fresh := ofKnown(7000) // its last 1000 rows are new
	one, err := FitGaussian(z)
	if err != nil {
		t.Fatal(err)
	}
	three, err := FitMixture(z, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	tail := tensors.FromFlatDataAndDimensions(tensors.MustCopyFlatData[float32](fresh)[12000:], 1000, 2)
	a, errA := one.LogLikelihood(tail)
	b, errB := three.LogLikelihood(tail)
	if errA != nil || errB != nil || b < a+0.5 {
		t.Errorf("one Gaussian has %v (%v), three have %v (%v)", a, errA, b, errB)
	}
	drawn, err := three.Sample(5000, 1)
	if err != nil {
		t.Fatal(err)
	}
	again, err := FitMixture(drawn, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := again.LogLikelihood(tail); err != nil || math.Abs(c-b) > 0.02 {
		t.Errorf("a mixture fitted to draws of the mixture has %v (%v), the mixture %v", c, err, b)
	}
}

func TestTheMixtureDoesNotDependOnTheCores(t *testing.T) {
	z := ofKnown(1001)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first *Mixture
	for _, cores := range []int{1, 2, 7} {
		runtime.GOMAXPROCS(cores)
		m, err := FitMixture(z, 4, 1)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = m
		}
		for k, c := range m.components {
			if f := first.components[k]; c.weight != f.weight || !slices.Equal(c.mean, f.mean) || !slices.Equal(c.factor, f.factor) {
				t.Errorf("%d cores: Gaussian %d differs from that of one core", cores, k)
			}
		}
	}
}

// A dead latent feature is constant, and there may be fewer different codes than Gaussians.
func TestCodesWithoutSpreadCanBeFitted(t *testing.T) {
	var values []float32
	for i := range 100 {
		values = append(values, float32(i%2), 7)
	}
	z := tensors.FromFlatDataAndDimensions(values, 100, 2)
	for k := 1; k <= 4; k++ {
		m, err := FitMixture(z, k, 1)
		if err != nil {
			t.Fatal(err)
		}
		drawn, err := m.Sample(2000, 1)
		if err != nil {
			t.Fatal(err)
		}
		near := 0
		for i, v := range tensors.MustCopyFlatData[float32](drawn) {
			if v-v != 0 || i%2 == 1 && math.Abs(float64(v)-7) > 0.006 {
				t.Fatalf("%d Gaussians: the constant feature is drawn as %v", k, v)
			}
			if i%2 == 0 && (math.Abs(float64(v)) < 0.006 || math.Abs(float64(v)-1) < 0.006) {
				near++
			}
		}
		if k > 1 && near != 2000 {
			t.Errorf("%d Gaussians: %d draws of 2000 are at 0 or 1", k, near)
		}
		if l, err := m.LogLikelihood(z); err != nil || l-l != 0 {
			t.Errorf("%d Gaussians: the log-likelihood is %v (%v)", k, l, err)
		}
	}
}

func TestFitsThatCannotBeAreOneLine(t *testing.T) {
	z := ofKnown(10)
	var none *Mixture
	m, err := FitGaussian(z)
	if err != nil {
		t.Fatal(err)
	}
	tensor := func(_ *tensors.Tensor, err error) error { return err }
	fit := func(_ *Mixture, err error) error { return err }
	number := func(_ float64, err error) error { return err }
	var seen string
	for want, err := range map[string]error{
		"FitMixture: 0 Gaussians for 10 latents: k must be 1-10":                                                      fit(FitMixture(z, 0, 1)),
		"FitMixture: 11 Gaussians for 10 latents: k must be 1-10":                                                     fit(FitMixture(z, 11, 1)),
		"FitGaussian: the latents are a single row, which cannot vary: give it two or more":                           fit(FitGaussian(ofKnown(1))),
		"FitGaussian: the latents hold 1e+20 in row 1, and squared":                                                   fit(FitGaussian(tensors.FromValue([][]float32{{1}, {1e20}}))),
		"FitMixture: the latents have 1000000 numbers each: 2 covariances would take 1.76e+05 GB, and ":               fit(FitMixture(tensors.FromFlatDataAndDimensions(make([]float32, 2e6), 2, 1e6), 2, 1)),
		"Mixture.Sample: 0 rows: draw at least one":                                                                   tensor(m.Sample(0, 1)),
		"Mixture.Sample: the latents would take ":                                                                     tensor(m.Sample(1<<60, 1)),
		"Mixture.Sample: there is no density: make the Mixture with FitGaussian or FitMixture, and look at its error": tensor(none.Sample(3, 1)),
		"Mixture.LogLikelihood: there is no density":                                                                  number(new(Mixture).LogLikelihood(z)),
		"Mixture.LogLikelihood: the latents are [3], but it was fitted to [2]":                                        number(m.LogLikelihood(tilted(4))),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "measure: "+want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want measure: %s", err, want)
		}
		if err != nil && strings.HasPrefix(want, "FitMixture: 11") {
			seen = err.Error()
		}
	}
	faults.Row(t, "a mixture of more Gaussians than there are codes", seen, "nothing divided by zero")
}

// BenchmarkFitMixture fits ten Gaussians to as many codes as lesson 4 has.
func BenchmarkFitMixture(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 0))
	const n, d = 60000, 20
	values, centres := make([]float32, 0, n*d), make([]float64, 10*d)
	for i := range centres {
		centres[i] = random.NormFloat64()
	}
	for range n {
		k, shared := random.IntN(10), random.NormFloat64()
		for j := range d {
			values = append(values, float32(centres[k*d+j]+random.NormFloat64()+shared*math.Sin(float64(k*j))))
		}
	}
	z := tensors.FromFlatDataAndDimensions(values, n, d)
	for b.Loop() {
		_, likelihoods, err := fitMixture(z, 10, 1)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(likelihoods)), "rounds")
	}
}
