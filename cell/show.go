package cell

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

const mimeVegaLite protocol.MIMEType = "application/vnd.vegalite.v5+json"

// Show displays a figure, which writes itself as a PNG: one of package plots, or of your own. Outside a notebook it writes
// the PNG into the current folder, in a file that is named after the title, and prints the file's name. An error goes
// through [Check].
//
// A figure says more about itself with these methods, all of them optional:
//
//	Title() string              // what is shown where pictures cannot be, and the name of the file
//	Alt() string                // what is seen, in words, for those who cannot see it: the alt text in the notebook's metadata
//	Size() (width, height int)  // in CSS pixels; without it the picture is as large as the PNG has pixels
//	VegaLite() []byte           // a specification as JSON, which JupyterLab shows in place of the PNG
func Show(figure io.WriterTo) { Check(show(figure)) }

func show(figure io.WriterTo) error {
	f, err := render(figure)
	if err != nil {
		return err
	}
	if gonbui.IsNotebook {
		return f.send("", true)
	}
	return f.save()
}

// A picture is a figure as it was rendered.
type picture struct {
	figure        io.WriterTo
	png           []byte
	title         string
	width, height int // in CSS pixels
}

func render(figure io.WriterTo) (picture, error) {
	if figure == nil {
		return picture{}, errors.New("cell: Show: no figure (nil)")
	}
	var b bytes.Buffer
	if _, err := figure.WriteTo(&b); err != nil {
		return picture{}, err
	}
	f := picture{figure: figure, png: b.Bytes(), title: "figure"}
	if t, ok := figure.(interface{ Title() string }); ok && t.Title() != "" {
		f.title = t.Title()
	}
	if s, ok := figure.(interface{ Size() (width, height int) }); ok {
		f.width, f.height = s.Size()
		return f, nil
	}
	config, err := png.DecodeConfig(bytes.NewReader(f.png))
	if err != nil {
		return picture{}, fmt.Errorf("cell: Show: what the figure writes is no PNG: %w", err)
	}
	f.width, f.height = config.Width, config.Height
	return f, nil
}

// send displays the picture in slot id, or as a new display if id is empty.
func (f picture) send(id string, interactive bool) error {
	data := map[protocol.MIMEType]any{
		protocol.MIMEImagePNG:  f.png,
		protocol.MIMETextPlain: f.title,
	}
	if v, ok := f.figure.(interface{ VegaLite() []byte }); ok && interactive {
		if spec := v.VegaLite(); spec != nil {
			var object map[string]any
			if err := json.Unmarshal(spec, &object); err != nil {
				return fmt.Errorf("cell: Show: the figure's Vega-Lite specification: %w", err)
			}
			data[mimeVegaLite] = object
		}
	}
	metadata := map[string]any{"width": f.width, "height": f.height}
	if a, ok := f.figure.(interface{ Alt() string }); ok && a.Alt() != "" {
		metadata["alt"] = a.Alt()
	}
	display(id, data, map[string]any{string(protocol.MIMEImagePNG): metadata})
	return nil
}

// save writes the picture's file and prints its name.
func (f picture) save() error {
	if err := f.write(); err != nil {
		return err
	}
	fmt.Println(f.file())
	return nil
}

func (f picture) write() error {
	if err := os.WriteFile(f.file(), f.png, 0o644); err != nil {
		return fmt.Errorf("cell: %w", err)
	}
	return nil
}

func (f picture) file() string { return slug(f.title) + ".png" }

// slug returns the file name for a title: latent-space-10-epochs for "Latent space, 10 epochs".
func slug(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if len(words) == 0 {
		return "figure"
	}
	return strings.Join(words, "-")
}
