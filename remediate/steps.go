package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// conflictTries bounds how often one step starts over because somebody else
// wrote in between.
const conflictTries = 5

// applyStep makes one write, if it is still needed, and reports whether it did
// and what of the step it was: of two grants one may have been gone already,
// and an undo must not bring that one back.
// now is what was read for it, if anything was. A lost race (ErrConflict) starts the
// whole read-modify-write over on fresh state, with a pause that grows; any other
// error ends it.
func (r *Remediator) applyStep(ctx context.Context, s judge.Step, now judge.Snapshot) (made judge.Step, wrote bool, err error) {
	for try := range conflictTries {
		made = s
		switch s.Kind {
		case policies.RemoveGrants, judge.RestoreGrants, policies.RestoreCondition:
			made, wrote, err = r.changeGrants(ctx, s, now)
		case policies.RequireInvoker:
			wrote, err = r.setInvokerCheck(ctx, s, now, true)
		case judge.DisableInvoker:
			wrote, err = r.setInvokerCheck(ctx, s, now, false)
		case policies.RestoreIdentity:
			wrote, err = r.restoreIdentity(ctx, s, now)
		case policies.RestoreRevision:
			wrote, err = r.setTraffic(ctx, s, now)
		case policies.RestoreIngress:
			wrote, err = r.setIngress(ctx, s, now)
		case policies.RestoreConstrain:
			wrote, err = r.setOrgPolicy(ctx, s, now)
		default:
			return judge.Step{}, false, fmt.Errorf("%w: unknown step %q", fault.ErrRefused, s.Kind)
		}
		if !errors.Is(err, fault.ErrConflict) {
			return made, wrote && !declined(err), err
		}
		if err := r.cfg.Wait(ctx, 200*time.Millisecond<<try); err != nil {
			return judge.Step{}, false, err
		}
		now = judge.Snapshot{}
	}
	return judge.Step{}, false, fmt.Errorf("somebody else keeps changing it: %w", err)
}

// declined reports whether a write was certainly not made. A refusal does not
// say so: a template may be changed, and its revision be refused.
func declined(err error) bool {
	var denied *fault.PermissionError
	return errors.As(err, &denied) || errors.Is(err, fault.ErrNotFound) || errors.Is(err, fault.ErrUnwritten)
}
