package course

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/nn"
	"autoencoders/cell"
	"autoencoders/images"
	"autoencoders/internal/input"
	"autoencoders/measure"
	"autoencoders/plots"

	"github.com/gomlx/gomlx/core/tensors"
)

// A Method is a way to remove noise from images.
type Method struct {
	Name    string                                      // what tables and figures call it
	Denoise func(noisy *tensors.Tensor) *tensors.Tensor // float32 [n, height, width, channels] to the same shape
}

// Net returns the method that reconstructs images with the trained model m.
func Net(name string, m autoencoder.Model) Method {
	return Method{name, func(x *tensors.Tensor) *tensors.Tensor { return cell.Must(m.Reconstruct(x)) }}
}

// UnitNet returns the method that reconstructs images in [-1, 1] with a trained model for pixels in [0, 1], as the variational
// ones are: it moves the images into that range and the reconstructions back.
func UnitNet(name string, m autoencoder.Model) Method {
	return Method{name, func(x *tensors.Tensor) *tensors.Tensor {
		return images.Scale(cell.Must(m.Reconstruct(images.Scale(x, 0.5, 0.5))), 2, -1)
	}}
}

// Quality is how well a method restores images: the means of three measures over the images.
type Quality struct {
	MSE  float64 // mean squared error, lower is better; see [measure.MSE]
	PSNR float64 // peak signal-to-noise ratio in decibels, higher is better; see [measure.PSNR]
	SSIM float64 // structural similarity, 1 for equal images; see [measure.SSIM]
}

// Score adds noise to the images clean, float32 [n, height, width, channels], lets each method remove it, and shows a table
// of what is left: a row of [Quality] for each method. The noise is that of [autoencoder.Model.Corrupted], the same at every
// call; nil adds none.
//
// Before they are measured, results are clipped to the range of pixels: [-1, 1] if any number of clean is negative, and
// otherwise [0, 1].
func Score(clean *tensors.Tensor, noise nn.Layer, methods ...Method) {
	table := cell.NewTable("method", "MSE", "PSNR, dB", "SSIM")
	cell.Check(score(clean, noise, methods, func(name string, q Quality) {
		table.Row(name, q.MSE, fmt.Sprintf("%.2f", q.PSNR), fmt.Sprintf("%.3f", q.SSIM))
	}))
}

// Scores returns what [Score] shows, for each of the methods.
func Scores(clean *tensors.Tensor, noise nn.Layer, methods ...Method) []Quality {
	var all []Quality
	cell.Check(score(clean, noise, methods, func(_ string, q Quality) { all = append(all, q) }))
	return all
}

// Look returns a figure of images with noise on them, what each method makes of these, and the images as they were, a row
// each. At the right of a row stands its mean PSNR, in decibels, over the images of the figure; the methods are sorted by it,
// so that the best one stands above the clean images. The noise is that of [Score]; if it is nil, the first row is left out.
func Look(images *tensors.Tensor, noise nn.Layer, title string, methods ...Method) *plots.Figure {
	rows, err := look(images, noise, methods)
	cell.Check(err)
	var pictures []*tensors.Tensor
	var names, notes []string
	for _, r := range rows {
		pictures, names, notes = append(pictures, r.images), append(names, r.name), append(notes, r.note())
	}
	return plots.Grid(pictures, plots.RowNames(names...), plots.RowNotes(notes...), plots.Title(title))
}

// score calls each with the quality of every method.
func score(clean *tensors.Tensor, noise nn.Layer, methods []Method, each func(name string, q Quality)) error {
	noisy, err := corrupted(clean, noise, methods)
	if err != nil {
		return fmt.Errorf("course: Score: %w", err)
	}
	black := lowest(clean)
	for _, m := range methods {
		q, err := compare(m.Denoise(noisy), clean, black)
		if err != nil {
			return fmt.Errorf("course: Score: %s: %w", m.Name, err)
		}
		each(m.Name, q)
	}
	return nil
}

// compare returns the quality of images y with pixels from black to 1, beside the clean ones.
func compare(y, clean *tensors.Tensor, black float32) (q Quality, err error) {
	if y, err = measure.Clip(y, black, 1); err != nil {
		return q, err
	}
	white := float64(1 - black)
	if q.MSE, err = measure.MSE(y, clean); err != nil {
		return q, err
	}
	if q.PSNR, err = measure.PSNR(y, clean, white); err != nil {
		return q, err
	}
	q.SSIM, err = measure.SSIM(y, clean, white)
	return q, err
}

// A shown row of the figure of Look has a PSNR, which is infinite for the clean images.
type shown struct {
	name   string
	images *tensors.Tensor
	psnr   float64
}

// note returns what stands at the right of the row.
func (s shown) note() string {
	if math.IsInf(s.psnr, 1) {
		return ""
	}
	return fmt.Sprintf("%.1f dB", s.psnr)
}

// look returns the rows of the figure of Look.
func look(images *tensors.Tensor, noise nn.Layer, methods []Method) (rows []shown, err error) {
	noisy, err := corrupted(images, noise, methods)
	if err != nil {
		return nil, fmt.Errorf("course: Look: %w", err)
	}
	black := lowest(images)
	add := func(name string, y *tensors.Tensor) error {
		clipped, err := measure.Clip(y, black, 1)
		if err != nil {
			return fmt.Errorf("course: Look: %s: %w", name, err)
		}
		psnr, err := measure.PSNR(clipped, images, float64(1-black))
		if err != nil {
			return fmt.Errorf("course: Look: %s: %w", name, err)
		}
		rows = append(rows, shown{name, y, psnr})
		return nil
	}
	first := 0
	if noise != nil {
		if err := add("noisy", noisy); err != nil {
			return nil, err
		}
		first = 1
	}
	for _, m := range methods {
		if err := add(m.Name, m.Denoise(noisy)); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(rows[first:], func(a, b shown) int { return cmp.Compare(a.psnr, b.psnr) })
	return append(rows, shown{"clean", images, math.Inf(1)}), nil
}

// corrupted returns images with noise, for methods that are all there.
func corrupted(images *tensors.Tensor, noise nn.Layer, methods []Method) (*tensors.Tensor, error) {
	if len(methods) == 0 {
		return nil, errors.New("no methods")
	}
	for _, m := range methods {
		if m.Denoise == nil {
			return nil, fmt.Errorf("the method %q has no function Denoise", m.Name)
		}
	}
	if err := input.Check("the images", images); err != nil {
		return nil, err
	}
	return autoencoder.Model{Corrupt: noise}.Corrupted(images)
}

// lowest returns the value of black in images: -1 if any number is negative, and otherwise 0.
func lowest(images *tensors.Tensor) (black float32) {
	tensors.MustConstFlatData(images, func(pixels []float32) {
		for _, v := range pixels {
			if v < 0 {
				black = -1
				return
			}
		}
	})
	return black
}
