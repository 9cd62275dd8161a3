package remediate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// Handle takes one change to its outcome. It returns once every finding is
// stored with what it still owes: a crash or a failing neighbour after that
// loses nothing, the sweep finishes it. An error means that nothing was
// settled and the change must come again; a redelivered change has the same
// ID, so it continues the findings it began.
func (r *Remediator) Handle(ctx context.Context, c cloud.Change) (Outcome, error) {
	r.cfg.Facts.Changed(c) // also of what is not ours to judge: facts reach further than the scope
	ctx, open := noting(ctx)
	own := r.own(ctx, c)
	if err := open.of(c.Resource, c.Time, r.cfg.Now()); err != nil {
		return Outcome{}, err
	}
	if own {
		return Outcome{Kind: OwnChange}, r.ownChange(ctx, c)
	}
	if c.Actor.Principal == "" {
		c.Actor.Principal = cloud.UnknownActor
	}
	in, unsure := r.cfg.Scope.membership(ctx, r.cfg.Facts, c.Resource)
	if in == outOfScope {
		return Outcome{Kind: OutOfScope}, nil
	}
	if err := open.of(c.Resource, c.Time, r.cfg.Now()); err != nil {
		return Outcome{}, err
	}
	c, err := withContent(c)
	if err != nil {
		return Outcome{}, err
	}
	if c.ID == "" {
		c.ID = r.cfg.NewID() // never a duplicate of anything
	} else if done, err := r.cfg.Store.Handled(ctx, handledAs(c)); err != nil {
		return Outcome{}, fmt.Errorf("look up change %s: %w", c.ID, err)
	} else if done {
		return Outcome{Kind: Duplicate}, r.attribute(ctx, c)
	}
	l := &entryLookup{change: c}
	out, err := r.handle(ctx, c, unsure, l)
	for try := 1; errors.Is(err, fault.ErrConflict) && try < conflictTries; try++ { // another process was faster
		out, err = r.handle(ctx, c, unsure, l)
	}
	if err != nil {
		return Outcome{}, err
	}
	if r.cfg.Entries == nil || l.bearsOut() { // what may be made up is no reason not to look again
		if err := r.markHandled(ctx, c); err != nil {
			return Outcome{}, err
		}
	}
	for i, f := range out.Findings {
		out.Findings[i] = r.work(ctx, f)
	}
	return out, nil
}

// own reports whether rescind itself acted. A change that somebody made through
// rescind's account is theirs; agents of the organization stand behind every
// workload, those of others behind nothing that rescind does. Where that is not
// known, the change is judged like anybody's.
func (r *Remediator) own(ctx context.Context, c cloud.Change) bool {
	return strings.EqualFold(c.Actor.Principal, r.cfg.Self) && !slices.ContainsFunc(c.Actor.Delegation, func(d string) bool {
		return !strings.EqualFold(d, r.cfg.Self) && !r.ownAgent(ctx, cloud.Member(d), c.Resource)
	})
}

// ownAgent reports whether Google manages the member for rescind's own project, or
// for the organization of that project or of the changed resource.
func (r *Remediator) ownAgent(ctx context.Context, m cloud.Member, changed cloud.Resource) bool {
	email, _ := cloud.Member(r.cfg.Self).ServiceAccount()
	unknown := ""
	for _, near := range []cloud.Resource{cloud.ProjectResource(cloud.ServiceAccountProject(email)), changed} {
		own, why := policies.OwnAgent(m, near, func(q policies.Question) policies.Fact { return r.cfg.Facts.Fact(ctx, q) })
		if own {
			return true
		}
		unknown = cmp.Or(why, unknown)
	}
	if unknown != "" {
		r.cfg.Log.WarnContext(ctx, "an agent stands behind a change in rescind's name", "resource", changed.String(), "error", unknown)
	}
	return false
}

func (r *Remediator) handle(ctx context.Context, c cloud.Change, unsure string, l *entryLookup) (Outcome, error) {
	ctx, open := noting(ctx)
	now, err := r.snapshot(ctx, c)
	if err != nil {
		return Outcome{}, err
	}
	cases := r.judge(ctx, c, now)
	learned, preexisting, err := r.learn(ctx, c, now, l)
	if err != nil {
		return Outcome{}, err
	}
	if err := open.of(c.Resource, c.Time, now.At); err != nil {
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
		k.entry = l
		f, kind, err := r.conclude(ctx, k)
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
	if err := r.cfg.Store.LearnIdentity(ctx, learned); err != nil {
		return Outcome{}, fmt.Errorf("remember runtime identity %s: %w", learned.Email, err)
	}
	return out, nil
}

// conclude takes one judgement to a finding, or to what was decided before.
func (r *Remediator) conclude(ctx context.Context, k judged) (finding.Finding, OutcomeKind, error) {
	k, err := r.withoutExempted(ctx, k)
	if err != nil {
		return finding.Finding{}, "", err
	}
	exempt := k.Verdict == policies.Exempt
	k, by, err := r.withoutLeftBehind(ctx, k)
	if err != nil || by.ID != "" && !exempt && k.Verdict == policies.Exempt {
		return finding.Finding{}, Settled, err
	}
	k, decided, err := r.withoutStanding(ctx, k)
	if decided || err != nil {
		return finding.Finding{}, Settled, err
	}
	return r.record(ctx, k)
}

// OutcomeKind says how the handling of one change ended.
type OutcomeKind string

// The outcomes of Handle and Scan. None of them is an error: an error means that the
// change must come again.
const (
	Compliant  OutcomeKind = "compliant"    // judged, and nothing to say
	Found      OutcomeKind = "found"        // one or more findings
	Duplicate  OutcomeKind = "duplicate"    // this change was handled to its end before
	OwnChange  OutcomeKind = "own change"   // rescind made it
	OutOfScope OutcomeKind = "out of scope" // never touched, counted
	Settled    OutcomeKind = "settled"      // violates, but people settled exactly this before
)

// Outcome is what became of one change.
type Outcome struct {
	Kind     OutcomeKind
	Findings []finding.Finding // those the change opened or joined, as stored
	Known    []finding.Finding // of a scan: those of before that speak for what it found
}
