package autoencoder_test

import (
	"math"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/datasets"

	"github.com/gomlx/gomlx/core/tensors"
)

func TestDenoisingIsTheReferenceNet(t *testing.T) {
	s, err := autoencoder.Denoising(t.TempDir(), 32).Summary(28, 28, 1)
	if err != nil {
		t.Fatal(err)
	}
	// 100480 + 8256 + 2080, and 2112 + 8320 + 101136.
	if s.Parameters != 222384 {
		t.Errorf("%d parameters", s.Parameters)
	}
}

// Each epoch draws new noise, and a resumed run draws the noise that the uninterrupted run would have drawn.
func TestDenoisingResumesToTheLastBit(t *testing.T) {
	long(t)
	mnist := datasets.MNIST(datasets.Normalize(0.5, 0.5))
	train, test := mnist.Train().Take(600).Images, mnist.Test().Take(200).Images
	c := autoencoder.Tutorial()
	c.Epochs = 3
	convolutional := func(dir string, latent int) autoencoder.Model {
		m := autoencoder.Convolutional(dir, latent)
		m.Corrupt = nn.Noise(0.5)
		return m
	}
	for name, of := range map[string]func(dir string, latent int) autoencoder.Model{"linear": autoencoder.Denoising, "convolutional": convolutional} {
		t.Run(name, func(t *testing.T) {
			whole, stopped := of(t.TempDir(), 8), of(t.TempDir(), 8)
			for _, err := range whole.Train(train, test, c) {
				if err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				for _, err := range stopped.Train(train, test, c) {
					if err != nil {
						t.Fatal(err)
					}
					break
				}
			}
			want, err := whole.Evaluate(test)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := stopped.Evaluate(test); err != nil || got != want {
				t.Errorf("stopped twice it has %v (%v), uninterrupted %v", got, err, want)
			}
			history, err := stopped.History()
			if err != nil || len(history) != 3 || history[2].TestLoss != want {
				t.Errorf("the history is %+v (%v), Evaluate gives %v", history, err, want)
			}
		})
	}
}

// Corrupted gives the images that Evaluate scores. 1,100 images are two batches, the second one padded.
func TestCorruptedIsWhatEvaluateSees(t *testing.T) {
	for name, corrupt := range map[string]nn.Layer{"Gaussian": nn.Noise(0.5), "salt and pepper": nn.SaltPepper(0.2)} {
		m, images := small(t.TempDir()), blobs(1100, 3)
		m.Corrupt = corrupt
		noisy, err := m.Corrupted(images) // before there are weights
		if err != nil {
			t.Fatal(err)
		}
		mustRun(t, m, recipe(1))
		y, err := m.Reconstruct(noisy)
		if err != nil {
			t.Fatal(err)
		}
		want, err := m.Evaluate(images)
		if err != nil {
			t.Fatal(err)
		}
		if got := meanSquare(y, images); math.Abs(got-want) > 1e-6 {
			t.Errorf("%s: reconstructed from Corrupted the error is %v, Evaluate says %v", name, got, want)
		}
		if again, err := m.Corrupted(images); err != nil || !again.Equal(noisy) {
			t.Errorf("%s: the second call gives other noise (%v)", name, err)
		}
	}
}

func meanSquare(x, y *tensors.Tensor) (mean float64) {
	a, b := tensors.MustCopyFlatData[float32](x), tensors.MustCopyFlatData[float32](y)
	for i := range a {
		mean += math.Pow(float64(a[i])-float64(b[i]), 2) / float64(len(a))
	}
	return mean
}

// Over 10,000 images, ten batches, the mean square of Gaussian noise is its variance, and there are as many
// white pixels of salt as black ones of pepper.
func TestCorruptedHasTheNoiseThatWasAskedFor(t *testing.T) {
	grey := tensors.FromFlatDataAndDimensions(make([]float32, 10000*64), 10000, 8, 8, 1)
	gaussian, err := autoencoder.Model{Corrupt: nn.Noise(0.5)}.Corrupted(grey)
	if err != nil {
		t.Fatal(err)
	}
	if v := meanSquare(gaussian, grey); math.Abs(v-0.25) > 0.003 { // its standard error is .00044
		t.Errorf("the variance is %v", v)
	}
	v := tensors.MustCopyFlatData[float32](gaussian)
	for i := range 1000 * 64 {
		if v[i] == v[1000*64+i] {
			t.Fatal("two batches have the same noise")
		}
	}
	pepper, err := autoencoder.Model{Corrupt: nn.SaltPepper(0.2)}.Corrupted(grey)
	if err != nil {
		t.Fatal(err)
	}
	var share, mean float64
	for _, x := range tensors.MustCopyFlatData[float32](pepper) {
		if x != 0 && x != 1 && x != -1 {
			t.Fatalf("salt and pepper made %v of 0", x)
		}
		share, mean = share+math.Abs(float64(x))/640000, mean+float64(x)/640000
	}
	if math.Abs(share-0.2) > 0.003 || math.Abs(mean) > 0.003 {
		t.Errorf("salt and pepper hit %v, mean %v", share, mean)
	}
}

func TestCorruptedWithoutNoiseAndWithBadArguments(t *testing.T) {
	clean, err := autoencoder.Model{}.Corrupted(test)
	if err != nil || !clean.Equal(test) {
		t.Errorf("without Corrupt the images change (%v)", err)
	}
	_, err = autoencoder.Model{Corrupt: nn.Noise(-1)}.Corrupted(test)
	wantLine(t, err, "nn: Noise(-1)")
	_, err = autoencoder.Model{Corrupt: nn.Noise(0.5)}.Corrupted(nil)
	wantLine(t, err, "the images are missing")
}
