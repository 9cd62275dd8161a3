package google

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/assets"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// conditional reads the policies of a constraint that are set at a container and above it.
// It is asked once for a tag, and nothing of it is kept.
func (c *Client) conditional(ctx context.Context, q policies.Question) (policies.Fact, error) {
	f := policies.Fact{Source: "policies of " + q.Name, At: c.now()}
	at, ok := cloud.ParseContainer(q.Value)
	if !ok {
		return f, fmt.Errorf("%q is no project, folder or organization", q.Value)
	}
	above, _, err := c.ancestors(ctx, at)
	if err != nil {
		return f, err
	}
	for _, holder := range slices.Insert(above, 0, at) {
		r := cloud.Resource{Kind: cloud.OrgPolicy, Parent: holder.Path(), Name: q.Name}
		p, err := call(routed(ctx, "name", r.Path()), again(orgPolicyRetries, c.constraints.GetPolicy), &orgpolicypb.GetPolicyRequest{Name: r.Path()})
		switch {
		case status.Code(err) == codes.NotFound:
			continue
		case err != nil:
			return f, explain(err, "read", r, "orgpolicy.policy.get")
		}
		if slices.ContainsFunc(p.GetSpec().GetRules(), func(r *orgpolicypb.PolicySpec_PolicyRule) bool { return r.GetCondition() != nil }) {
			f.Value, f.Source = true, "policy of "+q.Name+" at "+holder.Path()
			return f, nil
		}
	}
	return f, nil
}

// constraintAbout reads the definition of a custom constraint.
func (c *Client) constraintAbout(ctx context.Context, q policies.Question) (policies.Fact, error) {
	f := policies.Fact{Source: "definition of " + q.Name, At: c.now()}
	name := q.Value + "/customConstraints/" + q.Name
	d, err := call(routed(ctx, "name", name), again(orgPolicyRetries, c.constraints.GetCustomConstraint), &orgpolicypb.GetCustomConstraintRequest{Name: name})
	f.List = d.GetResourceTypes()
	at, _ := cloud.ParseContainer(q.Value)
	return f, explain(err, "read custom constraint "+q.Name+" of", at, "orgpolicy.customConstraints.get")
}

// servicesBelow lists the services of a project, or has Asset search find those of a folder
// or organization. Those of projects where the constraint is still in force are left out.
func (c *Client) servicesBelow(ctx context.Context, q policies.Question) (policies.Fact, error) {
	f := policies.Fact{Source: "services of " + q.Name, At: c.now()}
	at, ok := cloud.ParseContainer(q.Name)
	if !ok {
		return f, fmt.Errorf("%q is no project, folder or organization", q.Name)
	}
	if at.Kind == cloud.Project {
		users, err := c.users(ctx, at.Name, cloud.RunService)
		for _, u := range users {
			f.List = append(f.List, u.workload)
		}
		slices.Sort(f.List)
		return f, err
	}
	page, err := assets.Search(ctx, c.assets, assets.Request{Scope: at.Path(), Types: []string{"run.googleapis.com/Service"}})
	switch {
	case noSearch(err):
		return f, errors.New("the services below " + at.Path() + " are found by Asset search, which is not available")
	case err != nil:
		return f, explain(err, "search", at, "cloudasset.assets.searchAllResources")
	}
	for _, name := range page.Names {
		r, err := cloud.ParseResource(name)
		if err != nil {
			continue
		}
		if still, err := c.enforced(ctx, policies.Question{Name: q.Value, Project: r.Project}); err != nil || !still.Value {
			f.List = append(f.List, r.Path())
		}
	}
	slices.SortFunc(f.List, strings.Compare)
	return f, nil
}
