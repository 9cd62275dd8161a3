package google

import (
	"strings"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
)

const oldAccount = "old@pay-prod.iam.gserviceaccount.com"

// sentTo deploys an older revision and then the template, and gives requests to both.
func (w *world) sentTo(t *testing.T, targets ...*runpb.TrafficTarget) {
	t.Helper()
	w.deploy(t, oldAccount, "api-old")
	w.deploy(t, apiAccount, "api-new")
	must(t, w.PutService(&runpb.Service{
		Name: service.Path(), Traffic: targets, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount, Revision: "api-new"},
	}))
}

func toRevisionNamed(name string, percent int32, tag string) *runpb.TrafficTarget {
	return &runpb.TrafficTarget{Type: toRevision, Revision: name, Percent: percent, Tag: tag}
}

func TestAWorkloadShowsWhatItsTrafficGoesToAndWhatThatRunsAs(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.sentTo(t, &runpb.TrafficTarget{Type: toLatest, Percent: 90}, toRevisionNamed("api-old", 10, "stable"))
	want := []cloud.Share{
		{Percent: 90, Identity: cloud.KnownIdentity(apiAccount)},
		{Revision: "api-old", Percent: 10, Tags: []string{"stable"}, Identity: cloud.KnownIdentity(oldAccount)},
	}
	shares := func() []cloud.Share {
		got, err := w.client.Workload(t.Context(), service)
		must(t, err)
		return got.Shares
	}
	if diff := cmp.Diff(want, shares()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	w.answer("Revisions/ListRevisions", func(any) (any, error) { return &runpb.ListRevisionsResponse{}, nil })
	if diff := cmp.Diff(want, shares()); diff != "" {
		t.Errorf("beyond what is listed (-want +got):\n%s", diff)
	}

	w.answer("Revisions/GetRevision", func(any) (any, error) { return nil, status.Error(codes.PermissionDenied, "no") })
	got := shares()[1]
	if got.Identity != (cloud.Identity{}) || !strings.Contains(got.Why, "run.revisions.get") {
		t.Errorf("%+v, want it unknown and why", got)
	}

	w.answer("Revisions/ListRevisions", func(any) (any, error) { return nil, status.Error(codes.PermissionDenied, "no") })
	got = shares()[1]
	if got.Identity != (cloud.Identity{}) || !strings.Contains(got.Why, "run.revisions.list") {
		t.Errorf("%+v, want it unknown and why", got)
	}
}

func TestAnAccountThatOnlyAnOlderRevisionRunsAsIsARuntimeIdentity(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.sentTo(t, toRevisionNamed("api-old", 0, "stable"), toRevisionNamed("api-new", 100, ""))
	if got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, oldAccount)); !got.Known || !got.Value {
		t.Errorf("%+v, want yes", got)
	}
	w.answer("Revisions/GetRevision", func(any) (any, error) { return nil, status.Error(codes.PermissionDenied, "no") })
	w.client.Changed(cloud.Change{Verb: cloud.Update, Resource: service})
	if got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, oldAccount)); got.Known || !strings.Contains(got.Why, "run.revisions.get") {
		t.Errorf("%+v, want it unknown and why", got)
	}
}
