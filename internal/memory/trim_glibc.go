//go:build linux && cgo

package memory

// #include <malloc.h>
// #ifdef __GLIBC__
// static void trim(void) { malloc_trim(0); }
// #else
// static void trim(void) {}
// #endif // musl keeps nothing and has no malloc_trim.
import "C"

// Trim gives memory that C code has freed back to the system. By itself glibc keeps what a compiler took,
// some 100 MB, as long as anything behind it is in use.
func Trim() { C.trim() }
