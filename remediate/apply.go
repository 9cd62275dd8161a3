package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxAttempts is how often an effect that may pass is tried before the finding
// fails: with the growing pauses between them, about an hour.
const maxAttempts = 8

// errChanged says that the resource is no longer what the plan was made for.
var errChanged = errors.New("no longer as planned")

// apply carries out the plan of an approved finding. Claiming it is a
// compare-and-set, so of two processes one applies. Every step reads first and
// writes only what is still missing, so an attempt after a crash or a lost
// answer repeats nothing.
func (r *Remediator) apply(ctx context.Context, f Finding) (Finding, error) {
	again := slices.ContainsFunc(f.Timeline, func(e Event) bool { return e.State == Applying })
	f, err := r.update(ctx, f.to(Applying, r.Now(), "", "applying the plan "+f.Plan.Digest[:min(8, len(f.Plan.Digest))]))
	if err != nil {
		return Finding{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, lease-time.Minute)
	defer cancel()
	did, err := r.applySteps(ctx, f.Plan)
	next := r.applied(f, did || again, err)
	// The outcome is stored even when the request that began it has gone.
	stored, storeErr := r.update(context.WithoutCancel(ctx), next)
	return stored, storeErr
}

// applySteps reports whether anything was written.
func (r *Remediator) applySteps(ctx context.Context, p Plan) (did bool, err error) {
	if !p.Executable() {
		return false, fmt.Errorf("%w: the plan leaves open what to write", ErrRefused)
	}
	for _, s := range p.Steps {
		wrote, err := r.applyStep(ctx, s)
		did = did || wrote
		if err != nil {
			return did, fmt.Errorf("%s on %s: %w", s.Kind, s.Resource, err)
		}
	}
	for _, s := range p.Steps {
		if err := r.verify(ctx, s); err != nil {
			return did, fmt.Errorf("verify %s on %s: %w", s.Kind, s.Resource, err)
		}
	}
	return did, nil
}

// applied is the transition out of Applying.
func (r *Remediator) applied(f Finding, did bool, err error) Finding {
	now := r.Now()
	var denied *PermissionError
	var unverified *unverifiedError
	switch {
	case err == nil && did:
		return f.to(Reverted, now, "", revertedWhy(f.Plan), Notify)
	case err == nil:
		return f.to(Superseded, now, "", "already fixed when rescind came to apply it", Notify)
	case errors.Is(err, errChanged), errors.Is(err, ErrNotFound):
		return f.to(Superseded, now, "", "not applied: "+err.Error(), Notify)
	case errors.As(err, &denied):
		return f.to(Blocked, now, "", "not applied: "+err.Error(), Notify)
	case errors.Is(err, ErrRefused), f.Attempts >= maxAttempts:
		return f.to(Failed, now, "", err.Error(), Notify)
	case errors.As(err, &unverified):
		return f.to(Uncertain, now, "", err.Error(), Apply, Notify).retried(now)
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
