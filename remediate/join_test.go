package remediate_test

import (
	"strings"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

func TestAnotherGrantDoesNotCloseTheQuestionAboutTheFirst(t *testing.T) {
	g := newRig(t, set{editor: policies.Approve})
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	first := g.one()
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:job@pay-prod.iam.gserviceaccount.com")
	second := g.one()
	g.want(g.stored(first.ID), remediate.Pending, "")
	g.want(second, remediate.Pending, "")
}

func TestADeployDoesNotCloseTheQuestionAboutAPublicGrant(t *testing.T) {
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.must(g.cloud.PutService(&runpb.Service{Name: apiPath, InvokerIamDisabled: true,
		Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount, Containers: []*runpb.Container{{Image: "example.com/app:v2"}}}}))
	c := defaultDeploy(g, cloud.Whole, "user:"+mallory)
	c.Workload.InvokerCheckDisabled = cloud.KnownFlag(true)
	g.want(g.handle(c).Findings[0], remediate.Pending, "")
	g.want(g.stored(f.ID), remediate.Pending, "")
}

func TestAnAddressInAnotherCaseIsStillTheMember(t *testing.T) {
	g := newRig(t, set{editor: policies.Revert})
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	events := g.events()
	c := events[len(events)-1]
	for i := range c.Deltas {
		c.Deltas[i].Grant.Member = cloud.Member("serviceAccount:" + strings.ToUpper(apiAccount[:3]) + apiAccount[3:])
	}
	fs := g.handle(c).Findings
	if len(fs) != 1 || fs[0].State != remediate.Reverted {
		t.Fatalf("findings %+v, want a revert", fs)
	}
	if got := g.members("projects/pay-prod", "roles/editor"); len(got) != 0 {
		t.Errorf("editors: %v, want none", got)
	}
}
