package nn

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// ConvTranspose2d returns a transposed convolution, as torch.nn.ConvTranspose2d(in, out, kernel) does.
// It restores the image size that a [Conv2d] reduces: each input pixel adds a weighted kernel x kernel
// stamp to the output, and overlapping stamps add up. It maps images [batch, h, w, in] to
// [batch, h', w', out], where h' = (h-1)·stride - 2·padding + kernel + output padding, and w' is
// computed likewise.
//
// Its variables are weight [in, out, kernel, kernel] and bias [out], in PyTorch's layout. Both are
// initialised from U(-b, b) with b = 1/sqrt(out·kernel²), because PyTorch takes the fan-in from the
// weight's second axis for both kinds of convolution.
//
// in, out and kernel must be at least 1.
func ConvTranspose2d(in, out, kernel int, opts ...ConvOption) Layer {
	o, err := gather("ConvTranspose2d", in, out, kernel, opts)
	if err == nil && o.outputPadding >= o.stride {
		err = fmt.Errorf("nn: %s: the output padding, %d, must be smaller than the stride, %d", o.name, o.outputPadding, o.stride)
	}
	if err != nil {
		return failed("%w", err)
	}
	return recorded(o.name, func(scope *model.Scope, x *graph.Node) *graph.Node {
		o.check(x)
		c := convolution{kernel: twice(kernel), stride: twice(o.stride), padding: twice(o.padding)}
		for axis := range 2 {
			size := x.Shape().Dimensions[1+axis]
			c.small[axis], c.large[axis] = size, (size-1)*o.stride-2*o.padding+kernel+o.outputPadding
			if c.large[axis] < 1 {
				panic(fmt.Errorf("nn: %s: nothing is left of images %s after padding %d", o.name, perImage(x.Shape()), o.padding))
			}
		}
		weight := parameter(scope, x.Graph(), "weight", out*kernel*kernel, in, out, kernel, kernel)
		p := c.products(x.Graph(), out, in)
		y := withGradients(p.toLarge(x, weight), x, weight, func(dy *graph.Node) (dx, dWeight *graph.Node) {
			return p.toSmall(dy, weight), p.toWeight(dy, x)
		}) // [batch, h', w', out]
		return o.addBias(scope, y, out*kernel*kernel)
	})
}
