package plots

import (
	"bytes"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"autoencoders/internal/faults"

	"github.com/gomlx/gomlx/core/tensors"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// The typeface of the figures lacks these two; the Go font has them, and no Chinese.
const union, ninth = "∪", "⁹"

// install makes a folder of these files the only place with fonts, until the test ends.
func install(t *testing.T, files map[string][]byte) {
	t.Helper()
	folder := t.TempDir()
	for name, b := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := system
	system = &fallback{folders: []string{filepath.Join(folder, "not there"), folder}}
	t.Cleanup(func() { system = before })
}

// collection returns a TrueType collection of one font: the table offsets are those of the file, 16 bytes on.
func collection(font []byte) []byte {
	const header = 16
	c := append([]byte("ttcf\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x10"), font...)
	for i := range int(font[4])<<8 | int(font[5]) {
		at := c[header+12+16*i+8:][:4]
		offset := uint32(at[0])<<24 | uint32(at[1])<<16 | uint32(at[2])<<8 | uint32(at[3])
		offset += header
		at[0], at[1], at[2], at[3] = byte(offset>>24), byte(offset>>16), byte(offset>>8), byte(offset)
	}
	return c
}

// withTexts are figures with s in each place for a text.
func withTexts(s string) map[string]*Figure {
	plane := Plane{X0: 0, X1: 1, Y0: 0, Y1: 1, N: 2}
	labels := []uint8{0, 1, 0}
	return map[string]*Figure{
		"Images: title":                Images(shades(2), Title(s)),
		"Images: caption":              Images(shades(2), Captions(s, "b")),
		"Images: label":                Images(shades(2), Captions([]uint8{0, 1}), Labels(s)),
		"Pairs: row name":              Pairs(shades(2), shades(2), RowNames(s, "b")),
		"Grid: row name":               Grid([]*tensors.Tensor{shades(2)}, RowNames(s)),
		"Scatter: title":               Scatter(threePoints(), nil, Title(s)),
		"Scatter: axis x":              Scatter(threePoints(), nil, Axes(s, "y")),
		"Scatter: axis y":              Scatter(threePoints(), nil, Axes("x", s)),
		"Scatter: label":               Scatter(threePoints(), labels, Labels(s)),
		"Curve: line":                  Curve(Line(s, []float64{1, 2})),
		"Curve: tick":                  Curve(Line("a", []float64{1, 2}), Ticks(s, "b")),
		"Images: column":               Images(shades(2), ColumnNames(s, "b")),
		"Images: note":                 Images(shades(2), RowNotes(s)),
		"Curve: mark":                  Curve(Line("a", []float64{1, 2}), Marks(s, "b")),
		"Curve: baseline":              Curve(Line("a", []float64{1, 2}), Baseline(s, 1)),
		"Arrows: title":                Arrows(threePoints(), threePoints(), labels, Title(s)),
		"Arrows: label":                Arrows(threePoints(), threePoints(), labels, Labels(s)),
		"Histogram: title":             Histogram(Values("a", []float64{1}), Title(s)),
		"Histogram: set":               Histogram(Values(s, []float64{1})),
		"Bars: title":                  Bars([]string{"a"}, Part("a", []float64{1}), Title(s)),
		"Bars: name":                   Bars([]string{s}, Part("a", []float64{1})),
		"Bars: part":                   Bars([]string{"a"}, Part(s, []float64{1})),
		"Network: title":               Network([]string{"name", "layer", "output", "parameters"}, [][]string{{"a", "Linear(2, 2)", "2", "6"}}, Title(s)),
		"Network: layer":               Network([]string{"name", "layer", "output", "parameters"}, [][]string{{"a", s, "2", "6"}}),
		"Network: name":                Network([]string{"name", "layer", "output", "parameters"}, [][]string{{s, "Linear(2, 2)", "2", "6"}}),
		"Convolution: title":           Convolution(5, 3, 2, 1, Title(s)),
		"TransposedConvolution: title": TransposedConvolution(3, 3, 2, 1, 1, Title(s)),
		"CellLife: title":              CellLife(Title(s)),
		"Map: title":                   Map(plane, shades(4), Title(s)),
		"Explorer: label":              Explorer(plane, shades(4), threePoints(), labels, Labels(s)),
	}
}

func TestLettersThatNoFontHasAreNamed(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "pipe.ttf")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil { // opening one would wait for ever
		t.Fatal("no named pipes here:", err)
	}
	for name, files := range map[string]map[string][]byte{
		"no font":            nil,
		"a font without":     {"go.ttf": goregular.TTF},
		"damaged fonts":      {"a.ttf": []byte("no font"), "b.otf": nil, "c.ttc": goregular.TTF[:5000], "d.ttf": bytes.Repeat([]byte{0xff}, 9999), "e/f.TTF": goregular.TTF[:400]},
		"not named as fonts": {"go.txt": goregular.TTF},
	} {
		install(t, files)
		system.folders = append(system.folders, filepath.Dir(fifo))
		for place, f := range withTexts("最初の10枚, 最") {
			_, err := f.WriteTo(io.Discard)
			function, _, _ := strings.Cut(place, ":")
			const want = ": the font lacks 最, 初, の, 枚: use other letters, or install a font that has them, such as fonts-noto-cjk or fonts-symbola"
			if err == nil || err.Error() != "plots: "+function+want {
				t.Errorf("%s, %s: %v", name, place, err)
			} else if place == "Images: title" && name == "no font" {
				faults.Row(t, "a title in letters that no font here has", err.Error(), "no picture with a part of its title")
			}
		}
	}
	install(t, nil)
	_, err := Curve(Line("a", []float64{1}), Title("一二三四五六七八九\u3000\U0001f600")).WriteTo(io.Discard)
	if err == nil || !strings.Contains(err.Error(), "lacks 一, 二, 三, 四, 五, 六, 七, 八 …: use") {
		t.Errorf("many letters: %v", err)
	}
	_, err = Curve(Line("a", []float64{1}), Title("\u3000")).WriteTo(io.Discard)
	if err == nil || !strings.Contains(err.Error(), "lacks U+3000: use") {
		t.Errorf("a letter that is not seen: %v", err)
	}
}

// darkness returns the number of dark pixels.
func darkness(m image.Image) (n int) {
	for j := range m.Bounds().Dy() {
		for i := range m.Bounds().Dx() {
			if color.GrayModel.Convert(m.At(i, j)).(color.Gray).Y < 128 {
				n++
			}
		}
	}
	return n
}

func TestLettersOfAnotherFontAreDrawn(t *testing.T) {
	for name, files := range map[string]map[string][]byte{
		"a font":       {"deep/down/go.ttf": goregular.TTF},
		"a collection": {"go.TTC": collection(goregular.TTF)},
	} {
		install(t, files)
		for place, f := range withTexts("a " + union + " b" + ninth) {
			if name == "a collection" && place != "Images: title" {
				continue // once it is found, its letters are drawn as those of a font
			}
			without := withTexts("a  b")[place]
			m, bare := picture(t, f), picture(t, without)
			got, less := darkness(m), darkness(bare)
			if strings.HasSuffix(place, ": set") || strings.HasSuffix(place, ": part") { // what is drawn makes room for the name
				from, to := m.Bounds().Dx()-130, m.Bounds().Dx()
				got, less = darkIn(m, from, 0, to, 200), darkIn(bare, from, 0, to, 200)
			}
			if got < less+20 {
				t.Errorf("%s, %s: %d dark pixels, %d without the two letters", name, place, got, less)
			}
		}
	}
}

func TestAPlainFontIsTakenFirst(t *testing.T) {
	install(t, map[string][]byte{"A-Bold.ttf": gobold.TTF, "B-Regular.ttf": goregular.TTF, "C-LightItalic.ttf": gobold.TTF})
	if names := list(system.folders); len(names) != 3 || filepath.Base(names[0]) != "B-Regular.ttf" || filepath.Base(names[2]) != "C-LightItalic.ttf" {
		t.Errorf("the fonts come as %v", names)
	}
}

// A letter stands where it would stand among others of its own font: its width is counted, and lines are centred.
func TestWidthsOfMixedTexts(t *testing.T) {
	install(t, map[string][]byte{"go.ttf": goregular.TTF})
	if lacking := system.find([]rune(union + ninth)); lacking != nil {
		t.Fatalf("%q are lacking", lacking)
	}
	sty := style(20, false)
	own, other := sty.Width("ab"), sty.Width(union)
	if other <= 0 || sty.Width(ninth) <= 0 {
		t.Fatalf("letters of the other font are %v and %v wide", other, sty.Width(ninth))
	}
	for text, want := range map[string]float64{
		"ab" + union:         float64(own + other),
		union + "ab":         float64(other + own),
		"ab" + union + "ab":  float64(own + other + own),
		union + union:        float64(other + other),
		"ab\u200d" + union:   float64(own + other), // a joiner has no width
		"ab\n" + union + "a": float64(max(own, other+sty.Width("a"))),
	} {
		if got := float64(sty.Width(text)); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("%q is %v wide, want %v", text, got, want)
		}
	}
	// And it is drawn there: from the left edge of the first letter to the right edge of the last.
	for _, text := range []string{"M" + union + "M", union + "MM" + union, strings.Repeat(union+"M", 5)} {
		page := newPage(800, 100)
		page.write(text, sty, 50, 50)
		first, last := 800, 0
		for x := range 800 {
			for y := range 100 {
				if page.img.RGBAAt(x, y).R < 128 {
					first, last = min(first, x), max(last, x)
				}
			}
		}
		want := float64(sty.Width(text)/px) * density
		if got := float64(last - first); first < 50 || got > want || got < want-10 {
			t.Errorf("%q is drawn from %d to %d, want %.0f pixels from 50 on", text, first, last, want)
		}
	}
	if sty.Height("ab") != sty.Height(union) {
		t.Error("the height depends on the font of the letters")
	}
}

// Without a missing letter no font is looked for, and not a pixel changes: TestPictures compares with pictures that are
// older than the other fonts.
func TestNoFontIsLookedForInVain(t *testing.T) {
	install(t, map[string][]byte{"go.ttf": goregular.TTF})
	for place, f := range withTexts("Größe α², Кириллица, 3·σ ≤ 1\u00a0µm − \u200bé") {
		if _, err := f.WriteTo(io.Discard); err != nil {
			t.Errorf("%s: %v", place, err)
		}
	}
	if system.files != nil || len(system.found) != 0 {
		t.Errorf("%d fonts were listed", len(system.files))
	}
	if got := missing("a", union+"b"+ninth, union); string(got) != union+ninth {
		t.Errorf("missing are %q, want %q", string(got), union+ninth)
	}
}

// Bytes that are not UTF-8 are drawn as question marks, which need no other font.
func TestBytesThatAreNoText(t *testing.T) {
	install(t, nil)
	draw := func(title, line string) string {
		var b bytes.Buffer
		if _, err := Curve(Title(title), Line(line, []float64{1, 2})).WriteTo(&b); err != nil {
			t.Error(err)
		}
		return b.String()
	}
	if draw("a\xff\xfeb", "\xff") != draw("a?b", "?") {
		t.Error("bytes that are no text are not drawn as ?")
	}
}
