package memory

import (
	"math"
	"testing"
	"testing/fstest"
)

const mega = 1e6

// system is a system with these files.
func system(files map[string]string) fstest.MapFS {
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return root
}

func TestAvailable(t *testing.T) {
	const meminfo = "MemTotal:       2000000 kB\nMemFree:           1000 kB\nMemAvailable:   1000000 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  float64
	}{
		"nothing is known": {nil, math.Inf(1)},
		"no control group": {map[string]string{"proc/meminfo": meminfo}, 1024 * mega},
		"version 2 without a limit": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a\n",
			"sys/fs/cgroup/a/memory.max": "max\n", "sys/fs/cgroup/a/memory.current": "900000000\n"}, 1024 * mega},
		"version 2, at the root of a container": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "500000000\n", "sys/fs/cgroup/memory.current": "200000000\n"}, 300 * mega},
		"file pages can be taken back": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "500000000\n", "sys/fs/cgroup/memory.current": "450000000\n",
			"sys/fs/cgroup/memory.stat": "anon 250000000\nactive_file 50000000\ninactive_file 150000000\n"}, 250 * mega},
		"nested, the parent has less left": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/user/lesson\n",
			"sys/fs/cgroup/user/lesson/memory.max": "500000000\n", "sys/fs/cgroup/user/lesson/memory.current": "100000000\n",
			"sys/fs/cgroup/user/memory.max": "600000000\n", "sys/fs/cgroup/user/memory.current": "550000000\n"}, 50 * mega},
		"nested, the computer has less left": {map[string]string{"proc/meminfo": "MemAvailable: 1000 kB\n", "proc/self/cgroup": "0::/a\n",
			"sys/fs/cgroup/a/memory.max": "500000000\n"}, 1.024 * mega},
		"the path is the host's": {map[string]string{"proc/self/cgroup": "0::/../docker/1234\n",
			"sys/fs/cgroup/memory.max": "500000000\n"}, 500 * mega},
		"more in use than the limit": {map[string]string{"proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "500000000\n", "sys/fs/cgroup/memory.current": "600000000\n"}, 0},
		"version 1 beside an empty version 2": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/docker/1\n0::/\n",
			"sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": "400000000\n", "sys/fs/cgroup/memory/docker/1/memory.usage_in_bytes": "300000000\n",
			"sys/fs/cgroup/memory/docker/1/memory.stat": "cache 9\ntotal_inactive_file 100000000\n"}, 200 * mega},
		"version 1 without a limit": {map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 1024 * mega},
		"damaged files": {map[string]string{"proc/meminfo": "MemAvailable:\n", "proc/self/cgroup": "0\n::\n0::/a",
			"sys/fs/cgroup/a/memory.max": ""}, math.Inf(1)},
	} {
		if got := available(system(c.files)); math.Abs(got-c.want) > 1 && got != c.want {
			t.Errorf("%s: %.0f bytes, want %.0f", name, got, c.want)
		}
	}
	if got := Available(); !(got > 0) {
		t.Errorf("this computer has %v bytes left", got)
	}
}

func TestGigabytes(t *testing.T) {
	for bytes, want := range map[float64]string{1.2079595e9: "1.208 GB", 0: "0 GB", 250e3: "0.00025 GB"} {
		if got := Gigabytes(bytes); got != want {
			t.Errorf("%v bytes are %s, want %s", bytes, got, want)
		}
	}
}
