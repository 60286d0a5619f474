// Package random draws normally distributed numbers faster than GoMLX does.
package random

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Normal returns independent draws from N(0, 1), float32 in the shape of like, from the random state of the
// scope's store.
//
// Each number is the inverse of the normal distribution function at a uniform number. This takes one random
// word per number, and neither sine nor cosine; GoMLX's RandomNormal takes two words, because it computes a
// pair by Box and Muller's method and drops one half of it.
func Normal(scope *model.Scope, like *graph.Node) *graph.Node {
	g, shape := like.Graph(), like.Shape()
	words := words(scope, g, shape.Size())
	constant := func(v uint32) *graph.Node { return graph.BroadcastToShape(graph.Const(g, v), words.Shape()) }
	// The highest bit is the sign. The others make p, uniform in (0, 1/2), so both tails have float32's resolution near 0.
	negative := graph.GreaterOrEqual(words, constant(1<<31))
	low := graph.ConvertDType(graph.BitwiseAnd(words, constant(1<<31-1)), dtypes.Float32)
	p := graph.MulScalar(graph.AddScalar(low, 0.5), math.Pow(2, -32))
	z := magnitude(p)
	return graph.Reshape(graph.ConvertDType(graph.Where(negative, graph.Neg(z), z), shape.DType), shape.Dimensions...)
}

// magnitude returns the number that a normal one exceeds with probability p, in (0, 1/2): √2·erfinv(1-2p), with
// the polynomials of Giles, Approximating the erfinv function (GPU Computing Gems, 2011), table 5. Their error
// is that of float32.
func magnitude(p *graph.Node) *graph.Node {
	w := graph.Neg(graph.Log(graph.Mul(graph.MulScalar(p, 4), graph.OneMinus(p))))
	central := horner(graph.AddScalar(w, -2.5), 2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941)
	tail := horner(graph.AddScalar(graph.Sqrt(w), -3), -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682)
	inCentre := graph.LessThan(w, graph.BroadcastToShape(graph.Scalar(p.Graph(), p.DType(), 5), w.Shape()))
	x := graph.OneMinus(graph.MulScalar(p, 2))
	return graph.MulScalar(graph.Mul(graph.Where(inCentre, central, tail), x), math.Sqrt2)
}

// horner evaluates a polynomial; the coefficient of the highest power is the first.
func horner(x *graph.Node, coefficients ...float64) *graph.Node {
	y := graph.BroadcastToShape(graph.Scalar(x.Graph(), x.DType(), coefficients[0]), x.Shape())
	for _, c := range coefficients[1:] {
		y = graph.AddScalar(graph.Mul(y, x), c)
	}
	return y
}

// words returns n random words of 32 bits. Each is its position, hashed twice with keys that each call draws
// from the store's own generator. The hash is Chris Wellons' lowbias32, a bijection of 32 bits.
func words(scope *model.Scope, g *graph.Graph, n int) *graph.Node {
	drawn := graph.MulScalar(scope.Store().RandomUniform(g, shapes.Make(dtypes.Float32, 4)), 1<<24)
	drawn = graph.ConvertDType(drawn, dtypes.Uint32)
	key := func(i int) *graph.Node {
		low := graph.Slice(drawn, graph.AxisElem(2*i))
		high := graph.BitwiseShiftLeftScalar(graph.Slice(drawn, graph.AxisElem(2*i+1)), uint32(16))
		return graph.BroadcastToDims(graph.BitwiseXor(low, high), n)
	}
	x := graph.Iota(g, shapes.Make(dtypes.Uint32, n), 0)
	for i := range 2 {
		x = hash(graph.BitwiseXor(x, key(i)))
	}
	return x
}

func hash(x *graph.Node) *graph.Node {
	fold := func(shift uint32) { x = graph.BitwiseXor(x, graph.BitwiseShiftRightLogicalScalar(x, shift)) }
	times := func(factor uint32) {
		x = graph.Mul(x, graph.BroadcastToShape(graph.Const(x.Graph(), factor), x.Shape()))
	}
	fold(16)
	times(0x7feb352d)
	fold(15)
	times(0x846ca68b)
	fold(16)
	return x
}
