package remediate

import (
	"context"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

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
