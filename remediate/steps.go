package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// conflictTries bounds how often one step starts over because somebody else
// wrote in between.
const conflictTries = 5

// applyStep makes one write, if it is still needed, and reports whether it did.
// A lost race (ErrConflict) starts the whole read-modify-write over on fresh
// state, with a pause that grows; any other error ends it.
func (r *Remediator) applyStep(ctx context.Context, s Step) (wrote bool, err error) {
	for try := range conflictTries {
		switch s.Kind {
		case policies.RemoveGrants:
			wrote, err = r.removeGrants(ctx, s)
		case policies.RequireInvoker:
			wrote, err = r.requireInvoker(ctx, s)
		case policies.RestoreIdentity:
			wrote, err = r.restoreIdentity(ctx, s)
		default:
			return false, fmt.Errorf("%w: unknown step %q", ErrRefused, s.Kind)
		}
		if !errors.Is(err, ErrConflict) {
			return wrote && !declined(err), err
		}
		if err := r.Wait(ctx, 200*time.Millisecond<<try); err != nil {
			return false, err
		}
	}
	return false, fmt.Errorf("somebody else keeps changing it: %w", err)
}

// declined reports whether a write was certainly not made. A refusal does not
// say so: a template may be changed, and its revision be refused.
func declined(err error) bool {
	var denied *PermissionError
	return errors.As(err, &denied) || errors.Is(err, ErrNotFound)
}

func (r *Remediator) removeGrants(ctx context.Context, s Step) (bool, error) {
	p, err := r.IAM.Policy(ctx, s.Resource)
	if err != nil {
		return false, err
	}
	if p.HidesConditions() {
		return false, fmt.Errorf("%w: the policy was read below version 3, writing it would drop conditions", ErrRefused)
	}
	next, effective := p.Apply(cloud.Removals(s.Before.Grants))
	if len(effective) == 0 {
		return false, nil
	}
	return true, r.IAM.SetPolicy(ctx, s.Resource, next)
}

func (r *Remediator) requireInvoker(ctx context.Context, s Step) (bool, error) {
	w, err := r.Workloads.Workload(ctx, s.Resource)
	if err != nil || !w.InvokerCheckDisabled.On {
		return false, err
	}
	return true, r.Workloads.RequireInvokerIAM(ctx, w)
}

func (r *Remediator) restoreIdentity(ctx context.Context, s Step) (bool, error) {
	w, err := r.Workloads.Workload(ctx, s.Resource)
	if err != nil || w.Identity.Email == s.After.ServiceAccount {
		return false, err
	}
	if w.Identity.Email != s.Before.ServiceAccount {
		return false, fmt.Errorf("it runs as %q now, the plan was made for %q: %w", w.Identity.Email, s.Before.ServiceAccount, errChanged)
	}
	return true, r.Workloads.SetIdentity(ctx, w, s.After.ServiceAccount)
}

// unverifiedError says that a write was accepted, and does not show yet or
// could not be looked at.
type unverifiedError struct{ why string }

func (e *unverifiedError) Error() string { return e.why }

// verify reads until the step shows, at most VerifyFor. An operation that
// succeeded is not yet a workload that is fixed: a revision may never become
// ready, or traffic may be pinned to the old one.
func (r *Remediator) verify(ctx context.Context, s Step) error {
	deadline := r.Now().Add(r.VerifyFor)
	for pause := time.Second; ; pause *= 2 {
		why, err := r.unmet(ctx, s)
		switch {
		case errors.Is(err, ErrNotFound):
			return err
		case err != nil:
			return &unverifiedError{err.Error()}
		case why == "":
			return nil
		}
		if r.Now().Add(pause).After(deadline) {
			return &unverifiedError{why}
		}
		if err := r.Wait(ctx, pause); err != nil {
			return &unverifiedError{why}
		}
	}
}

// unmet says what is not yet as the step wants it, or "".
func (r *Remediator) unmet(ctx context.Context, s Step) (string, error) {
	switch s.Kind {
	case policies.RemoveGrants:
		p, err := r.IAM.Policy(ctx, s.Resource)
		if err == nil && slices.ContainsFunc(s.Before.Grants, p.Has) {
			return "the policy still shows a grant that was removed", nil
		}
		return "", err
	case policies.RequireInvoker:
		w, err := r.Workloads.Workload(ctx, s.Resource)
		if err == nil && w.InvokerCheckDisabled.On {
			return "the invoker IAM check still shows as disabled", nil
		}
		return "", err
	case policies.RestoreIdentity:
		return r.identityUnmet(ctx, s)
	}
	return "", nil
}

func (r *Remediator) identityUnmet(ctx context.Context, s Step) (string, error) {
	w, err := r.Workloads.Workload(ctx, s.Resource)
	if err != nil {
		return "", err
	}
	if w.Identity.Email != s.After.ServiceAccount {
		return "the template still names " + w.Identity.Email, nil
	}
	serving, err := r.Workloads.Serving(ctx, s.Resource)
	if err != nil {
		return "", err
	}
	for _, email := range serving {
		if email != s.After.ServiceAccount {
			return "a revision that runs as " + email + " still has traffic or a tag", nil
		}
	}
	return "", nil
}
