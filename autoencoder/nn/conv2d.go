package nn

import (
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Conv2d returns a convolution, as torch.nn.Conv2d(in, out, kernel) does: each output pixel is a
// weighted sum of a window of kernel x kernel input pixels. It maps images [batch, h, w, in] to
// [batch, h', w', out], where h' = (h + 2·padding - kernel) / stride + 1, rounded down, and w' is
// computed likewise.
//
// Its variables are weight [out, in, kernel, kernel] and bias [out], in PyTorch's layout. Both are
// initialised from U(-b, b) with b = 1/sqrt(in·kernel²).
//
// in, out and kernel must be at least 1. [OutputPadding] is an error here.
func Conv2d(in, out, kernel int, opts ...ConvOption) Layer {
	o, err := gather("Conv2d", in, out, kernel, opts)
	if err == nil && o.outputPadding != 0 {
		err = fmt.Errorf("nn: %s: output padding belongs to ConvTranspose2d", o.name)
	}
	if err != nil {
		return failed("%w", err)
	}
	return recorded(o.name, func(scope *model.Scope, x *graph.Node) *graph.Node {
		o.check(x)
		c := convolution{kernel: twice(kernel), stride: twice(o.stride), padding: twice(o.padding)}
		for axis := range 2 {
			size := x.Shape().Dimensions[1+axis]
			if size+2*o.padding < kernel {
				panic(fmt.Errorf("nn: %s: a kernel of %d does not fit into images %s with padding %d",
					o.name, kernel, perImage(x.Shape()), o.padding))
			}
			c.large[axis], c.small[axis] = size, (size+2*o.padding-kernel)/o.stride+1
		}
		weight := parameter(scope, x.Graph(), "weight", in*kernel*kernel, out, in, kernel, kernel)
		p := c.products(x.Graph(), in, out)
		y := withGradients(p.toSmall(x, weight), x, weight, func(dy *graph.Node) (dx, dWeight *graph.Node) {
			return p.toLarge(dy, weight), p.toWeight(x, dy)
		}) // [batch, h', w', out]
		return o.addBias(scope, y, in*kernel*kernel)
	})
}

// A ConvOption sets an optional argument of [Conv2d] or [ConvTranspose2d], which PyTorch passes by
// name: [Stride], [Padding] or [OutputPadding].
type ConvOption func(*convOptions)

// Stride sets the distance between neighbouring kernel positions, in pixels of the larger image. It
// must be at least 1, which is the default.
func Stride(n int) ConvOption { return func(o *convOptions) { o.stride = n } }

// Padding sets the number of zero rows and columns that are added on each side of a [Conv2d]'s input,
// or removed from each side of a [ConvTranspose2d]'s output. The default is 0.
func Padding(n int) ConvOption { return func(o *convOptions) { o.padding = n } }

// OutputPadding sets the number of rows and columns by which [ConvTranspose2d] enlarges its output at
// the bottom and the right. They are computed like all the others. The default is 0.
//
// A Conv2d with a stride of s maps s different input sizes to the same output size; OutputPadding
// selects the one that the transposed convolution returns to. It must be less than the stride.
func OutputPadding(n int) ConvOption { return func(o *convOptions) { o.outputPadding = n } }

type convOptions struct {
	stride, padding, outputPadding int
	in, out, kernel                int
	name                           string // the layer with its arguments: Conv2d(1, 16, 3, stride 2, padding 1)
}

// gather applies opts and checks the arguments that both kinds of convolution share.
func gather(kind string, in, out, kernel int, opts []ConvOption) (convOptions, error) {
	o := convOptions{stride: 1, in: in, out: out, kernel: kernel}
	for _, set := range opts {
		set(&o)
	}
	words := []string{fmt.Sprint(in), fmt.Sprint(out), fmt.Sprint(kernel)}
	if o.stride != 1 {
		words = append(words, fmt.Sprintf("stride %d", o.stride))
	}
	if o.padding != 0 {
		words = append(words, fmt.Sprintf("padding %d", o.padding))
	}
	if o.outputPadding != 0 {
		words = append(words, fmt.Sprintf("output padding %d", o.outputPadding))
	}
	o.name = fmt.Sprintf("%s(%s)", kind, strings.Join(words, ", "))
	switch {
	case in < 1 || out < 1 || kernel < 1:
		return o, fmt.Errorf("nn: %s: channels and kernel must be at least 1", o.name)
	case o.stride < 1:
		return o, fmt.Errorf("nn: %s: the stride must be at least 1", o.name)
	case o.padding < 0 || o.outputPadding < 0:
		return o, fmt.Errorf("nn: %s: padding must be at least 0", o.name)
	}
	return o, nil
}

// check panics unless x is a batch of images with as many channels as the layer takes.
func (o convOptions) check(x *graph.Node) {
	if x.Rank() != 4 {
		panic(fmt.Errorf("nn: %s takes images [height width channels], but got %s", o.name, perImage(x.Shape())))
	}
	if got := x.Shape().Dimensions[3]; got != o.in {
		panic(fmt.Errorf("nn: %s takes images with %s, but got %d: %s", o.name, channels(o.in), got, perImage(x.Shape())))
	}
}

func channels(n int) string {
	if n == 1 {
		return "1 channel"
	}
	return fmt.Sprintf("%d channels", n)
}

func (o convOptions) addBias(scope *model.Scope, y *graph.Node, fanIn int) *graph.Node {
	bias := parameter(scope, y.Graph(), "bias", fanIn, o.out)
	return graph.Add(y, graph.Reshape(bias, 1, 1, 1, o.out))
}

func twice(n int) [2]int { return [2]int{n, n} }
