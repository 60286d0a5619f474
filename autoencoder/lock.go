//go:build linux || darwin

package autoencoder

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock takes the folder of the weights for one writer, and makes it if it is not there. The system
// gives it back when the program ends, however it ends. Readers need no lock: the file that they open
// is whole at any time.
func (m Model) lock() (unlock func(), err error) {
	if m.Dir == "" {
		return nil, errNoDir
	}
	if err := theDisk.MkdirAll(m.Dir, 0o755); err != nil {
		return nil, notKept("weights", m.Dir, err)
	}
	folder, err := os.Open(m.Dir)
	if err != nil {
		return nil, notKept("weights", m.Dir, err)
	}
	err = syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		folder.Close()
		return nil, fmt.Errorf("autoencoder: %s is being trained already, in another cell or notebook: let that finish or stop it, or use another Dir", m.Dir)
	}
	// Any other error is that of a file system without locks: two writers then take turns epoch by
	// epoch, and the file is whole all the same.
	if err == nil {
		clearUnfinished(filepath.Join(m.Dir, checkpointFile))
		clearUnfinished(filepath.Join(m.previous(), checkpointFile))
	}
	return func() { folder.Close() }, nil
}
