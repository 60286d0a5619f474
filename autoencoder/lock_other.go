//go:build !linux && !darwin

package autoencoder

// lock makes the folder of the weights. Two writers are not kept apart here.
func (m Model) lock() (unlock func(), err error) {
	if m.Dir == "" {
		return nil, errNoDir
	}
	if err := theDisk.MkdirAll(m.Dir, 0o755); err != nil {
		return nil, notKept("weights", m.Dir, err)
	}
	return func() {}, nil
}
