package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// record stores what a judgement comes to: a new finding, one more change on
// an open one, or nothing where people settled exactly this before.
func (r *Remediator) record(ctx context.Context, k kase) (Finding, OutcomeKind, error) {
	f, err := r.Store.Finding(ctx, ID(k.change.ID, k.Policy, k.change.Resource))
	switch {
	case err == nil:
		f, err = r.resume(ctx, f, k)
		return f, Found, err
	case !errors.Is(err, ErrNotFound):
		return Finding{}, "", fmt.Errorf("look up finding: %w", err)
	}
	if !k.past {
		switch f, ok, err := r.join(ctx, k); {
		case err != nil:
			return Finding{}, "", err
		case ok:
			return f, Found, nil
		}
		if done, err := r.settledBefore(ctx, k); done || err != nil {
			return Finding{}, Settled, err
		}
	}
	f, err = r.open(ctx, k)
	if err != nil {
		return Finding{}, "", err
	}
	created, err := r.Store.Create(ctx, f)
	if errors.Is(err, ErrExists) { // another delivery of this change won
		created, err = r.Store.Finding(ctx, f.ID)
	}
	if err != nil {
		return Finding{}, "", fmt.Errorf("store finding %s: %w", f.ID, err)
	}
	return created, Found, nil
}

// open is the finding a judgement begins as, with the limits applied.
func (r *Remediator) open(ctx context.Context, k kase) (Finding, error) {
	f := opened(ID(k.change.ID, k.Policy, k.change.Resource), k.Judgement, k.change, k.now.At)
	switch {
	case k.past && k.change.Half == cloud.FirstHalf:
		return f.to(Waiting, k.now.At, "", "live state does not show the change yet; read again later"), nil
	case k.past:
		return f.to(Superseded, k.now.At, "", pastWhy(k.now)), nil
	}
	if f.Decision == Revert {
		why, err := r.limited(ctx, f)
		if err != nil {
			return Finding{}, err
		}
		if why != "" {
			f.Decision, f.Reasons = Ask, append(f.Reasons, why)
		}
	}
	if wait := k.change.Time.Add(r.Limits.Grace); f.Decision == Revert && wait.After(k.now.At) {
		f = f.to(Waiting, k.now.At, "", "waiting for the grace period until "+wait.UTC().Format(time.RFC3339))
		f.DueAt = wait
		return f, nil
	}
	return f.decided(k.now.At, r.ExpiresIn), nil
}

func pastWhy(s Snapshot) string {
	if s.Gone {
		return "the resource no longer exists"
	}
	return "live state no longer shows it: changed otherwise, or already fixed"
}

// resume continues the finding that an earlier delivery, or the first half of
// the same change, began.
func (r *Remediator) resume(ctx context.Context, f Finding, k kase) (Finding, error) {
	if f.State != Waiting {
		return f, nil
	}
	next, err := r.open(ctx, k)
	if err != nil || next.State == Waiting {
		return f, err
	}
	return r.update(ctx, f.rejudged(next))
}

// join adds the change to an open finding about the same thing with the same
// plan. An open finding with another plan is superseded: what its card shows
// is no longer what would be done.
func (r *Remediator) join(ctx context.Context, k kase) (Finding, bool, error) {
	open, err := r.Store.Findings(ctx, Query{Resource: k.change.Resource, Policy: k.Policy, States: []State{Waiting, Pending, Approved, Applying, Uncertain}})
	if err != nil {
		return Finding{}, false, fmt.Errorf("look up open findings of %s: %w", k.change.Resource, err)
	}
	for _, f := range open {
		switch {
		case f.Plan.Digest == k.Plan.Digest:
			f, err := r.update(ctx, f.joined(k.change, k.now.At))
			return f, err == nil, err
		case f.State == Pending || f.State == Waiting:
			f, err := r.update(ctx, f.superseded(k.now.At, "a later change needs another plan"))
			if err != nil {
				return Finding{}, false, err
			}
			r.work(ctx, f)
		}
	}
	return Finding{}, false, nil
}

// settlement is how long a person's keep holds for the same grants.
const settlement = 30 * 24 * time.Hour

// settledBefore reports whether people kept, excepted or left exactly this
// before. A change that says what it added made the grants anew, so it is
// raised again.
func (r *Remediator) settledBefore(ctx context.Context, k kase) (bool, error) {
	if k.change.HasDelta && !k.held {
		return false, nil
	}
	states := []State{Kept, Exempted, Expired, Undone}
	if k.held { // one report of what an account held all along is enough
		states = append(states, Reported)
	}
	before, err := r.Store.Findings(ctx, Query{
		Resource: k.change.Resource, Policy: k.Policy, Since: k.now.At.Add(-settlement), States: states,
	})
	if err != nil {
		return false, fmt.Errorf("look up settled findings of %s: %w", k.change.Resource, err)
	}
	for _, f := range before {
		if f.Plan.Digest != "" && f.Plan.Digest == k.Plan.Digest {
			return true, nil
		}
	}
	return false, nil
}

// supersedeFixed ends the open findings of a resource that live state shows to
// be fixed, whoever did it. It returns those that ended.
func (r *Remediator) supersedeFixed(ctx context.Context, res cloud.Resource, now Snapshot) ([]Finding, error) {
	open, err := r.Store.Findings(ctx, Query{Resource: res, States: []State{Pending}})
	if err != nil {
		return nil, fmt.Errorf("look up open findings of %s: %w", res, err)
	}
	var ended []Finding
	for _, f := range open {
		if f.Plan.Empty() || now.holds(f.Plan) {
			continue
		}
		f, err := r.update(ctx, f.superseded(now.At, pastWhy(now)))
		if err != nil {
			return nil, err
		}
		ended = append(ended, f)
	}
	return ended, nil
}

// update stores the next revision of a finding. Losing to another writer is an
// error matching ErrConflict: the caller starts over from what is stored.
func (r *Remediator) update(ctx context.Context, f Finding) (Finding, error) {
	next, err := r.Store.Update(ctx, f)
	if err != nil {
		return Finding{}, fmt.Errorf("store finding %s: %w", f.ID, err)
	}
	return next, nil
}
