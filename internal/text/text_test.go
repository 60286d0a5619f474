package text

import (
	"testing"
	"time"
)

func TestValues(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{0.18734, "0.1873"}, {float32(0.5), "0.5000"}, {-1.0, "-1.0000"},
		{1300 * time.Millisecond, "1.3 s"}, {90 * time.Second, "90.0 s"},
		{10, "10"}, {"Linear(784, 128)", "Linear(784, 128)"}, {true, "true"},
	} {
		if got := Value(c.v); got != c.want {
			t.Errorf("%v is written %q, not %q", c.v, got, c.want)
		}
	}
}
