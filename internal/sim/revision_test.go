package sim

import (
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
)

func TestOnlyTheTemplateMakesRevisions(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	before := getService(t, g)
	after, err := updateService(t, g, &runpb.Service{InvokerIamDisabled: true}, "invoker_iam_disabled")
	must(t, err)
	if !after.InvokerIamDisabled || after.LatestCreatedRevision != before.LatestCreatedRevision {
		t.Errorf("check off: %v, revision %s -> %s", after.InvokerIamDisabled, before.LatestCreatedRevision, after.LatestCreatedRevision)
	}
	_, err = updateService(t, g, &runpb.Service{Template: &runpb.RevisionTemplate{ServiceAccount: computeSA}}, "template.service_account")
	must(t, err)
	it := g.revisions.ListRevisions(t.Context(), &runpb.ListRevisionsRequest{Parent: serviceName})
	newest, err := it.Next()
	must(t, err)
	older, err := it.Next()
	must(t, err)
	if newest.ServiceAccount != computeSA || older.ServiceAccount != apiIdentity {
		t.Errorf("revisions run as %s, then %s; want the newest first", newest.ServiceAccount, older.ServiceAccount)
	}
	got, err := g.revisions.GetRevision(t.Context(), &runpb.GetRevisionRequest{Name: older.Name})
	must(t, err)
	if got.ServiceAccount != apiIdentity {
		t.Errorf("%s runs as %s", got.Name, got.ServiceAccount)
	}
}

// pinned is a service as gcloud and the console leave it: the template names
// its revision.
func pinned(t *testing.T, o Options) google {
	t.Helper()
	c, _ := seeded(t, o)
	must(t, c.PutService(&runpb.Service{Name: serviceName, Template: &runpb.RevisionTemplate{Revision: "api-00007-xyz", ServiceAccount: computeSA}}))
	return dial(t, c)
}

func TestATemplateThatNamesItsRevisionIsATrap(t *testing.T) {
	g := pinned(t, Options{})
	sa := &runpb.RevisionTemplate{ServiceAccount: apiIdentity}
	_, err := updateService(t, g, &runpb.Service{Template: sa}, "template.service_account")
	wantCode(t, err, codes.AlreadyExists)
	if _, err := updateService(t, g, &runpb.Service{InvokerIamDisabled: true}, "invoker_iam_disabled"); err != nil {
		t.Errorf("a service-level field: %v", err)
	}
	after, err := updateService(t, g, &runpb.Service{Template: sa}, "template.service_account", "template.revision")
	must(t, err)
	if after.Template.Revision != "" || after.Template.ServiceAccount != apiIdentity {
		t.Errorf("after clearing the name: %v", after.Template)
	}
}

func TestTheTrapCanCatchServiceLevelFieldsToo(t *testing.T) {
	g := pinned(t, Options{PinnedNameRefusesAll: true})
	_, err := updateService(t, g, &runpb.Service{InvokerIamDisabled: true}, "invoker_iam_disabled")
	wantCode(t, err, codes.AlreadyExists)
	_, err = updateService(t, g, &runpb.Service{InvokerIamDisabled: true}, "invoker_iam_disabled", "template.revision")
	must(t, err)
}

func TestARevisionThatCannotStartLeavesTheOldOneServing(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	c.RefuseToStart(computeSA)
	before := getService(t, g)
	_, err := updateService(t, g, &runpb.Service{Template: &runpb.RevisionTemplate{ServiceAccount: computeSA}}, "template.service_account")
	wantCode(t, err, codes.FailedPrecondition)
	after := getService(t, g)
	if after.LatestReadyRevision != before.LatestReadyRevision || after.TrafficStatuses[0].Revision != lastSegment(before.LatestReadyRevision) {
		t.Errorf("%s serves, traffic to %s", after.LatestReadyRevision, after.TrafficStatuses[0].Revision)
	}
	if got := after.TerminalCondition.State; got != runpb.Condition_CONDITION_FAILED {
		t.Errorf("condition %v", got)
	}
	if es := j.take(); dig(es[1], "protoPayload", "status", "code") != float64(codes.FailedPrecondition) {
		t.Errorf("the end was logged as %v", es[1])
	}
}

func TestTrafficPinnedToARevisionStaysThere(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	first := lastSegment(getService(t, g).LatestReadyRevision)
	_, err := updateService(t, g, &runpb.Service{Traffic: []*runpb.TrafficTarget{
		{Type: runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION, Revision: first, Percent: 100},
		{Type: runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST, Tag: "next"},
	}}, "traffic")
	must(t, err)
	after, err := updateService(t, g, &runpb.Service{Template: &runpb.RevisionTemplate{ServiceAccount: computeSA}}, "template.service_account")
	must(t, err)
	if got := after.TrafficStatuses[0].Revision; got != first {
		t.Errorf("traffic went to %s", got)
	}
	if got := after.TrafficStatuses[1].Revision; got != lastSegment(after.LatestReadyRevision) {
		t.Errorf("the tag points to %s", got)
	}
}
