package sim

import (
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
)

func TestConditionsAreHiddenFromOldReaders(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	b := bind("roles/run.invoker", "allUsers")
	b.Condition = untilNoon
	must(t, c.PutPolicy(serviceName, policyOf(b)))

	old, err := g.services.GetIamPolicy(t.Context(), &iampb.GetIamPolicyRequest{Resource: serviceName})
	must(t, err)
	if got := old.Bindings[0].Role; !strings.HasPrefix(got, "roles/run.invoker_withcond_") || old.Bindings[0].Condition != nil {
		t.Errorf("a version 1 reader sees %v", old.Bindings)
	}
	_, err = g.services.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: serviceName, Policy: old})
	wantCode(t, err, codes.InvalidArgument)

	now, err := g.services.GetIamPolicy(t.Context(), v3(serviceName))
	must(t, err)
	if now.Version != 3 || now.Bindings[0].GetCondition().GetExpression() != untilNoon.Expression {
		t.Errorf("a version 3 reader sees %v", now)
	}
	now.Version = 1
	_, err = g.services.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: serviceName, Policy: now})
	wantCode(t, err, codes.InvalidArgument)
}

func TestAPolicyWriteComparesTheEtagItIsGiven(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	p, err := g.jobs.GetIamPolicy(t.Context(), v3(jobName))
	must(t, err)
	stale := p.Etag
	p.Bindings = []*iampb.Binding{bind("roles/run.invoker", "user:b@example.com", "user:a@example.com", "user:b@example.com")}
	after, err := g.jobs.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: jobName, Policy: p})
	must(t, err)
	if diff := cmp.Diff([]string{"user:a@example.com", "user:b@example.com"}, after.Bindings[0].Members); diff != "" {
		t.Errorf("stored members (-want +got):\n%s", diff)
	}
	after.Etag = stale
	_, err = g.jobs.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: jobName, Policy: after})
	wantCode(t, err, codes.Aborted)
	after.Etag = nil
	_, err = g.jobs.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: jobName, Policy: after})
	must(t, err)
	if diff := cmp.Diff([]string{runV2 + "Jobs.SetIamPolicy", runV2 + "Jobs.SetIamPolicy", runV2 + "Jobs.SetIamPolicy"}, methods(j.take())); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
}

func TestAPolicyOfNothingIsNotFound(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	_, err := g.pools.GetIamPolicy(t.Context(), v3(location+"/workerPools/none"))
	wantCode(t, err, codes.NotFound)
	_, err = g.pools.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: location + "/workerPools/none", Policy: policyOf()})
	wantCode(t, err, codes.NotFound)
	_, err = g.projects.GetIamPolicy(t.Context(), v3("projects/none"))
	wantCode(t, err, codes.NotFound)
}
