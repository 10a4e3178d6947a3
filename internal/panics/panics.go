// Package panics keeps the gateway up, and silent, when its code breaks: a panic becomes an error that names the kind of value and the line of code.
// It never shows the value, which may hold what a caller said, and decides nothing about going on.
package panics

import (
	"fmt"
	"runtime"
	"strings"
)

// Error is the error of a panic whose value was recovered. Call it in the deferred function that called recover, since it looks for the line that
// broke among the calls above it.
func Error(recovered any) error { return fmt.Errorf("%T at %s", recovered, site()) }

// site is the innermost line of code that is not the runtime's.
func site() string {
	var frames [64]uintptr
	n := runtime.Callers(3, frames[:]) // without Callers, site and Error
	at, panicked := runtime.CallersFrames(frames[:n]), false
	for {
		f, more := at.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicked = true
		case panicked && f.Function != "" && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
		if !more {
			return "unknown"
		}
	}
}
