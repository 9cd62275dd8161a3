package trail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
)

// Coverage is what the roots hold.
type Coverage struct {
	// Since is the marker that the first rescind with roots set: everything from
	// later has a hash. It is zero where there is none.
	Since time.Time
	// Until is when the last root was made, and Roots how many there are.
	Until time.Time
	Roots int
	// Heads are the newest of each chain.
	Heads map[string]Head
	made  map[string]time.Time // when the root was that holds it
	over  map[string]bool      // chains of which earlier heads are those of one that was forgotten
}

func newCoverage() Coverage {
	return Coverage{Heads: map[string]Head{}, made: map[string]time.Time{}, over: map[string]bool{}}
}

// Coverage walks the chain of roots, newest first, and returns what they hold, also
// with an error: it names what is not as it was written, or is missing before its time.
func (r *Roots) Coverage(ctx context.Context) (Coverage, error) {
	at, c, err := cells.Read[rooted](ctx, r.store, rootedCell)
	if err != nil {
		return Coverage{}, err
	}
	out := newCoverage()
	if c.Revision > 0 {
		out.Since = at.Since
	}
	last, err := r.last(ctx, at)
	if err != nil || last.N == 0 {
		return out, err
	}
	out.Until = last.At
	return out, r.walk(ctx, at, last.N, &out)
}

// walk goes back from the n-th root.
func (r *Roots) walk(ctx context.Context, at rooted, n int, out *Coverage) error {
	var errs []error
	var after Root // zero: n is the last
	for ; n >= 1; n-- {
		root, found, err := r.root(ctx, n)
		switch {
		case err != nil:
			return errors.Join(append(errs, err)...)
		case !found && after.N > 0 && after.forgotten(r.now()):
			return errors.Join(errs...)
		case !found:
			return errors.Join(append(errs, fmt.Errorf("root %d is missing: what it and earlier ones held is not known", n))...)
		case root.Hash != root.link() || root.N != n || after.N > 0 && root.Hash != after.Prev || n == at.N && root.Hash != at.Hash:
			errs = append(errs, fmt.Errorf("root %d is not as it was written: its hash does not fit what it says, or what is after it", n))
		}
		if !root.Since.Equal(out.Since) {
			errs = append(errs, fmt.Errorf("the marker is missing or was changed: root %d has %s", n, root.Since.UTC().Format(time.RFC3339)))
			out.Since = root.Since
		}
		errs = append(errs, out.add(root))
		after = root
	}
	return errors.Join(errs...)
}

// add takes in the heads of a root that is older than those before. A chain may have
// begun anew, after the one of that name was forgotten.
func (c *Coverage) add(root Root) error {
	c.Roots++
	var errs []error
	for _, h := range root.Heads {
		was, there := c.Heads[h.Chain]
		if there && h.MayBeGone(c.made[h.Chain]) {
			c.over[h.Chain] = true
		}
		if c.over[h.Chain] {
			continue
		}
		if there && was.N == h.N && was.Hash != h.Hash {
			errs = append(errs, fmt.Errorf("root %d has another hash for %s than a later one", root.N, h))
		}
		if !there || h.N > was.N {
			c.Heads[h.Chain], c.made[h.Chain] = h, root.At
		}
	}
	return errors.Join(errs...)
}

// Holds returns an error unless the trail has all that the head stands for.
func (t Timeline) Holds(id string, h Head) error {
	switch {
	case len(t) < h.N:
		return fmt.Errorf("the trail of finding %s breaks at event %d: it is gone, and a root holds %d of them", id, len(t)+1, h.N)
	case t[:h.N].last(id) != h.Hash:
		return fmt.Errorf("the trail of finding %s breaks at event %d or before: a root holds another hash of it", id, h.N)
	}
	return nil
}

// HeadOf is how far the trail has come; forget is when a store may forget it, the zero
// time for never.
func (t Timeline) HeadOf(id string, forget time.Time) Head {
	return NewHead("finding/"+id, len(t), t.last(id), forget)
}

// Unhashed is the number of the first event from that time or later that has no hash;
// 0 where each has one.
func (t Timeline) Unhashed(since time.Time) int {
	for i, e := range t {
		if e.Hash == "" && !e.At.Before(since) {
			return i + 1
		}
	}
	return 0
}

// Holds returns an error unless the ledger has all that the head stands for.
func (l *Ledger) Holds(ctx context.Context, h Head) error {
	day := h.Day()
	at, _, err := l.head(ctx, day)
	if err != nil {
		return err
	}
	last, found, err := l.record(ctx, day, h.N)
	switch {
	case err != nil:
		return err
	case !found:
		return fmt.Errorf("record %d of the ledger of %s is missing: a root holds it", h.N, day)
	case last.Hash != h.Hash:
		return fmt.Errorf("the ledger of %s breaks at record %d or before: a root holds another hash of it", day, h.N)
	case at.N < h.N:
		return fmt.Errorf("the head of the ledger of %s was lowered to %d: a root holds %d records", day, at.N, h.N)
	}
	return nil
}

// Chains are the chains of which a root holds a head, in order.
func (c Coverage) Chains() []string { return slices.Sorted(maps.Keys(c.Heads)) }

// Line is the n-th root as a line, and whether there is one.
func (r *Roots) Line(ctx context.Context, n int) (Line, bool, error) {
	root, found, err := r.root(ctx, n)
	return root.Line(), found, err
}
