//go:build !linux || !cgo

package memory

// Trim does nothing here: only glibc keeps what C code has freed.
func Trim() {}
