package google

import (
	"slices"
	"testing"

	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
)

func TestWhetherTagsDecideIsReadUpToTheOrganization(t *testing.T) {
	asks := policies.Question{Kind: policies.ConstraintConditional, Name: constraint, Value: "projects/pay-prod"}
	w := newWorld(t, sim.Options{})
	w.SetConstraint("folders/4001", constraint, true)
	if f := w.client.Fact(t.Context(), asks); !f.Known || f.Value {
		t.Errorf("without a condition: %+v", f)
	}
	w.answer("OrgPolicy/GetPolicy", func(r any) (any, error) {
		if name := r.(*orgpolicypb.GetPolicyRequest).Name; name != "organizations/77/policies/"+constraint {
			return nil, status.Error(codes.NotFound, name)
		}
		rule := &orgpolicypb.PolicySpec_PolicyRule{Condition: &expr.Expr{Expression: "resource.matchTag('77/env', 'prod')"}}
		return &orgpolicypb.Policy{Spec: &orgpolicypb.PolicySpec{Rules: []*orgpolicypb.PolicySpec_PolicyRule{rule}}}, nil
	})
	if f := w.client.Fact(t.Context(), asks); !f.Known || !f.Value {
		t.Errorf("with one at the organization: %+v", f)
	}
	w.answer("OrgPolicy/GetPolicy", func(any) (any, error) { return nil, status.Error(codes.PermissionDenied, "no") })
	if f := w.client.Fact(t.Context(), asks); f.Known || f.Why == "" {
		t.Errorf("which may not be read: %+v", f)
	}
}

func TestWhatACustomConstraintIsAboutIsRead(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.PutCustomConstraint(&orgpolicypb.CustomConstraint{Name: "organizations/77/customConstraints/custom.run", ResourceTypes: []string{"run.googleapis.com/Service"}})
	for name, want := range map[string]bool{"custom.run": true, "custom.none": false} {
		f := w.client.Fact(t.Context(), policies.Question{Kind: policies.ConstraintAbout, Name: name, Value: "organizations/77"})
		if f.Known != want || want && !slices.Equal(f.List, []string{"run.googleapis.com/Service"}) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestTheServicesThatAConstraintNoLongerCovers(t *testing.T) {
	w, _ := searching(t)
	must(t, w.PutService(&runpb.Service{Name: cart, Template: &runpb.RevisionTemplate{ServiceAccount: stranger}}))
	w.SetConstraint("projects/shop", constraint, true)
	w.AddProject("web", "9", "folders/4001", "organizations/77")
	other := cloud.RunResource(cloud.RunService, "web", "l", "shop")
	must(t, w.PutService(&runpb.Service{Name: other.Path(), Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}}))
	w.SetConstraint("projects/web", constraint, true)
	for at, want := range map[string][]string{"projects/pay-prod": {service.Path()}, "folders/4001": {service.Path()}} {
		f := w.client.Fact(t.Context(), policies.Question{Kind: policies.ServicesBelow, Name: at, Value: constraint})
		if !f.Known || !slices.Equal(f.List, want) {
			t.Errorf("%s: %+v", at, f)
		}
	}
	w.answer("AssetService/SearchAllResources", func(any) (any, error) { return nil, status.Error(codes.PermissionDenied, "no") })
	if f := w.client.Fact(t.Context(), policies.Question{Kind: policies.ServicesBelow, Name: "folders/4001", Value: constraint}); f.Known {
		t.Errorf("without Asset search: %+v", f)
	}
}

// Instances are a preview: an installation that may not list them is told the same of all else.
func TestWhoMayNotListInstancesIsToldOfAllElse(t *testing.T) {
	for _, code := range []codes.Code{codes.PermissionDenied, codes.Unimplemented} {
		w := newWorld(t, sim.Options{})
		w.answer("Instances/ListInstances", func(any) (any, error) { return nil, status.Error(code, "no") })
		f := w.client.Fact(t.Context(), policies.Question{Kind: policies.RuntimeIdentity, Name: "x@pay-prod.iam.gserviceaccount.com", Project: "pay-prod"})
		if !f.Known || f.Value {
			t.Errorf("%s: %+v", code, f)
		}
		if found, _, err := w.client.List(t.Context(), cloud.ProjectResource("pay-prod"), cloud.RunInstance, ""); err != nil || len(found) > 0 {
			t.Errorf("%s: listed %v, %v", code, found, err)
		}
	}
}
