package remediate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/scope"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Handle takes one change to its outcome. It returns once every finding is
// stored with what it still owes: a crash or a failing neighbour after that
// loses nothing, the sweep finishes it. An error means that nothing was
// settled and the change must come again; a redelivered change has the same
// ID, so it continues the findings it began.
func (r *Remediator) Handle(ctx context.Context, c cloud.Change) (Outcome, error) {
	return r.takeIn(ctx, taking{change: c})
}

// taking is one change on its way to its outcome.
type taking struct {
	change cloud.Change
	queued bool          // it is owed where it cannot be judged: then it waits for what is open
	within time.Duration // for how long it may wait for what is read; 0: as long as its caller does
	unread string        // why what it needs is waited for no longer; "" while it is
	unsure string        // why it is not known whether it is in scope; "" where it is
	entry  *entryLookup
}

// reading is the context of what is read before anything is decided.
func (t taking) reading(ctx context.Context) (context.Context, context.CancelFunc) {
	if t.within == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, t.within)
}

// waits returns an error while the change waits for what is open.
func (t taking) waits(open *openQuestions, now time.Time) error {
	switch {
	case t.unread != "":
		return nil
	case t.queued: // what is old may have come a moment ago
		return open.still(t.change.Resource)
	}
	return open.of(t.change.Resource, t.change.Time, now)
}

func (r *Remediator) takeIn(ctx context.Context, t taking) (Outcome, error) {
	read, done := t.reading(ctx)
	defer done()
	r.cfg.Facts.Changed(t.change) // also of what is not ours to judge: facts reach further than the scope
	asked, open := noting(read)
	own := r.own(asked, t.change)
	if err := t.waits(open, r.cfg.Now()); err != nil {
		return Outcome{}, err
	}
	if own {
		_, err := r.took(ctx, t.change, judge.Snapshot{At: r.cfg.Now()}, nil)
		return Outcome{Kind: OwnChange}, errors.Join(err, r.ownChange(ctx, t.change))
	}
	if t.change.Actor.Principal == "" {
		t.change.Actor.Principal = cloud.UnknownActor
	}
	var in scope.Membership
	if in, t.unsure = r.cfg.Scope.Membership(asked, r.cfg.Facts, t.change.Resource); in == scope.Out {
		return Outcome{Kind: OutOfScope}, nil
	}
	if err := t.waits(open, r.cfg.Now()); err != nil {
		return Outcome{}, err
	}
	c, err := withContent(t.change)
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
	t.change, t.entry = c, &entryLookup{change: c}
	out, err := r.handle(ctx, read, t)
	for try := 1; errors.Is(err, fault.ErrConflict) && try < conflictTries; try++ { // another process was faster
		out, err = r.handle(ctx, read, t)
	}
	if err != nil {
		return Outcome{}, err
	}
	if r.cfg.Entries == nil || t.entry.bearsOut() { // what may be made up is no reason not to look again
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

// ownWithin is how far back a finding may have begun that explains a change by
// rescind: a question can stand, and what was only reported can be reverted long
// after.
const ownWithin = 90 * 24 * time.Hour

// ownChange looks whether rescind itself made a change that bears its name. If
// no finding says that it did, somebody else has its identity: that raises an
// alarm, once for each change. It opens no finding, as what rescind may write
// rescind must not judge.
//
// What is about to be written is stored with the claim, before the write, so it
// is there even when the event is faster than the end of the write.
func (r *Remediator) ownChange(ctx context.Context, c cloud.Change) error {
	near, err := r.cfg.Store.Findings(ctx, finding.Query{Resource: c.Resource, Since: c.Time.Add(-ownWithin)})
	if err != nil {
		return fmt.Errorf("look up what rescind did to %s: %w", c.Resource, err)
	}
	if slices.ContainsFunc(near, func(f finding.Finding) bool { return f.Explains(c, r.cfg.Now()) }) {
		return nil
	}
	id := cmp.Or(c.ID, strings.Join([]string{c.Resource.String(), c.Method, c.Time.UTC().Format(time.RFC3339Nano)}, " "))
	return r.alarms.Raise(ctx, id, fmt.Sprintf("somebody uses the identity of rescind: %s made a change to %s at %s (%s) that rescind did not make",
		trail.Fit(c.Actor.Principal, trail.MaxName), trail.Fit(c.Resource.Path(), trail.MaxWho), c.Time.UTC().Format(time.RFC3339), trail.Fit(c.Method, trail.MaxName)))
}

// handle judges the change on what it reads with read, and stores what comes of it.
func (r *Remediator) handle(ctx, read context.Context, t taking) (Outcome, error) {
	cases, learned, now, err := r.weigh(read, t)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Kind: Compliant}
	if t.unread == "" {
		if out.Findings, err = r.supersedeFixed(ctx, t.change.Resource, now); err != nil {
			return Outcome{}, err
		}
	}
	for _, k := range cases {
		switch {
		case t.unsure == "":
		case t.unread != "": // what is given up is asked, whatever else is not known
			k.Lower(judge.Ask, t.unsure)
		default:
			k.Lower(judge.Report, t.unsure)
		}
		k.entry = t.entry
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

// weigh reads what is live and judges the change on it, with what its account held
// before. It decides nothing while what it needs cannot be known for now.
func (r *Remediator) weigh(ctx context.Context, t taking) (cases []judged, learned Sighting, now judge.Snapshot, err error) {
	ctx, open := noting(ctx)
	if t.unread != "" {
		now.At = r.cfg.Now()
		return r.unread(ctx, t, now), Sighting{}, now, nil
	}
	if now, err = r.snapshot(ctx, t.change); err != nil {
		return nil, Sighting{}, now, err
	}
	if t.change, err = r.withLost(ctx, t.change, now); err != nil {
		return nil, Sighting{}, now, err
	}
	was, err := r.took(ctx, t.change, now, t.entry)
	if err != nil {
		return nil, Sighting{}, now, err
	}
	cases = r.judge(ctx, t.change, now, was)
	learned, preexisting, err := r.learn(ctx, t.change, now, t.entry)
	if err == nil {
		err = t.waits(open, now.At)
	}
	return append(cases, preexisting...), learned, now, err
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
	Owed       OutcomeKind = "owed"         // not judged yet: it is in the store until it is
)

// Outcome is what became of one change.
type Outcome struct {
	Kind     OutcomeKind
	Findings []finding.Finding // those the change opened or joined, as stored
	Known    []finding.Finding // of a scan: those of before that speak for what it found
}
