package nn_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/internal/faults"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// convCase is a convolution with its input, its variables, a gradient dy of its output, and the expected results.
// Images are channels last.
type convCase struct {
	Kind           string
	Args           [3]int // in, out, kernel
	Stride         int
	Padding        int
	OutputPadding  int   `json:"output_padding"`
	XShape         []int `json:"x_shape"`
	YShape         []int `json:"y_shape"`
	X, Weight      []float32
	Bias, Y, Dy    []float32
	Dx             []float32
	DWeight, DBias []float32
}

func (c *convCase) layer() nn.Layer {
	opts := []nn.ConvOption{nn.Stride(c.Stride), nn.Padding(c.Padding)}
	if c.Kind == "Conv2d" {
		return nn.Conv2d(c.Args[0], c.Args[1], c.Args[2], opts...)
	}
	return nn.ConvTranspose2d(c.Args[0], c.Args[1], c.Args[2], append(opts, nn.OutputPadding(c.OutputPadding))...)
}

func (c *convCase) weightShape() []int {
	if c.Kind == "Conv2d" {
		return []int{c.Args[1], c.Args[0], c.Args[2], c.Args[2]}
	}
	return []int{c.Args[0], c.Args[1], c.Args[2], c.Args[2]}
}

// check runs the layer and the gradients of sum(y·dy), and compares them with what is expected.
func (c *convCase) check(t *testing.T) {
	t.Helper()
	b, err := autoencoder.Backend()
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	for name, v := range map[string]*tensors.Tensor{"weight": tensor(c.weightShape(), c.Weight...), "bias": tensor(c.Args[1:2], c.Bias...)} {
		if _, err := store.CreateVariable(name, v); err != nil {
			t.Fatal(err)
		}
	}
	exec, err := model.NewExec(b, store, func(scope *model.Scope, x, dy *graph.Node) []*graph.Node {
		y := c.layer()(scope, x)
		variable := func(name string) *graph.Node { return store.GetVariable("/" + name).NodeValue(x) }
		sum := graph.ReduceAllSum(graph.Mul(y, dy))
		return append([]*graph.Node{y}, graph.Gradient(sum, x, variable("weight"), variable("bias"))...)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	got, err := exec.Call(tensor(c.XShape, c.X...), tensor(c.YShape, c.Dy...))
	if err != nil {
		t.Fatalf("%s: %v", c, err)
	}
	if !slices.Equal(got[0].Shape().Dimensions, c.YShape) {
		t.Fatalf("%s: shape %v, want %v", c, got[0].Shape().Dimensions, c.YShape)
	}
	for i, want := range [][]float32{c.Y, c.Dx, c.DWeight, c.DBias} {
		for j, g := range tensors.MustCopyFlatData[float32](got[i]) {
			if math.Abs(float64(g-want[j])) > 1e-4 {
				t.Fatalf("%s: %s[%d] is %g, want %g", c, []string{"y", "dx", "dweight", "dbias"}[i], j, g, want[j])
			}
		}
	}
}

func (c *convCase) String() string {
	return fmt.Sprintf("%s%v of %v, stride %d, padding %d, output padding %d", c.Kind, c.Args, c.XShape, c.Stride, c.Padding, c.OutputPadding)
}

// define fills in the expected results from the definition: each weight connects a pixel of the larger image
// with one of the smaller.
func (c *convCase) define() {
	n, in, out, k := c.XShape[0], c.Args[0], c.Args[1], c.Args[2]
	c.Y, c.Dx = make([]float32, len(c.Dy)), make([]float32, len(c.X))
	c.DWeight, c.DBias = make([]float32, len(c.Weight)), make([]float32, out)
	for i, dy := range c.Dy {
		c.Y[i] = c.Bias[i%out]
		c.DBias[i%out] += dy
	}
	conv := c.Kind == "Conv2d"
	small, large := c.XShape, c.YShape
	if conv {
		small, large = c.YShape, c.XShape
	}
	for b := range n {
		for i := range small[1] * small[2] * k * k {
			y0, x0, r, s := i/k/k/small[2], i/k/k%small[2], i/k%k, i%k
			y1, x1 := y0*c.Stride+r-c.Padding, x0*c.Stride+s-c.Padding
			if y1 < 0 || y1 >= large[1] || x1 < 0 || x1 >= large[2] {
				continue
			}
			for a := range in {
				for o := range out {
					from, to, w := ((b*small[1]+y0)*small[2]+x0)*in+a, ((b*large[1]+y1)*large[2]+x1)*out+o, ((a*out+o)*k+r)*k+s
					if conv {
						from, to, w = ((b*large[1]+y1)*large[2]+x1)*in+a, ((b*small[1]+y0)*small[2]+x0)*out+o, ((o*in+a)*k+r)*k+s
					}
					c.Y[to] += c.Weight[w] * c.X[from]
					c.Dx[from] += c.Weight[w] * c.Dy[to]
					c.DWeight[w] += c.X[from] * c.Dy[to]
				}
			}
		}
	}
}

// randomConv returns a case with random sizes that a layer accepts.
func randomConv(r *rand.Rand, kind string) *convCase {
	values := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64()) / 4
		}
		return v
	}
	for {
		c := &convCase{Kind: kind, Args: [3]int{1 + r.IntN(3), 1 + r.IntN(4), 1 + r.IntN(6)}, Stride: 1 + r.IntN(4), Padding: r.IntN(4)}
		c.XShape = []int{1 + r.IntN(3), 1 + r.IntN(14), 1 + r.IntN(14), c.Args[0]}
		c.YShape = []int{c.XShape[0], 0, 0, c.Args[1]}
		for axis := 1; axis <= 2; axis++ {
			if kind == "Conv2d" {
				c.YShape[axis] = (c.XShape[axis]+2*c.Padding-c.Args[2])/c.Stride + 1
				if c.XShape[axis]+2*c.Padding < c.Args[2] {
					c.YShape[axis] = 0
				}
			} else {
				if axis == 1 {
					c.OutputPadding = r.IntN(c.Stride)
				}
				c.YShape[axis] = (c.XShape[axis]-1)*c.Stride - 2*c.Padding + c.Args[2] + c.OutputPadding
			}
		}
		if c.YShape[1] < 1 || c.YShape[2] < 1 {
			continue
		}
		c.X, c.Dy = values(c.XShape[0]*c.XShape[1]*c.XShape[2]*c.Args[0]), values(c.YShape[0]*c.YShape[1]*c.YShape[2]*c.Args[1])
		c.Weight, c.Bias = values(c.Args[0]*c.Args[1]*c.Args[2]*c.Args[2]), values(c.Args[1])
		c.define()
		return c
	}
}

func TestConvolutionsOfRandomSizesFollowTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	for range 60 {
		randomConv(r, "Conv2d").check(t)
		randomConv(r, "ConvTranspose2d").check(t)
	}
}

// The values come from testdata/pytorch_convolutions.py.
func TestConvolutionsGiveWhatPyTorchGives(t *testing.T) {
	raw, err := os.ReadFile("testdata/pytorch_convolutions.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []*convCase
	if err := json.Unmarshal(raw, &cases); err != nil || len(cases) == 0 {
		t.Fatal(len(cases), err)
	}
	for _, c := range cases {
		c.check(t)
	}
}

func TestConvolutionsRefuseBadArguments(t *testing.T) {
	bad := map[string]nn.Layer{
		"nn: Conv2d(3, 6, 5) takes images with 3 channels, but got 1: [28 28 1]":                                              nn.Conv2d(3, 6, 5),
		"nn: ConvTranspose2d(6, 1, 5) takes images with 6 channels, but got 1: [28 28 1]":                                     nn.ConvTranspose2d(6, 1, 5),
		"nn: Conv2d(1, 6, 33, padding 2): a kernel of 33 does not fit into images [28 28 1] with padding 2":                   nn.Conv2d(1, 6, 33, nn.Padding(2)),
		"nn: ConvTranspose2d(1, 6, 3, stride 2, output padding 2): the output padding, 2, must be smaller than the stride, 2": nn.ConvTranspose2d(1, 6, 3, nn.Stride(2), nn.OutputPadding(2)),
		"nn: ConvTranspose2d(1, 6, 1, padding 14): nothing is left of images [28 28 1] after padding 14":                      nn.ConvTranspose2d(1, 6, 1, nn.Padding(14)),
		"nn: Conv2d(1, 6, 0): channels and kernel must be at least 1":                                                         nn.Conv2d(1, 6, 0),
		"nn: Conv2d(0, 6, 3): channels and kernel must be at least 1":                                                         nn.Conv2d(0, 6, 3),
		"nn: Conv2d(1, 6, 3, stride 0): the stride must be at least 1":                                                        nn.Conv2d(1, 6, 3, nn.Stride(0)),
		"nn: Conv2d(1, 6, 3, padding -1): padding must be at least 0":                                                         nn.Conv2d(1, 6, 3, nn.Padding(-1)),
		"nn: Conv2d(1, 6, 3, stride 2, output padding 1): output padding belongs to ConvTranspose2d":                          nn.Conv2d(1, 6, 3, nn.Stride(2), nn.OutputPadding(1)),
		"nn: Conv2d(9, 6, 3) takes images [height width channels], but got [9]":                                               nn.Sequential(nn.Linear(784, 9), nn.Conv2d(9, 6, 3)),
		"autoencoder: the decoder gives [28 28 3], 2352 numbers an image, but the images are [28 28 1], 784 numbers":          nn.Conv2d(1, 3, 1),
		"autoencoder: the decoder gives [24 24 1], 576 numbers an image, but the images are [28 28 1], 784 numbers":           nn.Conv2d(1, 1, 5),
	}
	for want, layer := range bad {
		m := autoencoder.Model{Dir: t.TempDir(), Encoder: nn.Sequential(), Decoder: layer}
		_, err := m.Summary(28, 28, 1)
		if err == nil || err.Error() != want || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %s", err, want)
		}
		images := tensor([]int{2, 28, 28, 1}, make([]float32, 2*784)...)
		for _, err := range m.Train(images, images, autoencoder.Tutorial()) {
			if err == nil || err.Error() != want {
				t.Errorf("Train: %v, want %s", err, want)
			}
		}
	}
	const line = "nn: Conv2d(3, 6, 5) takes images with 3 channels, but got 1: [28 28 1]"
	if bad[line] == nil {
		t.Error("not tried:", line)
	}
	faults.Row(t, fmt.Sprintf("layers that do not fit, to Summary and to Train (%d cases)", len(bad)), line, "nothing was begun")
}

// PyTorch takes the fan-in from the weight's second axis: in·k² for a Conv2d, out·k² for its transpose.
func TestConvolutionsBeginAsInPyTorch(t *testing.T) {
	m := autoencoder.Model{Encoder: nn.Conv2d(1, 64, 5), Decoder: nn.ConvTranspose2d(64, 1, 5)}
	store, err := m.NewStore(5, 28, 28, 1)
	if err != nil {
		t.Fatal(err)
	}
	for path, fanIn := range map[string]float64{"/encoder/weight": 25, "/encoder/bias": 25, "/decoder/weight": 25, "/decoder/bias": 25} {
		var largest float64
		for _, v := range tensors.MustCopyFlatData[float32](store.GetVariable(path).MustValue()) {
			largest = max(largest, math.Abs(float64(v)))
		}
		if bound := 1 / math.Sqrt(fanIn); largest > bound || largest < 0.9*bound && path != "/decoder/bias" {
			t.Errorf("%s: largest %.4f, bound %.4f", path, largest, bound)
		}
	}
}
