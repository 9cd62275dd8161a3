package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Desk takes what people decide: answers, and the pause. It checks who may, and
// records; it carries nothing out, so it needs no access to Google Cloud. A
// Remediator has one. A Desk that has nobody who works beside it says so in
// HandOver.
type Desk struct {
	Store     Store
	Authority authority.Authority
	// ExpiresIn is how long an undo waits for the second person, where it takes one.
	ExpiresIn time.Duration
	Now       func() time.Time
	// Alarm has every channel told of something, once for each id; nil for nobody.
	Alarm func(ctx context.Context, id, text string) error
	// Ledger records who was refused, paused and resumed; nil for nobody.
	Ledger *trail.Ledger
	// HandOver makes what an answer leads to due at once: it is for whichever
	// process sweeps next.
	HandOver bool
	// OnCall names the pagers there are.
	OnCall []string
}

// Store is the part of a Store that a Desk needs.
type Store interface {
	finding.Store
	PauseStore
	cells.Store
}

// conflictTries bounds how often a decision starts over because somebody else wrote
// in between.
const conflictTries = 5

func (d Desk) finding(ctx context.Context, id string) (finding.Finding, error) {
	f, err := d.Store.Finding(ctx, id)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return finding.Finding{}, finding.RefuseAs(finding.ClassNotFound, "there is no finding %s", id)
	case err != nil:
		return finding.Finding{}, fmt.Errorf("look up finding %s: %w", id, err)
	}
	return f, nil
}

// memoized is the desk for one request; see authority.Authority.Memoized.
func (d Desk) memoized() Desk {
	d.Authority = d.Authority.Memoized()
	return d
}

// Admits returns nil for somebody who may decide at all, and a *RefusedError for
// anybody else, also where it could not be looked up. Whether an answer of
// theirs counts on a finding, only answering tells.
func (d Desk) Admits(ctx context.Context, principal string) error { return d.mayPause(ctx, principal) }

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
