// Package text writes values as tables and captions show them.
package text

import (
	"fmt"
	"strconv"
	"time"
)

// Value returns v as a table or a caption shows it: a float64 or float32 with four decimals, a [time.Duration] in seconds
// ("1.3 s"), and everything else as [fmt.Print] formats it.
func Value(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', 4, 64)
	case float32:
		return strconv.FormatFloat(float64(v), 'f', 4, 32)
	case time.Duration:
		return strconv.FormatFloat(v.Seconds(), 'f', 1, 64) + " s"
	}
	return fmt.Sprint(v)
}
