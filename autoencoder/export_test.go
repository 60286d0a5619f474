package autoencoder

import "github.com/gomlx/gomlx/core/tensors"

// Resave does to the disk what Train does at the first epoch of a new run, without the training: it copies the
// checkpoint to Dir.previous and writes a new one with the same weights.
func (m Model) Resave() error {
	unlock, err := lock(m.Dir)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := openCheckpoint(m.Dir)
	if err != nil {
		return err
	}
	defer s.close()
	c, err := s.all()
	if err != nil {
		return err
	}
	if err := keepPrevious(m.Dir); err != nil {
		return err
	}
	c.run.History = append(c.run.History, Epoch{Number: c.run.done() + 1})
	return save(m.Dir, c)
}

// StepsACall returns how many steps one call of the program that Train compiles would run.
func (m Model) StepsACall(train, test *tensors.Tensor, c Config) (int, error) {
	t := &trainer{model: m, config: c, train: train, test: test, interrupt: listen(c.Context)}
	defer t.interrupt.close()
	defer t.close()
	for _, step := range []func() error{t.check, t.takeFolder, t.begin} {
		if err := step(); err != nil {
			return 0, err
		}
	}
	return t.steps.size, nil
}

// OneStepACall makes Train and Refined run one step in each call of a program, until restore is called.
func OneStepACall() (restore func()) {
	old := stepsACall
	stepsACall = 1
	return func() { stepsACall = old }
}
