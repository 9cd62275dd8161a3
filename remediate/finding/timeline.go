package finding

import (
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

const (
	// maxActors and maxActor bound an actor set: no store takes more than 1 MiB
	// of a finding.
	maxActors = 100
	maxActor  = 1000 // bytes of an actor, as it is stored
	// maxEvents is how many events a timeline has before waiting for a turn
	// counts as an attempt.
	maxEvents = 400
)

// VerifyTrail returns nil if every event of the trail is as it was written and the
// record is as the last one left it. Otherwise the error names the first event that is
// not, or the record; see trail.Timeline.Verify.
func (f Finding) VerifyTrail() error {
	if err := f.Timeline.Verify(f.ID, f.State); err != nil {
		return err
	}
	return f.verifySeal()
}

// Extends returns an error unless f may take the place of old: its trail is that
// of old with more at its end, or with nothing more, and every event there leads to
// a state that may follow. Stores ask before they replace a finding.
func (f Finding) Extends(old Finding) error {
	if err := f.Timeline.Extends(f.ID, old.Timeline); err != nil {
		return err
	}
	at := old.State
	for _, e := range f.Timeline[len(old.Timeline):] {
		if e.State != at && !state.Follows(at, e.State) {
			return fmt.Errorf("event %d of finding %s leads from %s to %s, which does not follow", e.N, f.ID, at, e.State)
		}
		at = e.State
	}
	return nil
}

// answeredVia is how the answer came that an event is about: a transition adds
// the answer before the event.
func (f Finding) answeredVia(who string, at time.Time) string {
	if n := len(f.Answers); n > 0 && who != "" && f.Answers[n-1].Principal == who && f.Answers[n-1].At.Equal(at) {
		return f.Answers[n-1].Via
	}
	return ""
}

// Lines are the events of the finding's trail after the first so many.
func (f Finding) Lines(after int) []trail.Line {
	var out []trail.Line
	for i, e := range f.Timeline {
		if i >= after {
			out = append(out, trail.Line{
				At: e.At, Chain: "finding/" + f.ID, N: i + 1, Kind: string(e.State), Finding: f.ID, Policy: f.Policy,
				Resource: f.Resource.String(), Who: e.Who, Via: e.Via, What: e.What, Plan: e.Plan, Hash: e.Hash,
			})
		}
	}
	return out
}

// ownSlack is how far from what a finding did a change may be dated that it
// explains: the clocks of Google and of this machine differ, and a long-running
// operation is logged again when it ends.
const ownSlack = 10 * time.Minute

// Explains reports whether the finding wrote, or was about to write, such a
// change at that time.
func (f Finding) Explains(c cloud.Change, now time.Time) bool {
	begun, ended := f.written(now)
	if begun.IsZero() || c.Time.Before(begun.Add(-ownSlack)) || c.Time.After(ended.Add(ownSlack)) {
		return false
	}
	return slices.ContainsFunc(f.Done, func(s judge.Step) bool { return s.Resource == c.Resource && s.Explains(c) })
}

// Touched reports whether the finding wrote to what the step would change: the same
// grants, or the same field of the resource.
func (f Finding) Touched(s judge.Step) bool {
	return slices.ContainsFunc(f.Done, func(d judge.Step) bool { return d.Concerns(s) })
}

// Wrote reports whether what the step would change is as the finding wrote it.
func (f Finding) Wrote(s judge.Step) bool {
	return slices.ContainsFunc(f.Done, func(d judge.Step) bool { return d.Concerns(s) && d.Leaves(s.Before) })
}

// WrittenBy is when the finding's plan was carried out at the latest.
func (f Finding) WrittenBy(now time.Time) time.Time {
	_, ended := f.written(now)
	return ended
}

// written is from when to when the finding's plan was carried out; the zero
// times if it never was.
func (f Finding) written(now time.Time) (begun, ended time.Time) {
	for _, e := range f.Timeline {
		if e.State == state.Applying {
			begun = e.At
			break
		}
	}
	if ended = now; f.State.Ended() {
		ended = f.EndedAt
	}
	return begun, ended
}
