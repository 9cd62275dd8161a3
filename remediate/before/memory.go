package before

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// Memory keeps what workloads had. It is safe for concurrent use, and several processes may
// share one store.
type Memory struct {
	store cells.Store

	mu   sync.Mutex
	read map[string]base // projects of which the baseline is complete
}

// New returns a Memory that keeps what it knows in the store.
func New(store cells.Store) *Memory { return &Memory{store: store, read: map[string]base{}} }

const (
	// forget is how long a workload that is gone is remembered: longer than any of its
	// changes is on its way.
	forget = 7 * 24 * time.Hour
	// ahead is how far ahead an entry may be dated and be taken at its word.
	ahead = 2 * time.Minute
)

func cellOf(r cloud.Resource) string { return "before/" + r.String() }

// Took remembers what a change of a workload, and the live read after it, show. It returns
// what was known before, which says how old each part is that is there still: see
// Side.Before. The entry is taken at its word where sure is true; one that may be made up
// would make a grant older than it is. A change seen twice comes to the same. With an error
// nothing is remembered, and nothing is known.
func (m *Memory) Took(ctx context.Context, c cloud.Change, now judge.Snapshot, sure bool) (Held, error) {
	made := c.Time
	sure = sure && c.Half != cloud.FirstHalf && !made.IsZero() && !made.After(now.At.Add(ahead))
	if made.After(now.At) && !made.After(now.At.Add(ahead)) { // it was made before it was read, whatever the clocks say
		now.At = made.Add(1)
	}
	return m.change(ctx, c.Resource, now, true, func(h Held) Held {
		if c.Verb == cloud.SetPolicy {
			h.Grants = h.Grants.after(grantsSeen(c, now, sure))
			return h
		}
		h.Invoker = h.Invoker.after(invokerSeen(c, now, sure))
		switch {
		case sure && emptied(c):
			h.Grants = h.Grants.after(sight{made: c.Time, emptied: true})
		case now.Gone:
			h.Grants = h.Grants.after(grantsSeen(c, now, false))
		}
		return h
	})
}

// Ends reports whether the change made the workload anew, or deleted it, and something is
// remembered that this ends. Where the store does not say, it does: Took meets the error.
func (m *Memory) Ends(ctx context.Context, c cloud.Change) bool {
	if !emptied(c) {
		return false
	}
	h, _, err := cells.Read[Held](ctx, m.store, cellOf(c.Resource))
	return err != nil || len(h.Grants.Parts)+len(h.Invoker.Parts) > 0
}

// Read remembers what a live read shows of a workload: its grants, and whether its invoker
// check is off, as far as they were read.
func (m *Memory) Read(ctx context.Context, r cloud.Resource, now judge.Snapshot) error {
	_, err := m.change(ctx, r, now, false, func(h Held) Held {
		h.Grants = h.Grants.after(grantsSeen(cloud.Change{}, now, false))
		h.Invoker = h.Invoker.after(invokerSeen(cloud.Change{}, now, false))
		return h
	})
	return err
}

// change stores what is known next, and returns what was. A workload that has nothing has
// no cell where its project's baseline says as much; nor does one that was merely read.
func (m *Memory) change(ctx context.Context, r cloud.Resource, now judge.Snapshot, changed bool, next func(Held) Held) (was Held, err error) {
	b, err := m.baseline(ctx, r.Project)
	if err != nil {
		return Held{}, err
	}
	keep := time.Time{}
	if now.Gone {
		keep = now.At.Add(forget)
	}
	_, err = cells.Change(ctx, m.store, cellOf(r), keep, func(h Held) (Held, bool, error) {
		unseen := reflect.DeepEqual(h, Held{})
		if was = h; unseen {
			was = Held{Grants: Side{Known: b.At}, Invoker: Side{Known: b.At}}
		}
		was.unreadable = b.Failed
		after := next(was)
		after.unreadable = false
		bare := len(after.Grants.Parts)+len(after.Invoker.Parts) == 0
		if unseen && bare && (!changed || !b.At.IsZero()) {
			return after, false, nil
		}
		return after, !reflect.DeepEqual(after, h), nil
	})
	if err != nil {
		return Held{}, fmt.Errorf("remember what %s has: %w", r, err)
	}
	return was, nil
}

// grantsSeen is what is seen of the grants.
func grantsSeen(c cloud.Change, now judge.Snapshot, sure bool) (v sight) {
	if sure && c.Policy != nil && !c.HasDelta {
		v.made, v.by, v.shown = c.Time, keptBy(c.Actor.Principal), kept(c.Policy.Grants())
	}
	if now.Policy == nil {
		return v.liveIn(now, now.Gone, nil)
	}
	return v.liveIn(now, true, kept(now.Policy.Grants()))
}

// liveIn adds what a live read shows; a workload that is gone has nothing.
func (v sight) liveIn(now judge.Snapshot, read bool, live []cloud.Grant) sight {
	if read {
		v.read, v.seen = now.At, later(now.At, now.Done)
		if !now.Gone {
			v.live = live
		}
	}
	return v
}

// invokerSeen is what is seen of the invoker check.
func invokerSeen(c cloud.Change, now judge.Snapshot, sure bool) (v sight) {
	switch entry := c.Workload; {
	case !sure:
	case c.Verb == cloud.Delete:
		v.made, v.emptied = c.Time, true
	case entry != nil && entry.InvokerCheckDisabled.Knowledge == cloud.Known:
		v.made, v.by, v.emptied, v.shown = c.Time, keptBy(c.Actor.Principal), emptied(c), invoker(entry.InvokerCheckDisabled)
	}
	if w := now.Workload; w != nil && w.InvokerCheckDisabled.Knowledge == cloud.Known {
		return v.liveIn(now, true, invoker(w.InvokerCheckDisabled))
	}
	return v.liveIn(now, now.Gone, nil)
}

// emptied reports whether nothing of the workload was there before the change, or is
// there after it.
func emptied(c cloud.Change) bool { return c.Verb == cloud.Create || c.Verb == cloud.Delete }

func invoker(off cloud.Flag) []cloud.Grant {
	if off.On {
		return []cloud.Grant{InvokerOff}
	}
	return nil
}
