package autoencoder

import "github.com/gomlx/gomlx/core/tensors"

// Resave writes the model's checkpoint as it is, and what belongs to the first epoch of a new run
// before that: all that Train does to a disk, without the training.
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

// StepsACall is how many steps a call of the program runs that Train would compile.
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

// OneStepACall keeps training from running several steps in one call, until restore.
func OneStepACall() (restore func()) {
	old := stepsACall
	stepsACall = 1
	return func() { stepsACall = old }
}
