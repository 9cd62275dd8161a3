package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/owed"
	"github.com/rescind-dev/rescind/remediate/trail"
)

const (
	// judgedAtOnce is for how long a change that just came waits for what is read. Whoever
	// sent it waits for an answer, and holds one of the places for messages under way.
	judgedAtOnce = time.Second
	// judgedInTurn is that of a change whose turn has come: reads wait for their rate.
	judgedInTurn = 30 * time.Second
)

// Receive takes a change that an event told of, as Handle does where it can be judged
// within a second, and few others of its place are judged. Else it is owed a judgement: the store has it, and JudgeOwed judges it
// in its turn. An error means that it must come again; where it matches owed.ErrFull, or
// the store does not answer, nothing was read of the change.
func (r *Remediator) Receive(ctx context.Context, c cloud.Change) (Outcome, error) {
	place := owed.PlaceOf(c.Resource)
	if err := r.cfg.Owed.Room(ctx, place); err != nil {
		return Outcome{}, err
	}
	out, why := r.asItCame(ctx, place, c)
	if why == nil || errors.Is(why, fault.ErrLater) { // which a later release takes when it comes again
		return out, why
	}
	if c.ID == "" {
		c.ID = r.cfg.NewID()
	}
	c, err := withContent(c)
	if err == nil {
		err = r.cfg.Owed.Owe(ctx, c, why)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("%w; it is not judged yet: %w", err, why)
	}
	return Outcome{Kind: Owed}, nil
}

// asItCame judges a change of that place without a line.
func (r *Remediator) asItCame(ctx context.Context, place string, c cloud.Change) (Outcome, error) {
	leave, err := r.cfg.Owed.Enter(place)
	if err != nil {
		r.cfg.Facts.Changed(c)
		return Outcome{}, err
	}
	defer leave()
	return r.takeIn(ctx, taking{change: c, queued: true, within: judgedAtOnce})
}

// JudgeOwed judges what is owed until nothing more is due, or that time has come, and tells
// saw what came of each. Several processes may do it at once. It returns how many changes
// it settled.
func (r *Remediator) JudgeOwed(ctx context.Context, until time.Time, saw func(cloud.Change, Outcome)) (int, error) {
	r.cfg.Owed.Tell(ctx)
	return r.cfg.Owed.Drain(ctx, inTurn{r, saw}, until)
}

// inTurn judges changes whose turn has come.
type inTurn struct {
	*Remediator
	saw func(cloud.Change, Outcome)
}

// Judge implements owed.Judge.
func (r inTurn) Judge(ctx context.Context, c cloud.Change) error {
	out, err := r.takeIn(ctx, taking{change: c, queued: true, within: judgedInTurn})
	if err == nil {
		r.saw(c, out)
	}
	return err
}

// GiveUp implements owed.Judge: the change becomes a question of every policy that is
// about what could not be read, and people are told, once a day.
func (r inTurn) GiveUp(ctx context.Context, c cloud.Change, why error) error {
	now := r.cfg.Now()
	// First, as what is recorded below is not looked at again: it is said once, whoever raises it.
	err := r.alarms.Raise(ctx, "unjudged "+now.UTC().Format(time.DateOnly), fmt.Sprintf(
		"changes could not be judged for %s and are asked about as unknown; the first of this day is %s of %s: %s", judge.Span(owed.GiveUpAfter),
		trail.Fit(c.Method, trail.MaxName), trail.Fit(c.Resource.Path(), trail.MaxWho), trail.Fit(why.Error(), trail.MaxWho)))
	if err != nil {
		return err
	}
	out, err := r.takeIn(ctx, taking{change: c, queued: true, within: judgedInTurn, unread: why.Error()})
	if err == nil {
		r.saw(c, out)
	}
	return err
}

// unread are the judgements of a change of which nothing could be read: what its entry
// shows may be so, and what it leaves open may be anything.
func (r *Remediator) unread(ctx context.Context, t taking, now judge.Snapshot) []judged {
	why := "it could not be judged for " + judge.Span(owed.GiveUpAfter) + ": " + t.unread
	shown := r.cfg.Judge.Judge(ctx, t.change, now)
	for _, g := range r.cfg.Judge.Judge(ctx, leftOpen(t.change, why), now) {
		if !slices.ContainsFunc(shown, func(s judge.Judgement) bool { return s.Policy == g.Policy }) {
			shown = append(shown, g)
		}
	}
	var out []judged
	for _, g := range shown {
		if g.Verdict == policies.Violation {
			g.Verdict = policies.Unknown
		}
		g.Lower(judge.Ask, why)
		out = append(out, judged{Judgement: g, change: t.change, now: now})
	}
	return out
}

// leftOpen is the change with all that policies judge left open.
func leftOpen(c cloud.Change, why string) cloud.Change {
	fields := []string{"identity", "invoker check", "ingress"}
	if c.Verb == cloud.SetPolicy {
		fields = []string{"grants"}
	}
	c.Policy, c.Deltas, c.HasDelta, c.Workload, c.Unread = nil, nil, false, nil, nil
	if c.Constraint != nil {
		c.Constraint = &cloud.ConstraintChange{Name: c.Constraint.Name}
	}
	for _, f := range fields {
		c.Unread = append(c.Unread, cloud.Unread{Field: f, Why: why})
	}
	return c
}
