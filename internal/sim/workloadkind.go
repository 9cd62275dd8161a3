package sim

import (
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// object is what Cloud Run's services, jobs, worker pools and instances have in common.
type object interface {
	proto.Message
	GetName() string
	GetUid() string
	GetGeneration() int64
	GetObservedGeneration() int64
	GetEtag() string
	GetLabels() map[string]string
	GetAnnotations() map[string]string
	GetCreateTime() *timestamppb.Timestamp
	GetUpdateTime() *timestamppb.Timestamp
	GetCreator() string
	GetLastModifier() string
	GetReconciling() bool
	GetTerminalCondition() *runpb.Condition
}

// kind is one sort of workload: what its names are, and where its parts lie.
type kind struct {
	collection   string // in resource names: "services"
	noun         string // "Service"
	field        string // of the v1 request that holds it: "service"
	resourceType string // of the audit log: "cloud_run_revision"
	nameLabel    string // of resourceType: "service_name"
	permission   string // "run.services"
	empty        func() object
	// identity is the field of the runtime service account.
	identity func(object) *string
	// revisionName is the field that names the next revision; nil for jobs,
	// which have no revisions.
	revisionName func(object) *string
	template     func(object) proto.Message
	containers   func(object) *[]*runpb.Container
}

var serviceKind = &kind{
	collection: "services", noun: "Service", field: "service",
	resourceType: "cloud_run_revision", nameLabel: "service_name", permission: "run.services",
	empty:        func() object { return &runpb.Service{} },
	identity:     func(o object) *string { return &serviceTemplate(o).ServiceAccount },
	revisionName: func(o object) *string { return &serviceTemplate(o).Revision },
	template:     func(o object) proto.Message { return serviceTemplate(o) },
	containers:   func(o object) *[]*runpb.Container { return &serviceTemplate(o).Containers },
}

var jobKind = &kind{
	collection: "jobs", noun: "Job", field: "job",
	resourceType: "cloud_run_job", nameLabel: "job_name", permission: "run.jobs",
	empty:      func() object { return &runpb.Job{} },
	identity:   func(o object) *string { return &taskTemplate(o).ServiceAccount },
	template:   func(o object) proto.Message { return taskTemplate(o) },
	containers: func(o object) *[]*runpb.Container { return &taskTemplate(o).Containers },
}

var workerPoolKind = &kind{
	collection: "workerPools", noun: "WorkerPool", field: "workerPool",
	resourceType: "cloud_run_worker_pool", nameLabel: "worker_pool_name", permission: "run.workerpools",
	empty:        func() object { return &runpb.WorkerPool{} },
	identity:     func(o object) *string { return &poolTemplate(o).ServiceAccount },
	revisionName: func(o object) *string { return &poolTemplate(o).Revision },
	template:     func(o object) proto.Message { return poolTemplate(o) },
	containers:   func(o object) *[]*runpb.Container { return &poolTemplate(o).Containers },
}

// instanceKind has no template: an instance is what one would make.
var instanceKind = &kind{
	collection: "instances", noun: "Instance", field: "instance",
	resourceType: "cloud_run_instance", nameLabel: "instance_name", permission: "run.instances",
	empty:      func() object { return &runpb.Instance{} },
	identity:   func(o object) *string { return &o.(*runpb.Instance).ServiceAccount },
	template:   func(o object) proto.Message { return o },
	containers: func(o object) *[]*runpb.Container { return &o.(*runpb.Instance).Containers },
}

var kinds = []*kind{serviceKind, jobKind, workerPoolKind, instanceKind}

func serviceTemplate(o object) *runpb.RevisionTemplate {
	s := o.(*runpb.Service)
	if s.Template == nil {
		s.Template = &runpb.RevisionTemplate{}
	}
	return s.Template
}

func taskTemplate(o object) *runpb.TaskTemplate {
	j := o.(*runpb.Job)
	if j.Template == nil {
		j.Template = &runpb.ExecutionTemplate{}
	}
	if j.Template.Template == nil {
		j.Template.Template = &runpb.TaskTemplate{}
	}
	return j.Template.Template
}

func poolTemplate(o object) *runpb.WorkerPoolRevisionTemplate {
	w := o.(*runpb.WorkerPool)
	if w.Template == nil {
		w.Template = &runpb.WorkerPoolRevisionTemplate{}
	}
	return w.Template
}

// setLabels sets a workload's own labels and annotations.
func setLabels(o object, labels, annotations map[string]string) {
	switch w := o.(type) {
	case *runpb.Service:
		w.Labels, w.Annotations = labels, annotations
	case *runpb.Job:
		w.Labels, w.Annotations = labels, annotations
	case *runpb.WorkerPool:
		w.Labels, w.Annotations = labels, annotations
	case *runpb.Instance:
		w.Labels, w.Annotations = labels, annotations
	}
}
