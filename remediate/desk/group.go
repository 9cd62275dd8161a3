package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// orGroup answers the group of that ID, where there is no such finding.
func (d Desk) orGroup(ctx context.Context, id string, a finding.Answer, missing error) (finding.Finding, error) {
	var refused *finding.RefusedError
	if !errors.As(missing, &refused) {
		return finding.Finding{}, missing
	}
	return d.answerGroup(ctx, id, a, missing)
}

// answerGroup records a person's word on all pending findings of a group. Once
// enough people gave it, it is theirs to be carried to each finding, which one
// of them owes: that one is returned.
func (d Desk) answerGroup(ctx context.Context, id string, a finding.Answer, missing error) (anchor finding.Finding, err error) {
	var about []finding.Finding
	_, err = group.Change(ctx, d.Store, id, a.At, func(g group.Group) (group.Group, bool, error) {
		if g.ID == "" {
			return g, false, missing
		}
		if err := g.Admits(a); err != nil {
			return g, false, err
		}
		open, err := d.pendingOf(ctx, g, a)
		if err != nil {
			return g, false, err
		}
		next, err := d.voted(ctx, g, open, a)
		if err != nil {
			return g, false, err
		}
		// Owed before it is decided: a crash in between leaves a debt of
		// nothing, the other way round it would leave a decision to nobody.
		owes := finding.Carry
		if next.Agreed == nil {
			owes = finding.Notify
		}
		anchor, err = d.owe(ctx, g, open, owes)
		about = open
		return next, err == nil, err
	})
	if err == nil {
		d.voteNoted(ctx, id, about, a)
	}
	if err == nil && d.HandOver && len(anchor.Outbox) > 0 && !anchor.State.Working() {
		anchor.DueAt = a.At
		if due, err := d.Store.Update(ctx, anchor); err == nil {
			anchor = due
		} // else it is due when whoever changed it says, or at the next lease
	}
	return anchor, err
}

// voteNoted has an accepted answer to a group in the ledger.
func (d Desk) voteNoted(ctx context.Context, id string, about []finding.Finding, a finding.Answer) {
	var ids []string
	for _, f := range about {
		ids = append(ids, f.ID)
	}
	d.Ledger.Note(ctx, trail.Record{Kind: trail.Voted, Who: a.Principal, Via: a.Via, Finding: id, Plan: a.Digest,
		What: fmt.Sprintf("%s of all %d (%s)%s", a.Choice, len(about), group.Few(ids), a.Because())})
}

// owe puts the effect into the outbox of one of the findings. It may be in the
// group and not know it yet: whoever put it there stores that last.
func (d Desk) owe(ctx context.Context, g group.Group, open []finding.Finding, e finding.Effect) (finding.Finding, error) {
	f := open[0]
	for range conflictTries {
		stored, err := d.Store.Update(ctx, f.OwingFor(g.ID, e, d.Now()))
		if !errors.Is(err, fault.ErrConflict) {
			return stored, err
		}
		if f, err = d.Store.Finding(ctx, f.ID); err != nil {
			return finding.Finding{}, fmt.Errorf("look up finding %s: %w", f.ID, err)
		}
	}
	return finding.Finding{}, fmt.Errorf("answer finding %s: %w", f.ID, fault.ErrConflict)
}

// Group returns the group with this ID, and those of its findings that wait for
// an answer; ErrNotFound if there is none.
func (d Desk) Group(ctx context.Context, id string) (group.Group, []finding.Finding, error) {
	g, err := group.Read(ctx, d.Store, id)
	switch {
	case err != nil:
		return group.Group{}, nil, err
	case g.ID == "":
		return group.Group{}, nil, fmt.Errorf("look up group %s: %w", id, fault.ErrNotFound)
	}
	var pending []finding.Finding
	for _, i := range g.Items {
		f, err := d.Store.Finding(ctx, i.Finding)
		switch {
		case errors.Is(err, fault.ErrNotFound): // no longer kept
		case err != nil:
			return group.Group{}, nil, fmt.Errorf("look up finding %s of group %s: %w", i.Finding, id, err)
		case f.State == state.Pending:
			pending = append(pending, f)
		}
	}
	return g, pending, nil
}
