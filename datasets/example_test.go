package datasets_test

import (
	"bytes"
	"errors"
	"fmt"

	"autoencoders/datasets"
)

func Example() {
	digits := datasets.MNIST(datasets.Normalize(0.5, 0.5)) // pixels in [-1, 1]
	test := digits.Test()                                  // loads here, not before

	fmt.Println(test.Images.Shape())
	fmt.Println(test.Labels[:5])
	// Output:
	// (Float32)[10000, 28, 28, 1]
	// [7 2 1 0 4]
}

func ExampleSplit_Take() {
	few := datasets.MNIST().Test().Take(512)
	fmt.Println(few.Images.Shape(), len(few.Labels))
	// Output: (Float32)[512, 28, 28, 1] 512
}

func ExampleSplit_Range() {
	all := datasets.MNIST().Train()
	train := all.Range(0, 50_000)
	validation := all.Range(50_000, 60_000)
	fmt.Println(len(train.Labels), validation.Images.Shape(), validation.Labels[:5])
	// Output: 50000 (Float32)[10000, 28, 28, 1] [3 8 6 9 6]
}

func ExampleSplit_Only() {
	ones := datasets.MNIST().Test().Only(1)
	fmt.Println(len(ones.Labels), ones.Sample(3, 1).Labels)
	// Output: 1135 [1 1 1]
}

func ExampleNormalize() {
	digits := datasets.MNIST(datasets.Normalize(0.5, 0))
	fmt.Println(len(digits.Train().Labels))
	fmt.Println(digits.Err())
	// Output:
	// 0
	// datasets: Normalize(0.5, 0): std must be above 0 and both finite; Normalize(0.5, 0.5) gives pixels in [-1, 1]
}

func ExampleReadImages() {
	file := []byte{
		0, 0, 8, 3, // unsigned bytes, three dimensions
		0, 0, 0, 1, // one image
		0, 0, 0, 2, // of height 2
		0, 0, 0, 2, // and width 2
		0, 255, 255, 0,
	}
	images, err := datasets.ReadImages(bytes.NewReader(file))
	fmt.Println(images.Shape(), err)

	_, err = datasets.ReadImages(bytes.NewReader(file[:18]))
	fmt.Println(err)
	if format, ok := errors.AsType[*datasets.FormatError](err); ok {
		fmt.Println("the fault is in the", format.Field)
	}
	// Output:
	// (Float32)[1, 2, 2, 1] <nil>
	// datasets: not a good IDX file: data: unexpected EOF
	// the fault is in the data
}
