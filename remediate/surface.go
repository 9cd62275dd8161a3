package remediate

import (
	"context"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// RecordSurface records where the finding was seen; see Desk.Shown. Drawing it is left
// in the outbox, for Work.
func (r *Remediator) RecordSurface(ctx context.Context, id string, at finding.Surface) (finding.Finding, error) {
	return r.Desk().RecordSurface(ctx, id, at)
}
