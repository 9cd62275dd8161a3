package sim

import (
	"strings"

	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// splitPolicy reads "projects/p/policies/c".
func splitPolicy(name string) (container, constraint string, err error) {
	container, constraint, ok := strings.Cut(name, "/policies/")
	if _, known := levelOf(container); !ok || !known || constraint == "" || strings.Contains(constraint, "/") {
		return "", "", status.Errorf(codes.InvalidArgument, "Invalid policy name %q", name)
	}
	return container, constraint, nil
}

// ruleOf is the nearest policy that says something about a boolean
// constraint, from a container upwards; nil where none does. A dry-run spec
// says nothing, and neither does a rule with a condition: those match tags,
// which the simulator does not have.
func (c *Cloud) ruleOf(container, constraint string) *orgpolicypb.PolicySpec_PolicyRule {
	for _, at := range c.lineage(container) {
		p := c.orgPolicies[at+"/policies/"+constraint]
		if p.GetSpec() == nil {
			continue
		}
		for _, r := range p.Spec.Rules {
			if r.Condition == nil {
				return r
			}
		}
		if p.Spec.Reset_ {
			return nil
		}
	}
	return nil
}

// enforced reports whether a constraint is in force for a project.
func (c *Cloud) enforced(project, constraint string) bool {
	return c.ruleOf("projects/"+project, constraint).GetEnforce()
}

func enforceSpec(on bool) *orgpolicypb.PolicySpec {
	return specOf(&orgpolicypb.PolicySpec_PolicyRule{Kind: &orgpolicypb.PolicySpec_PolicyRule_Enforce{Enforce: on}})
}

func specOf(r *orgpolicypb.PolicySpec_PolicyRule) *orgpolicypb.PolicySpec {
	return &orgpolicypb.PolicySpec{Rules: []*orgpolicypb.PolicySpec_PolicyRule{r}}
}

// effectiveSpec is what is in force of a constraint, boolean or list.
func (c *Cloud) effectiveSpec(container, constraint string) *orgpolicypb.PolicySpec {
	if rules := c.listRules(container, constraint); len(rules) > 0 {
		return &orgpolicypb.PolicySpec{Rules: rules}
	}
	if listConstraints[constraint] {
		return specOf(&orgpolicypb.PolicySpec_PolicyRule{Kind: &orgpolicypb.PolicySpec_PolicyRule_AllowAll{AllowAll: true}})
	}
	return enforceSpec(c.ruleOf(container, constraint).GetEnforce())
}

// listRules are the rules of a list constraint from a container upwards, as far
// as each policy inherits from the next; none for a boolean constraint.
func (c *Cloud) listRules(container, constraint string) (rules []*orgpolicypb.PolicySpec_PolicyRule) {
	for _, at := range c.lineage(container) {
		spec := c.orgPolicies[at+"/policies/"+constraint].GetSpec()
		if spec == nil {
			continue
		}
		for _, r := range spec.Rules {
			if _, boolean := r.Kind.(*orgpolicypb.PolicySpec_PolicyRule_Enforce); !boolean && r.Condition == nil {
				rules = append(rules, proto.Clone(r).(*orgpolicypb.PolicySpec_PolicyRule))
			}
		}
		if !spec.InheritFromParent {
			break
		}
	}
	return rules
}

// checkSpec refuses a spec that contradicts itself, by the comments of
// google.cloud.orgpolicy.v2.PolicySpec.
func checkSpec(s *orgpolicypb.PolicySpec) error {
	boolean, always := false, 0
	for _, r := range s.GetRules() {
		if _, ok := r.Kind.(*orgpolicypb.PolicySpec_PolicyRule_Enforce); ok {
			boolean = true
		}
		if r.Condition == nil {
			always++
		}
	}
	switch {
	case s.GetReset_() && (len(s.Rules) > 0 || s.InheritFromParent):
		return status.Error(codes.InvalidArgument, "A policy that resets a constraint has no rules and does not inherit.")
	case boolean && s.InheritFromParent:
		return status.Error(codes.InvalidArgument, "Only the policies of list constraints inherit.")
	case boolean && always != 1:
		return status.Errorf(codes.InvalidArgument, "A boolean policy has one rule without a condition, this one %d.", always)
	}
	return nil
}

// listConstraints allow everything where nobody set them; any other constraint
// is not enforced there. https://cloud.google.com/run/docs/securing/ingress
var listConstraints = map[string]bool{"run.allowedIngress": true, "run.allowedVPCEgress": true}

// numbered is a copy of a policy under its project's number, as the API
// answers whichever form it was asked in.
func (c *Cloud) numbered(p *orgpolicypb.Policy) *orgpolicypb.Policy {
	out := proto.Clone(p).(*orgpolicypb.Policy)
	container, constraint, _ := strings.Cut(p.Name, "/policies/")
	if l, _ := levelOf(container); l == projectLevel {
		out.Name = "projects/" + c.containers[container].number + "/policies/" + constraint
	}
	return out
}

// putOrgPolicy stores a policy under a canonical name.
func (c *Cloud) putOrgPolicy(full string, p *orgpolicypb.Policy) {
	p.Name, p.Etag = full, c.newEtag(full)
	for _, s := range []*orgpolicypb.PolicySpec{p.Spec, p.DryRunSpec} {
		if s != nil {
			s.Etag, s.UpdateTime = p.Etag, timestamppb.New(c.opt.Now())
		}
	}
	c.orgPolicies[full] = p
}

// staleOrgPolicy compares the etag a request carries, if any, to the stored
// one. A policy's own and its spec's are the same.
func staleOrgPolicy(req proto.Message, stored *orgpolicypb.Policy) error {
	var sent string
	switch r := req.(type) {
	case *orgpolicypb.UpdatePolicyRequest:
		sent = r.GetPolicy().GetEtag()
		if sent == "" {
			sent = r.GetPolicy().GetSpec().GetEtag()
		}
	case *orgpolicypb.DeletePolicyRequest:
		sent = r.Etag
	}
	if stored != nil && sent != "" && sent != stored.Etag {
		return status.Error(codes.Aborted, "The policy was changed concurrently; its etag does not match.")
	}
	return nil
}
