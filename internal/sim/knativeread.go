package sim

import (
	"encoding/json"
	"strings"
	"time"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// version is the etag in v1's form, which has no quotes.
func version(etag string) string { return strings.Trim(etag, `"`) }

func stampText(t *timestamppb.Timestamp) string {
	return t.AsTime().Format(time.RFC3339Nano)
}

// toV1 renders a workload. Its namespace is the project's number.
func (c *Cloud) toV1(w *workload) knative {
	o := w.obj
	domain, _, _ := strings.Cut(w.kind.apiVersion(), "/")
	k := knative{
		APIVersion: w.kind.apiVersion(), Kind: w.kind.noun,
		Metadata: knativeMeta{
			Name: w.name.id, Namespace: c.containers["projects/"+w.name.project].number,
			UID: o.GetUid(), ResourceVersion: version(o.GetEtag()), Generation: o.GetGeneration(),
			CreationTimestamp: stampText(o.GetCreateTime()),
			Labels:            with(o.GetLabels(), locationLabel, w.name.location),
			Annotations:       with(o.GetAnnotations(), domain+"/creator", o.GetCreator(), domain+"/lastModifier", o.GetLastModifier()),
		},
		Spec: knativeSpec{Template: &knativeTemplate{Spec: w.kind.runs(o)}},
		Status: knativeStatus{
			ObservedGeneration: o.GetObservedGeneration(),
			Conditions:         conditionsV1(w.kind, o.GetTerminalCondition()),
		},
	}
	if w.kind == jobKind {
		k.Spec.Template.Spec = knativeSpec{Template: &knativeTemplate{Spec: w.kind.runs(o)}}
		return k
	}
	k.Spec.Template.Metadata.Name = *w.kind.revisionName(o)
	s := w.state()
	k.Status.LatestCreatedRevisionName, k.Status.LatestReadyRevisionName = s.Revision, s.Serving
	if svc, ok := o.(*runpb.Service); ok {
		serviceV1(&k, svc)
	}
	return k
}

// serviceV1 adds what only services have.
func serviceV1(k *knative, s *runpb.Service) {
	k.Metadata.Annotations = with(k.Metadata.Annotations, ingressAnnotation, ingressWords[s.Ingress], "run.googleapis.com/ingress-status", ingressWords[s.Ingress])
	if s.InvokerIamDisabled {
		k.Metadata.Annotations[invokerOffAnnotation] = "true"
	}
	for _, t := range s.Traffic {
		k.Spec.Traffic = append(k.Spec.Traffic, knativeTraffic{RevisionName: t.Revision, LatestRevision: t.Revision == "", Percent: t.Percent, Tag: t.Tag})
	}
	for i, t := range s.TrafficStatuses {
		latest := i < len(s.Traffic) && s.Traffic[i].Revision == ""
		k.Status.Traffic = append(k.Status.Traffic, knativeTraffic{RevisionName: t.Revision, LatestRevision: latest, Percent: t.Percent, Tag: t.Tag, URL: t.Uri})
	}
	k.Status.URL, k.Status.Address = s.Uri, map[string]string{"url": s.Uri}
}

// runs renders what a workload runs, and as whom.
func (k *kind) runs(o object) knativeSpec {
	return knativeSpec{ServiceAccountName: *k.identity(o), Containers: containersV1(*k.containers(o))}
}

// containersV1 renders containers in v2's JSON, whose names for what matters
// here are v1's too.
func containersV1(cs []*runpb.Container) []json.RawMessage {
	var out []json.RawMessage
	for _, c := range cs {
		if b, err := protojson.Marshal(c); err == nil { // a stored message always renders
			out = append(out, b)
		}
	}
	return out
}

func conditionsV1(k *kind, c *runpb.Condition) []knativeCondition {
	state := map[runpb.Condition_State]string{
		runpb.Condition_CONDITION_SUCCEEDED: "True", runpb.Condition_CONDITION_FAILED: "False",
	}[c.GetState()]
	if state == "" {
		state = "Unknown"
	}
	types := []string{"Ready"}
	if k == serviceKind { // gcloud waits for all three
		types = append(types, "ConfigurationsReady", "RoutesReady")
	}
	var out []knativeCondition
	for _, t := range types {
		out = append(out, knativeCondition{t, state, stampText(c.GetLastTransitionTime())})
	}
	return out
}

// with is a copy of a map with pairs of keys and values added.
func with(m map[string]string, pairs ...string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// revisionV1 renders a revision.
func (c *Cloud) revisionV1(w *workload, r *revision) knative {
	p := r.proto
	return knative{
		APIVersion: w.kind.apiVersion(), Kind: "Revision",
		Metadata: knativeMeta{
			Name: lastSegment(p.Name), Namespace: c.containers["projects/"+w.name.project].number, UID: p.Uid, Generation: p.Generation,
			ResourceVersion: version(p.Etag), CreationTimestamp: stampText(p.CreateTime),
			Labels: map[string]string{serviceLabel: w.name.id, locationLabel: w.name.location},
		},
		Spec: knativeSpec{ServiceAccountName: p.ServiceAccount, Containers: containersV1(p.Containers)},
		Status: knativeStatus{
			ObservedGeneration: p.ObservedGeneration, Conditions: conditionsV1(w.kind, p.Conditions[0]),
		},
	}
}
