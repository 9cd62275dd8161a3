package auditlog

import (
	"cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// runRequest is the request of a create, replace, update or delete, in either
// API and either spelling.
type runRequest struct {
	params
	Parent string `json:"parent"`
	Name   string `json:"name"`
	Region string `json:"region"`

	Service   *object `json:"service"`
	Job       *object `json:"job"`
	Pool      *object `json:"workerPool"`
	SnakePool *object `json:"worker_pool"`
	Instance  *object `json:"instance"`

	ServiceID      string `json:"serviceId"`
	SnakeServiceID string `json:"service_id"`
	JobID          string `json:"jobId"`
	SnakeJobID     string `json:"job_id"`
	PoolID         string `json:"workerPoolId"`
	SnakePoolID    string `json:"worker_pool_id"`

	InstanceID      string `json:"instanceId"`
	SnakeInstanceID string `json:"instance_id"`
}

func (r *runRequest) object(k cloud.Kind) *object {
	switch k {
	case cloud.RunJob:
		return r.Job
	case cloud.RunWorkerPool:
		return cmp.Or(r.Pool, r.SnakePool)
	case cloud.RunInstance:
		return r.Instance
	default:
		return r.Service
	}
}

func (r *runRequest) id(k cloud.Kind) string {
	switch k {
	case cloud.RunJob:
		return part(cmp.Or(r.JobID, r.SnakeJobID))
	case cloud.RunWorkerPool:
		return part(cmp.Or(r.PoolID, r.SnakePoolID))
	case cloud.RunInstance:
		return part(cmp.Or(r.InstanceID, r.SnakeInstanceID))
	default:
		return part(cmp.Or(r.ServiceID, r.SnakeServiceID))
	}
}

// written is one write of a workload: what was asked, and what was stored.
type written struct {
	method
	request       runRequest
	asked, stored view
	problem       string // what keeps the bodies from being read in full
	// broken is true for a response that is there and cannot be read, or a parameter
	// that is of another type: what was written is then unknown, whatever was asked for.
	broken bool
}

func (e *envelope) written(m method) written {
	w := written{method: m}
	if m.internal {
		w.problem = "Cloud Functions wrote the service, and its entries have no bodies: only a live read tells"
		return w
	}
	var response object
	asked := e.read("request", e.Payload.Request, &w.request)
	stored := e.read("response", e.Payload.Response, &response)
	w.asked = w.request.object(m.kind).view(m.kind, asked)
	w.stored = response.view(m.kind, stored)
	odd := w.request.odd()
	w.problem = joinProblems(joinProblems(asked, stored), odd)
	w.broken = stored != "" && holds(e.Payload.Response) || odd != ""
	return w
}

// named is what the bodies say of the workload's name.
func (w *written) named() named {
	parent := parseName(w.request.Parent)
	parent.collection, parent.last = "", ""
	return named{
		names:     []name{w.stored.name, parseName(w.request.Name), w.asked.name, parent},
		bare:      []string{w.request.id(w.kind), w.stored.bare, w.asked.bare},
		locations: []string{part(w.request.Region), w.stored.location, w.asked.location},
	}
}
