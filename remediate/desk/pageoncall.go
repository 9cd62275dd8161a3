package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Page has on-call told of a finding at once, because somebody asks for it:
// whoever sees the question may, but not again within 15 minutes.
func (d Desk) Page(ctx context.Context, id, by, via string) (finding.Finding, error) {
	for range conflictTries {
		f, err := d.finding(ctx, id)
		if err != nil {
			return finding.Finding{}, err
		}
		now := d.Now()
		switch {
		case len(d.OnCall) == 0:
			return f, finding.Refuse("nobody is configured to be on call")
		case f.State.Ended():
			return f, finding.Refuse("the finding is %s: %s", f.State, f.Why)
		case now.Sub(f.PagedAt) < finding.PageEvery:
			return f, finding.Refuse("on-call was paged at %s; once in %s is enough", f.PagedAt.UTC().Format(time.RFC3339), finding.PageEvery)
		}
		next := f.Paged(now, by, fmt.Sprintf("on-call paged by %s (%s)", by, via), d.OnCall)
		if d.HandOver && !f.State.Working() { // whose lease is that of whoever applies it
			next.DueAt = now
		}
		stored, err := d.Store.Update(ctx, next)
		if !errors.Is(err, fault.ErrConflict) {
			return stored, err
		}
	}
	return finding.Finding{}, fmt.Errorf("page on-call about finding %s: %w", id, fault.ErrConflict)
}
