package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// record stores what a judgement comes to: a new finding, one more change on
// an open one, or nothing where people settled this for whoever made it.
func (r *Remediator) record(ctx context.Context, k judged) (finding.Finding, OutcomeKind, error) {
	f, err := r.cfg.Store.Finding(ctx, k.id())
	if err == nil && !k.continues(f) {
		k.change.ID += " " + k.change.Content
		f, err = r.cfg.Store.Finding(ctx, k.id())
	}
	switch {
	case err == nil:
		f, err = r.resume(ctx, f, k)
		return f, Found, err
	case !errors.Is(err, fault.ErrNotFound):
		return finding.Finding{}, "", fmt.Errorf("look up finding: %w", err)
	}
	if k, err = r.confirmed(ctx, k); err != nil {
		return finding.Finding{}, "", err
	}
	if !k.vanished && k.Verdict != policies.Exempt { // what is exempt is about no plan, so it joins none
		// What is settled goes first: what is left may be asked about already.
		k, settled, err := r.withoutSettled(ctx, k)
		if settled || err != nil {
			return finding.Finding{}, Settled, err
		}
		if f, ok, err := r.join(ctx, k); ok || err != nil {
			return f, Found, err
		}
		f, err = r.create(ctx, k)
		return f, Found, err
	}
	f, err = r.create(ctx, k)
	return f, Found, err
}

// create stores the finding a judgement begins as. A revert was counted against
// the limits before: one that is stored and not counted would be one too many.
func (r *Remediator) create(ctx context.Context, k judged) (finding.Finding, error) {
	f, over, err := r.open(ctx, k)
	if err != nil {
		return finding.Finding{}, err
	}
	f = r.asking(f, over)
	created, err := r.cfg.Store.Create(ctx, f)
	if errors.Is(err, fault.ErrExists) { // another delivery of this change won
		created, err = r.cfg.Store.Finding(ctx, f.ID)
		created = withoutLeased(created)
		if err == nil && !created.Automatic {
			r.giveBack(ctx, f)
		}
	}
	if err != nil {
		return finding.Finding{}, fmt.Errorf("store finding %s: %w", f.ID, err)
	}
	return created, nil
}

// withoutLeased hides what a finding owes from whoever did not store it: two that
// post a card make two cards. What is not done by the process that did is left to the
// sweep, which takes it once the lease is over. A revert that nobody began cannot wait;
// claiming it is a compare-and-set. One that was looked at and waits is owed a card as
// well, by whoever looked.
func withoutLeased(f finding.Finding) finding.Finding {
	if begun := f.Paused || f.Attempts > 0; f.State == state.Approved && !begun {
		return f
	}
	return f.Leased()
}

// open is the finding a judgement begins as, with the limits applied, and the limit
// that turned a revert into a question.
func (r *Remediator) open(ctx context.Context, k judged) (finding.Finding, limit, error) {
	f := finding.Opened(finding.ID(k.change.ID, k.Policy, k.change.Resource), k.Judgement, k.change, k.now.At)
	f.Unconfirmed, f.Actors = k.unconfirmed, append(f.Actors, k.makers...)
	switch {
	case k.vanished && k.change.Half == cloud.FirstHalf:
		return f.Deferred(time.Time{}, k.now.At, "live state does not show the change yet; read again later"), limit{}, nil
	case k.vanished:
		return f.Superseded(state.ByEvent, k.now.At, judge.VanishedWhy(k.now)), limit{}, nil
	}
	if k.awaited != "" {
		return f.Deferred(k.now.At.Add(entryLook), k.now.At, "looked for again, for "+k.awaited), limit{}, nil
	}
	wait := k.since().Add(r.cfg.Limits.Grace)
	var over limit
	if f.Decision == judge.Revert {
		check := r.allowed
		if wait.After(k.now.At) { // it is not reverted yet, and may never be
			check = r.limited
		}
		var err error
		if over, err = check(ctx, f); err != nil {
			return finding.Finding{}, limit{}, err
		}
		if over.why != "" {
			f.Decision, f.Guarded, f.Limit, f.Reasons = judge.Ask, true, over.name, append(f.Reasons, over.why)
		}
	}
	if f.Decision == judge.Revert && wait.After(k.now.At) {
		return f.Deferred(wait, k.now.At, "waiting for the grace period until "+wait.UTC().Format(time.RFC3339)), limit{}, nil
	}
	return f.Decided(k.now.At, r.cfg.ExpiresIn), over, nil
}

// update stores the next revision of a finding. Losing to another writer is an
// error matching ErrConflict: the caller starts over from what is stored.
func (r *Remediator) update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	next, err := r.cfg.Store.Update(ctx, f)
	if err != nil {
		return finding.Finding{}, fmt.Errorf("store finding %s: %w", f.ID, err)
	}
	return next, nil
}
