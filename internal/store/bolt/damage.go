package bolt

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// ErrDamaged matches the errors about a file that is not as it was written.
var ErrDamaged = errors.New("the store's file is damaged")

// named puts the name of a file before what is damaged about it.
func named(path string, err error) error {
	if errors.Is(err, ErrDamaged) {
		return fmt.Errorf("%s: %w", path, err)
	}
	return err
}

// guarded does something with a file that may be damaged: a page that cannot be read, or
// is none, is an error and not the end of the process.
func guarded(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			if !ofTheFile(p) {
				panic(p)
			}
			err = fmt.Errorf("%w: a page of it is none: %v", ErrDamaged, p)
		}
	}()
	return do()
}

// ofTheFile reports whether a panic came of the file: of memory behind which there is no
// page of it, or out of the library, which panics over a page that it cannot use. It is
// for the function that recovers, above which the stack of the panic still stands.
func ofTheFile(p any) bool {
	if _, fault := p.(interface{ Addr() uintptr }); fault {
		return true
	}
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	for panicked := false; ; {
		f, more := frames.Next()
		switch inRuntime := strings.HasPrefix(f.Function, "runtime."); {
		case f.Function == "runtime.gopanic":
			panicked = true
		case panicked && !inRuntime:
			return strings.HasPrefix(f.Function, "go.etcd.io/bbolt")
		}
		if !more {
			return false
		}
	}
}
