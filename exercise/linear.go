package exercise

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
)

// MSE checks a function that returns the mean squared error of two images, given as their pixels.
func MSE(yours func(x, y []float64) float64) {
	report(mse(yours), "A pixel that is off by 2 costs four times as much as one that is off by 1. That is why a network that "+
		"is unsure paints grey: halfway between black and white it is never off by more than 1.")
}

func mse(yours func(x, y []float64) float64) error {
	for _, c := range [][2][]float64{
		{{1, -1, 0.5, 0}, {1, 1, -0.5, 0}},
		{{0.25, 0.5}, {0.75, -0.5}},
		{{-1, -1, -1}, {-1, -1, -1}},
	} {
		x, y := c[0], c[1]
		call := fmt.Sprintf("mse(%v, %v)", x, y)
		got, err := number(call, func() float64 { return yours(slices.Clone(x), slices.Clone(y)) })
		if err != nil {
			return err
		}
		squares, absolute, signed := differences(x, y)
		n := float64(len(x))
		if err := compare(call, got, squares/n,
			slip{squares, "this is the sum of the squares; divide it by the number of pixels"},
			slip{math.Sqrt(squares / n), "this is the root of the mean squared error; leave the root out"},
			slip{absolute / n, "this is the mean absolute error; square the differences"},
			slip{signed / n, "this is the mean difference, in which errors cancel; square each difference before you add it"},
			slip{squares / (n - 1), "divide by the number of pixels, not by one less"},
		); err != nil {
			return err
		}
	}
	return nil
}

// differences returns the sums of what two images differ by: squared, without signs and with them.
func differences(x, y []float64) (squares, absolute, signed float64) {
	for i := range x {
		d := x[i] - y[i]
		squares, absolute, signed = squares+d*d, absolute+math.Abs(d), signed+d
	}
	return squares, absolute, signed
}

// Parameters checks a function that returns how many numbers a Linear layer learns: its weights and its biases.
func Parameters(yours func(in, out int) int) {
	report(parameters(yours), "Nearly all parameters are weights, so their number grows with the product of both sizes. "+
		"That is why the first and the last layer of this network have nine tenths of them.")
}

func parameters(yours func(in, out int) int) error {
	for _, c := range [][2]int{{12, 2}, {2, 12}, {784, 128}, {1, 1}} {
		in, out := c[0], c[1]
		call := fmt.Sprintf("parameters(%d, %d)", in, out)
		got, err := number(call, func() float64 { return float64(yours(in, out)) })
		if err != nil {
			return err
		}
		if err := compare(call, got, float64(in*out+out),
			slip{float64(in * out), "these are the weights; each output has a bias as well"},
			slip{float64(in*out + in), "there is a bias for each output, not for each input"},
			slip{float64(in*out + 1), "there is a bias for each output, not one for all"},
			slip{float64(in + out), "every output has a weight for every input: multiply"},
		); err != nil {
			return err
		}
	}
	return nil
}

// Layers checks a function that returns an encoder: Linear(784, 64), a ReLU and Linear(64, 3).
func Layers(yours func() nn.Layer) {
	report(layers(yours), "Only the sizes of neighbouring layers have to agree. There is no ReLU after the code, because it "+
		"would turn every negative latent feature into 0.")
}

func layers(yours func() nn.Layer) error {
	return sameLayers("encoder", "encoder()", yours, func(encoder nn.Layer) autoencoder.Model {
		return autoencoder.Model{Encoder: encoder, Decoder: nn.Linear(3, 784)}
	}, []string{"Linear(784, 64)", "ReLU()", "Linear(64, 3)"}, func(got []string) string {
		switch {
		case len(got) == 2 && got[0] == "Linear(784, 64)" && got[1] == "Linear(64, 3)":
			return "without a ReLU between them, two Linear layers can do no more than one"
		case len(got) == 4 && got[3] == "ReLU()":
			return "a ReLU after the code leaves no negative numbers in it: leave the last one out"
		}
		return ""
	})
}

// sameLayers checks a function that returns an encoder or a decoder against the kinds of its layers, in order. whole builds
// a model for images of 28 x 28 pixels around that part. says may know what is wrong with a list.
func sameLayers(part, call string, yours func() nn.Layer, whole func(nn.Layer) autoencoder.Model, want []string, says func(got []string) string) error {
	var layer nn.Layer
	if err := attempt(call, func() { layer = yours() }); err != nil {
		return err
	}
	if layer == nil {
		return failf(call, " returns nil: return nn.Sequential(…) with the layers")
	}
	summary, err := whole(layer).Summary(28, 28, 1)
	if err != nil {
		if strings.Contains(err.Error(), stub) {
			return errNotWritten
		}
		return fmt.Errorf("exercise: the layers of %s do not fit: %s", call, strings.TrimPrefix(err.Error(), "autoencoder: "))
	}
	var got []string
	for _, l := range summary.Layers {
		if strings.HasPrefix(l.Name, part+".") || l.Name == part {
			got = append(got, l.Layer)
		}
	}
	if slices.Equal(got, want) {
		return nil
	}
	line := fmt.Sprintf("exercise: %s has the layers %s, but %s are right", call, strings.Join(got, ", "), strings.Join(want, ", "))
	if why := says(got); why != "" {
		line += ": " + why
	}
	return errors.New(line)
}

// Best checks a function that returns the epoch with the lowest test loss, counted from 1; of several, the first.
func Best(yours func(testLosses []float64) int) {
	report(best(yours), "The last epoch need not be the best one. If you choose an epoch by its test loss, judge the "+
		"network by other images in the end: those that chose the epoch are no longer a fair test.")
}

func best(yours func(testLosses []float64) int) error {
	for _, losses := range [][]float64{
		{0.1959, 0.1823, 0.1764, 0.1622, 0.1625},
		{0.3, 0.2, 0.1},
		{0.2, 0.1, 0.1, 0.3},
		{0.4},
	} {
		call := fmt.Sprintf("best(%v)", losses)
		got, err := number(call, func() float64 { return float64(yours(slices.Clone(losses))) })
		if err != nil {
			return err
		}
		lowest := slices.Min(losses)
		first := slices.Index(losses, lowest) + 1
		last := first
		for i, l := range losses {
			if l == lowest {
				last = i + 1
			}
		}
		if err := compare(call, got, float64(first),
			slip{float64(first - 1), "this is the index, which counts from 0; epochs count from 1"},
			slip{float64(slices.Index(losses, slices.Max(losses)) + 1), "this is the epoch with the highest loss"},
			slip{float64(last), "of equal losses, take the first: replace the best one only by a lower loss"},
			slip{float64(len(losses)), "this is the last epoch"},
			slip{0, "no loss is lower than 0: begin with the first loss, not with 0"},
		); err != nil {
			return err
		}
	}
	return nil
}
