package group

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Pager pages once for all findings of a group, and of a roundup: forty findings
// of one cause that nobody answered are one page.
type Pager struct {
	plain PlainPager
	store Store
	now   func() time.Time
}

// NewPager returns a Pager over p, which several processes may have over one
// store.
func NewPager(p PlainPager, s Store, now func() time.Time) Pager { return Pager{p, s, now} }

// Name is the plain pager's.
func (p Pager) Name() string { return p.plain.Name() }

// Page tells of a finding that waits, unless one of the same message was told of a
// short time ago.
func (p Pager) Page(ctx context.Context, f finding.Finding) error {
	if f.InRoundup != "" {
		return p.pageOfRoundup(ctx, f)
	}
	now := p.now()
	if f.Group != "" {
		g, err := Read(ctx, p.store, f.Group)
		if err != nil {
			return err
		}
		if now.Sub(g.PagedAt[p.Name()]) < finding.PageEvery {
			return nil
		}
	}
	if err := p.plain.Page(ctx, f); err != nil || f.Group == "" {
		return err
	}
	_, err := Change(ctx, p.store, f.Group, now, func(g Group) (Group, bool, error) {
		g.PagedAt = with(g.PagedAt, p.Name(), now)
		if !slices.Contains(g.Incidents, f.ID) {
			g.Incidents = append(slices.Clip(g.Incidents), f.ID)
		}
		return g, g.ID != "", nil
	})
	return err
}

// pageOfRoundup pages about a finding that has no message of its own. All of them
// are in one message, and are one page.
func (p Pager) pageOfRoundup(ctx context.Context, f finding.Finding) error {
	now := p.now()
	d, err := readRoundup(ctx, p.store, f.InRoundup)
	if err != nil || now.Sub(d.PagedAt[p.Name()]) < finding.PageEvery {
		return err
	}
	if err := p.plain.Page(ctx, f); err != nil {
		return err
	}
	_, err = changeRoundup(ctx, p.store, f.InRoundup, now, func(d Roundup) (Roundup, bool) {
		d.PagedAt = with(d.PagedAt, p.Name(), now)
		return d, true
	})
	return err
}

func with(times map[string]time.Time, name string, at time.Time) map[string]time.Time {
	out := map[string]time.Time{}
	maps.Copy(out, times)
	out[name] = at
	return out
}

// Resolve says that a finding has ended. A page about one of a group was about all
// of it: the last of them to end says so, and until then on-call is needed.
func (p Pager) Resolve(ctx context.Context, f finding.Finding) error {
	ended := []finding.Finding{f}
	if f.Group != "" {
		g, err := Read(ctx, p.store, f.Group)
		if err != nil {
			return err
		}
		for _, i := range slices.Backward(g.Items) { // answers are carried to the first ones first
			o, err := p.store.Finding(ctx, i.Finding)
			switch {
			case errors.Is(err, fault.ErrNotFound): // no longer kept
			case err != nil:
				return fmt.Errorf("look up finding %s of group %s: %w", i.Finding, g.ID, err)
			case !o.State.Ended() && !o.PagedAt.IsZero():
				return nil // it owes the same when it ends
			case o.ID != f.ID && slices.Contains(g.Incidents, o.ID):
				ended = append(ended, o)
			}
		}
	}
	var errs []error
	for _, o := range ended {
		errs = append(errs, p.plain.Resolve(ctx, o))
	}
	return errors.Join(errs...)
}
