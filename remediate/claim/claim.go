// Package claim is about findings whose plan one process carries out: the claim is kept
// for as long as that takes, and what came of it is stored.
package claim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/lease"
	"github.com/rescind-dev/rescind/remediate/state"
)

// attempt bounds one attempt at a plan: it is longer than the longest wait for an
// operation of Cloud Run.
const attempt = 4 * time.Minute

// outcomeFor is for how long a store is asked to take an outcome, and outcomeEvery how
// often: what is not stored looks as if it were still being written.
const (
	outcomeFor   = time.Minute
	outcomeEvery = time.Second
)

// Claims keeps the claims of one process.
type Claims struct {
	Findings finding.Store
	Now      func() time.Time
	Wait     func(context.Context, time.Duration) error // sleeps, or returns ctx's error
}

// Renewing does what the claimed finding's plan says, and renews the claim meanwhile. The
// context of do ends after four minutes, and as soon as the claim is another process's. It
// returns the finding as it was stored last.
func (c Claims) Renewing(ctx context.Context, f finding.Finding, do func(context.Context)) finding.Finding {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	id := f.ID
	lease.While(ctx, func(ctx context.Context) error {
		next, err := c.renew(ctx, id)
		if err == nil {
			f = next
		}
		return err
	}, do)
	return f
}

func (c Claims) renew(ctx context.Context, id string) (finding.Finding, error) {
	f, err := c.Findings.Finding(ctx, id)
	switch {
	case err != nil:
		return finding.Finding{}, fmt.Errorf("renew the claim of finding %s: %w", id, err)
	case f.State != state.Applying:
		return finding.Finding{}, lease.ErrLost
	}
	return c.Findings.Update(ctx, f.Renewed(c.Now()))
}

// Store stores the outcome as soon as the store takes it, for a minute at most. An error
// that says what the store has of the finding ends it at once, as ErrConflict does.
func (c Claims) Store(ctx context.Context, outcome func() finding.Finding) (finding.Finding, error) {
	for until := c.Now().Add(outcomeFor); ; {
		stored, err := c.Findings.Update(ctx, outcome())
		switch {
		case err == nil:
			return stored, nil
		case decided(err), !c.Now().Before(until), c.Wait(ctx, outcomeEvery) != nil:
			return finding.Finding{}, fmt.Errorf("store what came of finding %s: %w", outcome().ID, err)
		}
	}
}

// decided reports whether the store answered, and would answer the same again.
func decided(err error) bool {
	return errors.Is(err, fault.ErrConflict) || errors.Is(err, fault.ErrNotFound) || errors.Is(err, fault.ErrLater)
}
