package datasets

import (
	"slices"
	"testing"
)

func TestMNISTFirstLabels(t *testing.T) {
	d := MNIST()
	if got := d.Train().Labels[:5]; !slices.Equal(got, []uint8{5, 0, 4, 1, 9}) {
		t.Errorf("train labels begin %v", got)
	}
	if got := d.Test().Labels[:5]; !slices.Equal(got, []uint8{7, 2, 1, 0, 4}) {
		t.Errorf("test labels begin %v", got)
	}
	if s := d.Train().Images.Shape().String(); s != "(Float32)[60000, 28, 28, 1]" {
		t.Error(s)
	}
}

func BenchmarkLoadTrain(b *testing.B) {
	for b.Loop() {
		MNIST(Normalize(0.5, 0.5)).Train()
	}
}

func BenchmarkLoadTest(b *testing.B) {
	for b.Loop() {
		MNIST(Normalize(0.5, 0.5)).Test()
	}
}
