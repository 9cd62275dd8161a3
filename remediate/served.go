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
	if err != nil {
		return w, err
	}
	return s.remembered(ctx, r, w), nil
}

// Listed is likewise.
func (s servedWorkloads) Listed(ctx context.Context, r cloud.Resource) (cloud.Workload, bool, error) {
	w, ok, err := s.WorkloadClient.Listed(ctx, r)
	if err != nil || !ok {
		return w, ok, err
	}
	return s.remembered(ctx, r, w), true, nil
}

func (s servedWorkloads) remembered(ctx context.Context, r cloud.Resource, w cloud.Workload) cloud.Workload {
	if len(w.Serving) == 0 {
		return w
	}
	now := s.now()
	seen, err := cells.Change(ctx, s.cells, "served/"+r.Path(), now.Add(servedFor), func(old []sight) ([]sight, bool, error) {
		next := withSight(old, sightOf(w, now))
		return next, !slices.EqualFunc(old, next, sight.equal), nil
	})
	if err != nil { // the workload is read all the same: what is done about it asks a person then
		s.log.WarnContext(ctx, "traffic not remembered", "resource", r.String(), "error", err.Error())
		if len(w.Served) == 0 {
			w.ServedWhy = err.Error()
		}
		return w
	}
	if before, why := servedBefore(seen, w); len(w.Served) == 0 {
		w.Served, w.ServedWhy = before, why
	}
	return w
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
	return s.UID == o.UID && s.Generation == o.Generation && s.Final == o.Final && s.At.Equal(o.At) && slices.Equal(s.Serving, o.Serving)
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
		case o.Final && !s.Final, o.Final == s.Final && slices.Equal(o.Serving, s.Serving) && s.At.Sub(o.At) < sightedAgain:
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

// servedBefore are the ways in which the traffic stood before the newest revision was
// reached, the newest first; or why none is known. What was changed in between, seen or
// not, is counted.
func servedBefore(seen []sight, w cloud.Workload) (before []cloud.Served, why string) {
	if !cloud.Reached(w.Serving, w.Revision) {
		return nil, "requests do not reach it"
	}
	first := w.Generation // at which it was reached, as far as that was seen
	for _, s := range slices.Backward(seen) {
		switch {
		case !cloud.Reached(s.Serving, w.Revision):
			if s.Generation < first {
				before = append(before, cloud.Served{Traffic: s.Serving, Since: first - 1 - s.Generation})
			}
		case len(before) == 0:
			first = s.Generation
		}
	}
	if len(before) == 0 {
		why = fmt.Sprintf("rescind did not see it before generation %d", first)
	}
	return before, why
}
