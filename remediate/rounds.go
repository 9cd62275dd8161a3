package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

const (
	// sliceTime and sliceSize bound what one sweep scans; the next one goes on.
	// Whoever calls waits for it, and a sweep each minute is done before the
	// next, also where every call fails after its ten seconds.
	sliceTime = 20 * time.Second
	sliceSize = 500
	// resumable is how long a scan that was cut off may be gone on with: what
	// was read long ago says little of what is live.
	resumable = time.Hour
)

// hourly is the cell of the scan that sweeps make.
const hourly = "scan"

// ScanSome takes the scan that belongs to the sweep a bounded step further: it
// begins a round at the tops of the scope when ScanEvery has passed since the
// last one began, or goes on with the one that is under way, however long that
// takes. One process at a time is at it; where that one dies, another goes on
// after its lease, and scans one resource twice at most. What cannot be read is
// logged, counted and left to the next round. Without ScanEvery it does nothing.
func (r *Remediator) ScanSome(ctx context.Context) error {
	if r.ScanEvery == 0 {
		return nil
	}
	w, err := r.openWalk(ctx, hourly)
	if err != nil {
		return err
	}
	now := r.Now()
	switch {
	case w.round.leased(now), w.round.over() && now.Before(w.round.Began.Add(r.ScanEvery)):
		return nil
	case w.round.over():
		w.begin(ctx, r.Scope.Include)
		r.Log.InfoContext(ctx, "scan begins")
	case !w.round.LeasedUntil.IsZero():
		r.Log.WarnContext(ctx, "scan goes on after a process that did not let go of it", "holder", w.round.Holder)
	}
	w.round.Holder = r.NewID()
	w.visit = func(v Visit) { r.logVisit(ctx, v) }
	begun := 0
	err = w.run(ctx, func() bool { begun++; return begun <= sliceSize && r.Now().Sub(now) < sliceTime })
	switch {
	case errors.Is(err, ErrTakenOver):
		return nil
	case err != nil:
		return fmt.Errorf("scan: %w", err)
	case w.round.over():
		r.Log.InfoContext(ctx, "scan ended", "scanned", w.round.Scanned, "failed", w.round.Failed, "raised", w.round.Raised)
	}
	return nil
}

func (r *Remediator) logVisit(ctx context.Context, v Visit) {
	if v.Err != nil {
		r.Log.WarnContext(ctx, "not scanned", "resource", v.Resource.String(), "error", v.Err.Error())
	}
}

// Walk is a scan that somebody asked for.
type Walk struct {
	// Name is what it is gone on under when it was cut off; one for each
	// choice of tops.
	Name string
	Tops []cloud.Resource
	// FromStart begins anew where an earlier one could be gone on with.
	FromStart bool
	// Resumed is told, first of all, how far an earlier one was.
	Resumed func(Round)
	// Visit is told of every resource scanned, and of every list that could
	// not be read.
	Visit func(Visit)
}

// ScanAll scans all that lies in and below the tops, waiting for its turn where
// a rate holds it back. It goes on where an earlier one of that name stopped, if
// that began within the hour. Of two at once the later goes on, and the other
// ends with an error matching ErrTakenOver.
func (r *Remediator) ScanAll(ctx context.Context, o Walk) (Round, error) {
	w, err := r.openWalk(ctx, hourly+" "+o.Name)
	if err != nil {
		return Round{}, err
	}
	if o.FromStart || w.round.over() || r.Now().Sub(w.round.Began) >= resumable {
		w.begin(ctx, o.Tops)
	} else {
		o.Resumed(w.round)
	}
	w.patient, w.visit, w.round.Holder = true, o.Visit, r.NewID()
	w.cell.KeepUntil = w.round.Began.Add(resumable)
	err = w.run(ctx, func() bool { return true })
	return w.round, err
}
