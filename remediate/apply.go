package remediate

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/scope"
	"github.com/rescind-dev/rescind/remediate/state"
)

// errChanged says that the resource is no longer what the plan was made for.
var errChanged = errors.New("no longer as planned")

// errWorse says that a plan would violate what it does not violate yet: a policy that
// was loaded, or a fact that came to hold, since the plan was made.
var errWorse = errors.New("no plan may end one violation by another")

// errOutOfScope says that the scope no longer holds what a finding is about.
var errOutOfScope = errors.New("it is out of scope now")

// apply carries out the plan of an approved finding. Claiming it is a
// compare-and-set, so of two processes one applies. What every step is about is read
// first, and only what is still missing is written, so an attempt after a crash or a lost
// answer repeats nothing. What was written and does not show is looked at
// again, not written again: if it is back, somebody else put it there.
func (r *Remediator) apply(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	before, done, look := f.Done, f.Done, f.State == state.Uncertain
	var seen looks
	if !look {
		if stored, stopped, err := r.stopped(ctx, f); stopped || err != nil {
			return stored, err
		}
		if stored, ended, err := r.unapproved(ctx, f); ended || err != nil {
			return stored, err
		}
		seen = r.lookFor(ctx, f.Plan)
		done = judge.MergeSteps(before, seen.intended(f.Plan)) // unless the outcome says otherwise: a crash must not hide a write
	}
	f, err := r.update(ctx, f.Claimed(r.cfg.Now(), done))
	if err != nil {
		return finding.Finding{}, err
	}
	note := ""
	f = r.claims.Renewing(ctx, f, func(steps context.Context) {
		done = before
		if !look {
			var made []judge.Step
			made, err = r.applySteps(steps, f, len(before) == 0, seen)
			done = judge.MergeSteps(before, made)
		}
		var verified map[cloud.Resource]cloud.Workload
		if err == nil {
			verified, err = r.verifySteps(steps, f.Plan)
		}
		if err == nil {
			note, done = r.stillRunning(steps, f.Plan), templated(done, verified)
		}
	})
	// The outcome is stored even when the request that began it has gone.
	return r.storeOutcome(context.WithoutCancel(ctx), f, done, note, err)
}

// storeOutcome stores what came of applying, as soon as the store takes it: what is not
// stored looks as if it were still being written. A change or a card may have been
// added to the record meanwhile; nobody but us takes it out of Applying.
func (r *Remediator) storeOutcome(ctx context.Context, f finding.Finding, done []judge.Step, note string, outcome error) (finding.Finding, error) {
	for range conflictTries {
		stored, err := r.claims.Store(ctx, func() finding.Finding { return r.applied(f, done, note, outcome) })
		if err == nil && len(done) == 0 && (stored.State == state.Superseded || stored.State == state.Blocked) {
			r.giveBack(ctx, f)
		}
		if !errors.Is(err, fault.ErrConflict) {
			return stored, err
		}
		claim := f.DueAt
		if f, err = r.cfg.Store.Finding(ctx, f.ID); err != nil {
			return finding.Finding{}, fmt.Errorf("look up finding: %w", err)
		}
		if f.State != state.Applying || r.cfg.Now().After(claim) {
			break // our lease ran out, and another process took over
		}
	}
	return finding.Finding{}, fault.ErrConflict
}

// applySteps returns what was written, or may have been. At the first attempt
// an undo finds everything as the revert left it, or writes nothing.
func (r *Remediator) applySteps(ctx context.Context, f finding.Finding, first bool, seen looks) (made []judge.Step, err error) {
	if !f.Plan.Executable() {
		return nil, fmt.Errorf("%w: the plan leaves open what to write", fault.ErrRefused)
	}
	ctx, open := noting(ctx)
	switch in, unsure := r.cfg.Scope.Membership(ctx, r.cfg.Facts, f.Resource); in {
	case scope.Out:
		return nil, errOutOfScope
	case scope.Unknown:
		return nil, cmp.Or(open.err(), errors.New(unsure))
	}
	if first {
		if err := r.stillFits(ctx, f, seen); err != nil {
			return nil, err
		}
	}
	for i, s := range f.Plan.Steps {
		m, wrote, err := r.applyStep(ctx, s, seen.at(f.Plan, i))
		if wrote {
			made = append(made, m)
		}
		if err != nil {
			return made, fmt.Errorf("%s on %s: %w", s.Kind, s.Resource, err)
		}
	}
	return made, nil
}

// applied is the transition out of Applying, by what came of it.
func (r *Remediator) applied(f finding.Finding, done []judge.Step, note string, err error) finding.Finding {
	now, did := r.cfg.Now(), len(done) > 0
	f.Done = done
	prefix := "not applied: "
	if did {
		prefix = "not finished: "
	}
	var denied *fault.PermissionError
	var unverified *unverifiedError
	_, limited := fault.NextTurn(err)
	switch {
	case err == nil && did:
		return f.Reverted(now, note)
	case err == nil:
		return f.NotApplied(state.Superseded, now, "already fixed when rescind came to apply it")
	case errors.Is(err, errChanged), errors.Is(err, fault.ErrNotFound):
		return f.NotApplied(state.Superseded, now, prefix+err.Error())
	case errors.Is(err, errOutOfScope), errors.Is(err, errWorse):
		return f.NotApplied(state.Blocked, now, prefix+err.Error())
	case errors.As(err, &unverified) && f.Attempts < finding.MaxAttempts:
		return f.Unverified(now, err)
	case errors.As(err, &denied):
		return f.NotApplied(state.Blocked, now, prefix+err.Error())
	case errors.Is(err, fault.ErrRefused), f.Attempts >= finding.MaxAttempts && !limited && !f.Outlasts(now, err):
		return f.NotApplied(state.Failed, now, prefix+err.Error())
	}
	return f.TriedAgain(now, err)
}
