package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// Handle takes one change to its outcome. It returns once every finding is
// stored with what it still owes: a crash or a failing neighbour after that
// loses nothing, the sweep finishes it. An error means that nothing was
// settled and the change must come again; a redelivered change has the same
// ID, so it continues the findings it began.
func (r *Remediator) Handle(ctx context.Context, c cloud.Change) (Outcome, error) {
	r.Facts.Changed(c) // also of what is not ours to judge: facts reach further than the scope
	if r.own(c.Actor) {
		return Outcome{Kind: OwnChange}, r.ownChange(ctx, c)
	}
	if c.Actor.Principal == "" {
		c.Actor.Principal = cloud.UnknownActor
	}
	in, unsure := r.Scope.membership(ctx, r.Facts, c.Resource)
	if in == outOfScope {
		return Outcome{Kind: OutOfScope}, nil
	}
	if c.ID == "" {
		c.ID = r.NewID() // never a duplicate of anything
	} else if done, err := r.Store.Handled(ctx, c.ID); err != nil {
		return Outcome{}, fmt.Errorf("look up change %s: %w", c.ID, err)
	} else if done {
		return Outcome{Kind: Duplicate}, r.attribute(ctx, c)
	}
	out, err := r.handle(ctx, c, unsure)
	for try := 1; errors.Is(err, fault.ErrConflict) && try < conflictTries; try++ { // another process was faster
		out, err = r.handle(ctx, c, unsure)
	}
	if err != nil {
		return Outcome{}, err
	}
	// A first half is not the end of its change: the last half, with the same
	// ID, says how it went.
	if c.Half != cloud.FirstHalf {
		if err := r.Store.MarkHandled(ctx, c.ID, r.Now()); err != nil {
			return Outcome{}, fmt.Errorf("record change %s: %w", c.ID, err)
		}
	}
	for i, f := range out.Findings {
		out.Findings[i] = r.work(ctx, f)
	}
	return out, nil
}

// own reports whether rescind itself acted. A change that somebody made through
// rescind's account is theirs; Google's own agents stand behind every workload.
func (r *Remediator) own(a cloud.Actor) bool {
	return strings.EqualFold(a.Principal, r.Self) && !slices.ContainsFunc(a.Delegation, func(d string) bool {
		email, ok := cloud.Member(d).ServiceAccount()
		return !strings.EqualFold(d, r.Self) && !(ok && cloud.IsGoogleManaged(email))
	})
}

func (r *Remediator) handle(ctx context.Context, c cloud.Change, unsure string) (Outcome, error) {
	now, err := r.snapshot(ctx, c)
	if err != nil {
		return Outcome{}, err
	}
	cases := r.judge(ctx, c, now)
	learned, preexisting, err := r.learn(ctx, c, now)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Kind: Compliant}
	if out.Findings, err = r.supersedeFixed(ctx, c.Resource, now); err != nil {
		return Outcome{}, err
	}
	for _, k := range append(cases, preexisting...) {
		if unsure != "" {
			k.Lower(judge.Report, unsure)
		}
		k, err := r.withoutExempted(ctx, k)
		if err != nil {
			return Outcome{}, err
		}
		f, kind, err := r.record(ctx, k)
		if err != nil {
			return Outcome{}, err
		}
		if kind == Found {
			out.Findings = append(out.Findings, f)
		}
		if out.Kind != Found {
			out.Kind = kind
		}
	}
	if learned.Email == "" {
		return out, nil
	}
	if err := r.Store.LearnIdentity(ctx, learned); err != nil {
		return Outcome{}, fmt.Errorf("remember runtime identity %s: %w", learned.Email, err)
	}
	return out, nil
}

// judged is a judgement with the change it is about, as live state shows it, and
// what is live.
type judged struct {
	judge.Judgement
	change cloud.Change
	now    judge.Snapshot
	// vanished is true when the entry shows a violation that live state no longer
	// (or, for a first half, not yet) has.
	vanished bool
	// seen is when a finding about the change was opened; zero for now.
	seen time.Time
	// covered is true for a grant that was there before the change.
	preexisting bool
	// unconfirmed is true when Cloud Logging does not bear out the entry;
	// awaited says why, while it may do so later.
	unconfirmed bool
	awaited     string
}

// judge judges the change as live state shows it, and adds what the entry
// alone would have been judged for and live state does not show.
func (r *Remediator) judge(ctx context.Context, c cloud.Change, now judge.Snapshot) []judged {
	if c.Verb == cloud.Delete {
		return nil
	}
	var out []judged
	if !now.Gone {
		live := now.Observe(c)
		for _, g := range r.Judge.Judge(ctx, live, now) {
			if c.Resource.Kind.Container() && !c.HasDelta {
				g.Unattribute(c)
			}
			if c.Resource.Kind.Workload() && now.Workload == nil && now.Policy != nil {
				g.Lower(judge.Ask, "rescind may not read "+c.Resource.Path()+", so whether another product owns it is unknown")
			}
			if c.Verb == cloud.SetPolicy && now.Policy == nil {
				g.Lower(judge.Revert, "judged on the entry alone: the live policy could not be read; applying reads it first, and takes only what is there")
			}
			out = append(out, judged{Judgement: g, change: live, now: now})
		}
	}
	for _, g := range r.Judge.Judge(ctx, c, judge.Snapshot{At: now.At}) {
		seen := slices.ContainsFunc(out, func(k judged) bool { return k.Policy == g.Policy })
		if g.Verdict == policies.Violation && !seen {
			out = append(out, judged{Judgement: g, change: c, now: now, vanished: true})
		}
	}
	return out
}
