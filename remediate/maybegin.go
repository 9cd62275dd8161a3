package remediate

import (
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// stopped reports whether the plan must not be carried out now, and returns the
// finding as it is then stored. Whether rescind is paused has to be known:
// unknown is no reason to write.
func (r *Remediator) stopped(ctx context.Context, f finding.Finding) (finding.Finding, bool, error) {
	p, err := r.cfg.Store.Pause(ctx)
	if err != nil {
		return finding.Finding{}, true, fmt.Errorf("look up whether rescind is paused: %w", err)
	}
	switch now := r.cfg.Now(); {
	case p.Active(now):
		f, err = r.update(ctx, f.Stopped(p.String(), p.Until, now))
		return f, true, err
	case r.overdue(f, now):
		next, err := r.update(ctx, r.asking(f.Overdue(now, r.cfg.ExpiresIn), limit{}))
		if err == nil && f.Automatic {
			r.giveBack(ctx, f)
		}
		return next, true, err
	}
	return f, false, nil
}

// overdue reports whether the plan was approved too long ago to be begun now: by
// a pause or an outage in between, a policy's word is as stale as an old event,
// and a person's holds for a time.
func (r *Remediator) overdue(f finding.Finding, now time.Time) bool {
	return f.State == state.Approved && (f.Automatic && !f.WasAsked() && r.old(f, now) || !f.ExecuteBy.IsZero() && now.After(f.ExecuteBy))
}

func (r *Remediator) old(f finding.Finding, now time.Time) bool {
	return r.cfg.Judge.MaxEventAge > 0 && now.Sub(f.Change.Time) > r.cfg.Judge.MaxEventAge
}

// unapproved counts the votes for an approved plan once more, just before it is
// carried out, and returns the finding as it is then stored where they are no
// longer enough: since they were given somebody may have left the approvers, or
// have made the same change. Then the finding ends. It does not go back to
// pending, which it leaves once: the next event or scan asks anew, with a card
// of its own. Where somebody cannot be looked up, nothing is done for now.
func (r *Remediator) unapproved(ctx context.Context, f finding.Finding) (finding.Finding, bool, error) {
	if f.State != state.Approved || f.Automatic { // what was begun is finished, and a policy needs no votes
		return f, false, nil
	}
	now := r.cfg.Now()
	switch a := r.cfg.Authority.Recount(ctx, f, now); {
	case a.Holds:
		return f, false, nil
	case a.Unknown != "":
		f = f.PutOff(a.Unknown, now)
	default:
		f = f.Disapproved(now, a.Lost)
	}
	f, err := r.update(ctx, f)
	return f, true, err
}
