package google

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cloud.google.com/go/iam/admin/apiv1/adminpb"
	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
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
	f, err := c.look(ctx, q)
	if err != nil {
		return policies.Fact{Source: f.Source, At: now, Why: err.Error()}
	}
	f.Known = true
	if f.At.IsZero() {
		f.At = now
	}
	c.facts.keep(q, f, now, began)
	return f
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
	}
	return policies.Fact{}, fmt.Errorf("nothing answers a question about %q", q.Kind)
}

// Changed forgets what the change may have made untrue. An organization policy
// is inherited, so all answers about its constraint go; a deploy may begin or
// end an account's use.
func (c *Client) Changed(change cloud.Change) {
	c.facts.forget(func(q policies.Question) bool {
		switch q.Kind {
		case policies.ConstraintEnforced:
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

// enforced reads the effective policy: merged over the hierarchy, conditions
// evaluated for the project. Its dry-run part enforces nothing.
// https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/projects.policies/getEffectivePolicy
func (c *Client) enforced(ctx context.Context, q policies.Question) (policies.Fact, error) {
	f := policies.Fact{Source: "effective org policy of projects/" + q.Project}
	if q.Project == "" || q.Name == "" {
		return f, errors.New("the project or the constraint is not known")
	}
	p, err := call(ctx, c.constraints.GetEffectivePolicy, &orgpolicypb.GetEffectivePolicyRequest{
		Name: "projects/" + q.Project + "/policies/" + q.Name,
	})
	if err != nil {
		at := cloud.Resource{Kind: cloud.OrgPolicy, Parent: "projects/" + q.Project, Name: q.Name}
		return f, explain(err, "read", at, "orgpolicy.policy.get")
	}
	f.Value, err = enforces(p.GetSpec())
	return f, err
}

func enforces(s *orgpolicypb.PolicySpec) (bool, error) {
	on := false
	for _, r := range s.GetRules() {
		e, boolean := r.GetKind().(*orgpolicypb.PolicySpec_PolicyRule_Enforce)
		if !boolean {
			return false, errors.New("the constraint is not one that is enforced or not")
		}
		if r.GetCondition() != nil {
			return false, errors.New("its effective policy still holds a condition")
		}
		on = on || e.Enforce
	}
	if len(s.GetRules()) == 0 {
		return false, errors.New("its effective policy holds no rule")
	}
	return on, nil
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
