package finding

import (
	"time"

	"github.com/rescind-dev/rescind/remediate/state"
)

// When a question expires. How long it is open is configured (approvals.expires_in,
// in cmd/rescind/internal/config); what silence then leads to is the engine's to say.

// GiveUpAfter is for how long after a question expired its live state is tried to
// be read: about as long as MaxAttempts take.
const GiveUpAfter = time.Hour

// openFor begins the time in which a question may be answered.
func (f Finding) openFor(now time.Time, expiresIn time.Duration) Finding {
	f.ExpiresAt = now.Add(expiresIn)
	return f
}

// PastExpiry reports whether the finding is a question whose time to be answered
// is over.
func (f Finding) PastExpiry(now time.Time) bool {
	return f.State == state.Pending && !now.Before(f.ExpiresAt)
}

// WasAsked reports whether the finding was a question before.
func (f Finding) WasAsked() bool { return !f.ExpiresAt.IsZero() }

// deadline is when the sweep has to look at a question at the latest.
func (f Finding) deadline() time.Time {
	if !f.PageAt.IsZero() && f.PageAt.Before(f.ExpiresAt) {
		return f.PageAt
	}
	return f.ExpiresAt
}

// notAfterExpiry keeps a notice that fails from putting off the expiry. An
// answer that is being carried came in time, and the expiry waits for it.
func (f Finding) notAfterExpiry() Finding {
	if f.State == state.Pending && !f.Owes(Carry) && f.DueAt.After(f.deadline()) {
		f.DueAt = f.deadline()
	}
	return f
}

// PageDue reports whether the time has come to page before the question expires.
func (f Finding) PageDue(now time.Time) bool {
	return f.State == state.Pending && !f.PageAt.IsZero() && !now.Before(f.PageAt)
}

// PagedAfter has a question page on-call when nobody answered for so long.
func (f Finding) PagedAfter(wait time.Duration) Finding {
	if f.State != state.Pending {
		return f
	}
	f.PageAt = f.UpdatedAt.Add(wait)
	return f.notAfterExpiry()
}
