package sim

import (
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
)

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
