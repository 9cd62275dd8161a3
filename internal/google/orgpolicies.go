package google

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// OrgPolicy returns the organization policy that is set at its own resource,
// not what is inherited; an error matching fault.ErrNotFound where none is.
func (c *Client) OrgPolicy(ctx context.Context, r cloud.Resource) (judge.OrgPolicy, error) {
	p, err := call(routed(ctx, "name", r.Path()), again(orgPolicyRetries, c.constraints.GetPolicy), &orgpolicypb.GetPolicyRequest{Name: r.Path()})
	if err != nil {
		// The REST reference says orgpolicy.policies.get, the role tables this.
		return judge.OrgPolicy{}, explain(err, "read", r, "orgpolicy.policy.get")
	}
	body, err := orgPolicyBody(p)
	if err != nil {
		return judge.OrgPolicy{}, fmt.Errorf("read %s: %w", r, err)
	}
	return judge.OrgPolicy{Etag: p.GetEtag(), Body: body, State: stateOf(p.GetSpec())}, nil
}

// stateOf says of a live policy what the log says of a change, in its terms. Nil
// for a policy that only rehearses.
func stateOf(s *orgpolicypb.PolicySpec) *cloud.ConstraintChange {
	if s == nil {
		return nil
	}
	c := cloud.StateOf(rulesOf(s.GetRules()), s.GetInheritFromParent())
	if s.GetReset_() {
		c = cloud.ConstraintChange{Became: cloud.PolicyReset}
	}
	return &c
}

func rulesOf(rules []*orgpolicypb.PolicySpec_PolicyRule) (out []cloud.PolicyRule) {
	for _, r := range rules {
		rule := cloud.PolicyRule{
			Enforce: r.GetEnforce(), AllowAll: r.GetAllowAll(), DenyAll: r.GetDenyAll(), Values: r.GetValues() != nil,
			Allowed: r.GetValues().GetAllowedValues(), Denied: r.GetValues().GetDeniedValues(),
			Conditional: r.GetCondition() != nil, Parameters: cloud.ParametersOf(r.GetParameters().AsMap()),
		}
		switch r.GetKind().(type) {
		case *orgpolicypb.PolicySpec_PolicyRule_AllowAll:
			rule.Odd = !rule.AllowAll
		case *orgpolicypb.PolicySpec_PolicyRule_DenyAll:
			rule.Odd = !rule.DenyAll
		}
		out = append(out, rule)
	}
	return out
}

// orgPolicyBody is what people set of a policy, as JSON: no name, no etag, no
// times. The library varies the white space, and a plan's digest must not.
func orgPolicyBody(p *orgpolicypb.Policy) (string, error) {
	set := &orgpolicypb.Policy{Spec: settings(p.GetSpec()), DryRunSpec: settings(p.GetDryRunSpec())}
	b, err := protojson.Marshal(set)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = json.Compact(&out, b)
	return out.String(), err
}

func settings(s *orgpolicypb.PolicySpec) *orgpolicypb.PolicySpec {
	if s == nil {
		return nil
	}
	out := proto.CloneOf(s)
	out.Etag, out.UpdateTime = "", nil
	return out
}

// DeleteOrgPolicy takes the policy away, so that what is inherited takes its
// place, if the etag is current; otherwise the error matches
// fault.ErrConflict.
func (c *Client) DeleteOrgPolicy(ctx context.Context, r cloud.Resource, etag string) error {
	if etag == "" {
		return fmt.Errorf("delete %s: %w: %w", r, fault.ErrRefused, errNoEtag)
	}
	_, err := call(routed(ctx, "name", r.Path()), again(orgPolicyRetries, c.constraints.DeletePolicy), &orgpolicypb.DeletePolicyRequest{Name: r.Path(), Etag: etag})
	return explain(err, "delete", r, "orgpolicy.policies.delete")
}

// CreateOrgPolicy sets a policy where none is; where one is, the error matches
// fault.ErrRefused.
func (c *Client) CreateOrgPolicy(ctx context.Context, r cloud.Resource, body string) error {
	p := &orgpolicypb.Policy{}
	if err := protojson.Unmarshal([]byte(body), p); err != nil {
		return fmt.Errorf("create %s: %w: its body: %w", r, fault.ErrRefused, err)
	}
	p.Name = r.Path()
	_, err := call(routed(ctx, "parent", r.Parent), again(orgPolicyRetries, c.constraints.CreatePolicy), &orgpolicypb.CreatePolicyRequest{Parent: r.Parent, Policy: p})
	return explain(err, "create", r, "orgpolicy.policies.create")
}
