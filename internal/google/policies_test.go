package google

import (
	"errors"
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/remediate/fault"
)

var working = cloud.Condition{Title: "work", Expression: `request.time.getHours() < 18`}

func TestARemovalKeepsEverythingElseOfThePolicy(t *testing.T) {
	resources := []cloud.Resource{
		service, job, pool, project, cloud.FolderResource("4001"), cloud.OrganizationResource("77"),
	}
	for _, r := range resources {
		t.Run(string(r.Kind), func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			must(t, w.PutPolicy(r.Path(), &iampb.Policy{
				Bindings: []*iampb.Binding{
					binding("roles/run.invoker", nil, "user:ada@example.com", "user:eve@example.com"),
					binding("roles/run.invoker", &expr.Expr{Title: working.Title, Expression: working.Expression}, "user:eve@example.com"),
				},
				AuditConfigs: []*iampb.AuditConfig{{Service: "allServices"}},
			}))
			before, err := w.client.Policy(t.Context(), r)
			must(t, err)
			eve := cloud.Grant{Role: "roles/run.invoker", Member: "user:eve@example.com"}
			next, _ := before.Apply(cloud.Deltas(cloud.Remove, []cloud.Grant{eve}))
			must(t, w.client.SetPolicy(t.Context(), r, next))

			after, err := w.client.Policy(t.Context(), r)
			must(t, err)
			want := []cloud.Grant{
				{Role: "roles/run.invoker", Member: "user:ada@example.com"},
				{Role: "roles/run.invoker", Member: "user:eve@example.com", Condition: working},
			}
			if d := cmp.Diff(want, after.Grants()); d != "" {
				t.Errorf("grants after the removal (-want +got):\n%s", d)
			}
			if after.Version != 3 {
				t.Errorf("version %d, want 3: a condition is in it", after.Version)
			}
		})
	}
}

func TestTheGrantsOnAServiceAccountAreReadAndWrittenToo(t *testing.T) {
	w := newWorld(t, sim.Options{})
	account := cloud.Resource{Kind: cloud.ServiceAccount, Project: "pay-prod", Name: defaultAccount}
	stored := policyOf(binding("roles/iam.serviceAccountUser", &expr.Expr{Title: working.Title, Expression: working.Expression}, "user:eve@example.com"))
	stored.Etag, stored.Version = []byte("one"), 3
	w.answer("IAM/GetIamPolicy", func(req any) (any, error) {
		r, ok := req.(*iampb.GetIamPolicyRequest)
		if !ok || r.GetResource() != account.Path() || r.GetOptions().GetRequestedPolicyVersion() != 3 {
			t.Errorf("asked %v", req)
		}
		return stored, nil
	})
	w.answer("IAM/SetIamPolicy", func(req any) (any, error) {
		r, ok := req.(*iampb.SetIamPolicyRequest)
		if !ok || r.GetResource() != account.Path() || string(r.GetPolicy().GetEtag()) != "one" || len(r.GetPolicy().GetBindings()) != 0 {
			t.Errorf("asked %v", req)
		}
		return r.GetPolicy(), nil
	})
	p, err := w.client.Policy(t.Context(), account)
	must(t, err)
	eve := cloud.Grant{Role: "roles/iam.serviceAccountUser", Member: "user:eve@example.com", Condition: working}
	if !p.Has(eve) {
		t.Fatalf("read %+v", p)
	}
	next, _ := p.Apply(cloud.Deltas(cloud.Remove, []cloud.Grant{eve}))
	must(t, w.client.SetPolicy(t.Context(), account, next))

	w.answer("IAM/GetIamPolicy", func(any) (any, error) { return nil, status.Error(codes.PermissionDenied, "no") })
	_, err = w.client.Policy(t.Context(), account)
	var denied *fault.PermissionError
	if !errors.As(err, &denied) || denied.Permission != "iam.serviceAccounts.getIamPolicy" {
		t.Errorf("denied: %v", err)
	}
}

func TestAWriteTouchesBindingsOnly(t *testing.T) {
	w := newWorld(t, sim.Options{})
	p, err := w.client.Policy(t.Context(), project)
	must(t, err)
	must(t, w.client.SetPolicy(t.Context(), project, p))
	sent := w.seen["Projects/SetIamPolicy"].(*iampb.SetIamPolicyRequest)
	if d := cmp.Diff([]string{"bindings", "etag"}, sent.GetUpdateMask().GetPaths()); d != "" {
		t.Errorf("update mask (-want +got):\n%s", d)
	}
}

func TestAConditionIsWrittenAtVersion3WhateverThePolicySays(t *testing.T) {
	w := newWorld(t, sim.Options{})
	p, err := w.client.Policy(t.Context(), project)
	must(t, err)
	p.Bindings = []cloud.Binding{{Role: "roles/viewer", Members: []cloud.Member{"user:ada@example.com"}, Condition: working}}
	must(t, w.client.SetPolicy(t.Context(), project, p))
	if v := w.seen["Projects/SetIamPolicy"].(*iampb.SetIamPolicyRequest).GetPolicy().GetVersion(); p.Version != 1 || v != 3 {
		t.Errorf("read at %d, written at %d, want 1 and 3", p.Version, v)
	}
}

func TestAStaleEtagIsAConflictAndWritesNothing(t *testing.T) {
	w := newWorld(t, sim.Options{})
	stale, err := w.client.Policy(t.Context(), service)
	must(t, err)
	must(t, w.PutPolicy(service.Path(), &iampb.Policy{Bindings: []*iampb.Binding{binding("roles/run.viewer", nil, "user:ada@example.com")}}))
	next, _ := stale.Apply([]cloud.Delta{{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/run.invoker", Member: "allUsers"}}})
	wantError(t, w.client.SetPolicy(t.Context(), service, next), fault.ErrConflict)
	now, err := w.client.Policy(t.Context(), service)
	must(t, err)
	if now.Has(cloud.Grant{Role: "roles/run.invoker", Member: "allUsers"}) {
		t.Error("the stale policy was written")
	}
}

func TestAWriteThatWouldLoseSomethingIsRefusedBeforeItIsSent(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy cloud.AllowPolicy
		want   string
	}{
		{"a policy without an etag", cloud.AllowPolicy{}, "no etag"},
		{"a policy read below version 3", cloud.AllowPolicy{Etag: "ACAB", Bindings: []cloud.Binding{{Role: "roles/viewer_withcond_904e15fd"}}}, "version 3"},
		{"a policy that was not read", cloud.AllowPolicy{Etag: "ACAB"}, "not read from Google"},
		{"another etag than it was read with", cloud.AllowPolicy{Etag: "ACAB", Read: &iampb.Policy{Etag: []byte("one")}}, "its etag"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			err := w.client.SetPolicy(t.Context(), service, tt.policy)
			wantError(t, err, fault.ErrRefused)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want one about %q", err, tt.want)
			}
			if n := w.count("Services/SetIamPolicy"); n != 0 {
				t.Errorf("%d writes were sent", n)
			}
		})
	}
}

func TestADeniedRequestNamesThePermissionItNeeds(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.Fail("Services.SetIamPolicy", 1, codes.PermissionDenied)
	p, err := w.client.Policy(t.Context(), service)
	must(t, err)
	err = w.client.SetPolicy(t.Context(), service, p)
	want := "permission run.services.setIamPolicy missing on //run.googleapis.com/projects/pay-prod/locations/europe-west1/services/api"
	if err == nil || err.Error() != want {
		t.Errorf("error is %v\nwant %s", err, want)
	}
	if status.Code(err) != codes.PermissionDenied {
		t.Errorf("code %v is lost", status.Code(err))
	}
}

func TestGooglesOwnWordOnAMissingPermissionIsTaken(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.answer("Projects/GetIamPolicy", func(any) (any, error) {
		s, err := status.New(codes.PermissionDenied, "denied").WithDetails(&errdetails.ErrorInfo{
			Reason: "IAM_PERMISSION_DENIED", Metadata: map[string]string{"permission": "resourcemanager.projects.special"},
		})
		must(t, err)
		return nil, s.Err()
	})
	_, err := w.client.Policy(t.Context(), project)
	var denied *fault.PermissionError
	if !errors.As(err, &denied) || denied.Permission != "resourcemanager.projects.special" {
		t.Errorf("error is %v, want the permission that Google names", err)
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	w := newWorld(t, sim.Options{})
	gone := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "gone")
	_, err := w.client.Policy(t.Context(), gone)
	wantError(t, err, fault.ErrNotFound)
	_, err = w.client.Workload(t.Context(), gone)
	wantError(t, err, fault.ErrNotFound)
}

func TestWhatWillNotPassByItselfIsRefused(t *testing.T) {
	for code, refused := range map[codes.Code]bool{
		codes.InvalidArgument: true, codes.FailedPrecondition: true, codes.AlreadyExists: true,
		codes.Internal: false, codes.ResourceExhausted: false, codes.Unauthenticated: false, codes.DeadlineExceeded: false,
	} {
		w := newWorld(t, sim.Options{})
		w.Fail("Services.SetIamPolicy", 1, code)
		p, err := w.client.Policy(t.Context(), service)
		must(t, err)
		err = w.client.SetPolicy(t.Context(), service, p)
		if errors.Is(err, fault.ErrRefused) != refused || status.Code(err) != code {
			t.Errorf("%s: error is %v, want refused %t", code, err, refused)
		}
	}
}

func TestAnErrorIsOneLine(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.answer("Projects/GetIamPolicy", func(any) (any, error) {
		s, err := status.New(codes.Internal, "broken").WithDetails(&errdetails.ErrorInfo{Reason: "R", Domain: "D"})
		must(t, err)
		return nil, s.Err()
	})
	_, err := w.client.Policy(t.Context(), project)
	want := "read policy of //cloudresourcemanager.googleapis.com/projects/pay-prod: Internal: broken"
	if err == nil || err.Error() != want {
		t.Errorf("error is %v\nwant %s", err, want)
	}
}

func TestAResourceWithoutAnAllowPolicyIsRefused(t *testing.T) {
	w := newWorld(t, sim.Options{})
	r := cloud.Resource{Kind: cloud.OrgPolicy, Parent: "projects/pay-prod", Name: constraint}
	if _, err := w.client.Policy(t.Context(), r); err == nil {
		t.Error("a policy was read")
	}
	if err := w.client.SetPolicy(t.Context(), r, cloud.AllowPolicy{Etag: "ACAB"}); err == nil {
		t.Error("a policy was written")
	}
}
