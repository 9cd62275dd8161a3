package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// SwitchWithin is how old a pause or resume may be when it is taken. An answer is
// about a finding that takes one only; these can be given again and again, and an old
// one that is kept back would work whenever somebody likes.
const SwitchWithin = 5 * time.Minute

// maySwitch says why somebody may not do so, or not any more. That an approver's old
// word is brought up again is for everybody to know: somebody has kept it.
func (d Desk) maySwitch(ctx context.Context, verb string, at time.Time, by, via string) error {
	if err := d.mayPause(ctx, by); err != nil {
		return err
	}
	now := d.Now()
	if now.Sub(at) <= SwitchWithin {
		return nil
	}
	signed := at.UTC().Format(time.RFC3339)
	late := finding.RefuseAs(finding.ClassLate, "it was signed at %s, and a %s counts for five minutes", signed, verb)
	if d.Alarm == nil {
		return late
	}
	text := fmt.Sprintf("a %s by %s (%s) was refused: it was signed at %s and came at %s, and it counts for five minutes. "+
		"Either answers wait in the queue, or somebody sends old ones", verb, by, via, signed, now.UTC().Format(time.RFC3339))
	if err := d.Alarm(ctx, "late "+verb+" of "+signed+" by "+by, text); err != nil {
		return fmt.Errorf("announce a late %s: %w", verb, err)
	}
	return late
}

// overtaken reports whether somebody set the switch after the time at which this was
// signed for. Slack writes whole seconds.
func overtaken(old Pause, at time.Time) bool {
	return old.By != "" && at.Before(old.At.Truncate(time.Second))
}

// notAhead is the time, or now where a clock is ahead: what was signed by a right one
// would else come to be the older word.
func notAhead(at, now time.Time) time.Time {
	if at.After(now) {
		return now
	}
	return at
}
