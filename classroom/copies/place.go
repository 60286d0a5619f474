package copies

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"autoencoders/internal/disk"
	"autoencoders/internal/ipynb"
)

// A Place is where the lessons come from, and where a student works. Both are the checkout for whoever has one to himself.
// On a server that many share, the checkout is read-only and each student has a home.
type Place struct {
	Checkout string            // the folder with notebooks/
	Home     string            // the folder with work/
	Say      func(line string) // is called with each line that the student should see
}

// patience is how long one start waits for another that is writing the same copies.
const patience = 20 * time.Second

// Lessons returns the names of the committed lessons, in order.
func (p Place) Lessons() (names []string, err error) {
	paths, err := filepath.Glob(filepath.Join(p.Checkout, "notebooks", "[0-9]*.ipynb"))
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("there are no lessons in %s: name the folder of the checkout, as in lessons -checkout /srv/lessons", filepath.Join(p.Checkout, "notebooks"))
	}
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".ipynb"))
	}
	return names, err
}

// Read reads a committed lesson.
func (p Place) Read(lesson string) (ipynb.Notebook, error) {
	return ipynb.Read(filepath.Join(p.Checkout, "notebooks", lesson+".ipynb"))
}

// Fill writes the working copies that are missing. A lesson has its copy if some notebook in work/ is of its present
// edition, whatever the notebook is called. Otherwise a copy is written under a name that is free: what is there stays.
func (p Place) Fill() error {
	if err := p.links(); err != nil {
		return explain(err, p.Home)
	}
	missing, err := p.missing(func(string) {})
	if err != nil || len(missing) == 0 {
		return err
	}
	return p.alone(func() error {
		missing, err := p.missing(p.Say) // once more: another start may have written some
		if err != nil {
			return err
		}
		for _, m := range missing {
			name, err := p.write(m.lesson, m.copy)
			if err != nil {
				return err
			}
			switch {
			case name == m.lesson:
				p.Say(fmt.Sprintf("work/%s.ipynb is new: your copy of the lesson", name))
			case m.older != "":
				p.Say(fmt.Sprintf("work/%s.ipynb is new: a later edition of the lesson; your work/%s stays as it is", name, m.older))
			default:
				p.Say(fmt.Sprintf("work/%s.ipynb is new: your copy of the lesson; work/%s.ipynb is something else and stays as it is", name, m.lesson))
			}
		}
		return nil
	})
}

// Restore writes a working copy afresh. The lesson is named by its number or its file. The old copy is renamed before.
func (p Place) Restore(which string) error {
	lessons, err := p.Lessons()
	if err != nil {
		return err
	}
	which = strings.TrimSuffix(filepath.Base(which), ".ipynb")
	i := slices.IndexFunc(lessons, func(lesson string) bool {
		number, _, _ := strings.Cut(lesson, "-")
		return lesson == which || number == which || strings.TrimPrefix(number, "0") == which
	})
	if i < 0 {
		return fmt.Errorf("there is no lesson %s: the lessons are %s", which, strings.Join(lessons, ", "))
	}
	lesson := lessons[i]
	n, err := p.Read(lesson)
	if err != nil {
		return err
	}
	fresh, err := Working(lesson, n)
	if err != nil {
		return err
	}
	if err := p.links(); err != nil {
		return explain(err, p.Home)
	}
	return p.alone(func() error {
		if !free(p.path(lesson)) {
			kept, err := p.reserve(lesson + "-kept")
			if err == nil {
				err = os.Rename(p.path(lesson), p.path(kept))
			}
			if err != nil {
				return explain(err, p.work())
			}
			p.Say(fmt.Sprintf("your work/%s.ipynb is now work/%s.ipynb", lesson, kept))
		}
		name, err := p.write(lesson, fresh)
		if err == nil {
			p.Say(fmt.Sprintf("work/%s.ipynb is the lesson again as it came; if it is open in JupyterLab, close its tab and open it again", name))
		}
		return err
	})
}

func (p Place) work() string              { return filepath.Join(p.Home, "work") }
func (p Place) path(name string) string   { return filepath.Join(p.work(), name+".ipynb") }
func (p Place) shared(name string) string { return filepath.Join(p.Checkout, name) }

// links makes a home look like the checkout to the links of the start page: notebooks/, docs/ and README.md are symbolic
// links to the checkout's. One that leads to another checkout is replaced, and anything else of that name stays.
func (p Place) links() error {
	if err := os.MkdirAll(p.work(), 0o777); err != nil {
		return err
	}
	if sameFolder(p.Checkout, p.Home) {
		return nil
	}
	for _, name := range []string{"notebooks", "docs", "README.md"} {
		link := filepath.Join(p.Home, name)
		to, err := os.Readlink(link)
		switch {
		case err == nil && to == p.shared(name):
			continue
		case err == nil:
			if err := os.Remove(link); err != nil {
				return err
			}
		case !errors.Is(err, fs.ErrNotExist):
			p.Say(fmt.Sprintf("%s is not ours and stays as it is; the lessons to read are in %s", link, p.shared(name)))
			continue
		}
		if err := os.Symlink(p.shared(name), link); err != nil && !errors.Is(err, fs.ErrExist) { // another start was quicker
			return err
		}
	}
	return nil
}

// sameFolder reports whether two paths lead to one folder.
func sameFolder(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// absent is a lesson of which work/ has no copy of the present edition.
type absent struct {
	lesson string
	copy   ipynb.Notebook
	older  string // a copy of another edition, or ""
}

// missing compares the lessons with what is in work/, and says which notebooks there cannot be read.
func (p Place) missing(say func(string)) (missing []absent, err error) {
	lessons, err := p.Lessons()
	if err != nil {
		return nil, err
	}
	present, older := map[string]bool{}, map[string]string{} // editions; names of files, by lesson
	err = filepath.WalkDir(p.work(), func(path string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(p.work(), path)
		switch {
		case err != nil && path == p.work():
			return err
		case err != nil:
			say(fmt.Sprintf("work/%s cannot be read, and is left alone: %v", name, disk.Reason(err)))
			return nil
		case entry.IsDir() && path != p.work() && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "checkpoints"):
			return fs.SkipDir
		case filepath.Ext(path) != ".ipynb" || !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), ".") || free(path):
			return nil
		}
		n, err := ipynb.Read(path)
		if err != nil {
			say(fmt.Sprintf("work/%s cannot be read, and is left alone: %v", name, disk.Reason(errors.Unwrap(err))))
			return nil
		}
		lesson, edition := marked(n)
		present[edition], older[lesson] = true, name
		return nil
	})
	if err != nil {
		return nil, explain(err, p.work())
	}
	for _, lesson := range lessons {
		n, err := p.Read(lesson)
		if err != nil {
			return nil, err
		}
		working, err := Working(lesson, n)
		if err != nil {
			return nil, err
		}
		if _, edition := marked(working); !present[edition] {
			missing = append(missing, absent{lesson, working, older[lesson]})
		}
	}
	return missing, nil
}

// alone does something while no other start of ours writes into work/.
func (p Place) alone(do func() error) error {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		lock, err := disk.LockFolder(filepath.Join(p.work(), ".lessons"))
		switch {
		case err == nil:
			defer lock.Unlock()
			return do()
		case !errors.Is(err, disk.ErrLocked):
			return do() // no lock can be had in this folder; if nothing can be written there either, do says so
		case time.Now().After(end):
			return fmt.Errorf("another program is writing the lessons into %s: wait for it, then start again", p.work())
		}
	}
}

// write writes a copy under the first name that is free, and returns the name.
func (p Place) write(lesson string, n ipynb.Notebook) (name string, err error) {
	name, err = p.reserve(lesson)
	if err != nil {
		return "", explain(err, p.work())
	}
	disk.ClearUnfinished(p.path(name))
	err = disk.Replace(p.path(name), func(w io.Writer) error { // only our own empty file is replaced
		_, err := w.Write(n.Format())
		return err
	})
	if err != nil {
		if free(p.path(name)) {
			os.Remove(p.path(name))
		}
		return "", explain(err, p.work())
	}
	return name, nil
}

// reserve creates an empty notebook with the first of name, name-2, name-3 … that nothing has, and returns its name.
func (p Place) reserve(name string) (string, error) {
	candidate := name
	for i := 2; i < 1000; i++ {
		file, err := os.OpenFile(p.path(candidate), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			return candidate, file.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		if free(p.path(candidate)) {
			return candidate, nil
		}
		candidate = fmt.Sprintf("%s-%d", name, i)
	}
	return "", fmt.Errorf("every name up to %s is taken", candidate)
}

// free reports whether nothing is at path, or an empty file: what a start that was killed has reserved.
func free(path string) bool {
	info, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Size() == 0
}

// explain returns one line that says what to do about an error in a folder.
func explain(err error, folder string) error {
	switch {
	case disk.Full(err):
		return fmt.Errorf("there is no room left for your copies in %s: delete what you no longer need, such as folders in work/checkpoints, then start again", folder)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("your copies cannot be written, because you may not write into %s: change its rights, or name a folder of your own in AUTOENCODERS_HOME", folder)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		if at, ok := errors.AsType[*fs.PathError](err); ok {
			folder = at.Path
		}
		return fmt.Errorf("your copies cannot be written, because %s is a file: rename it, then start again", folder)
	}
	return fmt.Errorf("your copies cannot be written into %s: %w", folder, disk.Reason(err))
}

// Student writes the sources of the students' graded copies into a folder, as nbgrader wants them: OUT/lesson/lesson.ipynb.
func (p Place) Student(out string) error { return p.sources(out, Student) }

// Instructor writes the sources of the teacher's copies into a folder, with the notes of classroom/notes.
func (p Place) Instructor(out string) error {
	return p.sources(out, func(lesson string, n ipynb.Notebook) (ipynb.Notebook, error) {
		notes, err := ReadNotes(p.shared(filepath.Join("classroom", "notes", lesson+".md")))
		if err != nil {
			return nil, err
		}
		return Instructor(lesson, n, notes)
	})
}

func (p Place) sources(out string, source func(lesson string, n ipynb.Notebook) (ipynb.Notebook, error)) error {
	lessons, err := p.Lessons()
	if err != nil {
		return err
	}
	for _, lesson := range lessons {
		n, err := p.Read(lesson)
		if err != nil {
			return err
		}
		if n, err = source(lesson, n); err != nil {
			return err
		}
		folder := filepath.Join(out, lesson)
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
		if err := n.Write(filepath.Join(folder, lesson+".ipynb")); err != nil {
			return err
		}
	}
	return nil
}
