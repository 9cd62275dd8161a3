package measured

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/telemetry"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/owed"
	"github.com/rescind-dev/rescind/remediate/state"
)

const (
	// standingOf bounds what one look at how things stand reads of the store.
	standingOf = 1000
	// standingWithin is how long it may take: nothing waits for it but what comes after a sweep.
	standingWithin = 10 * time.Second
	// ever is how far ahead something may be due.
	ever = 100 * 365 * 24 * time.Hour
)

// Standing has the gauges show how things stand in the store, after a sweep, if anybody
// reads them. So they are the same after an instance was scaled to zero.
func Standing(ctx context.Context, o Options, from remediate.Store, to *telemetry.Telemetry) {
	if !to.StandingDue() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, standingWithin)
	defer cancel()
	s, err := standing(ctx, from, o.Now())
	if err != nil {
		if ctx.Err() == nil {
			o.Log.WarnContext(ctx, "how things stand is not known", "error", err.Error())
		}
		return
	}
	to.Stands(s)
}

// standing is how things stand. All that did not end, and all that owes something, has a
// time at which it is due, so that one list has both.
func standing(ctx context.Context, from remediate.Store, now time.Time) (telemetry.Standing, error) {
	s := telemetry.Standing{At: now, Open: map[string]telemetry.Line{}, Effects: map[string]telemetry.Line{}}
	for _, open := range state.Open() {
		s.Open[string(open)] = telemetry.Line{}
	}
	for _, e := range []finding.Effect{finding.Apply, finding.Notify, finding.Publish, finding.Carry, finding.Resolve, "page"} {
		s.Effects[string(e)] = telemetry.Line{}
	}
	due, err := from.Due(ctx, now.Add(ever), standingOf)
	if _, err = fault.Readable(err); err != nil { // what cannot be read, the sweep names
		return s, fmt.Errorf("list what is open: %w", err)
	}
	s.Complete = len(due) < standingOf
	for _, f := range due {
		if !f.State.Ended() {
			s.Open[string(f.State)] = s.Open[string(f.State)].Add(f.CreatedAt)
		}
		for _, e := range f.Outbox {
			kind, _, _ := strings.Cut(string(e), " ") // of a page, without its pager
			s.Effects[kind] = s.Effects[kind].Add(since(f))
		}
	}
	return s, owedNow(ctx, from, &s)
}

// since is when a finding came to owe what it owes.
func since(f finding.Finding) time.Time {
	if n := len(f.Timeline); n > 0 {
		return f.Timeline[n-1].At
	}
	return f.CreatedAt
}

func owedNow(ctx context.Context, from remediate.Store, s *telemetry.Standing) error {
	n, err := from.CountOwed(ctx, "")
	if err != nil {
		return fmt.Errorf("count what is owed: %w", err)
	}
	if n > 0 {
		oldest, err := from.Owed(ctx, owed.Query{Limit: 1})
		if _, err = fault.Readable(err); err != nil {
			return fmt.Errorf("look up what is owed longest: %w", err)
		}
		if len(oldest) > 0 { // else it was judged in between
			s.Owed = telemetry.Line{N: n, Since: oldest[0].Since}
		}
	}
	p, err := from.Pause(ctx)
	if err != nil {
		return fmt.Errorf("read whether it is paused: %w", err)
	}
	s.Paused = p.Active(s.At)
	return nil
}
