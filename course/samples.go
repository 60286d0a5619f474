package course

import (
	"errors"
	"fmt"

	"autoencoders/autoencoder"
	"autoencoders/cell"
	"autoencoders/datasets"
	"autoencoders/measure"

	"github.com/gomlx/gomlx/core/tensors"
)

// A Sampler is a way to make new images.
type Sampler struct {
	Name   string                                   // what tables call it
	Sample func(n int, seed uint64) *datasets.Split // n images; labels are not needed
}

// Decoded returns the sampler that draws codes, float32 [n, d], and decodes them with the trained model m. draw may be the
// method Sample of a [measure.Mixture].
func Decoded(name string, m autoencoder.Model, draw func(n int, seed uint64) (*tensors.Tensor, error)) Sampler {
	return Sampler{name, func(n int, seed uint64) *datasets.Split {
		return &datasets.Split{Images: cell.Must(m.Decode(cell.Must(draw(n, seed))))}
	}}
}

// How many images ScoreSamples compares.
const (
	sampleDraws = 5      // draws of each kind
	fewSamples  = 100    // whose nearest training images are looked for
	testImages  = 100    // whose nearest samples are looked for
	manySamples = 1000   // among which
	references  = 10_000 // training images
)

// ScoreSamples compares new images with those of d in both directions, and shows a row for each sampler: how far a sample
// is from the nearest of 10,000 random training images, and how far a random test image is from the nearest of 1,000
// samples. The first distance is small if the samples look like the images of d; also for a blur, and for samples that are
// all alike. The second is small if the samples are as varied as the images of d. Both are squared distances, summed over the
// pixels (see [measure.ToNearest]): the [Spread] over five draws, each the mean of 100 images.
//
// The first row of the table has real images in place of samples: training images that are not among the 10,000.
func ScoreSamples(d Data, samplers ...Sampler) {
	table := cell.NewTable("images", "to the nearest training image", "from a test image to the nearest of them")
	cell.Check(scoreSamples(d, samplers, func(name string, to, from []float64) {
		table.Row(name, Spread(to), Spread(from))
	}))
}

// scoreSamples calls each with the distances of every sampler, real images first.
func scoreSamples(d Data, samplers []Sampler, each func(name string, to, from []float64)) error {
	train, test, err := halves(d)
	if err != nil {
		return fmt.Errorf("course: ScoreSamples: %w", err)
	}
	if len(samplers) == 0 {
		return errors.New("course: ScoreSamples: no samplers")
	}
	n := train.Images.Shape().Dimensions[0]
	some := train.Sample(min(n, references*3/2), 1)
	reference, rest := some.Range(0, min(references, n*2/3)), some.Range(min(references, n*2/3), n)
	for _, s := range append([]Sampler{{"real images", rest.Sample}}, samplers...) {
		if s.Sample == nil {
			return fmt.Errorf("course: ScoreSamples: the sampler %q has no function Sample", s.Name)
		}
		var to, from []float64
		for seed := range uint64(sampleDraws) {
			samples := s.Sample(manySamples, seed)
			a, err := measure.ToNearest(samples.Take(fewSamples).Images, reference.Images)
			if err != nil {
				return fmt.Errorf("course: ScoreSamples: %s: %w", s.Name, err)
			}
			b, err := measure.ToNearest(test.Sample(testImages, seed).Images, samples.Images)
			if err != nil {
				return fmt.Errorf("course: ScoreSamples: %s: %w", s.Name, err)
			}
			to, from = append(to, a), append(from, b)
		}
		each(s.Name, to, from)
	}
	return nil
}
