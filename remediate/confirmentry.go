package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

const (
	// entryWait is how long Cloud Logging is given to show an entry that
	// Pub/Sub has brought already; entryLook how often it is asked.
	entryWait = 2 * time.Minute
	entryLook = 15 * time.Second
	// failedEntryWait is how long looking it up may fail, in a way that passes, before a
	// person is asked in place of it.
	failedEntryWait = 15 * time.Minute
)

// confirmed holds a judgement against the entry behind it. The topic carries what its
// publishers put there, and a forged event about a grant that was there for years
// would have it reverted. What is not found, or not as the event says, becomes a
// question that names nobody; what may yet show is waited for.
func (r *Remediator) confirmed(ctx context.Context, k judged) (judged, error) {
	k = k.waitingForRevision()
	if r.cfg.Entries == nil {
		if k.restoresCondition() {
			k.Lower(judge.Ask, "the condition to put back is what the event says was there; without guardrails.confirm_entry nothing bears that out")
		}
		return k, nil
	}
	if k.awaited != "" || r.inGrace(k) { // it is looked up when that is over
		k.unconfirmed = true
		return k, nil
	}
	l := r.lookUp(ctx, k.entry)
	k.unconfirmed = l.why != ""
	switch {
	case k.unconfirmed && r.mayYetShow(k, l):
		_, long := l.patience()
		k.awaited = long + ": " + l.why
	case k.unconfirmed:
		k.change.Actor = cloud.Actor{Principal: cloud.UnknownActor}
		k.Lower(judge.Ask, l.why)
	case k.Decision == judge.Revert && !k.vanished:
		return k, r.supersedeForged(ctx, k)
	}
	return k, nil
}

// restoresCondition reports whether the plan writes what only the event says was there
// before: whoever makes up an event would choose a condition that is always met.
func (k judged) restoresCondition() bool {
	return slices.ContainsFunc(k.Plan.Steps, func(s judge.Step) bool { return s.Kind == policies.RestoreCondition })
}

// inGrace reports whether the judgement is reverted only after a while.
func (r *Remediator) inGrace(k judged) bool {
	return k.Decision == judge.Revert && !k.vanished && k.since().Add(r.cfg.Limits.Grace).After(k.now.At)
}

// mayYetShow reports whether the entry is waited for. What is recorded and nothing
// more is not; nor is what an account held before its deploy, which a later look would
// not find the deploy of.
func (r *Remediator) mayYetShow(k judged, l *entryLookup) bool {
	open := !k.vanished && !k.preexisting && k.Verdict != policies.Exempt
	wait, _ := l.patience()
	return open && l.again && k.now.At.Before(k.begun().Add(wait))
}

// entryLookup is what a look for the entry behind a change came to. It is kept while
// the change is handled: one look serves all judgements of it.
type entryLookup struct {
	change cloud.Change // as the event says it
	done   bool
	why    string // the entry does not bear out the change, "" where it does
	again  bool   // it may do so later
	failed bool   // looking it up is what failed, in a way that may pass
}

// patience is for how long what does not bear out the change is waited for, and that in
// words.
func (l *entryLookup) patience() (wait time.Duration, words string) {
	if l.failed {
		return failedEntryWait, "a quarter of an hour"
	}
	return entryWait, "two minutes"
}

// bearsOut reports whether the look was made and found the entry as the event says.
func (l *entryLookup) bearsOut() bool { return l.done && l.why == "" }

func (r *Remediator) lookUp(ctx context.Context, l *entryLookup) *entryLookup {
	if !l.done {
		l.why, l.again, l.failed = r.unconfirmed(ctx, l.change)
		l.done = true
	}
	return l
}

// borneOut reports whether Cloud Logging bears out the change, or events are taken as
// they come: such a change alone names who made it. An error says that it is to be
// looked up once more.
func (r *Remediator) borneOut(ctx context.Context, l *entryLookup) (bool, error) {
	if r.cfg.Entries == nil {
		return true, nil
	}
	if r.lookUp(ctx, l); l.failed {
		return false, errors.New(l.why)
	}
	return l.bearsOut(), nil
}

// supersedeForged ends the questions about the same that began with events which
// may be forged: they must not keep the policy from reverting a true one.
func (r *Remediator) supersedeForged(ctx context.Context, k judged) error {
	open, err := r.cfg.Store.Findings(ctx, finding.Query{Resource: k.change.Resource, Policy: k.Policy, States: []state.State{state.Waiting, state.Pending}})
	if err != nil {
		return fmt.Errorf("look up open findings of %s: %w", k.change.Resource, err)
	}
	for _, f := range open {
		if !f.Unconfirmed || f.Change.ID == k.change.ID || f.Plan.Digest != k.Plan.Digest {
			continue
		}
		f, err := r.update(ctx, f.Superseded(state.ByEvent, k.now.At, "another event told of the change, its entry is in Cloud Logging, and the policy reverts it"))
		if err != nil {
			return err
		}
		r.work(ctx, f)
	}
	return nil
}

// unconfirmed says why the entry does not bear out the change, or "", and
// whether it may do so later; failed where looking it up is what failed, in a way
// that may pass.
func (r *Remediator) unconfirmed(ctx context.Context, c cloud.Change) (why string, again, failed bool) {
	if c.InsertID == "" || c.LogName == "" {
		return "the entry cannot be looked up in Cloud Logging: it has no insertId or no log name", false, false
	}
	entry, err := r.cfg.Entries.Entry(ctx, c)
	var denied *fault.PermissionError
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return "Cloud Logging has no such entry: the event may be forged", true, false
	case errors.As(err, &denied), errors.Is(err, fault.ErrRefused):
		return notLookedUp + err.Error(), false, false
	case err != nil:
		return notLookedUp + err.Error(), true, true
	}
	logged, err := auditlog.Decode(entry)
	if err != nil {
		return "Cloud Logging has another entry in its place, so the event may be forged: " + err.Error(), false, false
	}
	ctx, open := noting(ctx)
	what := r.otherwise(ctx, c, logged)
	if err := open.err(); err != nil {
		return notLookedUp + err.Error(), true, true
	}
	if what != "" {
		return "Cloud Logging has the entry with " + what + ": the event may be forged", false, false
	}
	return "", false, false
}

const notLookedUp = "the entry could not be looked up in Cloud Logging: "

// unconfirmedOnExpiry says why the entry does not bear out the finding whose question
// expired, where that is asked for. An error says that it is to be looked up once
// more: one call that fails must not decide what becomes of it.
func (r *Remediator) unconfirmedOnExpiry(ctx context.Context, f finding.Finding) (string, error) {
	if r.cfg.Entries == nil {
		return "", nil
	}
	why, _, failed := r.unconfirmed(ctx, f.Change)
	if failed && r.cfg.Now().Before(f.ExpiresAt.Add(finding.GiveUpAfter)) {
		return "", errors.New(why)
	}
	return why, nil
}
