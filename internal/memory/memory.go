// Package memory says how much memory a program may still take, so that a computation that cannot fit
// is refused with a sentence before it begins.
package memory

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// Available returns the number of bytes that this process can still take without swapping and without
// being killed: Linux's own estimate (MemAvailable), or what a control group above the process has left
// of its limit if that is less. It returns +Inf if the system tells neither.
func Available() float64 { return available(os.DirFS("/")) }

// Gigabytes returns bytes in units of 10⁹, with four significant digits: "1.208 GB".
func Gigabytes(bytes float64) string { return fmt.Sprintf("%.4g GB", bytes/1e9) }

// available is Available on a system whose files are those of root.
func available(root fs.FS) float64 {
	free := math.Inf(1)
	if kB, ok := field(root, "proc/meminfo", "MemAvailable:"); ok {
		free = kB * 1024
	}
	groups, _ := fs.ReadFile(root, "proc/self/cgroup")
	for line := range strings.Lines(string(groups)) { // hierarchy:controllers:path
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		switch controllers := "," + parts[1] + ","; {
		case parts[1] == "":
			free = min(free, version2.left(root, parts[2]))
		case strings.Contains(controllers, ",memory,"):
			free = min(free, version1.left(root, parts[2]))
		}
	}
	return max(free, 0)
}

// A version names the files in which one version of control groups tells its numbers, all in bytes.
type version struct {
	mount, limit, usage string
	reclaimable         []string // in memory.stat: file pages, which the kernel gives back when asked
}

var (
	version2 = version{"sys/fs/cgroup", "memory.max", "memory.current", []string{"active_file", "inactive_file"}}
	version1 = version{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
		[]string{"total_active_file", "total_inactive_file"}}
)

// left returns what the group and its ancestors leave, +Inf if none has a limit. Each of them may have
// one. In a container the group's path may be the host's, which is not mounted: then the container's
// own limit is the one at the root.
func (v version) left(root fs.FS, group string) float64 {
	free := math.Inf(1)
	for at := path.Clean("/" + group); ; at = path.Dir(at) {
		folder := path.Join(v.mount, at)
		if limit, ok := number(root, path.Join(folder, v.limit)); ok { // "max" is no number
			used, _ := number(root, path.Join(folder, v.usage))
			for _, name := range v.reclaimable {
				pages, _ := field(root, path.Join(folder, "memory.stat"), name)
				used -= pages
			}
			free = min(free, limit-max(used, 0))
		}
		if at == "/" {
			return free
		}
	}
}

// number reads a file that holds nothing but a number.
func number(root fs.FS, name string) (float64, bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	x, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	return x, err == nil
}

// field reads the number after key in a file of lines "key number".
func field(root fs.FS, name, key string) (float64, bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == key {
			x, err := strconv.ParseFloat(words[1], 64)
			return x, err == nil
		}
	}
	return 0, false
}
