package google

import (
	"context"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
)

const notAmongNewest = "it is not among the newest revisions"

// splitsOf are a worker pool's instance splits as people wrote them.
func splitsOf(p *runpb.WorkerPool) []cloud.TrafficTarget {
	var out []cloud.TrafficTarget
	for _, i := range p.GetInstanceSplits() {
		to := cloud.TrafficTarget{Percent: i.GetPercent()}
		if i.GetType() != runpb.InstanceSplitAllocationType_INSTANCE_SPLIT_ALLOCATION_TYPE_LATEST {
			to.Revision = revisionOf(i.GetRevision(), false, "")
		}
		out = append(out, to)
	}
	return out
}

// sharesOf are the shares that the targets make: without any, the newest revision has all.
func sharesOf(targets []cloud.TrafficTarget) []cloud.Share {
	if len(targets) == 0 {
		return []cloud.Share{{Percent: 100}}
	}
	return cloud.SharesOf(targets)
}

// pinned are the revisions that the targets name.
func pinned(targets []cloud.TrafficTarget) []string {
	var out []string
	for _, s := range cloud.SharesOf(targets) {
		out = append(out, s.Revision)
	}
	return distinct(out)
}

// pinnedAs returns a workload that gives requests or instances to a revision which runs
// as the account, or "". The revisions are few: most workloads name none.
func (c *Client) pinnedAs(ctx context.Context, users []user, email string) (string, error) {
	var problems []error
	for _, u := range users {
		r, err := cloud.ParseResource("//run.googleapis.com/" + u.workload)
		if err != nil {
			return "", err
		}
		for _, name := range u.pinned {
			rev, err := c.Revision(ctx, r, name)
			if err == nil && cloud.KnownIdentity(rev.Account).Email == email {
				return u.workload, nil
			}
			problems = append(problems, err)
		}
	}
	return "", sentence(problems)
}

// sharesFrom are the workload's shares with what their revisions run as. The newest runs
// as the template says; why is why one is not among all.
func sharesFrom(w cloud.Workload, all map[string]*runpb.Revision, why string) []cloud.Share {
	out := make([]cloud.Share, len(w.Shares))
	for i, s := range w.Shares {
		rev, found := all[s.Revision]
		switch {
		case s.Revision == "":
			s.Identity = w.Identity
		case found:
			s.Identity = cloud.KnownIdentity(rev.GetServiceAccount())
		default:
			s.Why = why
		}
		out[i] = s
	}
	return out
}

// olderShares reads those of the shares' revisions that the list does not reach. Traffic
// can be given to any revision that there still is, of a thousand.
func (c *Client) olderShares(ctx context.Context, w cloud.Workload) cloud.Workload {
	for i, s := range w.Shares {
		if s.Why != notAmongNewest {
			continue
		}
		rev, err := c.Revision(ctx, w.Resource, s.Revision)
		if err != nil {
			w.Shares[i].Why = oneLine{err}.Error()
			continue
		}
		w.Shares[i].Identity, w.Shares[i].Why = cloud.KnownIdentity(rev.Account), ""
	}
	return w
}
