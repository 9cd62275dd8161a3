package auditlog

import (
	"fmt"

	"github.com/rescind-dev/rescind/internal/skim"
)

// skimmed is why the entry cannot be a change, where its log or its service alone says
// so; nil for all else, which Decode reads. Most entries of a log are about nothing
// rescind judges, and to read one in full takes seven times as long. It says what
// relevant says.
func skimmed(entry []byte) error {
	var log, service []byte
	named := false
	whole := skim.Object(entry, []string{"logName", "protoPayload"}, func(c *skim.Cursor, name string) {
		switch name {
		case "logName":
			log = c.Text()
		case "protoPayload":
			c.Object([]string{"serviceName"}, func(c *skim.Cursor, _ string) {
				service, named = c.Text(), true
			})
		}
	})
	if !whole || len(log) == 0 {
		return nil
	}
	name := string(log)
	switch {
	case !activityLog(decodeLogName(name)):
		return foreignLog(name)
	case named && len(service) > 0 && readerOf(string(service)) == nil:
		return foreignService(string(service))
	}
	return nil
}

// foreign is an ErrNotChange of another log or service. Nearly all entries are one, and so
// its sentence is made only where somebody reads it.
type foreign struct{ log, service string }

// Error says which.
func (f *foreign) Error() string {
	if f.log != "" {
		return fmt.Sprintf("%v: log %s is not the activity log", ErrNotChange, quote(f.log))
	}
	return fmt.Sprintf("%v: service %s", ErrNotChange, quote(f.service))
}

// Unwrap is what it matches.
func (f *foreign) Unwrap() error { return ErrNotChange }

func foreignLog(name string) error { return &foreign{log: name} }

func foreignService(name string) error { return &foreign{service: name} }
