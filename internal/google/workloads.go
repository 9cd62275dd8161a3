package google

import (
	"context"
	"fmt"
	"path"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Workload returns what is live: the template's identity, the invoker check,
// the ingress that is in force, the labels, the product that owns a service,
// the etag, and for services and worker pools the identity to go back to and whether what the template runs
// ran as it. A job keeps no revisions, so its Previous is Unknown.
func (c *Client) Workload(ctx context.Context, r cloud.Resource) (cloud.Workload, error) {
	w, err := c.readWorkload(ctx, r)
	if err != nil {
		return w, err
	}
	return c.previewed(ctx, w), nil
}

func (c *Client) readWorkload(ctx context.Context, r cloud.Resource) (cloud.Workload, error) {
	switch r.Kind {
	case cloud.RunService:
		revisions, stop := c.revisionsBeside(ctx, r)
		defer stop()
		s, err := c.getService(ctx, r)
		if err != nil {
			return cloud.Workload{}, err
		}
		return c.serviceIn(ctx, r, s, revisions)
	case cloud.RunJob:
		j, err := c.getJob(ctx, r)
		if err != nil {
			return cloud.Workload{}, err
		}
		return jobIn(r, j), nil
	case cloud.RunWorkerPool:
		revisions, stop := c.revisionsBeside(ctx, r)
		defer stop()
		p, err := c.getWorkerPool(ctx, r)
		if err != nil {
			return cloud.Workload{}, err
		}
		return c.workerPoolIn(ctx, r, p, revisions)
	case cloud.RunInstance:
		i, err := c.getInstance(ctx, r)
		if err != nil {
			return cloud.Workload{}, err
		}
		return instanceIn(r, i), nil
	}
	return cloud.Workload{}, fmt.Errorf("read %s: a %q is no workload", r, r.Kind)
}

// Listed is Workload as List showed it within the last minute, false where it did not or
// where Changed heard of a change since. It serves one call.
func (c *Client) Listed(ctx context.Context, r cloud.Resource) (w cloud.Workload, ok bool, err error) {
	switch live := c.listed.take(r.Path(), c.now()).(type) {
	case *runpb.Service:
		w, err = c.serviceIn(ctx, r, live, c.listRevisions(ctx, r))
	case *runpb.Job:
		w = jobIn(r, live)
	case *runpb.WorkerPool:
		w, err = c.workerPoolIn(ctx, r, live, c.listRevisions(ctx, r))
	case *runpb.Instance:
		w = c.previewed(ctx, instanceIn(r, live))
	default:
		return cloud.Workload{}, false, nil
	}
	return w, err == nil, err
}

func jobIn(r cloud.Resource, j *runpb.Job) cloud.Workload {
	w := workload(r, j.GetTemplate().GetTemplate().GetServiceAccount(), j)
	w.Content.Why = "a job keeps no revisions"
	return w
}

// instanceIn is an instance as a workload. It keeps no revisions.
func instanceIn(r cloud.Resource, i *runpb.Instance) cloud.Workload {
	w := workload(r, i.GetServiceAccount(), i)
	w.InvokerCheckDisabled = cloud.KnownFlag(i.GetInvokerIamDisabled())
	w.Ingress = ingressWords[i.GetIngress()]
	w.Content.Why = "an instance keeps no revisions"
	return w
}

func (c *Client) serviceIn(ctx context.Context, r cloud.Resource, s *runpb.Service, revisions revisionList) (w cloud.Workload, err error) {
	w = workload(r, s.GetTemplate().GetServiceAccount(), s)
	w.InvokerCheckDisabled = cloud.KnownFlag(s.GetInvokerIamDisabled())
	w.Ingress = ingressWords[s.GetIngress()]
	w.Observed, w.Traffic, w.Serving = s.GetObservedGeneration(), trafficOf(s), servingOf(s)
	if w, err = c.controlled(ctx, w, s); err != nil {
		return cloud.Workload{}, err
	}
	w.Shares = sharesOf(w.Traffic)
	if w, err = c.previous(w, s.GetTemplate(), s.GetLatestCreatedRevision(), revisions); err != nil {
		return w, err
	}
	return c.olderShares(ctx, w), nil
}

func (c *Client) workerPoolIn(ctx context.Context, r cloud.Resource, p *runpb.WorkerPool, revisions revisionList) (cloud.Workload, error) {
	w := workload(r, p.GetTemplate().GetServiceAccount(), p)
	w.Shares = sharesOf(splitsOf(p))
	w, err := c.previous(w, p.GetTemplate(), p.GetLatestCreatedRevision(), revisions)
	if err != nil {
		return w, err
	}
	return c.olderShares(ctx, w), nil
}

// workload holds what services, jobs and worker pools have in common. Jobs and
// worker pools have no URL and so no invoker check that could be off.
func workload(r cloud.Resource, account string, live interface {
	GetLabels() map[string]string
	GetEtag() string
	GetGeneration() int64
	GetReconciling() bool
	GetLastModifier() string
	GetUid() string
}) cloud.Workload {
	return cloud.Workload{
		Resource:             r,
		Identity:             cloud.KnownIdentity(account),
		InvokerCheckDisabled: cloud.KnownFlag(false),
		Labels:               live.GetLabels(),
		Etag:                 live.GetEtag(),
		Generation:           live.GetGeneration(),
		Reconciling:          live.GetReconciling(),
		LastWriter:           live.GetLastModifier(),
		UID:                  live.GetUid(),
	}
}

// ingressWords are those of the v1 annotation run.googleapis.com/ingress,
// which has none for INGRESS_TRAFFIC_NONE.
var ingressWords = map[runpb.IngressTraffic]string{
	runpb.IngressTraffic_INGRESS_TRAFFIC_ALL:                    "all",
	runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_ONLY:          "internal",
	runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER: "internal-and-cloud-load-balancing",
}

func ingressOf(word string) (runpb.IngressTraffic, bool) {
	for v, w := range ingressWords {
		if w == word {
			return v, true
		}
	}
	return 0, false
}

func (c *Client) getService(ctx context.Context, r cloud.Resource) (*runpb.Service, error) {
	s, err := call(ctx, c.services().GetService, &runpb.GetServiceRequest{Name: r.Path()})
	return s, explain(err, "read", r, permission(r.Kind, "get"))
}

func (c *Client) getJob(ctx context.Context, r cloud.Resource) (*runpb.Job, error) {
	j, err := call(ctx, c.jobs().GetJob, &runpb.GetJobRequest{Name: r.Path()})
	return j, explain(err, "read", r, permission(r.Kind, "get"))
}

func (c *Client) getWorkerPool(ctx context.Context, r cloud.Resource) (*runpb.WorkerPool, error) {
	p, err := call(ctx, c.pools().GetWorkerPool, &runpb.GetWorkerPoolRequest{Name: r.Path()})
	return p, explain(err, "read", r, permission(r.Kind, "get"))
}

func (c *Client) getInstance(ctx context.Context, r cloud.Resource) (*runpb.Instance, error) {
	i, err := call(ctx, c.instances().GetInstance, &runpb.GetInstanceRequest{Name: r.Path()})
	return i, explain(err, "read", r, permission(r.Kind, "get"))
}

// maxNamed bounds how many executions are named: a finding holds sentences.
const maxNamed = 10

// Running returns the short names of a job's executions that have not ended,
// ten at most, the latest first: they keep the account they began with. Other
// workloads have none.
func (c *Client) Running(ctx context.Context, r cloud.Resource) ([]string, error) {
	if r.Kind != cloud.RunJob {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var out []string
	for e, err := range c.executions().ListExecutions(ctx, &runpb.ListExecutionsRequest{Parent: r.Path()}).All() {
		if err != nil {
			return nil, explain(err, "list executions of", r, "run.executions.list")
		}
		if e.GetCompletionTime() == nil {
			out = append(out, path.Base(e.GetName()))
		}
		if len(out) == maxNamed {
			break
		}
	}
	return out, nil
}
