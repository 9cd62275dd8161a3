package remediate

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/cells"
)

// What served before a change is nowhere to be read after it: revisions say what ran,
// not what was reached. So each look at a service remembers how its traffic stood, and
// what is known of before is what was seen then.

// servedWorkloads is a WorkloadClient that remembers the traffic of each service it
// reads, and says of each how it stood before.
type servedWorkloads struct {
	WorkloadClient
	cells cells.Store
	now   func() time.Time
	log   *slog.Logger
}

// Workload adds cloud.Workload.Served to what is live.
func (s servedWorkloads) Workload(ctx context.Context, r cloud.Resource) (cloud.Workload, error) {
	w, err := s.WorkloadClient.Workload(ctx, r)
	if err != nil || len(w.Serving) == 0 {
		return w, err
	}
	now := s.now()
	seen, err := cells.Change(ctx, s.cells, "served/"+r.Path(), now.Add(servedFor), func(old []sight) ([]sight, bool, error) {
		next := withSight(old, sightOf(w, now))
		return next, !slices.EqualFunc(old, next, sight.equal), nil
	})
	if err != nil { // the workload is read all the same: what is done about it asks a person then
		s.log.WarnContext(ctx, "traffic not remembered", "resource", r.String(), "error", err.Error())
		if len(w.Served.Traffic) == 0 {
			w.Served.Why = err.Error()
		}
		return w, nil
	}
	if seen := servedBefore(seen, w); seen.Why == "" || len(w.Served.Traffic) == 0 {
		w.Served = seen
	}
	return w, nil
}

const (
	// maxSights is how many are kept of a service, the newest.
	maxSights = 8
	// servedFor is how long the store keeps them after the last; sightedAgain after how
	// long one is stored again though nothing changed.
	servedFor, sightedAgain = 90 * 24 * time.Hour, 30 * 24 * time.Hour
)

// sight is how a service's traffic stood at one generation.
type sight struct {
	UID        string                `json:"uid"`
	Generation int64                 `json:"generation"`
	Serving    []cloud.TrafficTarget `json:"serving"`
	// Final is false for one that was seen while Google Cloud was at work on the
	// generation after it.
	Final bool      `json:"final,omitempty"`
	At    time.Time `json:"at"`
}

func sightOf(w cloud.Workload, at time.Time) sight {
	s := sight{UID: w.UID, Generation: w.Generation, Serving: w.Serving, Final: !w.Reconciling, At: at}
	if w.Reconciling { // "observedGeneration: the generation of this Service currently serving traffic"
		s.Generation = w.Observed
	}
	return s
}

func (s sight) equal(o sight) bool {
	return s.UID == o.UID && s.Generation == o.Generation && s.Final == o.Final && s.At.Equal(o.At) && cloud.SameTraffic(s.Serving, o.Serving)
}

// withSight is what is kept once s was seen: of one generation what was seen of it
// at last, and of one service that has the name, none of another.
func withSight(old []sight, s sight) []sight {
	var out []sight
	for _, o := range old {
		switch {
		case o.UID != s.UID:
			continue
		case o.Generation != s.Generation:
		case o.Final && !s.Final, o.Final == s.Final && cloud.SameTraffic(o.Serving, s.Serving) && s.At.Sub(o.At) < sightedAgain:
			return old // nothing new: one is as good as two
		default:
			continue
		}
		out = append(out, o)
	}
	out = append(out, s)
	slices.SortFunc(out, func(a, b sight) int { return cmp.Compare(a.Generation, b.Generation) })
	return out[max(0, len(out)-maxSights):]
}

// servedBefore is how the traffic stood at the generation before the one that made the
// newest revision reachable, if each since then was seen.
func servedBefore(seen []sight, w cloud.Workload) cloud.Served {
	first := w.Generation + 1
	for _, s := range slices.Backward(seen) {
		reached := cloud.Reached(s.Serving, w.Revision)
		switch {
		case s.Generation != first-1:
			return cloud.Served{Why: fmt.Sprintf("rescind did not see it at generation %d", first-1)}
		case !reached && s.Generation == w.Generation:
			return cloud.Served{Why: "requests do not reach it"}
		case !reached:
			return cloud.Served{Traffic: s.Serving}
		}
		first = s.Generation
	}
	return cloud.Served{Why: fmt.Sprintf("rescind did not see it at generation %d", first-1)}
}
