package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
	"github.com/rescind-dev/rescind/remediate/state"
)

// maxRefused bounds what a group tells of findings that did not take a decision.
const maxRefused = 10

// Carry takes a group's decision, which f owes, to its findings, and returns f as
// it is then stored. It answers each finding of the group by the transition of a single
// answer. It may be cut off anywhere and begun again, by several at once: a
// finding that is decided already is left alone.
func (d Desk) Carry(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	g, err := group.Read(ctx, d.Store, f.Group)
	if err != nil {
		return finding.Finding{}, err
	}
	var refused []string
	var undone []error // a finding that cannot be read keeps the decision from no other
	agreed, memo := g.Agreed, d.memoized()
	if agreed != nil {
		for _, i := range g.Items[:min(agreed.Items, len(g.Items))] {
			why, err := memo.carryTo(ctx, i, *agreed)
			if undone = append(undone, err); errors.Is(err, fault.ErrConflict) || ctx.Err() != nil {
				break
			}
			if why != "" && len(refused) < maxRefused {
				refused = append(refused, i.Resource.Path()+": "+why)
			}
		}
	}
	if err := errors.Join(undone...); err != nil {
		return finding.Finding{}, err
	}
	// Stored even where nothing was decided: an answer that is being recorded
	// right now has then lost, and starts over with a debt of its own.
	if g.ID != "" {
		if _, err := group.Change(ctx, d.Store, g.ID, d.Now(), func(now group.Group) (group.Group, bool, error) {
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
	return d.carriedOut(ctx, f.ID)
}

// carryTo answers one finding as the people did who decided, and says why that
// was refused.
func (d Desk) carryTo(ctx context.Context, i group.Item, agreed group.Agreement) (refused string, err error) {
	for range conflictTries {
		f, err := d.Store.Finding(ctx, i.Finding)
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
		next, why := d.carried(ctx, f, agreed.Choice, agreed.Answers)
		if next.State == state.Pending {
			if finding.ClassOf(why) == finding.ClassUndetermined { // which passes
				return "", fmt.Errorf("answer finding %s: %w", i.Finding, why)
			}
			if why != nil {
				return finding.ReasonOf(why), nil
			}
			return next.Why, nil
		}
		next.DueAt = d.Now() // for whoever sweeps next: nobody else knows of it
		_, err = d.Store.Update(ctx, next)
		if !errors.Is(err, fault.ErrConflict) {
			return "", err
		}
	}
	return "", fmt.Errorf("answer finding %s: %w", i.Finding, fault.ErrConflict)
}

// carriedOut takes the debt off the finding that had it.
func (d Desk) carriedOut(ctx context.Context, id string) (finding.Finding, error) {
	for range conflictTries {
		f, err := d.Store.Finding(ctx, id)
		if err != nil {
			return finding.Finding{}, fmt.Errorf("look up finding: %w", err)
		}
		stored, err := d.Store.Update(ctx, f.Carried(d.Now()))
		if !errors.Is(err, fault.ErrConflict) {
			return stored, err
		}
	}
	return finding.Finding{}, fault.ErrConflict
}
