package sim

import (
	"strings"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
)

// fromV1 is the stored object with what a v1 write says.
func fromV1(w *kind, stored object, k knative) (object, error) {
	spec := k.Spec.Template
	if w == jobKind && spec != nil {
		spec = spec.Spec.Template
	}
	if spec == nil {
		return nil, status.Error(codes.InvalidArgument, "spec.template: required")
	}
	*w.identity(stored) = spec.Spec.ServiceAccountName
	cs := make([]*runpb.Container, len(spec.Spec.Containers))
	for i, raw := range spec.Spec.Containers {
		cs[i] = &runpb.Container{}
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, cs[i]); err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "spec.template.spec.containers[%d]: %v", i, err)
		}
	}
	*w.containers(stored) = cs
	if w.revisionName != nil {
		*w.revisionName(stored) = k.Spec.Template.Metadata.Name
	}
	setLabels(stored, userKeys(k.Metadata.Labels), userKeys(k.Metadata.Annotations))
	if s, ok := stored.(*runpb.Service); ok {
		return stored, serviceFromV1(s, k)
	}
	return stored, nil
}

func serviceFromV1(s *runpb.Service, k knative) error {
	s.InvokerIamDisabled = strings.EqualFold(k.Metadata.Annotations[invokerOffAnnotation], "true") // gcloud writes "True"
	s.Ingress = runpb.IngressTraffic_INGRESS_TRAFFIC_UNSPECIFIED
	if word := k.Metadata.Annotations[ingressAnnotation]; word != "" {
		for enum, w := range ingressWords {
			if w == word {
				s.Ingress = enum
			}
		}
		if s.Ingress == runpb.IngressTraffic_INGRESS_TRAFFIC_UNSPECIFIED {
			return status.Errorf(codes.InvalidArgument, "metadata.annotations[%s]: unknown value %q", ingressAnnotation, word)
		}
	}
	s.Traffic = nil
	for _, t := range k.Spec.Traffic {
		to := &runpb.TrafficTarget{Revision: t.RevisionName, Percent: t.Percent, Tag: t.Tag,
			Type: runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION}
		if t.RevisionName == "" {
			to.Type = runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
		}
		s.Traffic = append(s.Traffic, to)
	}
	return nil
}

// userKeys drops the labels and annotations that Google Cloud owns: v2 has
// fields for them, or nothing.
func userKeys(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		if domain, _, ok := strings.Cut(k, "/"); ok && (strings.HasSuffix(domain, ".googleapis.com") || strings.HasSuffix(domain, "knative.dev")) {
			continue
		}
		out[k] = v
	}
	return out
}
