package course

import (
	"fmt"

	"autoencoders/autoencoder"
	"autoencoders/cell"
	"autoencoders/measure"
)

// Units says how many units of a layer are alive.
type Units struct {
	Layer    string // its name in Summary: encoder.1
	Live, Of int
}

// LiveUnits returns for each ReLU layer of the trained model m how many of its units are alive, in the order of its Summary:
// above 0 for at least one of the test images of d. A unit that is 0 for all of them is dead. In a convolutional layer a unit
// is a channel, alive if it is above 0 anywhere in an image.
func LiveUnits(m autoencoder.Model, d Data) []Units { return cell.Must(liveUnits(m, d)) }

func liveUnits(m autoencoder.Model, d Data) ([]Units, error) {
	test, err := testHalf(d)
	if err != nil {
		return nil, fmt.Errorf("course: LiveUnits: %w", err)
	}
	summary, err := m.Summary(imageShape(test.Images))
	if err != nil {
		return nil, err
	}
	net, err := m.Open()
	if err != nil {
		return nil, err
	}
	defer net.Close()
	var all []Units
	for _, l := range summary.Layers {
		if l.Layer != "ReLU()" {
			continue
		}
		activations, err := net.Activation(test.Images, l.Name)
		if err != nil {
			return nil, err
		}
		live, err := measure.LiveUnits(activations)
		if err != nil {
			return nil, err
		}
		all = append(all, Units{l.Name, live, l.Output[len(l.Output)-1]})
		activations.FinalizeAll()
	}
	return all, nil
}
