package sim

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

const orgPolicyV2 = "google.cloud.orgpolicy.v2.OrgPolicy."

// orgPolicies is google.cloud.orgpolicy.v2.OrgPolicy.
type orgPolicies struct {
	orgpolicypb.UnimplementedOrgPolicyServer
	c *Cloud
}

func (s *orgPolicies) GetPolicy(_ context.Context, r *orgpolicypb.GetPolicyRequest) (out *orgpolicypb.Policy, err error) {
	err = s.c.read(orgPolicyV2+"GetPolicy", func() error {
		container, constraint, err := splitPolicy(s.c.canonical(r.Name))
		if err != nil {
			return err
		}
		p := s.c.orgPolicies[container+"/policies/"+constraint]
		if p == nil {
			return notFound(r.Name)
		}
		out = s.c.numbered(p)
		return nil
	})
	return out, err
}

func (s *orgPolicies) ListPolicies(_ context.Context, r *orgpolicypb.ListPoliciesRequest) (*orgpolicypb.ListPoliciesResponse, error) {
	out := &orgpolicypb.ListPoliciesResponse{}
	return out, s.c.read(orgPolicyV2+"ListPolicies", func() error {
		parent := s.c.canonical(r.Parent)
		for name, p := range s.c.orgPolicies {
			if strings.HasPrefix(name, parent+"/policies/") {
				out.Policies = append(out.Policies, s.c.numbered(p))
			}
		}
		slices.SortFunc(out.Policies, func(a, b *orgpolicypb.Policy) int { return strings.Compare(a.Name, b.Name) })
		return s.c.containerExists(parent)
	})
}

// GetEffectivePolicy answers for every constraint: the simulator does not
// know which exist.
func (s *orgPolicies) GetEffectivePolicy(_ context.Context, r *orgpolicypb.GetEffectivePolicyRequest) (out *orgpolicypb.Policy, err error) {
	err = s.c.read(orgPolicyV2+"GetEffectivePolicy", func() error {
		container, constraint, err := splitPolicy(s.c.canonical(r.Name))
		if err != nil {
			return err
		}
		if err := s.c.containerExists(container); err != nil {
			return err
		}
		out = s.c.numbered(&orgpolicypb.Policy{
			Name: container + "/policies/" + constraint,
			Spec: s.c.effectiveSpec(container, constraint),
		})
		return nil
	})
	return out, err
}

func (s *orgPolicies) GetCustomConstraint(_ context.Context, r *orgpolicypb.GetCustomConstraintRequest) (out *orgpolicypb.CustomConstraint, err error) {
	err = s.c.read(orgPolicyV2+"GetCustomConstraint", func() error {
		if out = s.c.customs[r.Name]; out == nil {
			return notFound(r.Name)
		}
		return nil
	})
	return out, err
}

func (s *orgPolicies) CreatePolicy(ctx context.Context, r *orgpolicypb.CreatePolicyRequest) (*orgpolicypb.Policy, error) {
	name := r.GetPolicy().GetName()
	if !strings.Contains(name, "/policies/") {
		name = r.Parent + "/policies/" + name
	}
	return s.put(ctx, "CreatePolicy", name, r, func(stored *orgpolicypb.Policy) (*orgpolicypb.Policy, error) {
		if stored != nil {
			return nil, status.Errorf(codes.AlreadyExists, "Policy %s already exists", name)
		}
		return merge(&orgpolicypb.Policy{}, r.Policy, nil)
	})
}

func (s *orgPolicies) UpdatePolicy(ctx context.Context, r *orgpolicypb.UpdatePolicyRequest) (*orgpolicypb.Policy, error) {
	name := r.GetPolicy().GetName()
	return s.put(ctx, "UpdatePolicy", name, r, func(stored *orgpolicypb.Policy) (*orgpolicypb.Policy, error) {
		if stored == nil {
			return nil, notFound(name)
		}
		return merge(stored, r.Policy, r.UpdateMask)
	})
}

func (s *orgPolicies) DeletePolicy(ctx context.Context, r *orgpolicypb.DeletePolicyRequest) (*emptypb.Empty, error) {
	_, err := s.put(ctx, "DeletePolicy", r.Name, r, func(stored *orgpolicypb.Policy) (*orgpolicypb.Policy, error) {
		if stored == nil {
			return nil, notFound(r.Name)
		}
		return nil, nil
	})
	return &emptypb.Empty{}, err
}

// put is one write: next makes the new policy of the stored one, which is nil
// where there is none; it returns nil to delete it.
func (s *orgPolicies) put(
	ctx context.Context, verb, name string, req proto.Message, next func(*orgpolicypb.Policy) (*orgpolicypb.Policy, error),
) (out *orgpolicypb.Policy, err error) {
	c := s.c
	full := c.resolve(name)
	container, _, err := splitPolicy(full)
	if err != nil {
		return nil, err
	}
	method := orgPolicyV2 + verb
	r := &record{
		service: "orgpolicy.googleapis.com", method: method, resource: full, container: container,
		monitored: "audited_resource", labels: map[string]string{"service": "orgpolicy.googleapis.com", "method": method},
		permission: "orgpolicy.policies." + strings.ToLower(strings.TrimSuffix(verb, "Policy")),
		request:    typed(req), statusOK: true,
	}
	if id, ok := strings.CutPrefix(container, "projects/"); ok {
		r.labels["project_id"] = id
	}
	err = c.write(c.callerOf(ctx), r, func() error {
		if err := c.containerExists(container); err != nil {
			return err
		}
		stored := c.orgPolicies[full]
		if err := staleOrgPolicy(req, stored); err != nil {
			return err
		}
		p, err := next(stored)
		if err != nil {
			return err
		}
		if p == nil {
			delete(c.orgPolicies, full)
			r.response = typed(&emptypb.Empty{})
			return nil
		}
		if err := cmp.Or(checkSpec(p.Spec), checkSpec(p.DryRunSpec)); err != nil {
			return err
		}
		c.putOrgPolicy(full, p)
		out = c.numbered(p)
		r.response = typed(out)
		return nil
	})
	return out, err
}
