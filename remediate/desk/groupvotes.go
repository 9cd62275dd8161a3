package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
	"github.com/rescind-dev/rescind/remediate/state"
)

// pendingOf are the findings of the group that the answer is about: those that
// wait for one, and of a revert those that have something to apply.
func (d Desk) pendingOf(ctx context.Context, g group.Group, a finding.Answer) ([]finding.Finding, error) {
	var out []finding.Finding
	var again error
	for _, i := range g.Items {
		f, err := d.Store.Finding(ctx, i.Finding)
		switch {
		case errors.Is(err, fault.ErrNotFound):
			continue
		case err != nil:
			return nil, fmt.Errorf("look up finding %s of group %s: %w", i.Finding, g.ID, err)
		}
		if f.State == state.Pending && f.Plan.Digest == i.Digest && (a.Choice != finding.ChooseRevert || f.Plan.Executable()) {
			out = append(out, f)
		}
		again = cmp.Or(again, a.RepeatedIn(f.Answers))
	}
	switch {
	case len(out) == 0 && again != nil:
		return nil, again
	case len(out) == 0:
		return nil, finding.RefuseAs(finding.ClassDecided, "no finding of this card waits for that answer any more")
	}
	return out, nil
}

// voted is the transition of one answer on a group: every finding it is about
// has to admit it, and it is decided once it would decide each of them.
func (d Desk) voted(ctx context.Context, g group.Group, open []finding.Finding, a finding.Answer) (group.Group, error) {
	if again := a.RepeatedIn(g.Answers); again != nil {
		return g, again
	}
	votes := append(slices.Clip(g.Answers), a)
	decided, said, news := true, "", false
	var again error
	for _, f := range open {
		if finding.Raises(a.Choice) && g.Overtaken(f) {
			return g, finding.RefuseAs(finding.ClassStale, "somebody else made the change of %s too since this card was made; answer on the current one", f.Resource.Path())
		}
		_, err := d.answered(ctx, f, forFinding(f, a))
		switch {
		case err == nil:
			news = true
		case finding.ClassOf(err) == finding.ClassDuplicate:
			again = err
		default:
			return g, finding.RefuseAs(finding.ClassOf(err), "%s, of %s: nothing was decided for the others either; they have cards of their own in the records", finding.ReasonOf(err), f.Resource.Path())
		}
		after, why := d.carried(ctx, f, a.Choice, votes)
		switch {
		case after.State == state.Pending && finding.ClassOf(why) == finding.ClassUndetermined: // it would be used up, and decide nothing
			return g, why
		case after.State == state.Pending:
			decided, said = false, after.Why
		}
	}
	if !decided && !news { // given to each of them alone
		return g, again
	}
	g.Refused = nil
	g.Changes++
	if !decided {
		g.Answers = votes
		return g.WithLine(a.At, state.Pending, a.Principal, fmt.Sprintf("all %d: %s", len(open), said)), nil
	}
	g.Agreed, g.Answers = &group.Agreement{Choice: a.Choice, Answers: votes, Items: len(g.Items)}, nil
	return g.WithLine(a.At, state.Pending, a.Principal, fmt.Sprintf("%s of all %d%s", a.Choice, len(open), a.Because())), nil
}

// forFinding is the answer as one on the finding itself.
func forFinding(f finding.Finding, a finding.Answer) finding.Answer {
	a.Revision, a.Digest = f.Revision, f.Plan.Digest
	if a.Digest == "" {
		a.Digest = finding.NoPlan
	}
	return a
}

// carried is the finding after these people's answers, each by the transition
// of a single one, and what was refused of the last, or of one that could not be
// looked up: that may pass.
func (d Desk) carried(ctx context.Context, f finding.Finding, c finding.Choice, votes []finding.Answer) (finding.Finding, error) {
	var refused error
	for _, a := range votes {
		if f.State != state.Pending {
			break
		}
		if a.Choice != c || f.AnsweredBy(a) {
			continue
		}
		next, err := d.answered(ctx, f, forFinding(f, a))
		if err == nil {
			f = next
		}
		if finding.ClassOf(refused) != finding.ClassUndetermined {
			refused = err
		}
	}
	return f, refused
}
