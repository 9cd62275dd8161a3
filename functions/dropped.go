package functions

import (
	"errors"
	"log/slog"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
)

// What Count is told of a message that became no Handle, or one that failed.
// The rest of the kinds are those of remediate.OutcomeKind.
const (
	KindBadMessage    = "bad message"    // not an envelope that holds an entry
	KindTooLarge      = "too large"      // over the largest body that the endpoint takes
	KindUnreadable    = "unreadable"     // in a good envelope, no entry that can be read
	KindUnknownMethod = "unknown method" // perhaps a change, of a kind rescind does not know
	KindNotChange     = "not a change"
	KindFailedCall    = "failed call"
	KindRehearsal     = "rehearsal"
	KindRetry         = "retry" // answered 503: the message comes again
	KindBusy          = "busy"  // answered 503 at once, as too much is worked on
)

// countOrNot makes a Count that may be called of one that may be nil.
func countOrNot(count func(kind string)) func(kind string) {
	if count == nil {
		return func(string) {}
	}
	return count
}

// droppedError is a message that no redelivery would make better.
type droppedError struct {
	kind   string
	err    error
	change cloud.Change // as far as the entry could be read
}

func (e *droppedError) Error() string { return e.kind + ": " + e.err.Error() }

// level keeps the everyday quiet, so that what was lost is seen.
func (e *droppedError) level() slog.Level {
	switch e.kind {
	case KindNotChange, KindFailedCall, KindRehearsal:
		return slog.LevelDebug
	case KindUnknownMethod:
		return slog.LevelWarn
	}
	return slog.LevelError
}

// kindOf sorts what Decode says of an entry.
func kindOf(err error) string {
	switch {
	case errors.Is(err, auditlog.ErrNotChange):
		return KindNotChange
	case errors.Is(err, auditlog.ErrFailedCall):
		return KindFailedCall
	case errors.Is(err, auditlog.ErrRehearsal):
		return KindRehearsal
	case errors.Is(err, auditlog.ErrUnknownMethod):
		return KindUnknownMethod
	}
	return KindUnreadable
}
