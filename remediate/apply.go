package remediate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// maxAttempts is how often an effect that may pass is tried before the finding
// fails: with the growing pauses between them, about an hour.
const maxAttempts = 8

// errChanged says that the resource is no longer what the plan was made for.
var errChanged = errors.New("no longer as planned")

// errOutOfScope says that the scope no longer holds what a finding is about.
var errOutOfScope = errors.New("it is out of scope now")

// apply carries out the plan of an approved finding. Claiming it is a
// compare-and-set, so of two processes one applies. Every step reads first and
// writes only what is still missing, so an attempt after a crash or a lost
// answer repeats nothing. What was written and does not show is looked at
// again, not written again: if it is back, somebody else put it there.
func (r *Remediator) apply(ctx context.Context, f Finding) (Finding, error) {
	before, look := f.Touched, f.State == Uncertain
	f.Touched = true // unless the outcome says otherwise: a crash must not hide a write
	f, err := r.update(ctx, f.to(Applying, r.Now(), "", "applying the plan "+f.Plan.Digest[:min(8, len(f.Plan.Digest))]))
	if err != nil {
		return Finding{}, err
	}
	steps, cancel := context.WithTimeout(ctx, lease-time.Minute)
	defer cancel()
	did := before
	if !look {
		did, err = r.applySteps(steps, f)
		did = did || before
	}
	if err == nil {
		err = r.verifySteps(steps, f.Plan)
	}
	// The outcome is stored even when the request that began it has gone.
	return r.storeOutcome(context.WithoutCancel(ctx), f, did, err)
}

// storeOutcome stores what came of applying. A change or a card may have been
// added to the record meanwhile; nobody but us takes it out of Applying.
func (r *Remediator) storeOutcome(ctx context.Context, f Finding, did bool, outcome error) (Finding, error) {
	for range conflictTries {
		stored, err := r.update(ctx, r.applied(f, did, outcome))
		if !errors.Is(err, ErrConflict) {
			return stored, err
		}
		claim := f.DueAt
		if f, err = r.Store.Finding(ctx, f.ID); err != nil {
			return Finding{}, fmt.Errorf("look up finding: %w", err)
		}
		if f.State != Applying || r.Now().After(claim) {
			break // our lease ran out, and another process took over
		}
	}
	return Finding{}, ErrConflict
}

// applySteps reports whether anything was written, or may have been.
func (r *Remediator) applySteps(ctx context.Context, f Finding) (did bool, err error) {
	if !f.Plan.Executable() {
		return false, fmt.Errorf("%w: the plan leaves open what to write", ErrRefused)
	}
	if in, _ := r.Scope.membership(ctx, r.Judge.Facts, f.Resource); in == outOfScope {
		return false, errOutOfScope
	}
	for _, s := range f.Plan.Steps {
		wrote, err := r.applyStep(ctx, s)
		did = did || wrote
		if err != nil {
			return did, fmt.Errorf("%s on %s: %w", s.Kind, s.Resource, err)
		}
	}
	return did, nil
}

func (r *Remediator) verifySteps(ctx context.Context, p Plan) error {
	for _, s := range p.Steps {
		if err := r.verify(ctx, s); err != nil {
			return fmt.Errorf("verify %s on %s: %w", s.Kind, s.Resource, err)
		}
	}
	return nil
}

// applied is the transition out of Applying.
func (r *Remediator) applied(f Finding, did bool, err error) Finding {
	now := r.Now()
	f.Touched = did
	not := "not applied: "
	if did {
		not = "not finished: "
	}
	var denied *PermissionError
	var unverified *unverifiedError
	switch {
	case err == nil && did:
		return f.to(Reverted, now, "", revertedWhy(f.Plan), Notify)
	case err == nil:
		return f.to(Superseded, now, "", "already fixed when rescind came to apply it", Notify)
	case errors.Is(err, errChanged), errors.Is(err, ErrNotFound):
		return f.to(Superseded, now, "", not+err.Error(), Notify)
	case errors.Is(err, errOutOfScope):
		return f.to(Blocked, now, "", not+err.Error(), Notify)
	case errors.As(err, &unverified) && f.Attempts < maxAttempts:
		return f.to(Uncertain, now, "", err.Error(), Apply, Notify).retried(now)
	case errors.As(err, &denied):
		return f.to(Blocked, now, "", not+err.Error(), Notify)
	case errors.Is(err, ErrRefused), f.Attempts >= maxAttempts:
		return f.to(Failed, now, "", not+err.Error(), Notify)
	}
	f.Why = "will be tried again: " + err.Error()
	return f.retried(now)
}

func revertedWhy(p Plan) string {
	var done []string
	iam := false
	for _, s := range p.Steps {
		switch {
		case len(s.Before.Grants) > 0:
			iam = true
			for _, g := range s.Before.Grants {
				done = append(done, "removed "+g.String())
			}
		case s.Before.InvokerIAMDisabled != nil:
			done = append(done, "turned the invoker IAM check back on")
		case s.After.ServiceAccount != "":
			done = append(done, "runs as "+s.After.ServiceAccount+" again")
		}
	}
	why := strings.Join(done, "; ") + "; verified by reading it back"
	if iam {
		// https://cloud.google.com/iam/docs/access-change-propagation
		why += ". IAM changes take effect within minutes, typically two"
	}
	return why
}
