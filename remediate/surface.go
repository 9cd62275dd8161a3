package remediate

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// RecordSurface records that the finding stands at a place, and has it drawn there
// anew. It is for a message that somebody saw and that the store does not know,
// as the answer to the call that posted it was lost, or that showed something
// older than the store believes. It decides nothing.
func (d Desk) RecordSurface(ctx context.Context, id string, at finding.Surface) (finding.Finding, error) {
	for range conflictTries {
		f, err := d.finding(ctx, id)
		if err != nil {
			return finding.Finding{}, err
		}
		stored, err := d.Store.Update(ctx, f.SurfaceRecorded(at, d.Now(), d.HandOver))
		if !errors.Is(err, fault.ErrConflict) {
			return stored, err
		}
	}
	return finding.Finding{}, fmt.Errorf("note where finding %s is shown: %w", id, fault.ErrConflict)
}

// RecordSurface records where the finding was seen; see Desk.Shown. Drawing it is left
// in the outbox, for Work.
func (r *Remediator) RecordSurface(ctx context.Context, id string, at finding.Surface) (finding.Finding, error) {
	return r.Desk().RecordSurface(ctx, id, at)
}
