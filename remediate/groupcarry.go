package remediate

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// maxRefused bounds what a group tells of findings that did not take a agreed.
const maxRefused = 10

// carry takes a group's decision to its findings. What cannot be done now is due
// again later: left as it is it would be the first of every sweep.
func (r *Remediator) carry(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	next, err := r.carryAll(ctx, f)
	if err == nil || errors.Is(err, fault.ErrConflict) {
		return next, err
	}
	next, later := r.update(ctx, f.Later(r.Now(), err))
	return next, errors.Join(err, later)
}

// carryAll answers each finding of the group by the transition of a single
// answer. It may be cut off anywhere and begun again, by several at once: a
// finding that is decided already is left alone.
func (r *Remediator) carryAll(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	g, err := readGroup(ctx, r.Store, f.Group)
	if err != nil {
		return finding.Finding{}, err
	}
	var refused []string
	agreed, desk := g.Agreed, r.Desk().memoized()
	if agreed != nil {
		for _, i := range g.Items[:min(agreed.Items, len(g.Items))] {
			why, err := r.carryTo(ctx, desk, i, *agreed)
			if err != nil {
				return finding.Finding{}, err
			}
			if why != "" && len(refused) < maxRefused {
				refused = append(refused, i.Resource.Path()+": "+why)
			}
		}
	}
	// Stored even where nothing was decided: an answer that is being recorded
	// right now has then lost, and starts over with a debt of its own.
	if g.ID != "" {
		if _, err := changeGroup(ctx, r.Store, g.ID, r.Now(), func(now Group) (Group, bool, error) {
			if agreed == nil && now.Agreed != nil {
				return now, false, fault.ErrConflict
			}
			if agreed != nil && now.Agreed != nil {
				now.Agreed, now.Refused = nil, refused
				now.Changes++
			}
			return now, true, nil
		}); err != nil {
			return finding.Finding{}, err
		}
	}
	return r.carriedOut(ctx, f.ID)
}

// carryTo answers one finding as the people did who decided, and says why that
// was refused.
func (r *Remediator) carryTo(ctx context.Context, desk Desk, i Item, agreed Agreement) (refused string, err error) {
	for range conflictTries {
		f, err := r.Store.Finding(ctx, i.Finding)
		switch {
		case errors.Is(err, fault.ErrNotFound):
			return "", nil
		case err != nil:
			return "", fmt.Errorf("look up finding %s: %w", i.Finding, err)
		case f.State == state.Expired:
			return "its question had expired", nil
		case f.State != state.Pending || agreed.Choice == finding.ChooseRevert && !f.Plan.Executable():
			return "", nil // decided otherwise, or never part of it
		case f.Plan.Digest != i.Digest:
			return "its plan changed", nil
		}
		next, why := desk.carried(ctx, f, agreed.Choice, agreed.Answers)
		if next.State == state.Pending {
			if finding.ClassOf(why) == finding.ClassUndetermined { // which passes
				return "", fmt.Errorf("answer finding %s: %w", i.Finding, why)
			}
			if why != nil {
				return finding.ReasonOf(why), nil
			}
			return next.Why, nil
		}
		next.DueAt = r.Now() // for whoever sweeps next: nobody else knows of it
		_, err = r.update(ctx, next)
		if !errors.Is(err, fault.ErrConflict) {
			return "", err
		}
	}
	return "", fmt.Errorf("answer finding %s: %w", i.Finding, fault.ErrConflict)
}

// carriedOut takes the debt off the finding that had it.
func (r *Remediator) carriedOut(ctx context.Context, id string) (finding.Finding, error) {
	for range conflictTries {
		f, err := r.Store.Finding(ctx, id)
		if err != nil {
			return finding.Finding{}, fmt.Errorf("look up finding: %w", err)
		}
		stored, err := r.update(ctx, f.Carried(r.Now()))
		if !errors.Is(err, fault.ErrConflict) {
			return stored, err
		}
	}
	return finding.Finding{}, fault.ErrConflict
}
