package group

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// showGroup draws the group's message, unless somebody drew it since with all
// that there is to see of the finding: forty findings that change at once are
// one call.
func (m *Notifier) showGroup(ctx context.Context, g Group, f finding.Finding) (finding.Notice, error) {
	if g.isCurrentFor(f) {
		return finding.Notice{Group: g.ID, Surfaces: g.surfacesOf(f)}, nil
	}
	if err := m.groups.Ready(g); err != nil {
		return finding.Notice{Group: g.ID, Surfaces: f.Surfaces}, err
	}
	g, items, err := m.beginDrawing(ctx, g, f)
	if err != nil {
		return finding.Notice{Group: g.ID, Surfaces: f.Surfaces}, err
	}
	surfaces, failed := m.draw(ctx, g, items)
	g, err = m.recordDrawn(ctx, g, surfaces, failed)
	return finding.Notice{Group: g.ID, Surfaces: g.surfacesOf(f)}, errors.Join(failed, err)
}

// recordDrawn stores that the group was drawn as it is in g, even when the request
// that began it has gone, and returns it as stored; with an error as it was. Where
// another process took the message meanwhile, as drawing took longer than its
// lease, what it shows may be older than what is stored: then it is to be drawn
// once more, by whoever comes next.
func (m *Notifier) recordDrawn(ctx context.Context, g Group, surfaces []finding.Surface, failed error) (Group, error) {
	overtaken := false
	stored, err := Change(context.WithoutCancel(ctx), m.cfg.Store, g.ID, m.cfg.Now(), func(now Group) (Group, bool, error) {
		if overtaken = !now.DrawnBy.Equal(g.DrawnBy); overtaken {
			now.Changes++
			return now, true, nil
		}
		return now.drawn(surfaces, g.Changes, failed), true, nil
	})
	switch {
	case err != nil:
		return g, err
	case overtaken:
		return stored, &fault.BusyError{Where: "one process a message", After: time.Second}
	}
	return stored, nil
}

// beginDrawing looks up what there is to draw and takes the message for this
// process alone: two that post it would post it twice.
func (m *Notifier) beginDrawing(ctx context.Context, g Group, f finding.Finding) (Group, []finding.Finding, error) {
	now := m.cfg.Now()
	if err := g.free(now); err != nil {
		return g, nil, err
	}
	items, err := m.undrawn(ctx, g, f)
	if err != nil {
		return g, nil, err
	}
	next, err := Change(ctx, m.cfg.Store, g.ID, now, func(g Group) (Group, bool, error) {
		if err := g.free(now); err != nil {
			return g, false, err
		}
		g = g.refreshed(items, now)
		g.DrawnBy = now.Add(finding.NotifyLease)
		return g, true, nil
	})
	if err != nil {
		return g, nil, err
	}
	return next, items, nil
}

// undrawn are the group's findings, but for those that had ended when they were
// last shown: they show what they showed.
func (m *Notifier) undrawn(ctx context.Context, g Group, f finding.Finding) ([]finding.Finding, error) {
	var out []finding.Finding
	for _, i := range g.Items {
		switch {
		case i.Finding == f.ID:
			out = append(out, f)
			continue
		case i.State.Ended() && i.Seen > 0:
			continue
		}
		o, err := m.cfg.Store.Finding(ctx, i.Finding)
		switch {
		case errors.Is(err, fault.ErrNotFound): // no longer kept
			continue
		case err != nil:
			return nil, fmt.Errorf("look up finding %s of group %s: %w", i.Finding, g.ID, err)
		}
		out = append(out, o)
	}
	return out, nil
}

// draw shows a group of one as the finding that it is.
func (m *Notifier) draw(ctx context.Context, g Group, items []finding.Finding) ([]finding.Surface, error) {
	if len(g.Items) > 1 || len(items) == 0 {
		return m.groups.NotifyGroup(ctx, g, items)
	}
	f := items[0]
	f.Surfaces, f.Revision = g.Surfaces, g.Items[0].Seen
	return m.groups.Notify(ctx, f)
}

// free returns a *BusyError while another process draws the message.
func (g Group) free(now time.Time) error {
	if now.Before(g.DrawnBy) {
		return &fault.BusyError{Where: "one process a message", After: time.Second}
	}
	return nil
}

// drawn is the transition of having been shown, or not, as it was at that
// count of changes.
func (g Group) drawn(surfaces []finding.Surface, at int64, failed error) Group {
	g.Surfaces, g.DrawnBy = surfaces, time.Time{}
	if failed == nil {
		g.Drawn = max(g.Drawn, at)
	}
	return g
}
