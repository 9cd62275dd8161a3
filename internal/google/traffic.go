package google

import (
	"context"
	"fmt"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
)

const (
	toLatest   = runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
	toRevision = runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
)

// trafficOf is the service's traffic as people wrote it.
func trafficOf(s *runpb.Service) []cloud.TrafficTarget {
	var out []cloud.TrafficTarget
	for _, t := range s.GetTraffic() {
		to := cloud.TrafficTarget{Percent: t.GetPercent(), Tag: t.GetTag()}
		if t.GetType() != toLatest {
			to.Revision = revisionOf(t.GetRevision(), false, "")
		}
		out = append(out, to)
	}
	return out
}

// servingOf is the service's traffic as it is, each part with the revision that has it.
func servingOf(s *runpb.Service) []cloud.TrafficTarget {
	var out []cloud.TrafficTarget
	for _, t := range s.GetTrafficStatuses() {
		out = append(out, cloud.TrafficTarget{
			Revision: revisionOf(t.GetRevision(), t.GetType() == toLatest && t.GetRevision() == "", s.GetLatestReadyRevision()),
			Percent:  t.GetPercent(), Tag: t.GetTag(),
		})
	}
	return out
}

// SetTraffic spreads a service's requests, if w.Etag is current; otherwise the error
// matches fault.ErrConflict. No revision is made. Its errors are those of SetIdentity. A
// revision that is not there, or cannot serve, is refused.
func (c *Client) SetTraffic(ctx context.Context, w cloud.Workload, to []cloud.TrafficTarget) error {
	switch {
	case w.Resource.Kind != cloud.RunService:
		return fmt.Errorf("set traffic of %s: %w: a %q has no traffic", w.Resource, fault.ErrRefused, w.Resource.Kind)
	case len(to) == 0: // the latest revision would get all of it
		return fmt.Errorf("set traffic of %s: %w: no revision is named", w.Resource, fault.ErrRefused)
	case w.Etag == "":
		return fmt.Errorf("set traffic of %s: %w: %w", w.Resource, fault.ErrRefused, errNoEtag)
	}
	s := &runpb.Service{Name: w.Resource.Path(), Etag: w.Etag}
	for _, t := range to {
		target := &runpb.TrafficTarget{Type: toRevision, Revision: t.Revision, Percent: t.Percent, Tag: t.Tag}
		if t.Revision == "" {
			target.Type = toLatest
		}
		s.Traffic = append(s.Traffic, target)
	}
	// Never with newRevision, as other updates are: the template would make a revision.
	return explainUpdate(c.updateService(ctx, s, "traffic"), "set traffic of", w, permission(w.Resource.Kind, "update"))
}
