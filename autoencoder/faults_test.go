package autoencoder_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"autoencoders/autoencoder"
	"autoencoders/autoencoder/internal/safetensors"
	"autoencoders/autoencoder/nn"
	"autoencoders/internal/disk"
	"autoencoders/internal/faults"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// again runs the calling test in a process of its own, with NAME=value added to its environment, and returns
// what the process printed and how it ended.
func again(t *testing.T, environment ...string) (out string, state *os.ProcessState) {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	command.Env = append(os.Environ(), environment...)
	text, err := command.CombinedOutput()
	if command.ProcessState == nil {
		t.Fatal(err)
	}
	return string(text), command.ProcessState
}

// trapDisk counts the calls that change the disk, and does what a test wants at one of them.
type trapDisk struct {
	disk.Real
	t        *testing.T
	call, at int
	trap     func(do func() error, half func()) error // in the place of call number at, from 1
	after    func()                                   // after each call
	unsynced map[string]bool                          // files whose bytes a power cut would lose
	flushed  map[string]map[string][]byte             // of each folder the names that a power cut leaves, and what is there
}

// names returns the names in a folder with what a power cut would leave of each file.
func (d *trapDisk) names(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	names := map[string][]byte{}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		names[entry.Name()] = nil
		if !entry.IsDir() && !d.unsynced[path] {
			if names[entry.Name()], err = os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	return names
}

func (d *trapDisk) SyncFolder(path string) error {
	return d.next(func() error {
		if d.flushed != nil {
			d.flushed[path] = d.names(d.t, path)
		}
		return d.Real.SyncFolder(path)
	}, func() {})
}

func (d *trapDisk) next(do func() error, half func()) error {
	d.call++
	if d.call == d.at {
		return d.trap(do, half)
	}
	err := do()
	if d.after != nil {
		d.after()
	}
	return err
}

func (d *trapDisk) MkdirAll(path string, mode fs.FileMode) error {
	return d.next(func() error { return d.Real.MkdirAll(path, mode) }, func() {})
}

func (d *trapDisk) Rename(from, to string) error {
	return d.next(func() error {
		if d.unsynced[from] {
			delete(d.unsynced, from)
			d.unsynced[to] = true
		}
		return d.Real.Rename(from, to)
	}, func() {})
}

func (d *trapDisk) Remove(path string) error {
	return d.next(func() error { return d.Real.Remove(path) }, func() {})
}

func (d *trapDisk) Create(path string) (file disk.File, err error) {
	err = d.next(func() (err error) {
		if file, err = d.Real.Create(path); err == nil {
			if d.unsynced == nil {
				d.unsynced = map[string]bool{}
			}
			d.unsynced[file.Name()] = true
		}
		return err
	}, func() {})
	if err != nil {
		return nil, err
	}
	return &trapFile{file, d}, nil
}

type trapFile struct {
	disk.File
	disk *trapDisk
}

func (f *trapFile) Write(p []byte) (n int, err error) {
	err = f.disk.next(func() error {
		n, err = f.File.Write(p)
		return err
	}, func() { n, _ = f.File.Write(p[:len(p)/2]) })
	return n, err
}

func (f *trapFile) Sync() error {
	return f.disk.next(func() error {
		delete(f.disk.unsynced, f.Name())
		return f.File.Sync()
	}, func() {})
}

func (f *trapFile) Close() error { return f.disk.next(f.File.Close, func() {}) }

// trainedFor2 returns a model that was trained for two epochs.
func trainedFor2(t *testing.T) autoencoder.Model {
	t.Helper()
	m := small(filepath.Join(t.TempDir(), "model"))
	mustRun(t, m, recipe(2))
	return m
}

func copyFolder(t *testing.T, from string) (to string) {
	t.Helper()
	to = filepath.Join(t.TempDir(), "model")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// callsOfASave returns how many calls on the disk a save of m makes, including the copy of the old weights.
func callsOfASave(t *testing.T, m autoencoder.Model) int {
	t.Helper()
	m.Dir = copyFolder(t, m.Dir)
	counter := &trapDisk{}
	defer disk.Use(counter)()
	if err := m.Resave(); err != nil {
		t.Fatal(err)
	}
	return counter.call
}

// wantOldOrNew checks that the model loads, with the weights before the save or with those after it.
func wantOldOrNew(t *testing.T, m autoencoder.Model, when string) (epochs int) {
	t.Helper()
	history, err := m.History()
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if len(history) != 2 && len(history) != 3 {
		t.Errorf("%s: %d epochs, want the old 2 or the new 3", when, len(history))
	}
	previous := m
	previous.Dir += ".previous"
	if old, err := previous.History(); err == nil && len(old) != 2 || err != nil && !strings.Contains(err.Error(), "no trained weights") {
		t.Errorf("%s: in .previous are %d epochs: %v", when, len(old), err)
	}
	if len(history) == 3 {
		if _, err := previous.History(); err != nil {
			t.Errorf("%s: the new weights are there, the old are nowhere: %v", when, err)
		}
	}
	return len(history)
}

// A process is killed with SIGKILL before and after each system call of a save, and in the middle of each
// write.
func TestKilledAtEachCallOfASave(t *testing.T) {
	if dir := os.Getenv("KILLED_DIR"); dir != "" {
		var at, moment int
		fmt.Sscan(os.Getenv("KILLED_AT"), &at, &moment)
		disk.Use(&trapDisk{at: at, trap: func(do func() error, half func()) error {
			switch moment {
			case 1:
				half()
			case 2:
				do()
			}
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}})
		small(dir).Resave()
		time.Sleep(time.Minute) // the signal is on its way
	}
	original := trainedFor2(t)
	m, calls, found := original, callsOfASave(t, original), map[int]int{}
	for at := 1; at <= calls; at++ {
		for moment, name := range []string{"before", "in the middle of", "after"} {
			if moment == 0 && at > 1 {
				continue // after the call before it
			}
			when := fmt.Sprintf("killed %s call %d of %d", name, at, calls)
			m.Dir = copyFolder(t, original.Dir)
			_, state := again(t, "KILLED_DIR="+m.Dir, fmt.Sprintf("KILLED_AT=%d %d", at, moment))
			if status := state.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
				t.Fatalf("%s: the process ended otherwise: %v", when, state)
			}
			found[wantOldOrNew(t, m, when)]++
			if err := m.Resave(); err != nil {
				t.Fatalf("%s, the next save: %v", when, err)
			}
			wantNothingUnfinished(t, m, when+", after the next save")
		}
	}
	if calls < 20 || found[2] == 0 || found[3] == 0 {
		t.Errorf("%d calls, epochs found: %v", calls, found)
	}
	faults.Row(t, fmt.Sprintf("kill -9 before, in and after each of the %d calls of a save", calls), "",
		fmt.Sprintf("the old epoch whole (%d times) or the new one (%d); leftovers go with the next save", found[2], found[3]))
}

func wantNothingUnfinished(t *testing.T, m autoencoder.Model, when string) {
	t.Helper()
	if left, _ := filepath.Glob(filepath.Join(m.Dir+"*", ".*")); len(left) > 0 {
		t.Errorf("%s: unfinished files are left: %v", when, left)
	}
}

// The power fails after each call of a save. What was not synced of a file is lost, and names that were not
// flushed to a folder may or may not be lost.
func TestPowerCutAfterEachCallOfASave(t *testing.T) {
	m := trainedFor2(t)
	root := filepath.Dir(m.Dir)
	d, cuts, lost := &trapDisk{t: t}, 0, 0
	folders := []string{root, m.Dir, m.Dir + ".previous"}
	d.flushed = map[string]map[string][]byte{}
	for _, folder := range folders {
		d.flushed[folder] = d.names(t, folder)
	}
	found := map[int]int{}
	d.after = func() {
		for choice := range 1 << len(folders) { // of which folders the names are lost
			cuts++
			names := map[string]map[string][]byte{}
			for i, folder := range folders {
				names[folder] = d.names(t, folder)
				if choice>>i&1 == 1 {
					names[folder] = d.flushed[folder]
					lost++
				}
			}
			cut := m
			cut.Dir = filepath.Join(t.TempDir(), "model")
			for _, folder := range folders[1:] {
				if _, there := names[root][filepath.Base(folder)]; !there {
					continue
				}
				to := filepath.Join(filepath.Dir(cut.Dir), filepath.Base(folder))
				if err := os.Mkdir(to, 0o755); err != nil {
					t.Fatal(err)
				}
				for name, data := range names[folder] {
					if err := os.WriteFile(filepath.Join(to, name), data, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			found[wantOldOrNew(t, cut, fmt.Sprintf("power cut after call %d, names lost: %03b", d.call, choice))]++
		}
	}
	restore := disk.Use(d)
	defer restore()
	if err := m.Resave(); err != nil {
		t.Fatal(err)
	}
	if cuts < 100 || lost < 100 || len(d.unsynced) > 0 || found[2] == 0 || found[3] == 0 {
		t.Errorf("%d cuts, %d times names were lost, found %v; at the end not synced: %v", cuts, lost, found, d.unsynced)
	}
	// A save that has returned is on the disk, with its name.
	for _, folder := range folders[1:] {
		if got, want := d.flushed[folder], d.names(t, folder); !slices.Equal(got["model.safetensors"], want["model.safetensors"]) {
			t.Errorf("the save has returned, but the name of %s is not flushed", folder)
		}
	}
	faults.Row(t, fmt.Sprintf("power cut after each call of a save (%d cuts), losing what is not synced and the names that are not flushed", cuts), "", "the old epoch or the new one, whole")
}

// Each call in turn fails as it would on a full disk; a write fails after half of its bytes.
func TestDiskFullAtEachCallOfASave(t *testing.T) {
	original := trainedFor2(t)
	calls, line := callsOfASave(t, original), ""
	for at := 1; at <= calls; at++ {
		m := original
		m.Dir = copyFolder(t, original.Dir)
		restore := disk.Use(&trapDisk{at: at, trap: func(_ func() error, half func()) error {
			half()
			return &fs.PathError{Op: "write", Path: m.Dir, Err: syscall.ENOSPC}
		}})
		err := m.Resave()
		restore()
		wantLine(t, err, "weights cannot be saved in "+m.Dir, "no space left on device: free some space and run the cell again")
		line = err.Error()
		when := fmt.Sprintf("disk full at call %d of %d", at, calls)
		if n := wantOldOrNew(t, m, when); n != 2 && at < calls { // the last call flushes the new name, which is there already
			t.Errorf("%s: %d epochs, though the save failed", when, n)
		}
		wantNothingUnfinished(t, m, when)
		if err := m.Resave(); err != nil {
			t.Errorf("%s: with room again: %v", when, err)
		}
	}
	faults.Row(t, fmt.Sprintf("disk full at each of the %d calls of a save", calls), line, "the old epoch, nothing unfinished beside it")
}

func TestTwoTrainIntoOneFolder(t *testing.T) {
	if dir := os.Getenv("SECOND_DIR"); dir != "" {
		_, err := run(small(dir), recipe(3))
		fmt.Println(err)
		return
	}
	m := small(filepath.Join(t.TempDir(), "model"))
	var fromOutside string
	var inside, imported error
	weights := writeWeights(t, weightsOf(t, m, 1))
	for e, err := range m.Train(train, test, recipe(3)) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Number == 2 {
			out, _ := again(t, "SECOND_DIR="+m.Dir)
			fromOutside, _, _ = strings.Cut(out, "\n")
			_, inside = run(m, recipe(3))
			imported = m.ImportPyTorch(weights)
			if _, err := m.Encode(test); err != nil {
				t.Error("a reader is kept out:", err)
			}
		}
	}
	const line = " is being trained already, in another cell or notebook: wait for it, stop it, or use another Dir"
	for _, err := range []error{errors.New(fromOutside), inside, imported} {
		wantLine(t, err, m.Dir+line)
	}
	whole := small(t.TempDir())
	mustRun(t, whole, recipe(3))
	sameWeights(t, m, whole)
	if _, err := run(m, recipe(4)); err != nil {
		t.Error("the folder is not free afterwards:", err)
	}
	faults.Row(t, "two notebooks train into one folder", fromOutside, "the first run, as if it had been alone; readers read on")
}

func TestFolderDeletedWhileTraining(t *testing.T) {
	m := small(filepath.Join(t.TempDir(), "model"))
	for e, err := range m.Train(train, test, recipe(3)) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Number == 2 {
			if err := os.RemoveAll(m.Dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	if history, err := m.History(); err != nil || len(history) != 3 {
		t.Errorf("%d epochs are kept: %v", len(history), err)
	}
	faults.Row(t, "folder deleted while training", "", "all epochs: the next save makes the folder again")

	for e, err := range m.Train(train, test, recipe(5)) {
		if e.Number == 5 {
			wantLine(t, err, "weights cannot be saved in "+m.Dir, "not a directory: give the model another Dir")
		}
		if err != nil {
			faults.Row(t, "folder replaced by a file while training", err.Error(), "the file")
			return
		}
		os.RemoveAll(m.Dir)
		if err := os.WriteFile(m.Dir, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Error("epochs were kept in a file")
}

// A checkpoint is refused wherever it is cut off, and wherever a single bit is wrong.
func TestCheckpointCutOrGarbledAnywhere(t *testing.T) {
	long(t)
	m := trainedFor2(t)
	path := filepath.Join(m.Dir, "model.safetensors")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, file []byte) (line string) {
		t.Helper()
		if err := os.WriteFile(path, file, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := m.History()
		if err == nil { // reading leaves out AdamW's state
			_, err = run(m, recipe(3))
		}
		if err == nil {
			t.Fatal("read without an error:", what)
		}
		wantLine(t, err, path, "delete it and train again")
		if !errors.Is(err, autoencoder.ErrDamaged) {
			t.Errorf("%s: %v is not ErrDamaged", what, err)
		}
		if after, err := os.ReadFile(path); err != nil || !slices.Equal(after, file) {
			t.Fatal("reading changed the file:", what, err)
		}
		return err.Error()
	}
	header := 8 + int(binary.LittleEndian.Uint64(whole))
	cuts, line := 0, ""
	for n := range whole {
		if n > 64 && n < len(whole)-64 && n%61 != 0 && n != header {
			continue
		}
		cuts++
		line = refused(fmt.Sprintf("the first %d bytes", n), whole[:n])
	}
	faults.Row(t, fmt.Sprintf("checkpoint cut off, at %d places", cuts), line, "the file, as it is")

	flips := 0
	values, metadata, err := readAll(whole)
	if err != nil {
		t.Fatal(err)
	}
	harmless := func(garbled []byte) bool { // in what says nothing about the model, as "format":"pt"
		others, text, err := readAll(garbled)
		same := err == nil && len(others) == len(values) && text["run"] == metadata["run"]
		for name, value := range values {
			same = same && others[name] != nil && others[name].Equal(value)
		}
		return same
	}
	for n := range whole {
		if n > header && n%101 != 0 {
			continue
		}
		garbled := slices.Clone(whole)
		garbled[n] ^= 1 << (n % 8)
		if harmless(garbled) {
			continue
		}
		flips++
		line = refused(fmt.Sprintf("bit %d of byte %d wrong", n%8, n), garbled)
	}
	refused("a wrong bit in a weight", append(slices.Clone(whole[:header]), append([]byte{whole[header] ^ 4}, whole[header+1:]...)...))
	_, err = run(m, recipe(2)) // training from scratch does not replace what may still be rescued
	wantLine(t, err, "delete it and train again")
	faults.Row(t, fmt.Sprintf("checkpoint with one wrong bit, at %d places", flips), line, "the file, as it is; training does not write over it")
}

// What other programs and versions may have left in the folder.
func TestForeignCheckpoints(t *testing.T) {
	m := trainedFor2(t)
	path := filepath.Join(m.Dir, "model.safetensors")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values, metadata, err := readAll(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ fault, record, says string }{
		{"checkpoint of a later version", strings.Replace(metadata["run"], `"Format":1`, `"Format":2`, 1), "has format 2, and this version reads 1: use the version that wrote it, or another Dir"},
		{"checkpoint of an older version", strings.Replace(metadata["run"], `"Format":1`, `"Format":0`, 1), "has format 0, and this version reads 1: use the version that wrote it, or another Dir"},
		{"checkpoint without a record, from another program", "", "has no record of a run, so Train did not write it: move it away"},
		{"checkpoint whose record has no image shape", strings.Replace(metadata["run"], "[8,8,1]", "[]", 1), "images need the shape"},
		{"checkpoint whose record has a negative image shape", strings.Replace(metadata["run"], "[8,8,1]", "[-8,-8,1]", 1), "axis with dimension < 0"},
		{"checkpoint whose record has a huge image shape", strings.Replace(metadata["run"], "[8,8,1]", "[4294967296,4294967296,1]", 1), "takes 64 numbers per image"},
	} {
		record := numericsOf.ReplaceAllString(c.record, "") // as before there were checksums
		if err := safetensors.Write(path, values, map[string]string{"run": record}); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile(path)
		_, err := m.Encode(test)
		if err != nil && strings.HasPrefix(err.Error(), "autoencoder: the images are ") {
			_, err = m.Decode(tensors.FromFlatDataAndDimensions(make([]float32, 2), 1, 2))
		}
		wantLine(t, err, c.says)
		if after, _ := os.ReadFile(path); !slices.Equal(before, after) {
			t.Errorf("%s: the file was changed", c.fault)
		}
		faults.Row(t, c.fault, err.Error(), "the file, as it is")
	}

	other := trainedFor2(t)
	other.Decoder = nn.Sequential(nn.Linear(2, 64), nn.Tanh())
	_, err = other.Encode(test)
	wantLine(t, err, "the layers have changed since "+other.Dir+" was trained: run the training cell again")
	faults.Row(t, "checkpoint of another model", err.Error(), "the file, as it is; training moves it to .previous")
}

func TestLossThatIsNotFinite(t *testing.T) {
	pixels := tensors.MustCopyFlatData[float32](train)
	for _, c := range []struct {
		fault string
		pixel float32
		rate  float64
		says  string
	}{
		{"a pixel of 1e30, so an infinite loss", 1e30, 2e-3, ": the training images have pixels from -1 to 1e+30, far outside of [-1, 1]; if they are right, try a smaller LearningRate than 0.002;"},
		{"learning rate of 1e30", pixels[77*64], 1e30, ": try a smaller LearningRate than 1e+30;"},
	} {
		m := trainedFor2(t)
		want, err := m.Evaluate(test)
		if err != nil {
			t.Fatal(err)
		}
		bad := slices.Clone(pixels)
		bad[77*64] = c.pixel
		config := recipe(3)
		config.LearningRate = c.rate
		var last error
		for _, err := range m.Train(tensors.FromFlatDataAndDimensions(bad, 500, 8, 8, 1), test, config) {
			last = err
		}
		wantLine(t, last, "the loss is ", " in epoch 1, step ", c.says)
		if !errors.Is(last, autoencoder.ErrNotFinite) {
			t.Errorf("%s: %v is not ErrNotFinite", c.fault, last)
		}
		if got, err := m.Evaluate(test); got != want || err != nil {
			t.Errorf("%s: the weights gave %v before and %v now: %v", c.fault, want, got, err)
		}
		faults.Row(t, c.fault, last.Error(), "the weights that were in the folder")
	}
}

func TestTooLargeForMemoryIsRefusedBefore(t *testing.T) {
	huge := func(width int) autoencoder.Model {
		m := small(filepath.Join(t.TempDir(), "model"))
		m.Encoder = nn.Sequential(nn.Linear(64, width), nn.Linear(width, width), nn.Linear(width, 2))
		return m
	}
	for _, width := range []int{1 << 20, 1 << 31, 1 << 40, 1 << 62} {
		m := huge(width)
		_, err := run(m, recipe(1))
		wantLine(t, err, " parameters and batches of 64 need ", " GB of memory, ", " GB are free: make the layers or BatchSize smaller")
		if _, err := os.Stat(m.Dir); !os.IsNotExist(err) {
			t.Error("its folder was made:", err)
		}
		if width == 1<<20 {
			wantLine(t, err, "1.1e+12 parameters", "need 1.759e+04 GB")
			faults.Row(t, "a model too large for the memory, trained", err.Error(), "nothing was begun")
		}
		_, err = m.NewStore(0, 8, 8, 1)
		wantLine(t, err, " GB are free: make the layers smaller")
	}
	if err := func() error { _, err := run(small(t.TempDir()), recipe(1)); return err }(); err != nil {
		t.Error("a small model is refused as well:", err)
	}
}

// A file's time does not matter: a clock that was wrong when the file was written does no harm.
func TestClockSetBackBetweenEpochs(t *testing.T) {
	want := small(t.TempDir())
	mustRun(t, want, recipe(3))
	for _, when := range []time.Time{time.Unix(0, 0), time.Now().AddDate(70, 0, 0)} {
		m := trainedFor2(t)
		for _, path := range []string{filepath.Join(m.Dir, "model.safetensors"), m.Dir} {
			if err := os.Chtimes(path, when, when); err != nil {
				t.Fatal(err)
			}
		}
		for e, err := range m.Train(train, test, recipe(3)) {
			if err != nil || !strings.HasPrefix(e.Note, "resumed: 2 of 3 epochs are saved") || e.Elapsed <= 0 {
				t.Errorf("%v: %+v, %v", when, e, err)
			}
		}
		sameWeights(t, m, want)
	}
	faults.Row(t, "clock set back: checkpoint from 1970, or from 70 years ahead", "", "all epochs; the run goes on to the bit")
}

// Every function that takes a tensor is given every kind of tensor that it must refuse.
func TestWrongShapesAtEveryFunction(t *testing.T) {
	m := trainedFor2(t)
	gone := tensors.FromFlatDataAndDimensions(make([]float32, 64), 1, 8, 8, 1)
	gone.MustFinalizeAll()
	floats := func(dims ...int) *tensors.Tensor {
		n := 1
		for _, d := range dims {
			n *= d
		}
		return tensors.FromFlatDataAndDimensions(make([]float32, n), dims...)
	}
	bad := map[string]*tensors.Tensor{
		"nil": nil, "finalized": gone, "scalar": tensors.FromScalar(float32(1)), "flat": floats(64), "no channels": floats(8, 8, 8),
		"5 axes": floats(1, 8, 8, 1, 1), "another size": floats(3, 9, 9, 1), "three channels": floats(2, 8, 8, 3),
		"bytes": tensors.FromFlatDataAndDimensions(make([]uint8, 64), 1, 8, 8, 1), "none": tensors.FromShape(shapes.Make(dtypes.Float32, 0, 8, 8, 1)),
	}
	first := func(x, y *tensors.Tensor) (err error) {
		for _, err = range m.Train(x, y, recipe(3)) {
			break
		}
		return err
	}
	functions := map[string]func(x *tensors.Tensor) error{
		"Train(x, test)":  func(x *tensors.Tensor) error { return first(x, test) },
		"Train(train, x)": func(x *tensors.Tensor) error { return first(train, x) },
		"Encode":          func(x *tensors.Tensor) error { _, err := m.Encode(x); return err },
		"Decode":          func(x *tensors.Tensor) error { _, err := m.Decode(x); return err },
		"Reconstruct":     func(x *tensors.Tensor) error { _, err := m.Reconstruct(x); return err },
		"Evaluate":        func(x *tensors.Tensor) error { _, err := m.Evaluate(x); return err },
	}
	tried, line := 0, ""
	for name, f := range functions {
		for kind, x := range bad {
			err := f(x)
			if err == nil {
				t.Errorf("%s takes a tensor that is %s", name, kind)
				continue
			}
			wantLine(t, err)
			if tried++; name == "Encode" && kind == "another size" {
				line = err.Error()
			}
		}
	}
	if history, err := m.History(); err != nil || len(history) != 2 {
		t.Errorf("afterwards %d epochs are kept: %v", len(history), err)
	}
	faults.Row(t, fmt.Sprintf("a wrong tensor at each function (%d pairs)", tried), line, "the trained weights")
	for _, size := range []int{0, -1, math.MinInt} {
		_, err := m.Summary(8, size, 1)
		wantLine(t, err, "each size must be at least 1")
		_, err = m.NewStore(0, size, 8, 1)
		wantLine(t, err, "each size must be at least 1")
	}
}
