package remediate

import (
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
)

// later has the sweep come again after err: for what a rate held back when its
// turn comes, and without counting an attempt, because a hundred findings in
// line must not fail for having waited; for anything else later each time.
func (f Finding) later(now time.Time, err error) Finding {
	after, ok := fault.NextTurn(err)
	if !ok || len(f.Timeline) > maxEvents {
		return f.retried(now)
	}
	f.DueAt, f.UpdatedAt = now.Add(after), now
	return f.notAfterExpiry()
}
