package sim

import (
	"fmt"
	"hash/fnv"
	"strconv"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// complete fills in what the caller left to Google Cloud.
func (c *Cloud) complete(w *workload, next object) {
	if identity := w.kind.identity(next); *identity == "" {
		*identity = c.containers["projects/"+w.name.project].number + "-compute@developer.gserviceaccount.com"
	}
	s, ok := next.(*runpb.Service)
	if !ok {
		return
	}
	if s.Ingress == runpb.IngressTraffic_INGRESS_TRAFFIC_UNSPECIFIED {
		s.Ingress = runpb.IngressTraffic_INGRESS_TRAFFIC_ALL
	}
	if len(s.Traffic) == 0 {
		s.Traffic = []*runpb.TrafficTarget{{Type: runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST, Percent: 100}}
	}
}

// constrained refuses what an organization policy forbids: to turn the invoker
// check off. It is not retroactive: a service whose check is off stays so.
func (c *Cloud) constrained(w *workload, next object) error {
	s, ok := next.(*runpb.Service)
	if !ok || !s.InvokerIamDisabled || w.obj.(*runpb.Service).InvokerIamDisabled {
		return nil
	}
	if c.enforced(w.name.project, requireInvokerIam) {
		return violated(requireInvokerIam, "projects/"+w.name.project, "invoker_iam_disabled is not currently available")
	}
	return nil
}

// violated is what a write gets that an organization policy forbids: which
// constraint it was stands in the details.
func violated(constraint, subject, what string) error {
	s := status.Newf(codes.FailedPrecondition, "%s: constraint constraints/%s is enforced for %s.", what, constraint, subject)
	detailed, err := s.WithDetails(&errdetails.PreconditionFailure{Violations: []*errdetails.PreconditionFailure_Violation{
		{Type: "constraints/" + constraint, Subject: subject, Description: what},
	}})
	if err != nil { // a message of the generated types always fits
		return s.Err()
	}
	return detailed.Err()
}

// stamp sets what only Google Cloud sets. The new state is not ready yet:
// settle says so when the operation is done.
func (c *Cloud) stamp(who caller, w *workload, next object, rev *revision) {
	now := timestamppb.New(c.opt.Now())
	if w.obj.GetUid() == "" {
		setFields(next, map[protoreflect.Name]any{
			"name": w.name.String(), "uid": fmt.Sprintf("00000000-0000-4000-8000-%012d", c.next()),
			"create_time": now, "creator": who.email,
		})
	}
	generation := w.obj.GetGeneration() + 1
	setFields(next, map[protoreflect.Name]any{
		"generation": generation, "update_time": now, "last_modifier": who.email,
		"etag": c.newEtag(w.name.String()), "reconciling": true,
		"terminal_condition": condition(runpb.Condition_CONDITION_RECONCILING, now),
	})
	if rev != nil {
		setFields(next, map[protoreflect.Name]any{"latest_created_revision": rev.proto.Name})
	}
	if s, ok := next.(*runpb.Service); ok {
		s.Uri = "https://" + w.name.id + "-" + c.containers["projects/"+w.name.project].number + "." + w.name.location + ".run.app"
		s.Urls = []string{s.Uri}
	}
}

// settle ends the write: the newest revision is ready and takes its traffic,
// or it is not, and what served before goes on serving.
func (c *Cloud) settle(w *workload) error {
	now := timestamppb.New(c.opt.Now())
	err := c.settleRevision(w, now)
	setFields(w.obj, map[protoreflect.Name]any{
		"reconciling": false, "observed_generation": w.obj.GetGeneration(), "terminal_condition": condition(outcome(err), now),
	})
	if s, ok := w.obj.(*runpb.Service); ok {
		s.TrafficStatuses = trafficStatuses(s)
	}
	return err
}

func (c *Cloud) settleRevision(w *workload, now *timestamppb.Timestamp) (err error) {
	if len(w.revisions) == 0 {
		return nil
	}
	newest := w.revisions[len(w.revisions)-1]
	p := newest.proto
	if c.unstartable[p.ServiceAccount] && !newest.ready {
		err = status.Errorf(codes.FailedPrecondition, "Revision '%s' is not ready and cannot serve traffic.", lastSegment(p.Name))
	} else {
		newest.ready = true
		setFields(w.obj, map[protoreflect.Name]any{"latest_ready_revision": p.Name})
	}
	p.Reconciling = false
	p.Conditions = []*runpb.Condition{condition(outcome(err), now)}
	return err
}

func outcome(err error) runpb.Condition_State {
	if err != nil {
		return runpb.Condition_CONDITION_FAILED
	}
	return runpb.Condition_CONDITION_SUCCEEDED
}

func condition(state runpb.Condition_State, at *timestamppb.Timestamp) *runpb.Condition {
	return &runpb.Condition{Type: "Ready", State: state, LastTransitionTime: at}
}

// newEtag makes the next version of a thing; quoted, as Cloud Run's are.
func (c *Cloud) newEtag(of string) string {
	h := fnv.New64a()
	fmt.Fprint(h, of, "@", c.next())
	return strconv.Quote("C" + strconv.FormatUint(h.Sum64(), 36))
}
