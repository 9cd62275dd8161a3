package sim

import (
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

func getService(t *testing.T, g google) *runpb.Service {
	t.Helper()
	s, err := g.services.GetService(t.Context(), &runpb.GetServiceRequest{Name: serviceName})
	must(t, err)
	return s
}

func updateService(t *testing.T, g google, s *runpb.Service, paths ...string) (*runpb.Service, error) {
	t.Helper()
	s.Name = serviceName
	op, err := g.services.UpdateService(t.Context(), &runpb.UpdateServiceRequest{Service: s, UpdateMask: mask(paths...)})
	if err != nil {
		return nil, err
	}
	return op.Wait(t.Context())
}

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

func TestAnUnsetIdentityIsStoredAsTheDefaultOne(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	after, err := updateService(t, g, &runpb.Service{}, "template.service_account")
	must(t, err)
	if after.Template.ServiceAccount != computeSA {
		t.Errorf("stored as %q", after.Template.ServiceAccount)
	}
}

func TestAnOperationTakesAsManyLooksAsToldTo(t *testing.T) {
	c, j := seeded(t, Options{OperationPolls: 2})
	g := dial(t, c)
	before := getService(t, g)
	op, err := g.services.UpdateService(t.Context(), &runpb.UpdateServiceRequest{
		Service:    &runpb.Service{Name: serviceName, Template: &runpb.RevisionTemplate{ServiceAccount: computeSA}},
		UpdateMask: mask("template.service_account"),
	})
	must(t, err)
	if op.Done() || len(j.take()) != 1 {
		t.Fatal("want an operation under way and one entry")
	}
	during := getService(t, g) // the first look
	if !during.Reconciling || during.LatestReadyRevision != before.LatestReadyRevision {
		t.Errorf("meanwhile reconciling is %v and %s serves", during.Reconciling, during.LatestReadyRevision)
	}
	resumed := g.services.UpdateServiceOperation(op.Name())
	after, err := resumed.Poll(t.Context())
	must(t, err)
	if after == nil || after.Reconciling || after.LatestReadyRevision == before.LatestReadyRevision {
		t.Errorf("after two looks: %v", after)
	}
	if es := j.take(); len(es) != 1 || dig(es[0], "operation", "last") != true {
		t.Errorf("the end was logged as %v", es)
	}
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

func TestARehearsalChangesNothing(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	before := getService(t, g)
	op, err := g.services.UpdateService(t.Context(), &runpb.UpdateServiceRequest{
		Service: &runpb.Service{Name: serviceName, InvokerIamDisabled: true}, UpdateMask: mask("invoker_iam_disabled"), ValidateOnly: true,
	})
	must(t, err)
	would, err := op.Wait(t.Context())
	must(t, err)
	if !would.InvokerIamDisabled || getService(t, g).Etag != before.Etag {
		t.Errorf("would be %v, is %v", would.InvokerIamDisabled, getService(t, g).InvokerIamDisabled)
	}
}

func TestTheInvokerCheckStaysOnWhereTheConstraintIsEnforced(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	c.SetConstraint("folders/4001", requireInvokerIam, true)
	_, err := updateService(t, g, &runpb.Service{InvokerIamDisabled: true}, "invoker_iam_disabled")
	wantCode(t, err, codes.FailedPrecondition)
	c.SetConstraint("projects/264172533001", requireInvokerIam, false)
	_, err = updateService(t, g, &runpb.Service{InvokerIamDisabled: true}, "invoker_iam_disabled")
	must(t, err)
}

func TestAJobHasNoMaskAndKeepsWhatItIsGiven(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	job, err := g.jobs.GetJob(t.Context(), &runpb.GetJobRequest{Name: jobName})
	must(t, err)
	unknown := []byte{0xfa, 0x7f, 0x03, 'n', 'e', 'w'} // field 2047, which this client does not know
	job.ProtoReflect().SetUnknown(unknown)
	job.Template.Template.ServiceAccount = computeSA
	op, err := g.jobs.UpdateJob(t.Context(), &runpb.UpdateJobRequest{Job: job})
	must(t, err)
	_, err = op.Wait(t.Context())
	must(t, err)
	after, err := g.jobs.GetJob(t.Context(), &runpb.GetJobRequest{Name: jobName}) // an operation's answer drops unknown fields
	must(t, err)
	if after.Template.Template.ServiceAccount != computeSA || string(after.ProtoReflect().GetUnknown()) != string(unknown) {
		t.Errorf("job after: %v", after)
	}
	_, err = g.jobs.UpdateJob(t.Context(), &runpb.UpdateJobRequest{Job: job})
	wantCode(t, err, codes.Aborted)
	es := j.take()
	if got := dig(es[0], "resource", "type"); got != "cloud_run_job" {
		t.Errorf("logged on a %v", got)
	}
}

func TestAWorkerPoolIsUpdatedByMask(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	op, err := g.pools.UpdateWorkerPool(t.Context(), &runpb.UpdateWorkerPoolRequest{
		WorkerPool: &runpb.WorkerPool{Name: poolName, Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: computeSA}},
		UpdateMask: mask("template.service_account", "template.revision"),
	})
	must(t, err)
	after, err := op.Wait(t.Context())
	must(t, err)
	if after.Template.ServiceAccount != computeSA {
		t.Errorf("pool after: %v", after)
	}
	if got := dig(j.take()[0], "protoPayload", "request", "workerPool", "template", "serviceAccount"); got != computeSA {
		t.Errorf("logged identity %v", got)
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

func TestAnInjectedFaultEndsAfterItsTimes(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	c.Fail("Services.UpdateService", 1, codes.PermissionDenied)
	_, err := updateService(t, g, &runpb.Service{Description: "x"}, "description")
	wantCode(t, err, codes.PermissionDenied)
	if es := j.take(); len(es) != 1 || es[0]["severity"] != "ERROR" {
		t.Errorf("logged as %v", es)
	}
	_, err = updateService(t, g, &runpb.Service{Description: "x"}, "description")
	must(t, err)
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

func TestWhatWasThereBeforeIsNotRefused(t *testing.T) {
	c, _ := seeded(t, Options{})
	c.SetConstraint("folders/4001", requireInvokerIam, true)
	must(t, c.PutService(&runpb.Service{Name: location + "/services/old", InvokerIamDisabled: true}))
	if err := c.PutService(&runpb.Service{Name: "projects/none/locations/l/services/s"}); err == nil {
		t.Error("a service of a project nobody added was put")
	}
	s := c.State()
	if w := s.Workloads[2]; w.Name != location+"/services/old" || w.InvokerCheck || w.Identity != computeSA || w.Ingress != "all" {
		t.Errorf("state %v", w)
	}
	if diff := cmp.Diff([]ConstraintState{{"folders/4001", requireInvokerIam, true}}, s.Constraints); diff != "" {
		t.Errorf("constraints (-want +got):\n%s", diff)
	}
}
