package google

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cloud.google.com/go/iam/admin/apiv1/adminpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Fact answers from Google Cloud. An answer is kept for the fact lifetime, or
// until Changed hears of a change to it; one that could not be had is not kept.
// Callers share an answer's List and must not change it.
func (c *Client) Fact(ctx context.Context, q policies.Question) policies.Fact {
	now := c.now()
	if f, ok := c.facts.answer(q, now); ok {
		return f
	}
	began := c.facts.begin()
	f, err := c.lookInTurn(ctx, q)
	if err != nil {
		f = policies.Fact{Source: f.Source, At: now, Why: err.Error()}
		if passing(err) {
			f.Passing = err
		}
		return f
	}
	f.Known = true
	if f.At.IsZero() {
		f.At = now
	}
	c.facts.keep(q, f, now, began)
	return f
}

// lookInTurn waits for its turn where a rate holds the request back: a question
// left open turns a revert into a question to people.
func (c *Client) lookInTurn(ctx context.Context, q policies.Question) (policies.Fact, error) {
	f, err := c.look(ctx, q)
	var busy *fault.BusyError
	if !errors.As(err, &busy) || busy.After > limitWindow {
		return f, err
	}
	if err := c.wait(ctx, busy.After); err != nil {
		return f, err
	}
	return c.look(ctx, q)
}

func (c *Client) look(ctx context.Context, q policies.Question) (policies.Fact, error) {
	switch q.Kind {
	case policies.ConstraintEnforced:
		return c.enforced(ctx, q)
	case policies.RuntimeIdentity:
		return c.runtimeIdentity(ctx, q)
	case policies.RoleInvokes:
		return c.roleInvokes(ctx, q)
	case policies.Ancestors:
		return c.ancestorNames(ctx, q)
	case policies.ConstraintAllows:
		return c.allows(ctx, q)
	case policies.ConstraintHeld:
		return c.held(ctx, q.Name, q.Value)
	case policies.ConstraintInherited:
		return c.inherited(ctx, q.Name, q.Value)
	case policies.ProjectNumber:
		return c.projectNumber(ctx, q)
	case policies.OrganizationDomain:
		return c.organizationDomain(ctx, q)
	}
	return policies.Fact{}, fmt.Errorf("nothing answers a question about %q", q.Kind)
}

// Changed forgets what the change may have made untrue. An organization policy
// is inherited, so all answers about its constraint go; a deploy may begin or
// end an account's use.
func (c *Client) Changed(change cloud.Change) {
	c.facts.forget(func(q policies.Question) bool {
		switch q.Kind {
		case policies.ConstraintEnforced, policies.ConstraintAllows, policies.ConstraintHeld, policies.ConstraintInherited:
			return touches(change, q.Name)
		case policies.RuntimeIdentity:
			return change.Resource.Kind.Workload() && change.Verb != cloud.SetPolicy
		case policies.RoleInvokes:
			return change.Service == "iam.googleapis.com"
		}
		return false
	})
}

func touches(change cloud.Change, constraint string) bool {
	if change.Constraint == nil {
		return change.Verb == cloud.SetOrg || change.Resource.Kind == cloud.OrgPolicy
	}
	return change.Constraint.Name == constraint || change.Constraint.Name == ""
}

// roleInvokes reads the role, predefined or custom.
func (c *Client) roleInvokes(ctx context.Context, q policies.Question) (policies.Fact, error) {
	f := policies.Fact{Source: "permissions of " + q.Name}
	role, err := call(ctx, c.roles.GetRole, &adminpb.GetRoleRequest{Name: q.Name})
	if err != nil {
		return f, fmt.Errorf("read role %s: %w", q.Name, oneLine{err})
	}
	f.Value = slices.ContainsFunc(role.GetIncludedPermissions(), func(p string) bool {
		return p == "run.routes.invoke" || p == "run.jobs.run"
	})
	return f, nil
}

func (c *Client) ancestorNames(ctx context.Context, q policies.Question) (policies.Fact, error) {
	f := policies.Fact{Source: "parents of " + q.Name}
	at, ok := cloud.ParseContainer(q.Name)
	if !ok {
		return f, fmt.Errorf("%q is no project, folder or organization", q.Name)
	}
	above, err := c.ancestors(ctx, at)
	for _, r := range above {
		f.List = append(f.List, r.Path())
	}
	return f, err
}
