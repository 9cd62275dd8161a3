package google

import (
	"context"
	"fmt"
	"path"
	"slices"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google/runrest"
)

func ready(r *runpb.Revision) bool {
	return slices.ContainsFunc(r.GetConditions(), func(c *runpb.Condition) bool {
		return c.GetType() == "Ready" && c.GetState() == runpb.Condition_CONDITION_SUCCEEDED
	})
}

// maxRevisions bounds how many revisions are looked at, the newest first.
const maxRevisions = 100

// revisionList returns the newest revisions of a workload, newest first, of which the
// one that it created last is one if it is there by now.
type revisionList func(created string) ([]*runpb.Revision, error)

// listRevisions reads them when it is called.
func (c *Client) listRevisions(ctx context.Context, r cloud.Resource) revisionList {
	return func(string) (out []*runpb.Revision, err error) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		// The list is "sorted by creation time, descending" (run/v2 reference).
		request := &runpb.ListRevisionsRequest{Parent: r.Path(), PageSize: maxRevisions}
		for rev, err := range c.revisions().ListRevisions(ctx, request).All() {
			if err != nil {
				return nil, explain(err, "list revisions of", r, "run.revisions.list")
			}
			if out = append(out, rev); len(out) == maxRevisions {
				break
			}
		}
		return out, nil
	}
}

// revisionsBeside begins to read them at once, beside the workload itself. They may be
// older than it then, so that they are read again where they lack what it created last.
// It waits for its end in stop.
func (c *Client) revisionsBeside(ctx context.Context, r cloud.Resource) (list revisionList, stop func()) {
	first, cancel := context.WithCancel(ctx)
	var found []*runpb.Revision
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		found, err = c.listRevisions(first, r)("")
	}()
	list = func(created string) ([]*runpb.Revision, error) {
		<-done
		has := func(rev *runpb.Revision) bool { return path.Base(rev.GetName()) == path.Base(created) }
		if err == nil && created != "" && !slices.ContainsFunc(found, has) {
			return c.listRevisions(ctx, r)(created)
		}
		return found, err
	}
	return list, func() { cancel(); <-done }
}

// Serving returns the accounts in use right now, sorted: for a service those of
// every revision with traffic or a tag (a tag makes a revision reachable at 0
// per cent), for a worker pool those of every revision with instances. A job,
// and a worker pool that reports no split, runs as its template says. An
// account that was left out is named: the project's default.
func (c *Client) Serving(ctx context.Context, r cloud.Resource) ([]string, error) {
	accounts, err := c.serving(ctx, r)
	if err != nil {
		return nil, err
	}
	for i, a := range accounts {
		if a != "" {
			continue
		}
		if accounts[i], err = c.defaultAccount(ctx, r.Project); err != nil {
			return nil, err
		}
	}
	return distinct(accounts), nil
}

// serving returns what Serving does, once a revision and as it is written.
func (c *Client) serving(ctx context.Context, r cloud.Resource) ([]string, error) {
	switch r.Kind {
	case cloud.RunService:
		s, err := c.getService(ctx, r)
		if err != nil {
			return nil, err
		}
		return c.accounts(ctx, r, trafficRevisions(s))
	case cloud.RunWorkerPool:
		p, err := c.getWorkerPool(ctx, r)
		if err != nil {
			return nil, err
		}
		if revisions := splitRevisions(p); len(revisions) > 0 {
			return c.accounts(ctx, r, revisions)
		}
		return []string{p.GetTemplate().GetServiceAccount()}, nil
	case cloud.RunJob:
		j, err := c.getJob(ctx, r)
		return []string{j.GetTemplate().GetTemplate().GetServiceAccount()}, err
	}
	return nil, fmt.Errorf("read %s: a %q is no workload", r, r.Kind)
}

// Revision returns what the revision of that short name is now: its UID and the account
// that it runs as. An error matches fault.ErrNotFound where there is none.
func (c *Client) Revision(ctx context.Context, r cloud.Resource, name string) (cloud.TrafficTarget, error) {
	rev, err := call(ctx, c.revisions().GetRevision, &runpb.GetRevisionRequest{Name: r.Path() + "/revisions/" + name})
	if err != nil {
		return cloud.TrafficTarget{}, explain(err, "read revision "+name+" of", r, "run.revisions.get")
	}
	return cloud.TrafficTarget{Revision: name, Account: rev.GetServiceAccount(), UID: rev.GetUid()}, nil
}

func trafficRevisions(s *runpb.Service) []string {
	var out []string
	for _, t := range s.GetTrafficStatuses() {
		if t.GetPercent() == 0 && t.GetTag() == "" {
			continue
		}
		latest := t.GetType() == runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
		out = append(out, revisionOf(t.GetRevision(), latest, s.GetLatestReadyRevision()))
	}
	return distinct(out)
}

func splitRevisions(p *runpb.WorkerPool) []string {
	var out []string
	for _, i := range p.GetInstanceSplitStatuses() {
		if i.GetPercent() == 0 {
			continue
		}
		latest := i.GetType() == runpb.InstanceSplitAllocationType_INSTANCE_SPLIT_ALLOCATION_TYPE_LATEST
		out = append(out, revisionOf(i.GetRevision(), latest, p.GetLatestReadyRevision()))
	}
	return distinct(out)
}

// revisionOf reduces a revision's name to its last part: traffic carries the
// short name, latest_ready_revision the full one.
func revisionOf(name string, latest bool, latestReady string) string {
	if latest {
		name = latestReady
	}
	if name == "" {
		return "" // nothing ready yet, so nothing serves
	}
	return path.Base(name)
}

func (c *Client) accounts(ctx context.Context, r cloud.Resource, revisions []string) ([]string, error) {
	var out []string
	for _, name := range revisions {
		rev, err := c.Revision(ctx, r, name)
		if err != nil {
			return nil, err
		}
		out = append(out, rev.Account)
	}
	return out, nil
}

// distinct sorts the names and drops empty and repeated ones.
func distinct(names []string) []string {
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(s string) bool { return s == "" })
}

// previewed adds what only REST shows, where it matters: whether a workload has an agent
// identity beside a default account, and whether people may open a shell in an instance.
// Where that cannot be read, nothing is said of it.
func (c *Client) previewed(ctx context.Context, w cloud.Workload) cloud.Workload {
	if !w.Identity.IsDefault() && w.Resource.Kind != cloud.RunInstance {
		return w
	}
	p, err := overREST(ctx, c, w.Resource, (*runrest.Client).Preview)
	if err != nil {
		return w
	}
	w.AgentIdentity, w.SSH = p.AgentIdentity, p.SSH && w.Resource.Kind == cloud.RunInstance
	if w.AgentIdentity && w.Identity.Knowledge == cloud.Unset {
		w.Identity = cloud.Identity{}
	}
	return w
}

// overREST makes one request within the rates and the deadline of all others.
func overREST[T any](ctx context.Context, c *Client, r cloud.Resource, do func(*runrest.Client, context.Context, cloud.Resource) (T, error)) (out T, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	rest, err := c.rest()
	if err != nil {
		return out, err
	}
	container, region := locate(r.Path())
	held, err := c.limits.turn(ctx, place{container: container, region: region})
	if err != nil {
		return out, err
	}
	if held > 0 {
		if err := c.wait(ctx, held); err != nil {
			return out, err
		}
	}
	return do(rest, ctx, r)
}
