package plots

import (
	"cmp"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// letters is the text handler of all figures. It sets text in the given typeface, and letters that are missing there in a
// font of the operating system. It sets one glyph per letter from left to right, so it cannot set Arabic or Hindi.
type letters struct{ text.Plain }

// A run is a piece of a line that one face can draw.
type run struct {
	face font.Face
	text string
}

// runs divides a line. It returns one run in f's own face if that has all letters.
func (l letters) runs(line string, f font.Font) []run {
	own := l.Fonts.Lookup(f, f.Size)
	var all []run
	begin := 0 // of the run in f's own face
	for i, r := range line {
		if hasLetter(own.Face, r) {
			continue
		}
		if begin < i {
			all = append(all, run{own, line[begin:i]})
		}
		begin = i + len(string(r))
		if other := system.font(r); other != nil {
			all = append(all, run{font.Face{Font: f, Face: other}, string(r)})
		}
	}
	if begin < len(line) || len(all) == 0 {
		all = append(all, run{own, line[begin:]})
	}
	return all
}

// Box returns the size of a line, as [text.Handler] describes it.
func (l letters) Box(line string, f font.Font) (width, height, depth vg.Length) {
	line = valid(line)
	if len(missing(line)) == 0 {
		return l.Plain.Box(line, f)
	}
	_, height, depth = l.Plain.Box("", f)
	for _, r := range l.runs(line, f) {
		width += r.face.Width(r.text)
	}
	return width, height, depth
}

// Draw draws txt as [text.Plain.Draw] does, run by run.
func (l letters) Draw(c vg.Canvas, txt string, sty text.Style, pt vg.Point) {
	txt = valid(txt)
	if len(missing(txt)) == 0 {
		l.Plain.Draw(c, txt, sty, pt)
		return
	}
	c.SetColor(sty.Color)
	if sty.Rotation != 0 {
		c.Push()
		defer c.Pop()
		c.Rotate(sty.Rotation)
	}
	sin, cos := math.Sincos(sty.Rotation)
	pt.X, pt.Y = pt.Y*vg.Length(sin)+pt.X*vg.Length(cos), pt.Y*vg.Length(cos)-pt.X*vg.Length(sin)
	pt.Y += sty.Height(txt)*vg.Length(sty.YAlign) - l.Extents(sty.Font).Ascent
	lines := l.Lines(txt)
	for i, line := range lines {
		width, _, _ := l.Box(line, sty.Font)
		at := pt.Add(vg.Point{X: vg.Length(sty.XAlign) * width, Y: vg.Length(len(lines)-i) * sty.Font.Size})
		for _, r := range l.runs(line, sty.Font) {
			c.FillString(r.face, at, r.text)
			at.X += r.face.Width(r.text)
		}
	}
}

// valid returns a text with a question mark in place of bytes that are not UTF-8.
func valid(s string) string { return strings.ToValidUTF8(s, "?") }

// hasLetter reports whether f has a glyph for r that can be drawn: fonts of coloured emoji have pictures instead.
func hasLetter(f *opentype.Font, r rune) bool {
	var b sfnt.Buffer
	i, err := f.GlyphIndex(&b, r)
	if err != nil || i == 0 {
		return false
	}
	outline, err := f.LoadGlyph(&b, i, fixed.I(16), nil)
	return err == nil && (len(outline) > 0 || unicode.IsSpace(r))
}

// covered holds for each letter that was asked for whether the figures' own typeface has it, regular and bold.
var covered sync.Map // rune -> bool

// missing returns the letters of texts that the figures' own typeface lacks, in order, each once. Characters that leave no
// mark, such as line breaks and joiners, are not among them.
func missing(texts ...string) (lacking []rune) {
	for _, s := range texts {
		for _, r := range valid(s) {
			has, known := covered.Load(r)
			if !known {
				has = unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector) ||
					hasLetter(handler.Fonts.Lookup(style(12, false).Font, 12).Face, r) && hasLetter(handler.Fonts.Lookup(style(12, true).Font, 12).Face, r)
				covered.Store(r, has)
			}
			if !has.(bool) && !slices.Contains(lacking, r) {
				lacking = append(lacking, r)
			}
		}
	}
	return lacking
}

// checkLetters returns an error that names letters of texts that no font has.
func checkLetters(texts ...string) error {
	lacking := missing(texts...)
	if len(lacking) == 0 {
		return nil
	}
	lacking = system.find(lacking)
	if len(lacking) == 0 {
		return nil
	}
	const most = 8
	var named []string
	for _, r := range lacking[:min(most, len(lacking))] {
		if unicode.IsPrint(r) {
			named = append(named, string(r))
		} else {
			named = append(named, fmt.Sprintf("%U", r))
		}
	}
	more := ""
	if len(lacking) > most {
		more = " …"
	}
	return errorf("the font lacks %s%s: use other letters, or install a font that has them, such as fonts-noto-cjk or fonts-symbola", strings.Join(named, ", "), more)
}

// A fallback is a set of fonts that is searched when a letter is missing, and not before.
type fallback struct {
	folders []string

	mu    sync.Mutex
	files []string         // the fonts in folders, the plain ones first; nil: not listed yet
	open  []*opentype.Font // those that a letter was found in
	found map[rune]*opentype.Font
}

// system has the fonts that are installed.
var system = &fallback{folders: fontFolders()}

// fontFolders returns where this operating system, or its user, has fonts.
func fontFolders() []string {
	home, _ := os.UserHomeDir()
	switch runtime.GOOS {
	case "darwin":
		return []string{"/System/Library/Fonts", "/Library/Fonts", filepath.Join(home, "Library/Fonts")}
	case "windows":
		return []string{filepath.Join(os.Getenv("WINDIR"), "Fonts"), filepath.Join(os.Getenv("LOCALAPPDATA"), `Microsoft\Windows\Fonts`)}
	}
	return []string{"/usr/share/fonts", "/usr/local/share/fonts", filepath.Join(home, ".local/share/fonts"), filepath.Join(home, ".fonts")}
}

// font returns the font that find found for r, or nil.
func (f *fallback) font(r rune) *opentype.Font {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.found[r]
}

// find looks for fonts with these letters and returns the letters that no font has. A font that has one of the letters is
// used for all that it has, so that a word is set in a single font.
func (f *fallback) find(wanted []rune) (lacking []rune) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.found == nil {
		f.found = map[rune]*opentype.Font{}
	}
	for _, known := range f.open {
		wanted = f.take(known, wanted)
	}
	if len(wanted) > 0 && f.files == nil {
		f.files = list(f.folders)
	}
	for _, name := range f.files {
		if len(wanted) == 0 {
			break
		}
		wanted = f.search(name, wanted)
	}
	return wanted
}

// search looks for the letters in a file of fonts. If it finds any, it leaves the file open, because outlines are read when
// they are drawn. It skips files that are not fonts.
func (f *fallback) search(name string, wanted []rune) (lacking []rune) {
	file, err := os.Open(name)
	if err != nil {
		return wanted
	}
	lacking = wanted
	if collection, err := sfnt.ParseCollectionReaderAt(file); err == nil {
		for i := range collection.NumFonts() {
			if one, err := collection.Font(i); err == nil {
				lacking = f.take(one, lacking)
			}
		}
	}
	if len(lacking) == len(wanted) {
		_ = file.Close()
	}
	return lacking
}

// take notes which of the letters one has, and returns the others.
func (f *fallback) take(one *opentype.Font, wanted []rune) (lacking []rune) {
	for _, r := range wanted {
		if hasLetter(one, r) {
			f.found[r] = one
		} else {
			lacking = append(lacking, r)
		}
	}
	if len(lacking) < len(wanted) && !slices.Contains(f.open, one) {
		f.open = append(f.open, one)
	}
	return lacking
}

// list returns the files of fonts under the folders, those for running text before those that are bold, slanted or narrow.
func list(folders []string) []string {
	files := []string{}
	for _, folder := range folders {
		_ = filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil //nolint:nilerr // a folder that cannot be read has no fonts for us
			}
			switch strings.ToLower(filepath.Ext(name)) {
			case ".ttf", ".otf", ".ttc", ".otc":
				if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
					files = append(files, name)
				}
			}
			return nil
		})
	}
	fancy := func(name string) (n int) {
		name = strings.ToLower(filepath.Base(name))
		for _, word := range []string{"bold", "black", "heavy", "italic", "oblique", "light", "thin", "condensed", "mono", "serif", "math"} {
			n += strings.Count(name, word)
		}
		return n
	}
	slices.SortStableFunc(files, func(a, b string) int { return cmp.Compare(fancy(a), fancy(b)) })
	return files
}
