package cell

import (
	"encoding/gob"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

func init() {
	// gob must know the types that are nested in a bundle, or it closes the display pipe.
	gob.Register(map[string]any{})
	gob.Register([]any{})
}

// display sends a bundle to the kernel, for the slot id if that is not empty, and waits until the kernel has it: otherwise
// the last display of a cell is lost now and then.
func display(id string, data map[protocol.MIMEType]any, metadata map[string]any) {
	gonbui.SendData(&protocol.DisplayData{Data: data, Metadata: metadata, DisplayID: id})
	gonb.flush()
}

// gonb is the kernel that runs this cell.
var gonb = kernel{sync: gonbui.Sync, patience: 5 * time.Second}

// A kernel is what displays are sent to.
type kernel struct {
	sync     func() // returns when the kernel has all that was sent, and never if the pipe breaks meanwhile
	patience time.Duration

	mu         sync.Mutex
	unanswered chan struct{} // closed when the sync returns that flush gave up on; nil if there is none
}

// flush waits until the kernel has all that was sent, or until its patience ends. From then on it returns at once, so that
// a kernel that is gone is waited for only once, until the kernel answers after all.
func (k *kernel) flush() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.unanswered != nil {
		select {
		case <-k.unanswered:
			k.unanswered = nil
		default:
			return
		}
	}
	done := make(chan struct{})
	go func() {
		k.sync()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(k.patience):
		k.unanswered = done
	}
}
