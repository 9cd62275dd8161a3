package google

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/remediate/fault"
)

const goodAccount = "good@pay-prod.iam.gserviceaccount.com"

func TestSetIdentityChangesTheIdentityAndWaits(t *testing.T) {
	for _, r := range []cloud.Resource{service, job, pool} {
		t.Run(string(r.Kind), func(t *testing.T) {
			w := newWorld(t, sim.Options{OperationPolls: 4})
			before, err := w.client.Workload(t.Context(), r)
			must(t, err)
			must(t, w.client.SetIdentity(t.Context(), before, goodAccount))
			if len(w.pauses) != 3 {
				t.Errorf("paused %v, want a pause between each of 4 looks", w.pauses)
			}
			serving, err := w.client.Serving(t.Context(), r)
			must(t, err)
			if d := cmp.Diff([]string{goodAccount}, serving); d != "" {
				t.Errorf("serving (-want +got):\n%s", d)
			}
		})
	}
}

func TestAWriteToAWorkloadThatChangedIsAConflict(t *testing.T) {
	touch := map[cloud.Resource]func(*world) error{
		service: func(w *world) error {
			return w.PutService(&runpb.Service{Name: service.Path(), Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}})
		},
		job: func(w *world) error {
			return w.PutJob(&runpb.Job{Name: job.Path(), Template: &runpb.ExecutionTemplate{Template: &runpb.TaskTemplate{ServiceAccount: apiAccount}}})
		},
		pool: func(w *world) error {
			return w.PutWorkerPool(&runpb.WorkerPool{Name: pool.Path(), Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: apiAccount}})
		},
	}
	for r, change := range touch {
		t.Run(string(r.Kind), func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			stale, err := w.client.Workload(t.Context(), r)
			must(t, err)
			must(t, change(w))
			wantError(t, w.client.SetIdentity(t.Context(), stale, goodAccount), fault.ErrConflict)
			serving, err := w.client.Serving(t.Context(), r)
			must(t, err)
			if d := cmp.Diff([]string{apiAccount}, serving); d != "" {
				t.Errorf("serving (-want +got):\n%s", d)
			}
			if r == service {
				wantError(t, w.client.SetInvokerCheck(t.Context(), stale, true), fault.ErrConflict)
			}
		})
	}
}

// The one who changes a job between our read and our write is caught by
// Google, not by the etag we compare.
func TestAJobThatChangesBetweenReadAndWriteIsAConflict(t *testing.T) {
	w := newWorld(t, sim.Options{})
	stale, err := w.client.Workload(t.Context(), job)
	must(t, err)
	j, err := w.client.getJob(t.Context(), job)
	must(t, err)
	must(t, w.PutJob(&runpb.Job{Name: job.Path(), Template: &runpb.ExecutionTemplate{Template: &runpb.TaskTemplate{ServiceAccount: apiAccount}}}))
	w.answer("Jobs/GetJob", func(any) (any, error) { return j, nil })
	wantError(t, w.client.SetIdentity(t.Context(), stale, goodAccount), fault.ErrConflict)
}

func TestAJobKeepsFieldsThatThisVersionDoesNotKnow(t *testing.T) {
	w := newWorld(t, sim.Options{})
	j, err := w.client.getJob(t.Context(), job)
	must(t, err)
	unknown := []byte{0xba, 0x3e, 0x03, 'n', 'e', 'w'} // field 999
	j.ProtoReflect().SetUnknown(unknown)
	w.answer("Jobs/GetJob", func(any) (any, error) { return j, nil })
	must(t, w.client.SetIdentity(t.Context(), cloud.Workload{Resource: job, Etag: j.GetEtag()}, goodAccount))
	sent := w.seen["Jobs/UpdateJob"].(*runpb.UpdateJobRequest).GetJob()
	if d := cmp.Diff(unknown, []byte(sent.ProtoReflect().GetUnknown())); d != "" {
		t.Errorf("unknown fields (-want +got):\n%s", d)
	}
}

// Console, gcloud and Functions name revisions in the template.
func TestAWorkloadWhoseRevisionIsNamedCanBeGivenAnotherIdentity(t *testing.T) {
	w := newWorld(t, sim.Options{})
	must(t, w.PutService(&runpb.Service{
		Name: service.Path(), Template: &runpb.RevisionTemplate{ServiceAccount: defaultAccount, Revision: "api-bad"},
	}))
	must(t, w.PutWorkerPool(&runpb.WorkerPool{
		Name: pool.Path(), Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: defaultAccount, Revision: "crunch-bad"},
	}))
	for _, r := range []cloud.Resource{service, pool} {
		before, err := w.client.Workload(t.Context(), r)
		must(t, err)
		must(t, w.client.SetIdentity(t.Context(), before, goodAccount))
		after, err := w.client.Workload(t.Context(), r)
		must(t, err)
		if after.Identity != cloud.KnownIdentity(goodAccount) {
			t.Errorf("%s runs as %v", r.Kind, after.Identity)
		}
	}
}

// Reports differ on whether the name matters to a mask without the template.
func TestAnInvokerCheckRefusedForTheRevisionsNameIsTriedWithoutTheName(t *testing.T) {
	w := newWorld(t, sim.Options{PinnedNameRefusesAll: true})
	must(t, w.PutService(&runpb.Service{
		Name: service.Path(), InvokerIamDisabled: true,
		Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount, Revision: "api-named"},
	}))
	before, err := w.client.Workload(t.Context(), service)
	must(t, err)
	must(t, w.client.SetInvokerCheck(t.Context(), before, true))
	if n := w.count("Services/UpdateService"); n != 3 {
		t.Errorf("%d updates: want a rehearsal that is refused for the revision's name, one without it, and the write", n)
	}
	after, err := w.client.Workload(t.Context(), service)
	must(t, err)
	if after.InvokerCheckDisabled != cloud.KnownFlag(false) {
		t.Error("the invoker check is still off")
	}
}

func TestTurningTheInvokerCheckOnMakesNoRevision(t *testing.T) {
	w := newWorld(t, sim.Options{})
	must(t, w.PutService(&runpb.Service{
		Name: service.Path(), InvokerIamDisabled: true, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount},
	}))
	before, err := w.client.getService(t.Context(), service)
	must(t, err)
	must(t, w.client.SetInvokerCheck(t.Context(), cloud.Workload{Resource: service, Etag: before.GetEtag()}, true))
	after, err := w.client.getService(t.Context(), service)
	must(t, err)
	if after.GetInvokerIamDisabled() || after.GetLatestCreatedRevision() != before.GetLatestCreatedRevision() {
		t.Errorf("check off: %t, revision %s, was %s", after.GetInvokerIamDisabled(), after.GetLatestCreatedRevision(), before.GetLatestCreatedRevision())
	}
}

func TestAnUpdateThatIsNotSafeIsRefusedBeforeItIsSent(t *testing.T) {
	w := newWorld(t, sim.Options{})
	for name, err := range map[string]error{
		"no etag":                        w.client.SetIdentity(t.Context(), cloud.Workload{Resource: service}, goodAccount),
		"no account":                     w.client.SetIdentity(t.Context(), cloud.Workload{Resource: service, Etag: "e"}, ""),
		"no workload":                    w.client.SetIdentity(t.Context(), cloud.Workload{Resource: project, Etag: "e"}, goodAccount),
		"invoker check without an etag":  w.client.SetInvokerCheck(t.Context(), cloud.Workload{Resource: service}, true),
		"invoker check of a job":         w.client.SetInvokerCheck(t.Context(), cloud.Workload{Resource: job, Etag: "e"}, true),
		"invoker check of a worker pool": w.client.SetInvokerCheck(t.Context(), cloud.Workload{Resource: pool, Etag: "e"}, true),
	} {
		if !errors.Is(err, fault.ErrRefused) {
			t.Errorf("%s: error is %v, want it refused", name, err)
		}
	}
	for _, m := range []string{"Services/UpdateService", "Jobs/UpdateJob", "WorkerPools/UpdateWorkerPool"} {
		if n := w.count(m); n != 0 {
			t.Errorf("%s was sent %d times", m, n)
		}
	}
}

func TestARevisionThatCannotStartIsAnError(t *testing.T) {
	w := newWorld(t, sim.Options{OperationPolls: 2})
	w.RefuseToStart(goodAccount)
	before, err := w.client.Workload(t.Context(), service)
	must(t, err)
	err = w.client.SetIdentity(t.Context(), before, goodAccount)
	wantError(t, err, fault.ErrRefused)
	if status.Code(err) != codes.FailedPrecondition || errors.Is(err, errUnseen) {
		t.Errorf("error is %v, want the one the operation ended with", err)
	}
}

func TestAnOperationThatNeverEndsIsLeftAfterAWhile(t *testing.T) {
	w := newWorld(t, sim.Options{OperationPolls: 1 << 20})
	before, err := w.client.Workload(t.Context(), service)
	must(t, err)
	wantError(t, w.client.SetIdentity(t.Context(), before, goodAccount), context.DeadlineExceeded)
}

func TestTheCallersDeadlineEndsTheWait(t *testing.T) {
	w := newWorld(t, sim.Options{OperationPolls: 1 << 20})
	before, err := w.client.Workload(t.Context(), service)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	w.waiting = func(ctx context.Context, n int) error {
		if n == 3 {
			cancel()
		}
		return ctx.Err()
	}
	wantError(t, w.client.SetIdentity(ctx, before, goodAccount), context.Canceled)
	if len(w.pauses) != 3 {
		t.Errorf("%d pauses, want 3", len(w.pauses))
	}
}

// The write was accepted: "not allowed to" or "not there" would be wrong.
func TestAnOperationThatCannotBeWatchedIsNoRefusal(t *testing.T) {
	for _, code := range []codes.Code{codes.PermissionDenied, codes.NotFound, codes.Aborted} {
		t.Run(code.String(), func(t *testing.T) {
			w := newWorld(t, sim.Options{OperationPolls: 2})
			before, err := w.client.Workload(t.Context(), service)
			must(t, err)
			w.answer("Operations/GetOperation", func(any) (any, error) { return nil, status.Error(code, "no") })
			err = w.client.SetIdentity(t.Context(), before, goodAccount)
			var denied *fault.PermissionError
			if err == nil || errors.As(err, &denied) || errors.Is(err, fault.ErrNotFound) || errors.Is(err, fault.ErrConflict) {
				t.Fatalf("error is %v, want one that says the end was not seen", err)
			}
			if !strings.Contains(err.Error(), "accepted, but its end was not seen") {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestALackOfActAsIsNamedOnTheAccount(t *testing.T) {
	w := newWorld(t, sim.Options{})
	before, err := w.client.Workload(t.Context(), service)
	must(t, err)
	w.answer("Services/UpdateService", func(any) (any, error) {
		return (*longrunningpb.Operation)(nil), status.Errorf(codes.PermissionDenied,
			"Permission 'iam.serviceaccounts.actAs' denied on service account %s (or it may not exist).", goodAccount)
	})
	for account, err := range map[string]error{
		goodAccount: w.client.SetIdentity(t.Context(), before, goodAccount),
		apiAccount:  w.client.SetIngress(t.Context(), before, "internal"), // updated as it stands
	} {
		want := "permission iam.serviceAccounts.actAs missing on //iam.googleapis.com/projects/-/serviceAccounts/" + account
		if err == nil || err.Error() != want {
			t.Errorf("error is %v\nwant %s", err, want)
		}
	}
}

func TestADeniedUpdateNamesItsPermission(t *testing.T) {
	w := newWorld(t, sim.Options{})
	for r, want := range map[cloud.Resource]string{
		service: "permission run.services.update missing on " + service.String(),
		job:     "permission run.jobs.update missing on " + job.String(),
		pool:    "permission run.workerpools.update missing on " + pool.String(),
	} {
		before, err := w.client.Workload(t.Context(), r)
		must(t, err)
		for _, m := range []string{"UpdateService", "UpdateJob", "UpdateWorkerPool"} {
			w.Fail(m, 1, codes.PermissionDenied)
		}
		if err := w.client.SetIdentity(t.Context(), before, goodAccount); err == nil || err.Error() != want {
			t.Errorf("error is %v\nwant %s", err, want)
		}
	}
}
