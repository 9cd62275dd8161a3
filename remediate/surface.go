package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/state"
)

// maxSurfaces bounds the messages that one finding keeps up to date.
const maxSurfaces = 20

// RecordSurface records that the finding stands at a place, and has it drawn there
// anew. It is for a message that somebody saw and that the store does not know,
// as the answer to the call that posted it was lost, or that showed something
// older than the store believes. It decides nothing.
func (d Desk) RecordSurface(ctx context.Context, id string, at Surface) (Finding, error) {
	for range conflictTries {
		f, err := d.finding(ctx, id)
		if err != nil {
			return Finding{}, err
		}
		stored, err := d.Store.Update(ctx, f.surfaceRecorded(at, d.Now(), d.HandOver))
		if !errors.Is(err, fault.ErrConflict) {
			return stored, err
		}
	}
	return Finding{}, fmt.Errorf("note where finding %s is shown: %w", id, fault.ErrConflict)
}

// RecordSurface records where the finding was seen; see Desk.Shown. Drawing it is left
// in the outbox, for Work.
func (r *Remediator) RecordSurface(ctx context.Context, id string, at Surface) (Finding, error) {
	return r.Desk().RecordSurface(ctx, id, at)
}

// surfaceRecorded is the transition of a message that somebody saw: it was drawn at no
// revision that counts. What is being carried out keeps its own time.
func (f Finding) surfaceRecorded(at Surface, now time.Time, handOver bool) Finding {
	f.Surfaces = slices.Clone(f.Surfaces)
	i := slices.IndexFunc(f.Surfaces, at.samePlace)
	switch {
	case i >= 0:
		f.Surfaces[i].Rendered = 0
	case len(f.Surfaces) < maxSurfaces:
		at.Rendered, at.Told = 0, len(f.Timeline)
		f.Surfaces = append(f.Surfaces, at)
	default:
		return f
	}
	if !f.Owes(Notify) {
		f.Outbox = append(slices.Clip(f.Outbox), Notify)
	}
	if f.Owes(Apply) || f.State == state.Waiting {
		return f
	}
	f = f.scheduled(now)
	if handOver {
		f.DueAt = now
	}
	return f
}

func (s Surface) samePlace(o Surface) bool {
	return s.Kind == o.Kind && s.Channel == o.Channel && s.ID == o.ID
}

// keptBeside returns the surfaces as they were brought up to date, with those
// that were noted while that was being done.
func keptBeside(updated, before, stored []Surface) []Surface {
	out := slices.Clone(updated)
	for _, s := range stored {
		if !slices.ContainsFunc(before, s.samePlace) && !slices.ContainsFunc(out, s.samePlace) {
			out = append(out, s)
		}
	}
	return out
}
