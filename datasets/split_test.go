package datasets

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"autoencoders/internal/faults"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // "go"
	"github.com/gomlx/gomlx/core/tensors"
)

// numbered returns n images of 2x1 pixels: image i has the pixels i and -i, and
// the label i.
func numbered(n int) *Split {
	s := &Split{Images: newImages([]int{n, 2, 1, 1})}
	fill(s.Images, func(flat []float32) {
		for i := range n {
			flat[2*i], flat[2*i+1] = float32(i), float32(-i)
			s.Labels = append(s.Labels, uint8(i))
		}
	})
	return s
}

func TestRange(t *testing.T) {
	all := numbered(5)
	for _, c := range []struct {
		got    *Split
		labels []uint8
	}{
		{all.Range(0, 5), []uint8{0, 1, 2, 3, 4}},
		{all.Range(1, 3), []uint8{1, 2}},
		{all.Range(4, 5), []uint8{4}},
		{all.Range(3, 1<<62), []uint8{3, 4}}, // ends where the images end
		{all.Take(1), []uint8{0}},
		{all.Take(4), []uint8{0, 1, 2, 3}},
		{all.Take(1 << 62), []uint8{0, 1, 2, 3, 4}},
		{all.Range(1, 4).Range(1, 3), []uint8{2, 3}},
		{all.Only(3), []uint8{3}},
		{all.Sample(1<<62, 1).Only(4), []uint8{4}},
	} {
		if !slices.Equal(c.got.Labels, c.labels) {
			t.Errorf("labels %v, want %v", c.got.Labels, c.labels)
		}
		var want []float32
		for _, i := range c.labels {
			want = append(want, float32(i), -float32(i))
		}
		if got := tensors.MustCopyFlatData[float32](c.got.Images); !slices.Equal(got, want) {
			t.Errorf("pixels %v, want %v", got, want)
		}
		if got, want := c.got.Images.Shape().Dimensions, []int{len(c.labels), 2, 1, 1}; !slices.Equal(got, want) {
			t.Errorf("shape %v, want %v", got, want)
		}
	}
}

// Training and validation images are together what they were cut from.
func TestRangesMeet(t *testing.T) {
	all := MNIST().Test()
	train, validation := all.Range(0, 9_000), all.Range(9_000, 10_000)
	pixels := tensors.MustCopyFlatData[float32]
	if !slices.Equal(slices.Concat(pixels(train.Images), pixels(validation.Images)), pixels(all.Images)) {
		t.Error("other pixels")
	}
	if !slices.Equal(slices.Concat(train.Labels, validation.Labels), all.Labels) {
		t.Error("other labels")
	}
}

func TestImagesWithoutLabels(t *testing.T) {
	s := &Split{Images: numbered(5).Images}
	got := s.Range(1, 3)
	if n := got.Images.Shape().Dim(0); n != 2 || got.Labels != nil {
		t.Errorf("%d images with labels %v, want 2 with none", n, got.Labels)
	}
}

func TestOnlyTakesTheImagesWithALabel(t *testing.T) {
	test := MNIST().Test()
	n := 0
	for label := range uint8(10) {
		only := test.Only(label)
		n += len(only.Labels)
		if slices.ContainsFunc(only.Labels, func(l uint8) bool { return l != label }) || only.Images.Shape().Dim(0) != len(only.Labels) {
			t.Errorf("Only(%d) has other images", label)
		}
	}
	if n != len(test.Labels) {
		t.Errorf("the ten labels have %d images, want %d", n, len(test.Labels))
	}
	// The published test set begins 7 2 1 0 4 1 4 9 5 9 0 6 9 0 1 5 9 7: the second 7 is image 17.
	sevens, pixels := test.Only(7), tensors.MustCopyFlatData[float32]
	if !slices.Equal(pixels(sevens.Take(2).Images)[784:], pixels(test.Range(17, 18).Images)) {
		t.Error("the second 7 is another image")
	}
}

func TestSampleTakesEachImageOnce(t *testing.T) {
	all := numbered(100)
	everything := all.Sample(1000, 1).Labels
	if slices.Equal(everything, all.Labels) {
		t.Error("the order is not random")
	}
	slices.Sort(everything)
	if !slices.Equal(everything, all.Labels) {
		t.Errorf("a sample of all holds %v", everything)
	}
	some := all.Sample(10, 1)
	if again := all.Sample(10, 1); !some.Images.Equal(again.Images) || !slices.Equal(some.Labels, again.Labels) {
		t.Error("one seed gives two samples")
	}
	if other := all.Sample(10, 2); slices.Equal(some.Labels, other.Labels) {
		t.Error("another seed gives the same sample")
	}
	pixels := tensors.MustCopyFlatData[float32](some.Images)
	for i, label := range some.Labels {
		if pixels[2*i] != float32(label) || pixels[2*i+1] != -float32(label) {
			t.Errorf("image %d has the label of another one", i)
		}
	}
}

// Each image is as likely as any other. Of 2,000 samples of 3 of 10 images an image is in 600, give or take 20.
func TestSampleIsFair(t *testing.T) {
	all := numbered(10)
	var count [10]int
	for seed := range uint64(2000) {
		for _, label := range all.Sample(3, seed).Labels {
			count[label]++
		}
	}
	for i, n := range count {
		if n < 520 || n > 680 { // four standard deviations
			t.Errorf("image %d is in %d samples of 2000", i, n)
		}
	}
}

// Whoever is given the images of no range learns which one it was.
func TestRangeOfNothing(t *testing.T) {
	all := numbered(5)
	for _, c := range []struct {
		got  *Split
		want string
	}{
		{all.Take(0), "Take(0): asks for no images"},
		{all.Take(-1), "Take(-1): asks for no images"},
		{all.Range(2, 2), "Range(2, 2): asks for no images"},
		{all.Range(3, 2), "Range(3, 2): asks for no images"},
		{all.Range(-2, 5), "Range(-2, 5): the first index must be at least 0"},
		{all.Range(5, 6), "Range(5, 6): there are only 5 images"},
		{all.Only(7), "Only(7): none of the 5 images has this label"},
		{(&Split{Images: all.Images}).Only(3), "Only(3): the images have no labels"},
		{all.Sample(0, 1), "Sample(0): asks for no images"},
		{all.Sample(-3, 1), "Sample(-3): asks for no images"},
	} {
		call, _, _ := strings.Cut(c.want, ":")
		seen := wantNone(t, c.got, "datasets: "+c.want)
		faults.Row(t, call+" of a Split of 5 images", seen, "the images it was to be cut from")
	}
}

// A copy stays usable, whatever happens to the original.
func TestRangeIsACopy(t *testing.T) {
	all := numbered(5)
	some := all.Range(1, 4)
	some.Labels[0] = 99
	_ = append(some.Labels, 98)
	if !slices.Equal(all.Labels, []uint8{0, 1, 2, 3, 4}) {
		t.Error("writing to the copy's labels changed the original's:", all.Labels)
	}
	fill(some.Images, func(flat []float32) { flat[0] = 99 })
	if got := tensors.MustCopyFlatData[float32](all.Images)[2]; got != 1 {
		t.Error("writing to the copy's pixels changed the original's:", got)
	}
	all.Images.MustFinalizeAll()
	if got := tensors.MustCopyFlatData[float32](some.Take(1).Images); !slices.Equal(got, []float32{99, -1}) {
		t.Error("the copy went with the original:", got)
	}
	seen := wantNone(t, all.Take(1), "datasets: Take(1): the images of the Split are no longer there: their tensor was finalized")
	faults.Row(t, "Take of images whose tensor was finalized", seen, "what was taken before")
}

func TestRangeOfABadSplit(t *testing.T) {
	var none *Split
	short := numbered(5)
	short.Labels = short.Labels[:3]
	for _, c := range []struct {
		split *Split
		want  string
	}{
		{none, "the Split is nil"},
		{&Split{}, "the images of the Split are missing: the tensor is nil"},
		{&Split{Labels: []uint8{1}}, "the images of the Split are missing: the tensor is nil"},
		{&Split{Images: tensors.FromValue([]float64{1, 2})}, "the images of the Split are Float64, not float32"},
		{&Split{Images: tensors.FromValue(float32(1))}, "the images of the Split are a single number"},
		{short, "the Split has 5 images, but 3 labels"},
	} {
		wantNone(t, c.split.Take(2), "datasets: Take(2): "+c.want)
		wantNone(t, c.split.Range(1, 2), "datasets: Range(1, 2): "+c.want)
		wantNone(t, c.split.Only(1), "datasets: Only(1): "+c.want)
		wantNone(t, c.split.Sample(1, 2), "datasets: Sample(1): "+c.want)
	}
}

// The first reason is the one that helps: it is handed on unchanged.
func TestRangeHandsAReasonOn(t *testing.T) {
	s := failed(errors.New("datasets: the disk is gone"))
	for _, got := range []*Split{s, s.Take(3), s.Range(1, 2), s.Take(3).Range(0, 1), s.Take(0), s.Only(1), s.Sample(2, 1)} {
		wantNone(t, got, "datasets: the disk is gone")
	}
	wantNone(t, numbered(3).Take(0).Take(2), "datasets: Take(0): asks for no images")
}

// A tensor whose only copy lies on a device that was closed cannot be read.
func TestRangeHandsAReadErrorOn(t *testing.T) {
	backend, err := compute.NewWithConfig("go")
	if err != nil {
		t.Fatal(err)
	}
	s := numbered(3)
	s.Images.MustMaterializeOnDevice(backend, false, 0)
	s.Images.FinalizeLocal()
	backend.Finalize()
	seen := wantNone(t, s.Take(2), "datasets: Take(2): reading the images: ")
	faults.Row(t, "Take of images on a device that was closed", seen, "the labels")
}
