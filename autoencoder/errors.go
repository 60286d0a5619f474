package autoencoder

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"autoencoders/internal/disk"
)

// The functions of this package return errors that wrap these: test for them with [errors.Is].
var (
	ErrUntrained   = errors.New("no trained weights")       // the model's folder holds no weights yet
	ErrBusy        = errors.New("is being trained already") // another Train writes into the folder
	ErrDamaged     = errors.New("is damaged")               // the checkpoint is not what was written
	ErrNotFinite   = errors.New("not finite")               // a pixel, a weight, a loss or a result is NaN or infinite
	ErrInterrupted = errors.New("stopped")                  // SIGINT, or Config.Context was cancelled
)

// failure is a one-line error that also wraps one of the exported errors or a cause.
type failure struct {
	error
	also []error
}

func (f failure) Unwrap() []error { return append(f.also, f.error) }

// fail returns an error of the given kind.
func fail(kind error, format string, args ...any) error {
	return failure{fmt.Errorf("autoencoder: "+format, args...), []error{kind}}
}

func isUntrained(err error) bool { return errors.Is(err, ErrUntrained) }

// unprefixed removes the package name from an error that will be wrapped in another error of this package.
func unprefixed(err error) error {
	if line, ok := strings.CutPrefix(err.Error(), "autoencoder: "); ok {
		return wrapped{line, err}
	}
	return err
}

// catch runs f, which builds a graph, and returns a panic as a one-line error. If a layer of the caller's own
// panicked, the line names the place.
func catch(f func()) (err error) {
	defer func() {
		switch caught := recover().(type) {
		case nil:
		case runtime.Error:
			err = wrapped{"autoencoder: " + strings.TrimPrefix(oneLine(caught.Error()), "runtime error: ") + place(), caught}
		case error:
			err = plain(caught)
			if line := err.Error(); line != oneLine(caught.Error()) { // not an error of our own
				err = wrapped{line + place(), caught}
			}
		default:
			err = fmt.Errorf("autoencoder: %s%s", oneLine(fmt.Sprint(caught)), place())
		}
	}()
	f()
	return nil
}

// place returns where the caller's own code panicked, " at …/main.go:12", or "" if only this package and GoMLX
// were running. In a notebook the kernel translates it to cell and line.
func place() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers[:])])
	for {
		frame, more := frames.Next()
		if f := frame.Function; f == "autoencoders/autoencoder.catch" {
			return ""
		} else if !strings.HasPrefix(f, "runtime.") && !strings.Contains(f, "gomlx") &&
			!strings.HasPrefix(f, "autoencoders/autoencoder.") && !strings.HasPrefix(f, "autoencoders/autoencoder/nn.") &&
			!strings.HasPrefix(f, "autoencoders/autoencoder/internal/") && !strings.HasPrefix(f, "iter.") {
			return fmt.Sprintf(" at %s:%d", frame.File, frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// plain turns an error of GoMLX into one line with this package's name. Errors of this package and of nn pass
// as they are.
func plain(err error) error {
	line := oneLine(err.Error())
	if strings.HasPrefix(line, "nn: ") || strings.HasPrefix(line, "autoencoder: ") {
		if line == err.Error() {
			return err
		}
		return wrapped{line, err}
	}
	return wrapped{"autoencoder: " + line, err}
}

// wrapped is an error with another text.
type wrapped struct {
	line string
	err  error
}

func (w wrapped) Error() string { return w.line }
func (w wrapped) Unwrap() error { return w.err }

// oneLine returns the first line of an error's text: GoMLX's errors carry long contexts over several lines.
func oneLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// notSaved returns the error for a file that could not be written to a folder.
func notSaved(which, folder string, err error) error {
	advice := "give the model another Dir"
	if disk.Full(err) {
		advice = "free some space and run the cell again"
	}
	return fmt.Errorf("autoencoder: the %s cannot be saved in %s: %w: %s", which, folder, disk.Reason(err), advice)
}
