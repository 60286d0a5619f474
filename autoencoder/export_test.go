package autoencoder

import "github.com/gomlx/gomlx/core/tensors"

// What the tests of package autoencoder_test see of the inside.
var (
	ReadSafetensors  = readSafetensors
	WriteSafetensors = writeSafetensors
)

type (
	Disk     = disk
	DiskFile = diskFile
	RealDisk = realDisk
)

// UseDisk puts a disk in the place of the real one, and returns the function that takes it out again.
func UseDisk(d Disk) (restore func()) {
	old := theDisk
	theDisk = d
	return func() { theDisk = old }
}

// Resave writes the model's checkpoint as it is, and what belongs to the first epoch of a new run
// before that: all that Train does to a disk, without the training.
func (m Model) Resave() error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	c, err := m.load()
	if err != nil {
		return err
	}
	if err := m.keepPrevious(); err != nil {
		return err
	}
	c.run.History = append(c.run.History, Epoch{Number: c.run.done() + 1})
	return m.save(c)
}

// StepsACall is how many steps a call of the program runs that Train would compile.
func (m Model) StepsACall(train, test *tensors.Tensor, c Config) (int, error) {
	t, err := m.newTrainer(train, test, c)
	if err != nil {
		return 0, err
	}
	defer t.close()
	if err := t.start(); err != nil {
		return 0, err
	}
	return t.steps.size, nil
}

// OneStepACall keeps training from running several steps in one call, until restore.
func OneStepACall() (restore func()) {
	old := stepsACall
	stepsACall = 1
	return func() { stepsACall = old }
}
