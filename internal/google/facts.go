package google

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/iam/admin/apiv1/adminpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Fact answers from Google Cloud, or from what was read of it not long ago and
// Changed did not hear of a change to. The answer's time is that of its oldest part.
// One that could not be had is not kept.
func (c *Client) Fact(ctx context.Context, q policies.Question) policies.Fact {
	now := c.now()
	f, err := c.lookInTurn(ctx, q)
	if err != nil {
		f = policies.Fact{Source: f.Source, At: now, Why: err.Error()}
		if passing(err) {
			f.Passing = err
		}
		return f
	}
	f.Known = true
	return f
}

// Changed forgets what the change may have made untrue, and nothing else.
func (c *Client) Changed(change cloud.Change) {
	if change.Verb == cloud.SetPolicy && !change.Resource.Kind.Container() {
		return // most changes; of such a policy nothing is kept
	}
	c.readings.forget(func(r reading) bool { return r.concernedBy(&change) })
	if deploys(&change) {
		c.listed.take(change.Resource.Path(), c.now())
	}
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
	case policies.ConstraintConditional:
		return c.conditional(ctx, q)
	case policies.ConstraintAbout:
		return c.constraintAbout(ctx, q)
	case policies.ServicesBelow:
		return c.servicesBelow(ctx, q)
	case policies.HoldsBasicRole:
		return c.holdsBasicRole(ctx, q)
	case policies.AccountGranted:
		return c.accountGranted(ctx, q)
	}
	return policies.Fact{}, fmt.Errorf("nothing answers a question about %q", q.Kind)
}

// roleInvokes reads the role, predefined or custom.
func (c *Client) roleInvokes(ctx context.Context, q policies.Question) (f policies.Fact, err error) {
	f.Source = "permissions of " + q.Name
	f.Value, f.At, err = read(ctx, c.readings, reading{kind: rolePermissions, of: q.Name}, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		role, err := c.roles.GetRole(routed(ctx, "name", q.Name), &adminpb.GetRoleRequest{Name: q.Name})
		return slices.ContainsFunc(role.GetIncludedPermissions(), func(p string) bool {
			return p == "run.routes.invoke" || p == "run.jobs.run"
		}), err
	})
	if err != nil {
		return f, fmt.Errorf("read role %s: %w", q.Name, oneLine{err})
	}
	return f, nil
}

func (c *Client) ancestorNames(ctx context.Context, q policies.Question) (policies.Fact, error) {
	f := policies.Fact{Source: "parents of " + q.Name}
	at, ok := cloud.ParseContainer(q.Name)
	if !ok {
		return f, fmt.Errorf("%q is no project, folder or organization", q.Name)
	}
	above, asOf, err := c.ancestors(ctx, at)
	for _, r := range above {
		f.List = append(f.List, r.Path())
	}
	f.At = asOf
	return f, err
}

// accountGranted reads the container's own allow policy.
func (c *Client) accountGranted(ctx context.Context, q policies.Question) (f policies.Fact, err error) {
	f.Source = "allow policy of " + q.Name
	at, ok := cloud.ParseContainer(q.Name)
	if !ok {
		return f, fmt.Errorf("%q is no project, folder or organization", q.Name)
	}
	granted, asOf, err := c.granted(ctx, at)
	_, f.Value = granted[strings.ToLower(q.Value)]
	f.At = asOf
	return f, err
}

// granted are the accounts that the container's own allow policy grants anything, by their
// address in lower case, and whether that is a basic role.
func (c *Client) granted(ctx context.Context, at cloud.Resource) (map[string]bool, time.Time, error) {
	return read(ctx, c.readings, reading{kind: grantedAccounts, of: at.Path()}, func(ctx context.Context) (map[string]bool, error) {
		p, err := c.Policy(ctx, at)
		accounts := map[string]bool{}
		for _, g := range p.Grants() {
			if email, ok := g.Member.Folded().ServiceAccount(); ok {
				accounts[email] = accounts[email] || cloud.BasicRole(g.Role)
			}
		}
		return accounts, err
	})
}

// holdsBasicRole reads the allow policies of the account's project and of what holds it.
func (c *Client) holdsBasicRole(ctx context.Context, q policies.Question) (f policies.Fact, err error) {
	f.Source = "allow policies of its project and above"
	project := cloud.ServiceAccountProject(q.Name)
	if project == "" {
		return f, fmt.Errorf("which project %s is of, its name does not say", q.Name)
	}
	own := cloud.ProjectResource(project)
	above, asOf, err := c.ancestors(ctx, own)
	if err != nil {
		return f, err
	}
	for f.At = asOf; err == nil && !f.Value; above = above[1:] {
		var granted map[string]bool
		granted, asOf, err = c.granted(ctx, own)
		f.Value, f.At = granted[q.Name], earlier(f.At, asOf)
		if len(above) == 0 {
			break
		}
		own = above[0]
	}
	return f, err
}
