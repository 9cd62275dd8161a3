package desk

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Pause is the switch that stops all writes to Google Cloud, as it was last
// set. The zero Pause stops nothing.
type Pause struct {
	Revision int64     `json:"revision"` // of the stored record; compared on every write
	On       bool      `json:"on"`       // what was last said; see Active
	By       string    `json:"by,omitempty"`
	Via      string    `json:"via,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	At       time.Time `json:"at,omitzero"`
	Until    time.Time `json:"until,omitzero"` // it ends by itself then

	// Owed is true until every channel in Told was told; DueAt is when the
	// process that does so has had its time.
	Owed  bool      `json:"owed,omitempty"`
	Told  []string  `json:"told,omitempty"`
	DueAt time.Time `json:"due_at,omitzero"`
}

// Active reports whether rescind writes nothing at that moment.
func (p Pause) Active(now time.Time) bool { return p.On && now.Before(p.Until) }

// String says in a sentence what the switch was last set to.
func (p Pause) String() string {
	switch {
	case p.At.IsZero():
		return "rescind was never paused"
	case p.On:
		return fmt.Sprintf("rescind is paused until %s by %s: %s", p.Until.UTC().Format(time.RFC3339), p.By, p.Reason)
	case p.By == "":
		return "rescind works again: the pause ended by itself"
	case p.Reason == "":
		return "rescind works again: resumed by " + p.By
	}
	return fmt.Sprintf("rescind works again: resumed by %s: %s", p.By, p.Reason)
}

// Pause stops all writes to Google Cloud for a time: findings and answers are
// recorded and wait. It takes an approver and a reason; otherwise the error is
// a *RefusedError. A pause during a pause replaces it.
func (d Desk) Pause(ctx context.Context, by, via, reason string, duration time.Duration) (Pause, error) {
	return d.PauseSigned(ctx, d.Now(), by, via, reason, duration)
}

// PauseSigned is Pause as it was signed for at that time, from which the duration
// counts. One that is taken more than SwitchWithin later is refused, and everybody
// is told; so is one that was signed before somebody last set or ended a pause.
func (d Desk) PauseSigned(ctx context.Context, at time.Time, by, via, reason string, duration time.Duration) (Pause, error) {
	at = notAhead(at, d.Now())
	p, err := d.pause(ctx, at, by, via, reason, duration)
	d.switched(ctx, trail.Paused, finding.Answer{Choice: "pause", Principal: by, Via: via}, p, err)
	return p, err
}

func (d Desk) pause(ctx context.Context, at time.Time, by, via, reason string, duration time.Duration) (Pause, error) {
	if err := d.maySwitch(ctx, "pause", at, by, via); err != nil {
		return Pause{}, err
	}
	switch why := authority.BadReason(reason); {
	case why != "":
		return Pause{}, finding.RefuseAs(finding.ClassReason, "pausing %s", why)
	case duration <= 0 || duration > finding.MaxPause:
		return Pause{}, finding.RefuseAs(finding.ClassDuration, "a pause lasts at most %s, not %s", judge.Span(finding.MaxPause), judge.Span(duration))
	case !at.Add(duration).After(d.Now()):
		return Pause{}, finding.RefuseAs(finding.ClassLate, "it was signed at %s, and would have ended by now", at.UTC().Format(time.RFC3339))
	}
	return d.setPause(ctx, at, func(Pause) (Pause, error) {
		return Pause{On: true, By: by, Via: via, Reason: reason, At: at, Until: at.Add(duration), Owed: true}, nil
	})
}

// Resume ends a pause; any approver may. What waited for it is due at once.
func (d Desk) Resume(ctx context.Context, by, via, reason string) (Pause, error) {
	return d.ResumeSigned(ctx, d.Now(), by, via, reason)
}

// ResumeSigned is Resume as it was signed for at that time; see PauseSigned.
func (d Desk) ResumeSigned(ctx context.Context, at time.Time, by, via, reason string) (Pause, error) {
	at = notAhead(at, d.Now())
	p, err := d.resume(ctx, at, by, via, reason)
	d.switched(ctx, trail.Resumed, finding.Answer{Choice: "resume", Principal: by, Via: via}, p, err)
	if err != nil {
		return Pause{}, err
	}
	return p, d.wake(ctx)
}

func (d Desk) resume(ctx context.Context, at time.Time, by, via, reason string) (Pause, error) {
	if err := d.maySwitch(ctx, "resume", at, by, via); err != nil {
		return Pause{}, err
	}
	if utf8.RuneCountInString(reason) > authority.MaxReason {
		return Pause{}, finding.RefuseAs(finding.ClassReason, "a reason has at most %d characters", authority.MaxReason)
	}
	return d.setPause(ctx, at, func(old Pause) (Pause, error) {
		if !old.Active(d.Now()) {
			return Pause{}, finding.RefuseAs(finding.ClassDecided, "rescind is not paused")
		}
		return Pause{By: by, Via: via, Reason: reason, At: at, Owed: true}, nil
	})
}

// mayPause says why somebody may not pause or resume, or nil. Either can raise
// the exposure, so nothing old is relied on.
func (d Desk) mayPause(ctx context.Context, by string) error {
	return d.Authority.AdmitsAtAll(ctx, by)
}

// setPause sets the switch as it was signed for at that time.
func (d Desk) setPause(ctx context.Context, at time.Time, next func(Pause) (Pause, error)) (Pause, error) {
	for range conflictTries {
		old, err := d.Store.Pause(ctx)
		if err != nil {
			return Pause{}, fmt.Errorf("look up the pause: %w", err)
		}
		if overtaken(old, at) {
			return Pause{}, finding.RefuseAs(finding.ClassLate, "it was signed at %s, and since then: %s", at.UTC().Format(time.RFC3339), old)
		}
		p, err := next(old)
		if err != nil {
			return Pause{}, err
		}
		p.Revision = old.Revision
		p, err = d.Store.SetPause(ctx, p)
		if !errors.Is(err, fault.ErrConflict) {
			return p, err
		}
	}
	return Pause{}, fmt.Errorf("set the pause: %w", fault.ErrConflict)
}

// wakeBatch bounds what resuming makes due, to as much as one sweep takes.
const wakeBatch = 200

// wake makes what waits for a pause to end due now, as much as one sweep takes.
// The rest, and what another process changes meanwhile, a crash leaves out or cannot be
// read, is looked at within pauseLook.
func (d Desk) wake(ctx context.Context) error {
	waiting, err := d.Store.Findings(ctx, finding.Query{States: []state.State{state.Approved, state.Applying}, Limit: wakeBatch})
	if _, err = fault.Readable(err); err != nil {
		return fmt.Errorf("look up what waits for the pause to end: %w", err)
	}
	for _, f := range waiting {
		if !f.Paused {
			continue
		}
		f.DueAt = d.Now()
		if _, err := d.Store.Update(ctx, f); err != nil && !errors.Is(err, fault.ErrConflict) {
			return fmt.Errorf("wake finding %s: %w", f.ID, err)
		}
	}
	return nil
}

// PauseStore keeps the one switch that stops all writes to Google Cloud.
type PauseStore interface {
	// Pause returns the switch as it was last set, or the zero Pause.
	Pause(ctx context.Context) (Pause, error)
	// SetPause sets the switch if it is still at p.Revision (0: never set),
	// and returns it at the next revision; otherwise an error matching
	// ErrConflict, and nothing is written.
	SetPause(ctx context.Context, p Pause) (Pause, error)
}

// switched records that the pause was set, or who was refused that.
func (d Desk) switched(ctx context.Context, kind trail.Kind, a finding.Answer, p Pause, err error) {
	if err != nil {
		d.audited(ctx, "", a, err)
		return
	}
	d.Ledger.Note(ctx, trail.Record{Kind: kind, Who: a.Principal, Via: a.Via, What: p.String()})
}
