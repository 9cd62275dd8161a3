package google

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// effective reads the policy that is in force: merged over the hierarchy,
// conditions evaluated for the project. Its dry-run part enforces nothing.
// https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/projects.policies/getEffectivePolicy
func (c *Client) effective(ctx context.Context, q policies.Question) (policies.Fact, []*orgpolicypb.PolicySpec_PolicyRule, error) {
	if q.Project == "" {
		return policies.Fact{}, nil, errors.New("the project or the constraint is not known")
	}
	return c.effectiveAt(ctx, q.Name, "projects/"+q.Project)
}

// effectiveAt is the same for any project, folder or organization.
func (c *Client) effectiveAt(ctx context.Context, name, container string) (policies.Fact, []*orgpolicypb.PolicySpec_PolicyRule, error) {
	f := policies.Fact{Source: "effective org policy of " + container}
	if container == "" || name == "" {
		return f, nil, errors.New("the container or the constraint is not known")
	}
	rules, asOf, err := read(ctx, c.readings, reading{effectivePolicy, container, name}, func(ctx context.Context) ([]*orgpolicypb.PolicySpec_PolicyRule, error) {
		full := container + "/policies/" + name
		p, err := call(routed(ctx, "name", full), again(orgPolicyRetries, c.constraints.GetEffectivePolicy), &orgpolicypb.GetEffectivePolicyRequest{Name: full})
		return p.GetSpec().GetRules(), err
	})
	if f.At = asOf; err != nil {
		at := cloud.Resource{Kind: cloud.OrgPolicy, Parent: container, Name: name}
		return f, nil, explain(err, "read", at, "orgpolicy.policy.get")
	}
	if len(rules) == 0 {
		return f, nil, errors.New("its effective policy holds no rule")
	}
	for _, r := range rules {
		if r.GetCondition() != nil {
			return f, nil, errors.New("its effective policy still holds a condition")
		}
	}
	return f, rules, nil
}

func (c *Client) enforced(ctx context.Context, q policies.Question) (policies.Fact, error) {
	f, rules, err := c.effective(ctx, q)
	for _, r := range rules {
		e, boolean := r.GetKind().(*orgpolicypb.PolicySpec_PolicyRule_Enforce)
		if !boolean {
			return policies.Fact{Source: f.Source}, errors.New("the constraint is not one that is enforced or not")
		}
		f.Value = f.Value || e.Enforce
	}
	return f, err
}

// allows reads whether a list constraint allows a value. All rules together
// count: a value that one of them denies is denied.
func (c *Client) allows(ctx context.Context, q policies.Question) (policies.Fact, error) {
	f, rules, err := c.effective(ctx, q)
	if err != nil {
		return f, err
	}
	everything := false
	var allowed, denied []string
	for _, r := range rules {
		switch {
		case r.GetAllowAll():
			everything = true
		case r.GetDenyAll():
			return f, nil
		case r.GetValues() != nil:
			allowed = append(allowed, r.GetValues().GetAllowedValues()...)
			denied = append(denied, r.GetValues().GetDeniedValues()...)
		default:
			return f, errors.New("the constraint is not one that allows values or not")
		}
	}
	if everything && len(denied) == 0 {
		f.Value = true
		return f, nil
	}
	if everything {
		allowed = nil
	}
	on := cloud.ListAllows(allowed, denied, q.Value)
	if on.Knowledge != cloud.Known {
		return f, fmt.Errorf("whether its values include %q cannot be told", q.Value)
	}
	f.Value = on.On
	return f, nil
}
