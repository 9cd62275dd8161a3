package sim

import (
	"context"
	"slices"
	"strings"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// What the gRPC services of Cloud Run v2 share. Facts about their audit
// entries: cloud.google.com/run/docs/audit-logging; two entries per
// long-running operation, as "usually" there.

const runV2 = "google.cloud.run.v2."

func (k *kind) v2(method string) string { return runV2 + k.noun + "s." + method }

// runRecord is what both APIs of Cloud Run log alike.
func runRecord(k *kind, n name, method, verb string) *record {
	labels := map[string]string{"project_id": n.project, "location": n.location, k.nameLabel: n.id}
	if k == serviceKind {
		labels["configuration_name"], labels["revision_name"] = "", ""
	}
	return &record{
		service: "run.googleapis.com", method: method, resource: n.String(), container: "projects/" + n.project,
		monitored: k.resourceType, labels: labels, location: n.location, permission: k.permission + "." + verb,
	}
}

// writeV2 does an edit for the v2 API: it answers with an operation, and logs
// its beginning and its end.
func (c *Cloud) writeV2(ctx context.Context, verb string, e edit, req proto.Message) (*longrunningpb.Operation, error) {
	change := e.next
	e.next = func(stored object) (object, error) {
		next, err := change(proto.Clone(stored).(object))
		if err == nil {
			err = reserved(stored, next)
		}
		return next, err
	}
	return c.operateV2(ctx, e.kind, e.name, verb, req, func(who caller) (*operation, error) { return c.apply(who, e) })
}

// reserved refuses new labels, and annotations of a new workload, that are
// Google Cloud's own in v1: v2 has fields for them.
func reserved(stored, next object) error {
	for k := range next.GetLabels() {
		if _, there := stored.GetLabels()[k]; systemKey(k) && !there {
			return status.Errorf(codes.InvalidArgument, "labels: %q is reserved", k)
		}
	}
	for k := range next.GetAnnotations() {
		if systemKey(k) && stored.GetUid() == "" {
			return status.Errorf(codes.InvalidArgument, "annotations: %q is reserved", k)
		}
	}
	return nil
}

func systemKey(k string) bool {
	domain, _, _ := strings.Cut(k, "/")
	return slices.Contains([]string{"run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev"}, domain)
}

func (c *Cloud) deleteV2(ctx context.Context, k *kind, full, etag string, validateOnly bool, req proto.Message) (*longrunningpb.Operation, error) {
	return c.operateV2(ctx, k, full, "delete", req, func(caller) (*operation, error) { return c.remove(k, full, etag, validateOnly) })
}

// operateV2 logs the beginning of the operation that do begins, and its end
// when that comes.
func (c *Cloud) operateV2(
	ctx context.Context, k *kind, full, verb string, req proto.Message, do func(caller) (*operation, error),
) (out *longrunningpb.Operation, err error) {
	n, err := c.nameOf(k, full)
	if err != nil {
		return nil, err
	}
	who := c.callerOf(ctx)
	r := runRecord(k, n, k.v2(strings.ToUpper(verb[:1])+verb[1:]+k.noun), verb)
	r.request, r.statusOK = typed(req), true
	if v, ok := req.(interface{ GetValidateOnly() bool }); ok {
		r.rehearsal = v.GetValidateOnly()
	}
	var op *operation
	err = c.write(who, r, func() error {
		if op, err = do(who); err != nil {
			return err
		}
		r.operation = op.name
		r.response = body{"@type": "type.googleapis.com/google.longrunning.Operation", "name": op.name}
		out, err = op.proto()
		return err
	}, func() {
		op.whenDone(func(op *operation) { c.logLast(who, r, typed(op.result), op.err) })
	})
	return out, err
}

// remove deletes a workload, its revisions and its allow policy.
func (c *Cloud) remove(k *kind, full, etag string, validateOnly bool) (*operation, error) {
	w, err := c.target(edit{kind: k, name: full, etag: etag})
	if err != nil {
		return nil, err
	}
	if !validateOnly {
		c.finish(w.pending)
		delete(c.workloads, w.name.String())
		delete(c.policies, w.name.String())
	}
	return c.newOperation(nil, w.obj), nil
}

// get reads one workload. The answer is the state before this look at it.
func (c *Cloud) get(k *kind, full string) (out object, err error) {
	err = c.read(k.v2("Get"+k.noun), func() error {
		w, err := c.find(k, full)
		if err != nil {
			return err
		}
		out = proto.Clone(c.seen(w.kind.collection+" "+w.name.String(), w.obj)).(object)
		c.step(w.pending)
		return nil
	})
	return out, err
}

// page lists a kind in a parent.
func (c *Cloud) page(k *kind, parent string, r paged) (out []object, next string, err error) {
	err = c.read(k.v2("List"+k.noun+"s"), func() error {
		ws, err := c.list(k, parent)
		if err != nil {
			return err
		}
		if ws, next, err = onePage(ws, r); err != nil {
			return err
		}
		for _, w := range ws {
			out = append(out, proto.Clone(w.obj).(object))
		}
		return nil
	})
	return out, next, err
}

// checked reports whether a workload of that kind exists.
func (c *Cloud) checked(k *kind) func(string) error {
	return func(full string) error {
		_, err := c.find(k, full)
		return err
	}
}

func (c *Cloud) runGetPolicy(k *kind, r *iampb.GetIamPolicyRequest) (*iampb.Policy, error) {
	return c.readPolicy(k.v2("GetIamPolicy"), r, c.checked(k))
}

func (c *Cloud) runSetPolicy(ctx context.Context, k *kind, method string, req *iampb.SetIamPolicyRequest) (*iampb.Policy, error) {
	n, err := c.nameOf(k, req.Resource)
	if err != nil {
		return nil, err
	}
	r := runRecord(k, n, method, "setIamPolicy")
	r.request = typed(req)
	if k == serviceKind {
		r.labels[k.nameLabel] = "" // the one entry of a service that leaves it out
	}
	return c.writePolicy(ctx, r, req, n.String(), c.checked(k))
}
