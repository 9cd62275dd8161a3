package sim

import (
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
)

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
