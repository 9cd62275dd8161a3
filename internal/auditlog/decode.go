package auditlog

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// What Decode returns instead of a change. Every error matches exactly one.
var (
	// ErrNotChange is an entry that no policy could be about: another log or
	// service, a read, a method that changes nothing rescind judges.
	ErrNotChange = errors.New("not a change")
	// ErrFailedCall is a call that Google Cloud refused or gave up. The Change
	// beside it says which: a last half that failed ends what its first began.
	ErrFailedCall = errors.New("failed call")
	// ErrRehearsal is a call that only asked whether it would work.
	ErrRehearsal = errors.New("rehearsal")
	// ErrUnknownMethod is an administrative method of Cloud Run that rescind
	// does not know. It is to be counted and reported, for it may be a new way
	// of doing what a policy forbids; the Change beside it says what was read.
	ErrUnknownMethod = errors.New("unknown method")
	// ErrUnreadable is no LogEntry, or one that lacks what it is judged by.
	ErrUnreadable = errors.New("unreadable entry")
)

// Decode reads one LogEntry, the plain JSON that a Pub/Sub sink or an export
// writes. Beside ErrFailedCall, ErrRehearsal and ErrUnknownMethod it returns
// the Change as far as it could be read; no error repeats what a body says.
func Decode(entry []byte) (cloud.Change, error) {
	if err := skimmed(entry); err != nil {
		return cloud.Change{}, err
	}
	return decode(entry)
}

// decode reads the whole entry.
func decode(entry []byte) (cloud.Change, error) {
	e, err := parse(entry)
	if err != nil {
		return cloud.Change{}, err
	}
	if err := e.relevant(); err != nil {
		return cloud.Change{}, err
	}
	e.dropPieces()
	call, err := readerOf(e.service)(e)
	if err != nil {
		return cloud.Change{}, err
	}
	return e.change(call)
}

// FailedCall is an ErrFailedCall with the code of its status.
type FailedCall struct{ Method, Code string }

// Error says which call ended with which code.
func (f *FailedCall) Error() string {
	return fmt.Sprintf("%v: %s ended with status code %s", ErrFailedCall, f.Method, f.Code)
}

// Unwrap is what it matches.
func (f *FailedCall) Unwrap() error { return ErrFailedCall }

// call is an audited method that a reader has recognised.
type call struct {
	verb     cloud.Verb
	resource cloud.Resource
	// unnamed says why resource could not be read; rehearsed and unknown, why
	// the call is no change after all.
	unnamed, rehearsed, unknown string
	// read fills in what became of the resource.
	read func(*cloud.Change)
}

// change puts together what the envelope and the reader say. A failed call is
// told before a resource that cannot be named: some failed calls name none.
func (e *envelope) change(k call) (cloud.Change, error) {
	c, err := e.header()
	if err != nil {
		return c, err
	}
	code, failed, err := e.status()
	if err != nil {
		return c, err
	}
	c.Verb, c.Resource = k.verb, k.resource
	switch {
	case failed:
		return c, &FailedCall{quote(e.method), code}
	case k.rehearsed != "":
		return c, fmt.Errorf("%w: %s with %s", ErrRehearsal, quote(e.method), k.rehearsed)
	case k.unknown != "":
		return c, fmt.Errorf("%w: %s", ErrUnknownMethod, k.unknown)
	case k.unnamed != "":
		return c, fmt.Errorf("%w: %s", ErrUnreadable, k.unnamed)
	}
	if k.read != nil {
		k.read(&c)
	}
	return c, nil
}

// notChange says that the method is none rescind judges.
func (e *envelope) notChange(why string) error {
	return fmt.Errorf("%w: %s of %s %s", ErrNotChange, quote(e.method), e.service, why)
}

// quote shows untrusted text in a message: no control characters, and no more
// of it than a person needs to recognise it.
func quote(s string) string {
	const most = 100
	n := 0
	for i := range s {
		if n == most {
			return strconv.Quote(s[:i] + "…")
		}
		n++
	}
	return strconv.Quote(s)
}
