package sim

import (
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
)

func TestAnUpdateChangesOnlyWhatItsMaskNames(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	before := getService(t, g)
	after, err := updateService(t, g, &runpb.Service{Etag: before.Etag, Template: &runpb.RevisionTemplate{ServiceAccount: computeSA}}, "template.service_account")
	must(t, err)
	if after.Template.ServiceAccount != computeSA || len(after.Template.Containers) != 1 {
		t.Errorf("template after the update: %v", after.Template)
	}
	if after.Etag == before.Etag || after.Generation != before.Generation+1 || after.Uid != before.Uid {
		t.Errorf("etag %s -> %s, generation %d -> %d, uid %s -> %s", before.Etag, after.Etag, before.Generation, after.Generation, before.Uid, after.Uid)
	}
	if after.LatestReadyRevision == before.LatestReadyRevision || after.LatestReadyRevision != after.LatestCreatedRevision {
		t.Errorf("revisions: before %s, created %s, ready %s", before.LatestReadyRevision, after.LatestCreatedRevision, after.LatestReadyRevision)
	}
	_, err = updateService(t, g, &runpb.Service{}, "template.nonsense")
	wantCode(t, err, codes.InvalidArgument)
}

func TestAStaleEtagIsAborted(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	old := getService(t, g).Etag
	_, err := updateService(t, g, &runpb.Service{Etag: old, Description: "first"}, "description")
	must(t, err)
	j.take()
	_, err = updateService(t, g, &runpb.Service{Etag: old, Description: "second"}, "description")
	wantCode(t, err, codes.Aborted)
	es := j.take()
	if len(es) != 1 || dig(es[0], "protoPayload", "status", "code") != float64(codes.Aborted) || dig(es[0], "protoPayload", "response") != nil {
		t.Errorf("the refused call was logged as %v", es)
	}
	if _, err := updateService(t, g, &runpb.Service{Description: "blind"}, "description"); err != nil {
		t.Errorf("a write without etag: %v", err)
	}
}

func TestAnUnsetIdentityIsStoredAsTheDefaultOne(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	after, err := updateService(t, g, &runpb.Service{}, "template.service_account")
	must(t, err)
	if after.Template.ServiceAccount != computeSA {
		t.Errorf("stored as %q", after.Template.ServiceAccount)
	}
}

func TestCreateAndDelete(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	create := &runpb.CreateServiceRequest{Parent: "projects/264172533001/locations/europe-west1", ServiceId: "web", Service: &runpb.Service{}}
	op, err := g.services.CreateService(t.Context(), create)
	must(t, err)
	made, err := op.Wait(t.Context())
	must(t, err)
	if made.Name != location+"/services/web" || made.Template.ServiceAccount != computeSA {
		t.Errorf("made %s, running as %s", made.Name, made.Template.ServiceAccount)
	}
	_, err = g.services.CreateService(t.Context(), create)
	wantCode(t, err, codes.AlreadyExists)
	del, err := g.services.DeleteService(t.Context(), &runpb.DeleteServiceRequest{Name: made.Name})
	must(t, err)
	_, err = del.Wait(t.Context())
	must(t, err)
	_, err = g.services.GetService(t.Context(), &runpb.GetServiceRequest{Name: made.Name})
	wantCode(t, err, codes.NotFound)
	if got := len(j.take()); got != 5 {
		t.Errorf("%d entries, want two of each that worked and one of the refused", got)
	}
}

func TestAListCoversOneLocationOrAll(t *testing.T) {
	c, _ := seeded(t, Options{})
	must(t, c.PutService(&runpb.Service{Name: "projects/pay-prod/locations/us-east1/services/far"}))
	g := dial(t, c)
	for parent, want := range map[string]int{location: 1, "projects/pay-prod/locations/-": 2, "projects/264172533001/locations/us-east1": 1} {
		n := 0
		for _, err := range g.services.ListServices(t.Context(), &runpb.ListServicesRequest{Parent: parent}).All() {
			must(t, err)
			n++
		}
		if n != want {
			t.Errorf("%s: %d services, want %d", parent, n, want)
		}
	}
}

func TestAWriteOfNothingIsRefused(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	_, err := g.services.CreateService(t.Context(), &runpb.CreateServiceRequest{Parent: location, ServiceId: "web"})
	wantCode(t, err, codes.InvalidArgument)
	_, err = g.jobs.UpdateJob(t.Context(), &runpb.UpdateJobRequest{})
	wantCode(t, err, codes.InvalidArgument)
	_, err = g.services.GetService(t.Context(), &runpb.GetServiceRequest{Name: "projects/pay-prod/locations/-/services/api"})
	wantCode(t, err, codes.InvalidArgument)
	_, err = g.services.CreateService(t.Context(), &runpb.CreateServiceRequest{Parent: "projects/none/locations/l", ServiceId: "web", Service: &runpb.Service{}})
	wantCode(t, err, codes.NotFound)
}
