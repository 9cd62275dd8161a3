package remediate

import (
	"context"
	"errors"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// delivered records whether people were told. The fallback speaks up once for
// one that is undelivered.
func (r *Remediator) delivered(ctx context.Context, f finding.Finding, failed error) finding.Finding {
	if failed == nil {
		return f.Delivered()
	}
	if errors.Is(failed, fault.ErrBroken) {
		r.Log.ErrorContext(ctx, "the approval path is broken", "finding", f.ID, "error", failed.Error())
	}
	f = f.NotDelivered(r.Now(), r.FallbackAfter, r.pagers(), failed)
	if f.Undelivered && !f.FellBack {
		f.FellBack = r.fellBack(ctx, f)
	}
	return f
}
