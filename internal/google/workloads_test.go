package google

import (
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
)

func TestWorkloadShowsWhatIsLive(t *testing.T) {
	w := newWorld(t, sim.Options{})
	must(t, w.PutService(&runpb.Service{
		Name: service.Path(), InvokerIamDisabled: true, Ingress: runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_ONLY,
		Labels:   map[string]string{"goog-managed-by": "cloudfunctions"},
		Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount},
	}))
	w.PutFunction("projects/pay-prod/locations/europe-west1/functions/api", service.Path())
	got, err := w.client.Workload(t.Context(), service)
	must(t, err)
	if got.Etag == "" || got.Revision == "" || got.UID == "" || got.RevisionUID == "" {
		t.Errorf("etag %q, revision %q, uid %q, want all", got.Etag, got.Revision, got.UID)
	}
	want := cloud.Workload{
		Resource: service, Identity: cloud.KnownIdentity(apiAccount), InvokerCheckDisabled: cloud.KnownFlag(true),
		Ingress: "internal", Labels: map[string]string{"goog-managed-by": "cloudfunctions"},
		Controller: "Cloud Functions", Etag: got.Etag, LastWriter: "dev@example.com",
		Generation: 2, Revision: got.Revision, Content: cloud.Content{Why: "no revision ran before it"}, UID: got.UID, RevisionUID: got.RevisionUID, Observed: 2,
		Shares:  []cloud.Share{{Percent: 100, Identity: cloud.KnownIdentity(apiAccount)}},
		Traffic: []cloud.TrafficTarget{{Percent: 100}}, Serving: []cloud.TrafficTarget{{Revision: got.Revision, Percent: 100, Account: apiAccount, UID: got.RevisionUID}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("workload (-want +got):\n%s", d)
	}
	for _, r := range []cloud.Resource{job, pool} {
		got, err := w.client.Workload(t.Context(), r)
		must(t, err)
		want := cloud.Workload{
			Resource: r, Identity: cloud.KnownIdentity(apiAccount), InvokerCheckDisabled: cloud.KnownFlag(false), Etag: got.Etag,
			LastWriter: "dev@example.com",
			Generation: 1, Revision: got.Revision, Content: got.Content, UID: got.UID, RevisionUID: got.RevisionUID,
		}
		if r.Kind == cloud.RunWorkerPool {
			want.Shares = []cloud.Share{{Percent: 100, Identity: want.Identity}}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", r.Kind, d)
		}
	}
}

func TestAnIdentityLeftOutIsUnset(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.answer("Jobs/GetJob", func(any) (any, error) { return &runpb.Job{Etag: "e"}, nil })
	got, err := w.client.Workload(t.Context(), job)
	must(t, err)
	if got.Identity != (cloud.Identity{Knowledge: cloud.Unset}) {
		t.Errorf("identity is %v, want unset", got.Identity)
	}
}

func TestPreviousIsTheReadyRevisionBeforeTheTemplates(t *testing.T) {
	const bad = "bad@pay-prod.iam.gserviceaccount.com"
	for _, tt := range []struct {
		name string
		make func(*testing.T, *world)
		want string // revision
		as   cloud.Identity
	}{
		{"a first revision has none before it", func(*testing.T, *world) {}, "", cloud.Identity{}},
		{"the one before a change that is ready", func(t *testing.T, w *world) {
			w.deploy(t, apiAccount, "api-good")
			w.deploy(t, bad, "api-bad")
		}, "api-good", cloud.KnownIdentity(apiAccount)},
		{"the one before a change whose revision cannot start", func(t *testing.T, w *world) {
			w.deploy(t, apiAccount, "api-good")
			w.RefuseToStart(bad)
			w.deploy(t, bad, "api-bad")
		}, "api-good", cloud.KnownIdentity(apiAccount)},
		{"one that never became ready is passed over", func(t *testing.T, w *world) {
			w.deploy(t, apiAccount, "api-good")
			w.RefuseToStart("broken@pay-prod.iam.gserviceaccount.com")
			w.deploy(t, "broken@pay-prod.iam.gserviceaccount.com", "api-broken")
			w.deploy(t, bad, "api-bad")
		}, "api-good", cloud.KnownIdentity(apiAccount)},
		{"the latest created one, when the template's is not made yet", func(t *testing.T, w *world) {
			w.deploy(t, apiAccount, "api-good")
			s, err := w.client.getService(t.Context(), service)
			must(t, err)
			s.Template.ServiceAccount = bad
			w.answer("Services/GetService", func(any) (any, error) { return s, nil })
		}, "api-good", cloud.KnownIdentity(apiAccount)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			tt.make(t, w)
			got, err := w.client.Workload(t.Context(), service)
			must(t, err)
			if got.PreviousRevision != tt.want || got.Previous != tt.as {
				t.Errorf("previous is %q as %v, want %q as %v", got.PreviousRevision, got.Previous, tt.want, tt.as)
			}
		})
	}
}

func TestADefaultAccountThatCloudRunFilledInIsStillTheTemplates(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.deploy(t, apiAccount, "api-good")
	w.deploy(t, "", "api-default")
	s, err := w.client.getService(t.Context(), service)
	must(t, err)
	s.Template.ServiceAccount = ""
	w.answer("Services/GetService", func(any) (any, error) { return s, nil })
	got, err := w.client.Workload(t.Context(), service)
	must(t, err)
	if got.PreviousRevision != "api-good" {
		t.Errorf("previous is %q: the template's own revision was taken for the one before it", got.PreviousRevision)
	}
}

func TestAWorkerPoolHasAPreviousIdentity(t *testing.T) {
	w := newWorld(t, sim.Options{})
	must(t, w.PutWorkerPool(&runpb.WorkerPool{Name: pool.Path(), Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: defaultAccount}}))
	got, err := w.client.Workload(t.Context(), pool)
	must(t, err)
	if got.Previous != cloud.KnownIdentity(apiAccount) {
		t.Errorf("previous identity is %v, want %s", got.Previous, apiAccount)
	}
}

func TestRevisionsThatMayNotBeListedLeaveThePreviousIdentityUnknownAndSayWhy(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.Fail("Revisions.ListRevisions", 1, codes.PermissionDenied)
	got, err := w.client.Workload(t.Context(), service)
	must(t, err)
	if got.Previous.Knowledge != cloud.Unknown || got.PreviousWhy != "permission run.revisions.list missing on "+service.String() {
		t.Errorf("previous is %v (%q), want unknown for want of run.revisions.list", got.Previous, got.PreviousWhy)
	}
	if got.Identity != cloud.KnownIdentity(apiAccount) {
		t.Errorf("identity is %v, want what the template says", got.Identity)
	}
}

func TestRevisionsThatCannotBeListedNowAreAnErrorThatMayPass(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.Fail("Revisions.ListRevisions", 1, codes.Internal)
	if got, err := w.client.Workload(t.Context(), service); err == nil {
		t.Errorf("workload is %+v, want an error: what to go back to was not read", got)
	}
}

func TestServingCountsEveryRevisionThatCanBeReached(t *testing.T) {
	const tagged, old, idle = "tagged@p.iam.gserviceaccount.com", "old@p.iam.gserviceaccount.com", "idle@p.iam.gserviceaccount.com"
	pin := func(revision string, percent int32, tag string) *runpb.TrafficTarget {
		return &runpb.TrafficTarget{
			Type:     runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION,
			Revision: revision, Percent: percent, Tag: tag,
		}
	}
	latest := &runpb.TrafficTarget{Type: runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST, Percent: 50}
	for _, tt := range []struct {
		name    string
		traffic []*runpb.TrafficTarget
		want    []string
	}{
		{"all traffic to the latest ready revision", nil, []string{apiAccount}},
		{"a split, and a tag at 0 per cent", []*runpb.TrafficTarget{latest, pin("api-old", 50, ""), pin("api-tagged", 0, "canary")},
			[]string{apiAccount, old, tagged}},
		{"a revision with neither traffic nor tag does not serve", []*runpb.TrafficTarget{pin("api-old", 100, ""), pin("api-idle", 0, "")},
			[]string{old}},
		{"one account twice is one account", []*runpb.TrafficTarget{latest, pin("api-latest", 50, "")}, []string{apiAccount}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			w.deploy(t, tagged, "api-tagged")
			w.deploy(t, old, "api-old")
			w.deploy(t, idle, "api-idle")
			must(t, w.PutService(&runpb.Service{
				Name: service.Path(), Traffic: tt.traffic,
				Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount, Revision: "api-latest"},
			}))
			got, err := w.client.Serving(t.Context(), service)
			must(t, err)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("serving (-want +got):\n%s", d)
			}
		})
	}
}

func TestServingOfJobsAndPoolsIsTheTemplates(t *testing.T) {
	w := newWorld(t, sim.Options{})
	for _, r := range []cloud.Resource{job, pool} {
		got, err := w.client.Serving(t.Context(), r)
		must(t, err)
		if d := cmp.Diff([]string{apiAccount}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", r.Kind, d)
		}
	}
}

func TestServingOfAPoolCountsRevisionsWithInstances(t *testing.T) {
	w := newWorld(t, sim.Options{})
	p, err := w.client.getWorkerPool(t.Context(), pool)
	must(t, err)
	first := p.GetLatestReadyRevision()
	must(t, w.PutWorkerPool(&runpb.WorkerPool{Name: pool.Path(), Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: defaultAccount}}))
	p, err = w.client.getWorkerPool(t.Context(), pool)
	must(t, err)
	p.InstanceSplitStatuses = []*runpb.InstanceSplitStatus{
		{Type: runpb.InstanceSplitAllocationType_INSTANCE_SPLIT_ALLOCATION_TYPE_REVISION, Revision: revisionOf(first, false, ""), Percent: 30},
		{Type: runpb.InstanceSplitAllocationType_INSTANCE_SPLIT_ALLOCATION_TYPE_LATEST, Percent: 70},
	}
	w.answer("WorkerPools/GetWorkerPool", func(any) (any, error) { return p, nil })
	got, err := w.client.Serving(t.Context(), pool)
	must(t, err)
	if d := cmp.Diff([]string{defaultAccount, apiAccount}, got); d != "" {
		t.Errorf("serving (-want +got):\n%s", d)
	}
}

func TestServingNamesAnAccountThatWasLeftOut(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.answer("Jobs/GetJob", func(any) (any, error) { return &runpb.Job{}, nil })
	w.Fail("Projects.GetProject", 1, codes.PermissionDenied)
	if _, err := w.client.Serving(t.Context(), job); status.Code(err) != codes.PermissionDenied {
		t.Errorf("error is %v: an account that cannot be named must not be passed over", err)
	}
	got, err := w.client.Serving(t.Context(), job)
	must(t, err)
	if d := cmp.Diff([]string{defaultAccount}, got); d != "" {
		t.Errorf("serving (-want +got):\n%s", d)
	}
}

func TestServingIsNotToldWhenARevisionCannotBeRead(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.Fail("GetRevision", 1, codes.PermissionDenied)
	got, err := w.client.Serving(t.Context(), service)
	want := "permission run.revisions.get missing on " + service.String()
	if err == nil || err.Error() != want || got != nil {
		t.Errorf("%v, error is %v\nwant %s", got, err, want)
	}
}

func TestNothingServesBeforeAnythingIsReady(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.answer("Services/GetService", func(any) (any, error) {
		return &runpb.Service{TrafficStatuses: []*runpb.TrafficTargetStatus{{
			Type: runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST, Percent: 100,
		}}}, nil
	})
	got, err := w.client.Serving(t.Context(), service)
	must(t, err)
	if len(got) != 0 {
		t.Errorf("serving as %v", got)
	}
}

func TestWhatRunsNothingIsNoWorkload(t *testing.T) {
	w := newWorld(t, sim.Options{})
	if _, err := w.client.Workload(t.Context(), project); err == nil {
		t.Error("a project was read as a workload")
	}
	if _, err := w.client.Serving(t.Context(), project); err == nil {
		t.Error("a project serves")
	}
}

// The list is begun beside the service, and may be older: right after a deploy it can
// lack the revision that is to be compared.
func TestAListOfRevisionsThatIsOlderThanTheServiceIsReadAgain(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.deploy(t, defaultAccount, "")
	w.answer("Revisions/ListRevisions", func(any) (any, error) {
		w.answer("Revisions/ListRevisions", nil)
		return &runpb.ListRevisionsResponse{}, nil
	})
	got, err := w.client.Workload(t.Context(), service)
	must(t, err)
	if got.Revision == "" || got.Previous.Email != apiAccount || w.count("Revisions/ListRevisions") != 2 {
		t.Errorf("revision %q, before it %+v, after %d lists", got.Revision, got.Previous, w.count("Revisions/ListRevisions"))
	}
	if _, err := w.client.Workload(t.Context(), service); err != nil || w.count("Revisions/ListRevisions") != 3 {
		t.Errorf("%v, after %d lists, want one more", err, w.count("Revisions/ListRevisions"))
	}
}
