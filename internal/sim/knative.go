package sim

import (
	"encoding/json"
)

// A workload as Cloud Run's v1 API shows it, as far as gcloud needs it. What
// v1 says and the simulator does not know is ignored on a write.
// https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services
type knative struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Metadata   knativeMeta   `json:"metadata"`
	Spec       knativeSpec   `json:"spec"`
	Status     knativeStatus `json:"status,omitzero"`
}

type knativeMeta struct {
	Name              string            `json:"name,omitempty"`
	Namespace         string            `json:"namespace,omitempty"`
	UID               string            `json:"uid,omitempty"`
	ResourceVersion   string            `json:"resourceVersion,omitempty"`
	Generation        int64             `json:"generation,omitempty"`
	CreationTimestamp string            `json:"creationTimestamp,omitempty"`
	Labels            map[string]string `json:"labels,omitempty"`
	Annotations       map[string]string `json:"annotations,omitempty"`
}

// knativeSpec is the spec of a workload, of a revision, and of the templates
// in them: a job's has a template in its template.
type knativeSpec struct {
	ServiceAccountName string            `json:"serviceAccountName,omitempty"`
	Containers         []json.RawMessage `json:"containers,omitempty"`
	Template           *knativeTemplate  `json:"template,omitempty"`
	Traffic            []knativeTraffic  `json:"traffic,omitempty"`
}

type knativeTemplate struct {
	Metadata knativeMeta `json:"metadata"` // gcloud takes a template without one for no template
	Spec     knativeSpec `json:"spec"`
}

type knativeTraffic struct {
	RevisionName   string `json:"revisionName,omitempty"`
	LatestRevision bool   `json:"latestRevision,omitempty"`
	Percent        int32  `json:"percent,omitempty"`
	Tag            string `json:"tag,omitempty"`
	URL            string `json:"url,omitempty"`
}

type knativeStatus struct {
	ObservedGeneration        int64              `json:"observedGeneration,omitempty"`
	Conditions                []knativeCondition `json:"conditions,omitempty"`
	LatestReadyRevisionName   string             `json:"latestReadyRevisionName,omitempty"`
	LatestCreatedRevisionName string             `json:"latestCreatedRevisionName,omitempty"`
	URL                       string             `json:"url,omitempty"`
	Address                   map[string]string  `json:"address,omitempty"`
	Traffic                   []knativeTraffic   `json:"traffic,omitempty"`
}

type knativeCondition struct {
	Type               string `json:"type"`
	Status             string `json:"status"`
	LastTransitionTime string `json:"lastTransitionTime,omitempty"`
}

// The annotations that v2 has fields for.
const (
	ingressAnnotation    = "run.googleapis.com/ingress"
	invokerOffAnnotation = "run.googleapis.com/invoker-iam-disabled"
	locationLabel        = "cloud.googleapis.com/location"
	serviceLabel         = "serving.knative.dev/service"
)
