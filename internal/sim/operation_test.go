package sim

import (
	"testing"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
)

// begin starts an update of the service's identity, and returns its operation.
func begin(t *testing.T, c *Cloud, identity string) *longrunningpb.Operation {
	t.Helper()
	op, err := (&services{c: c}).UpdateService(t.Context(), &runpb.UpdateServiceRequest{
		Service:    &runpb.Service{Name: serviceName, Template: &runpb.RevisionTemplate{ServiceAccount: identity}},
		UpdateMask: mask("template.service_account"),
	})
	must(t, err)
	return op
}

func look(t *testing.T, c *Cloud, name string) *longrunningpb.Operation {
	t.Helper()
	op, err := (&operations{c: c}).GetOperation(t.Context(), &longrunningpb.GetOperationRequest{Name: name})
	must(t, err)
	return op
}

// serviceIn is the service that an operation answers with.
func serviceIn(t *testing.T, op *longrunningpb.Operation) *runpb.Service {
	t.Helper()
	s := &runpb.Service{}
	must(t, op.GetResponse().UnmarshalTo(s))
	return s
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

// Whoever asks again, after a restart or because an answer was lost, gets what
// the operation did, and not what came after.
func TestAnOperationAnswersTheSameForEver(t *testing.T) {
	c, _ := seeded(t, Options{})
	op := begin(t, c, computeSA)
	begin(t, c, apiIdentity)
	for range 2 {
		if again := look(t, c, op.Name); !again.Done || serviceIn(t, again).Template.ServiceAccount != computeSA {
			t.Errorf("answers %v", again)
		}
	}
	waited, err := (&operations{c: c}).WaitOperation(t.Context(), &longrunningpb.WaitOperationRequest{Name: op.Name})
	must(t, err)
	if diff := cmp.Diff(look(t, c, op.Name), waited, protocmp.Transform()); diff != "" {
		t.Errorf("waited for (-looked at +waited for):\n%s", diff)
	}
}

func TestAnOperationThatFailedSaysSo(t *testing.T) {
	c, _ := seeded(t, Options{})
	c.RefuseToStart(computeSA)
	op := look(t, c, begin(t, c, computeSA).Name)
	if !op.Done || codes.Code(op.GetError().GetCode()) != codes.FailedPrecondition || op.GetResponse() != nil {
		t.Errorf("answers %v", op)
	}
}

func TestAnOperationIsForgottenOnceDeleted(t *testing.T) {
	c, _ := seeded(t, Options{})
	s := &operations{c: c}
	name := begin(t, c, computeSA).Name
	_, err := s.DeleteOperation(t.Context(), &longrunningpb.DeleteOperationRequest{Name: name})
	must(t, err)
	_, again := s.DeleteOperation(t.Context(), &longrunningpb.DeleteOperationRequest{Name: name})
	_, gone := s.GetOperation(t.Context(), &longrunningpb.GetOperationRequest{Name: name})
	_, never := s.WaitOperation(t.Context(), &longrunningpb.WaitOperationRequest{Name: location + "/operations/x"})
	for what, err := range map[string]error{"deleted twice": again, "looked at": gone, "that never was": never} {
		if status.Code(err) != codes.NotFound {
			t.Errorf("one %s: %v", what, err)
		}
	}
}

// One that nobody sees the end of ends with the next write, as Cloud Run
// carries out one after the other.
func TestAnOperationThatNeverFinishesIsEndedByTheNextWrite(t *testing.T) {
	c, j := seeded(t, Options{OperationPolls: 1})
	c.NeverFinish(true)
	op := begin(t, c, computeSA)
	for range 5 {
		if look(t, c, op.Name).Done {
			t.Fatal("it finished")
		}
	}
	if es := j.take(); len(es) != 1 {
		t.Fatalf("%d entries before it ended", len(es))
	}
	next := begin(t, c, apiIdentity)
	if !look(t, c, op.Name).Done || look(t, c, next.Name).Done {
		t.Error("want the first ended and the second under way")
	}
	c.NeverFinish(false)
	if !look(t, c, next.Name).Done {
		t.Error("the second goes on")
	}
	var halves []string
	for _, e := range j.take() {
		halves = append(halves, map[bool]string{true: "last of ", false: "first of "}[dig(e, "operation", "last") == true]+dig(e, "operation", "id").(string))
	}
	if diff := cmp.Diff([]string{"last of " + op.Name, "first of " + next.Name, "last of " + next.Name}, halves); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestARehearsalChangesNothing(t *testing.T) {
	c, j := seeded(t, Options{OperationPolls: 3})
	before := c.State()
	s := &services{c: c}
	update, err := s.UpdateService(t.Context(), &runpb.UpdateServiceRequest{
		Service: &runpb.Service{Name: serviceName, InvokerIamDisabled: true}, UpdateMask: mask("invoker_iam_disabled"), ValidateOnly: true,
	})
	must(t, err)
	if would := serviceIn(t, update); !update.Done || !would.InvokerIamDisabled || would.Template.ServiceAccount != apiIdentity {
		t.Errorf("would be %v", would)
	}
	create, err := s.CreateService(t.Context(), &runpb.CreateServiceRequest{Parent: location, ServiceId: "web", Service: &runpb.Service{}, ValidateOnly: true})
	must(t, err)
	if would := serviceIn(t, create); would.Template.ServiceAccount != computeSA || would.Ingress != runpb.IngressTraffic_INGRESS_TRAFFIC_ALL {
		t.Errorf("would be made as %v: default values are filled in", would)
	}
	_, err = s.DeleteService(t.Context(), &runpb.DeleteServiceRequest{Name: serviceName, ValidateOnly: true})
	must(t, err)
	if diff := cmp.Diff(before, c.State()); diff != "" {
		t.Errorf("state (-before +after):\n%s", diff)
	}
	for _, e := range j.take() {
		if dig(e, "operation", "first") == true && dig(e, "protoPayload", "request", "validateOnly") != true {
			t.Errorf("logged as if it were no rehearsal: %v", dig(e, "protoPayload", "request"))
		}
	}
}
