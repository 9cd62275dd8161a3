package sim

import (
	"testing"

	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

const ingress = "/policies/run.allowedIngress"

type rule = orgpolicypb.PolicySpec_PolicyRule

func enforce(on bool, tag string) *rule {
	r := &rule{Kind: &orgpolicypb.PolicySpec_PolicyRule_Enforce{Enforce: on}}
	if tag != "" {
		r.Condition = &expr.Expr{Expression: tag}
	}
	return r
}

func values(allowed, denied []string) *rule {
	return &rule{Kind: &orgpolicypb.PolicySpec_PolicyRule_Values{Values: &orgpolicypb.PolicySpec_PolicyRule_StringValues{AllowedValues: allowed, DeniedValues: denied}}}
}

func denyAll() *rule {
	return &rule{Kind: &orgpolicypb.PolicySpec_PolicyRule_DenyAll{DenyAll: true}}
}

// rulesSay are what the rules of an effective policy say, in order.
func rulesSay(rules []*rule) (out []string) {
	for _, r := range rules {
		switch {
		case r.GetAllowAll():
			out = append(out, "allow all")
		case r.GetDenyAll():
			out = append(out, "deny all")
		case r.GetValues() == nil:
			out = append(out, map[bool]string{true: "on", false: "off"}[r.GetEnforce()])
		}
		for _, v := range r.GetValues().GetAllowedValues() {
			out = append(out, "allow "+v)
		}
		for _, v := range r.GetValues().GetDeniedValues() {
			out = append(out, "deny "+v)
		}
	}
	return out
}

// The comments of google.cloud.orgpolicy.v2.PolicySpec: a policy is the root for
// what is below it, unless it inherits; a reset goes back to the default.
func TestAListConstraintIsMergedAsFarAsItInherits(t *testing.T) {
	own := &orgpolicypb.PolicySpec{Rules: []*rule{values([]string{"internal"}, nil)}}
	inherits := &orgpolicypb.PolicySpec{Rules: own.Rules, InheritFromParent: true}
	above := &orgpolicypb.PolicySpec{Rules: []*rule{values([]string{"all"}, []string{"none"})}}
	for _, tc := range []struct {
		sentence string
		set      map[string]*orgpolicypb.PolicySpec
		want     []string
	}{
		{"nobody set it", nil, []string{"allow all"}},
		{"the organization's reaches the project", map[string]*orgpolicypb.PolicySpec{"organizations/77": above}, []string{"allow all", "deny none"}},
		{"the project's own stands alone", map[string]*orgpolicypb.PolicySpec{"organizations/77": above, "projects/pay-prod": own}, []string{"allow internal"}},
		{"one that inherits has both", map[string]*orgpolicypb.PolicySpec{"organizations/77": above, "projects/pay-prod": inherits}, []string{"allow internal", "allow all", "deny none"}},
		{"nothing to inherit", map[string]*orgpolicypb.PolicySpec{"projects/pay-prod": inherits}, []string{"allow internal"}},
		{"what the folder does not pass on", map[string]*orgpolicypb.PolicySpec{"organizations/77": above, "folders/4001": {Rules: []*rule{denyAll()}}, "projects/pay-prod": inherits}, []string{"allow internal", "deny all"}},
		{"a reset in between", map[string]*orgpolicypb.PolicySpec{"organizations/77": above, "folders/4001": {Reset_: true}}, []string{"allow all"}},
		{"a rule for a tag, which nothing has here", map[string]*orgpolicypb.PolicySpec{"projects/pay-prod": {Rules: []*rule{own.Rules[0], {Kind: denyAll().Kind, Condition: &expr.Expr{Expression: "x"}}}}}, []string{"allow internal"}},
	} {
		c, _ := seeded(t, Options{})
		for at, spec := range tc.set {
			c.putOrgPolicy(at+ingress, &orgpolicypb.Policy{Spec: proto.Clone(spec).(*orgpolicypb.PolicySpec)})
		}
		got, err := (&orgPolicies{c: c}).GetEffectivePolicy(t.Context(), &orgpolicypb.GetEffectivePolicyRequest{Name: "projects/pay-prod" + ingress})
		must(t, err)
		if diff := cmp.Diff(tc.want, rulesSay(got.Spec.Rules)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.sentence, diff)
		}
		if got.Etag != "" || got.Spec.Etag != "" {
			t.Errorf("%s: an effective policy has the etag %q, spec %q", tc.sentence, got.Etag, got.Spec.Etag)
		}
	}
}

func TestASpecThatContradictsItselfIsRefused(t *testing.T) {
	for _, tc := range []struct {
		sentence string
		spec     *orgpolicypb.PolicySpec
		want     codes.Code
	}{
		{"a boolean rule", enforceSpec(true), codes.OK},
		{"no spec", nil, codes.OK},
		{"a reset", &orgpolicypb.PolicySpec{Reset_: true}, codes.OK},
		{"a reset with a rule", &orgpolicypb.PolicySpec{Reset_: true, Rules: enforceSpec(true).Rules}, codes.InvalidArgument},
		{"a reset that inherits", &orgpolicypb.PolicySpec{Reset_: true, InheritFromParent: true}, codes.InvalidArgument},
		{"a boolean one that inherits", &orgpolicypb.PolicySpec{InheritFromParent: true, Rules: enforceSpec(true).Rules}, codes.InvalidArgument},
		{"a list that inherits", &orgpolicypb.PolicySpec{InheritFromParent: true, Rules: []*rule{denyAll()}}, codes.OK},
		{"a boolean rule, and one for a tag", &orgpolicypb.PolicySpec{Rules: []*rule{enforce(true, ""), enforce(false, "x")}}, codes.OK},
		{"two boolean rules", &orgpolicypb.PolicySpec{Rules: []*rule{enforce(true, ""), enforce(false, "")}}, codes.InvalidArgument},
		{"a boolean rule for a tag alone", &orgpolicypb.PolicySpec{Rules: []*rule{enforce(true, "x")}}, codes.InvalidArgument},
	} {
		for name, p := range map[string]*orgpolicypb.Policy{"": {Spec: tc.spec}, ", in a dry run": {DryRunSpec: tc.spec}} {
			c, _ := seeded(t, Options{})
			p.Name = "folders/4001/policies/x"
			_, err := (&orgPolicies{c: c}).CreatePolicy(t.Context(), &orgpolicypb.CreatePolicyRequest{Parent: "folders/4001", Policy: proto.Clone(p).(*orgpolicypb.Policy)})
			if status.Code(err) != tc.want {
				t.Errorf("%s%s: %v, want %v", tc.sentence, name, err, tc.want)
			}
			if (c.orgPolicies[p.Name] != nil) != (tc.want == codes.OK) {
				t.Errorf("%s%s: stored %v", tc.sentence, name, c.orgPolicies[p.Name])
			}
		}
	}
}

func TestAnOrganizationPolicyIsWrittenOverWhatTheCallerRead(t *testing.T) {
	const name = "projects/pay-prod/policies/" + requireInvokerIam
	for _, tc := range []struct {
		sentence string
		do       func(*orgPolicies, string) error
		want     codes.Code
		on       bool // enforced afterwards
	}{
		{"an update of what was read", func(s *orgPolicies, etag string) error {
			return update(t, s, &orgpolicypb.Policy{Name: name, Etag: etag, Spec: enforceSpec(false)})
		}, codes.OK, false},
		{"a blind update", func(s *orgPolicies, _ string) error {
			return update(t, s, &orgpolicypb.Policy{Name: name, Spec: enforceSpec(false)})
		}, codes.OK, false},
		{"an update of what has changed since", func(s *orgPolicies, _ string) error {
			return update(t, s, &orgpolicypb.Policy{Name: name, Etag: "old", Spec: enforceSpec(false)})
		}, codes.Aborted, true},
		{"the same, told by the spec's etag", func(s *orgPolicies, _ string) error {
			return update(t, s, &orgpolicypb.Policy{Name: name, Spec: &orgpolicypb.PolicySpec{Etag: "old", Rules: enforceSpec(false).Rules}})
		}, codes.Aborted, true},
		{"an update of the dry run alone", func(s *orgPolicies, _ string) error {
			return update(t, s, &orgpolicypb.Policy{Name: name, DryRunSpec: enforceSpec(false)}, "dry_run_spec")
		}, codes.OK, true},
		{"an update of what is not there", func(s *orgPolicies, _ string) error {
			return update(t, s, &orgpolicypb.Policy{Name: "folders/4001/policies/x", Spec: enforceSpec(false)})
		}, codes.NotFound, true},
		{"an update of a field there is not", func(s *orgPolicies, _ string) error {
			return update(t, s, &orgpolicypb.Policy{Name: name, Spec: enforceSpec(false)}, "colour")
		}, codes.InvalidArgument, true},
		{"a deletion of what was read", func(s *orgPolicies, etag string) error {
			_, err := s.DeletePolicy(t.Context(), &orgpolicypb.DeletePolicyRequest{Name: name, Etag: etag})
			return err
		}, codes.OK, false},
		{"a deletion of what has changed since", func(s *orgPolicies, _ string) error {
			_, err := s.DeletePolicy(t.Context(), &orgpolicypb.DeletePolicyRequest{Name: name, Etag: "old"})
			return err
		}, codes.Aborted, true},
		{"a deletion of what is not there", func(s *orgPolicies, _ string) error {
			_, err := s.DeletePolicy(t.Context(), &orgpolicypb.DeletePolicyRequest{Name: "folders/4001/policies/x"})
			return err
		}, codes.NotFound, true},
		{"a second one of the name", func(s *orgPolicies, _ string) error {
			_, err := s.CreatePolicy(t.Context(), &orgpolicypb.CreatePolicyRequest{Parent: "projects/pay-prod", Policy: &orgpolicypb.Policy{Name: name, Spec: enforceSpec(false)}})
			return err
		}, codes.AlreadyExists, true},
		{"a name in v1's form", func(s *orgPolicies, _ string) error {
			return update(t, s, &orgpolicypb.Policy{Name: "projects/pay-prod/policies/constraints/" + requireInvokerIam, Spec: enforceSpec(false)})
		}, codes.InvalidArgument, true},
	} {
		c, _ := seeded(t, Options{})
		c.SetConstraint("projects/pay-prod", requireInvokerIam, true)
		s := &orgPolicies{c: c}
		read, err := s.GetPolicy(t.Context(), &orgpolicypb.GetPolicyRequest{Name: name})
		must(t, err)
		if read.Name != "projects/264172533001/policies/"+requireInvokerIam || read.Etag == "" || read.Spec.Etag != read.Etag {
			t.Errorf("read %v", read)
		}
		if err := tc.do(s, read.Etag); status.Code(err) != tc.want || c.enforced("pay-prod", requireInvokerIam) != tc.on {
			t.Errorf("%s: %v, enforced %t; want %v and %t", tc.sentence, err, c.enforced("pay-prod", requireInvokerIam), tc.want, tc.on)
		}
	}
}

func update(t *testing.T, s *orgPolicies, p *orgpolicypb.Policy, paths ...string) error {
	t.Helper()
	r := &orgpolicypb.UpdatePolicyRequest{Policy: p}
	if len(paths) > 0 {
		r.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
	}
	_, err := s.UpdatePolicy(t.Context(), r)
	return err
}

func TestPoliciesAreListedWhereTheyAreSet(t *testing.T) {
	c, _ := seeded(t, Options{})
	c.SetConstraint("projects/pay-prod", "b", true)
	c.SetConstraint("projects/pay-prod", "a", true)
	c.SetConstraint("folders/4001", "c", true)
	s := &orgPolicies{c: c}
	for parent, want := range map[string][]string{
		"projects/264172533001": {"projects/264172533001/policies/a", "projects/264172533001/policies/b"},
		"folders/4001":          {"folders/4001/policies/c"}, "organizations/77": nil,
	} {
		out, err := s.ListPolicies(t.Context(), &orgpolicypb.ListPoliciesRequest{Parent: parent})
		must(t, err)
		var got []string
		for _, p := range out.Policies {
			got = append(got, p.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", parent, diff)
		}
	}
	for name, code := range map[string]codes.Code{"folders/4001/policies/a": codes.NotFound, "folders/4001": codes.InvalidArgument, "regions/x/policies/a": codes.InvalidArgument} {
		if _, err := s.GetPolicy(t.Context(), &orgpolicypb.GetPolicyRequest{Name: name}); status.Code(err) != code {
			t.Errorf("%s: %v, want %v", name, err, code)
		}
	}
	if _, err := s.ListPolicies(t.Context(), &orgpolicypb.ListPoliciesRequest{Parent: "folders/1"}); status.Code(err) != codes.NotFound {
		t.Errorf("a folder there is not: %v", err)
	}
}
