package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// conflictTries bounds how often one step starts over because somebody else
// wrote in between.
const conflictTries = 5

// applyStep makes one write, if it is still needed, and reports whether it did
// and what of the step it was: of two grants one may have been gone already,
// and an undo must not bring that one back.
// A lost race (ErrConflict) starts the whole read-modify-write over on fresh
// state, with a pause that grows; any other error ends it.
func (r *Remediator) applyStep(ctx context.Context, s judge.Step) (made judge.Step, wrote bool, err error) {
	for try := range conflictTries {
		made = s
		switch s.Kind {
		case policies.RemoveGrants, judge.RestoreGrants, policies.RestoreCondition:
			made, wrote, err = r.changeGrants(ctx, s)
		case policies.RequireInvoker:
			wrote, err = r.requireInvoker(ctx, s)
		case judge.DisableInvoker:
			wrote, err = r.disableInvoker(ctx, s)
		case policies.RestoreIdentity:
			wrote, err = r.restoreIdentity(ctx, s)
		case policies.RestoreIngress:
			wrote, err = r.setIngress(ctx, s)
		case policies.RestoreConstrain:
			wrote, err = r.setOrgPolicy(ctx, s)
		default:
			return judge.Step{}, false, fmt.Errorf("%w: unknown step %q", fault.ErrRefused, s.Kind)
		}
		if !errors.Is(err, fault.ErrConflict) {
			return made, wrote && !declined(err), err
		}
		if err := r.Wait(ctx, 200*time.Millisecond<<try); err != nil {
			return judge.Step{}, false, err
		}
	}
	return judge.Step{}, false, fmt.Errorf("somebody else keeps changing it: %w", err)
}

// declined reports whether a write was certainly not made. A refusal does not
// say so: a template may be changed, and its revision be refused.
func declined(err error) bool {
	var denied *fault.PermissionError
	return errors.As(err, &denied) || errors.Is(err, fault.ErrNotFound) || errors.Is(err, fault.ErrUnwritten)
}

// changeGrants takes away the grants that only Before has and adds those that
// only After has.
func (r *Remediator) changeGrants(ctx context.Context, s judge.Step) (made judge.Step, wrote bool, err error) {
	p, err := r.IAM.Policy(ctx, s.Resource)
	if err != nil {
		return s, false, err
	}
	if p.HidesConditions() {
		return s, false, fmt.Errorf("%w: the policy was read below version 3, writing it would drop conditions", fault.ErrRefused)
	}
	next, effective := p.Apply(s.DeltasOn(p))
	if len(effective) == 0 {
		return s, false, nil
	}
	return s.WithDeltas(effective), true, r.IAM.SetPolicy(ctx, s.Resource, next)
}

func (r *Remediator) requireInvoker(ctx context.Context, s judge.Step) (bool, error) {
	w, err := r.Workloads.Workload(ctx, s.Resource)
	if err != nil || !w.InvokerCheckDisabled.On {
		return false, err
	}
	return true, r.Workloads.RequireInvokerIAM(ctx, w)
}

// disableInvoker turns the check off again, where it was off before rescind
// turned it on.
func (r *Remediator) disableInvoker(ctx context.Context, s judge.Step) (bool, error) {
	w, err := r.Workloads.Workload(ctx, s.Resource)
	if err != nil || w.InvokerCheckDisabled.On {
		return false, err
	}
	return true, r.Workloads.DisableInvokerIAM(ctx, w)
}

func (r *Remediator) restoreIdentity(ctx context.Context, s judge.Step) (bool, error) {
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
type unverifiedError struct {
	why string
	err error // of looking, where that is what went wrong
}

func (e *unverifiedError) Error() string { return e.why }

func (e *unverifiedError) Unwrap() error { return e.err }

// verify reads until the step shows, at most VerifyFor. An operation that
// succeeded is not yet a workload that is fixed: a revision may never become
// ready, or traffic may be pinned to the old one.
func (r *Remediator) verify(ctx context.Context, s judge.Step) error {
	deadline := r.Now().Add(r.VerifyFor)
	for pause := time.Second; ; pause *= 2 {
		why, err := r.unmet(ctx, s)
		switch {
		case errors.Is(err, fault.ErrNotFound):
			return err
		case err != nil:
			return &unverifiedError{err.Error(), err}
		case why == "":
			return nil
		}
		if r.Now().Add(pause).After(deadline) {
			return &unverifiedError{why: why}
		}
		if err := r.Wait(ctx, pause); err != nil {
			return &unverifiedError{why: why}
		}
	}
}

// unmet says what is not yet as the step wants it, or "".
func (r *Remediator) unmet(ctx context.Context, s judge.Step) (string, error) {
	switch s.Kind {
	case policies.RemoveGrants, judge.RestoreGrants, policies.RestoreCondition:
		p, err := r.IAM.Policy(ctx, s.Resource)
		if err != nil {
			return "", err
		}
		return unmetGrants(p, s), nil
	case policies.RequireInvoker:
		w, err := r.Workloads.Workload(ctx, s.Resource)
		if err == nil && w.InvokerCheckDisabled.On {
			return "the invoker IAM check still shows as disabled", nil
		}
		return "", err
	case judge.DisableInvoker:
		w, err := r.Workloads.Workload(ctx, s.Resource)
		if err == nil && !w.InvokerCheckDisabled.On {
			return "the invoker IAM check still shows as on", nil
		}
		return "", err
	case policies.RestoreIdentity:
		return r.identityUnmet(ctx, s)
	case policies.RestoreIngress:
		return r.ingressUnmet(ctx, s)
	case policies.RestoreConstrain:
		return r.orgPolicyUnmet(ctx, s)
	}
	return "", nil
}

func unmetGrants(p cloud.AllowPolicy, s judge.Step) string {
	for _, d := range s.DeltasOn(p) {
		switch shown := p.Has(d.Grant); {
		case shown && d.Action == cloud.Remove:
			return "the policy still shows a grant that was removed"
		case !shown && d.Action == cloud.Add:
			return "the policy does not show yet a grant that was put back"
		}
	}
	return ""
}

func (r *Remediator) identityUnmet(ctx context.Context, s judge.Step) (string, error) {
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
