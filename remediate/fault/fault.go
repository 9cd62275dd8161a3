package fault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// What a store answers when it will not do as told. Callers branch on these
// with errors.Is.
var (
	// ErrExists: a finding with this ID is already stored.
	ErrExists = errors.New("already exists")
	// ErrNotFound: no such record, or no such resource in Google Cloud.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the record, or the resource in Google Cloud, was changed
	// since it was read.
	ErrConflict = errors.New("changed since it was read")
	// ErrRefused: Google Cloud refused the request for good; asking again
	// with the same request is no use.
	ErrRefused = errors.New("refused")
)

// ErrPassing says that what failed may succeed when it is asked again: the neighbour was
// out of order, or an answer was late or cut off. No finding ends for it.
var ErrPassing = errors.New("it may pass")

// ErrLater says that a later release of rescind wrote the record, and that this one does
// not know all of it. To read a part of it, or to write it back without the rest, could
// undo what people decided: it is left to the later release.
var ErrLater = errors.New("a later release of rescind wrote it")

// UnreadError says why a finding cannot be read.
type UnreadError struct {
	Finding string // its ID
	Err     error
}

func (e *UnreadError) Error() string { return "finding " + e.Finding + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *UnreadError) Unwrap() error { return e.Err }

// LeftOutError says what a list leaves out, as it cannot be read: an error for each
// record, an *UnreadError where a store made the list.
type LeftOutError struct{ Records []error }

// Error says how many records are left out, and why the first of them.
func (e *LeftOutError) Error() string {
	if len(e.Records) == 1 {
		return "left out: " + e.Records[0].Error()
	}
	return fmt.Sprintf("left out %d records, the first for: %v", len(e.Records), e.Records[0])
}

// Unwrap returns the errors of the records.
func (e *LeftOutError) Unwrap() []error { return e.Records }

// LeftOut is the error of a list that leaves these out; nil for none.
func LeftOut(records []error) error {
	if len(records) == 0 {
		return nil
	}
	return &LeftOutError{records}
}

// Readable is for whoever shows a list and decides nothing by it: how many records it
// leaves out, and no error for that. Any other error is returned as it is.
func Readable(err error) (leftOut int, _ error) {
	var left *LeftOutError
	if errors.As(err, &left) {
		return len(left.Records), nil
	}
	return 0, err
}

// ErrUnwritten says that a change was certainly not made: its rehearsal was
// refused, or it was never sent.
var ErrUnwritten = errors.New("nothing was written")

// ErrBroken says that people cannot be reached this way until someone acts: a
// token that was revoked, a channel that was archived.
var ErrBroken = errors.New("the approval path is broken")

// BusyError says that a request was not sent, because rescind keeps to a rate.
// It is nobody's failure, and passes by itself: what it held up is tried again
// as often as it takes.
type BusyError struct {
	Where string        // the rate and what it is counted by: "20 writes a minute in projects/p"
	After time.Duration // when the next request has its turn
	// Theirs is true for a limit of the other side, which may be out of order.
	Theirs bool
}

// Error says which rate it is, and when the next turn is.
func (e *BusyError) Error() string {
	return fmt.Sprintf("held back by the limit of %s; next turn in %s", e.Where, e.After.Round(time.Second))
}

// Is makes it one of those after which nothing is written.
func (e *BusyError) Is(target error) bool { return target == ErrUnwritten }

// NextTurn returns when to come again for what a rate held back, and
// whether that is what the error says.
func NextTurn(err error) (after time.Duration, ok bool) {
	var b *BusyError
	if !errors.As(err, &b) {
		return 0, false
	}
	return b.After, true
}

// PermissionError says that rescind lacks a permission: trying again is no
// use until someone grants it.
type PermissionError struct {
	Permission string // "run.services.setIamPolicy", or "" where Google did not say
	Resource   cloud.Resource
	Err        error
}

// Error names the permission, where Google did, and the resource.
func (e *PermissionError) Error() string {
	if e.Permission == "" {
		return "permission denied on " + e.Resource.String() + ": " + e.Err.Error()
	}
	return "permission " + e.Permission + " missing on " + e.Resource.String()
}

// Unwrap returns the API's error.
func (e *PermissionError) Unwrap() error { return e.Err }

// turnTries bounds how often something waits for its turn.
const turnTries = 20

// InTurn does it, and again when its turn has come for what a rate held back, at
// most twenty times. It returns the last error, or that of waiting.
func InTurn(ctx context.Context, wait func(context.Context, time.Duration) error, do func() error) error {
	err := do()
	for try := 1; try < turnTries; try++ {
		after, limited := NextTurn(err)
		if !limited {
			return err
		}
		if err := wait(ctx, after); err != nil {
			return err
		}
		err = do()
	}
	return err
}

// brokenEvery is how far apart lines of the log about a broken approval path are.
const brokenEvery = time.Minute

// BrokenPath says in the log that people cannot be reached until someone acts, and how
// often that was found out: of a channel with a thousand findings it would else be a
// thousand lines. The zero value is ready, and safe for concurrent use.
type BrokenPath struct {
	mu       sync.Mutex
	said     time.Time
	failures int // since then
}

// Tell counts a failure that matches ErrBroken and, a minute after the last line at the
// earliest, says how many there were since, with what was to be shown this time.
func (p *BrokenPath) Tell(ctx context.Context, log *slog.Logger, now time.Time, what, name string, failed error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failures++; !p.said.IsZero() && now.Sub(p.said) < brokenEvery {
		return
	}
	log.ErrorContext(ctx, "the approval path is broken", "failures", p.failures, what, name, "error", failed.Error())
	p.said, p.failures = now, 0
}
