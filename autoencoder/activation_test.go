package autoencoder_test

import (
	"path/filepath"
	"slices"
	"testing"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"

	"github.com/gomlx/gomlx/core/tensors"
)

func activation(t *testing.T, m autoencoder.Model, x *tensors.Tensor, layer string) *tensors.Tensor {
	t.Helper()
	y, err := m.Activation(x, layer)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// Computed by hand from the exported weights: y = max(0, x·Wᵀ + b).
func TestActivationIsTheLayersOutput(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	mustRun(t, m, recipe(2))
	_, store := withWeights(t, m)
	weight := tensors.MustCopyFlatData[float32](store.GetVariable("/encoder/0/weight").MustValue())
	bias := tensors.MustCopyFlatData[float32](store.GetVariable("/encoder/0/bias").MustValue())
	pixels := tensors.MustCopyFlatData[float32](train)
	var linear, relu []float32
	for i := range 500 {
		for o := range 16 {
			y := float64(bias[o])
			for p := range 64 {
				y += float64(weight[64*o+p]) * float64(pixels[64*i+p])
			}
			linear, relu = append(linear, float32(y)), append(relu, float32(max(y, 0)))
		}
	}
	near(t, "encoder.0", activation(t, m, train, "encoder.0"), tensors.FromFlatDataAndDimensions(linear, 500, 16), 1e-5)
	near(t, "encoder.1", activation(t, m, train, "encoder.1"), tensors.FromFlatDataAndDimensions(relu, 500, 16), 1e-5)
}

// The last layer of the encoder gives what Encode gives, and that of the decoder what Reconstruct gives,
// which has the shape of images. 500 images are more than one batch.
func TestActivationOfTheLastLayers(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	mustRun(t, m, recipe(2))
	z, errZ := m.Encode(train)
	y, errY := m.Reconstruct(train)
	if errZ != nil || errY != nil {
		t.Fatal(errZ, errY)
	}
	if got := activation(t, m, train, "encoder.2"); !got.Equal(z) {
		t.Error("encoder.2 is not what Encode gives")
	}
	last := activation(t, m, train, "decoder.3")
	if got := last.Shape().Dimensions; !slices.Equal(got, []int{500, 64}) {
		t.Errorf("decoder.3 gives %v", got)
	}
	if !slices.Equal(tensors.MustCopyFlatData[float32](last), tensors.MustCopyFlatData[float32](y)) {
		t.Error("decoder.3 is not what Reconstruct gives")
	}
	o := mustOpen(t, m)
	few, err := o.Activation(part(train, 3, 5), "decoder.3")
	if err != nil || !few.Equal(part(last, 3, 5)) {
		t.Errorf("the output for an image depends on the other images: %v", err)
	}
}

// The layer before Reparameterize gives mu and logvar side by side, and Reparameterize gives mu.
func TestActivationOfAVariationalModel(t *testing.T) {
	m := variational(filepath.Join(t.TempDir(), "model"), 2, 1)
	mustTrain(t, m, adam(2))
	mu, logvar, err := m.Posterior(unit(test))
	if err != nil {
		t.Fatal(err)
	}
	both := tensors.MustCopyFlatData[float32](activation(t, m, unit(test), "encoder.2"))
	m1, l1 := tensors.MustCopyFlatData[float32](mu), tensors.MustCopyFlatData[float32](logvar)
	for i := range 100 {
		if want := []float32{m1[2*i], m1[2*i+1], l1[2*i], l1[2*i+1]}; !slices.Equal(both[4*i:4*i+4], want) {
			t.Fatalf("encoder.2 gives %v for image %d, but its posterior is %v", both[4*i:4*i+4], i, want)
		}
	}
	if got := activation(t, m, unit(test), "encoder.3"); !got.Equal(mu) {
		t.Error("encoder.3 is not mu")
	}
}

// Convolutions give images, channels last.
func TestActivationOfConvolutions(t *testing.T) {
	m := autoencoder.Model{
		Dir:     filepath.Join(t.TempDir(), "model"),
		Encoder: nn.Sequential(nn.Conv2d(1, 3, 3, nn.Stride(2), nn.Padding(1)), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)),
		Decoder: nn.Linear(2, 64),
	}
	mustRun(t, m, recipe(1))
	maps := activation(t, m, test, "encoder.1")
	if got := maps.Shape().Dimensions; !slices.Equal(got, []int{100, 4, 4, 3}) {
		t.Fatalf("encoder.1 gives %v", got)
	}
	flat := tensors.MustCopyFlatData[float32](activation(t, m, test, "encoder.2")) // PyTorch's order
	last := tensors.MustCopyFlatData[float32](maps)
	for i := range 100 * 16 {
		for c := range 3 {
			if a, b := last[3*i+c], flat[i/16*48+16*c+i%16]; a != b {
				t.Fatalf("pixel %d of channel %d is %v, flattened %v", i, c, a, b)
			}
		}
	}
	if got := activation(t, m, test, "decoder").Shape().Dimensions; !slices.Equal(got, []int{100, 64}) {
		t.Errorf("a decoder of one layer gives %v", got)
	}
}

// Outside of training a dropout passes its input on. It is a layer of the caller's own.
func TestActivationOfADropout(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	m.Encoder = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), dropout, nn.Linear(16, 2))
	mustRun(t, m, recipe(1))
	if a, b := activation(t, m, test, "encoder.1"), activation(t, m, test, "encoder.2"); !a.Equal(b) {
		t.Error("the dropout changed its input")
	}
}

func TestActivationRefuses(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	_, err := m.Activation(test, "encoder.0")
	wantLine(t, err, "no trained weights")
	mustRun(t, m, recipe(1))
	for _, name := range []string{"encoder.9", "encoder", "loss", ""} {
		_, err = m.Activation(test, name)
		wantLine(t, err, `there is no layer "`+name+`": the model has encoder.0, encoder.1, encoder.2, decoder.0, decoder.1, decoder.2, decoder.3`)
	}
	_, err = m.Activation(part(blobs(4, 1), 0, 0), "encoder.0")
	wantLine(t, err, "the images are empty")
}
