package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// GroupNotifier is a Notifier that can show findings of one cause in one
// message.
type GroupNotifier interface {
	Notifier
	// Channel is where the finding's message belongs; "" for nowhere.
	Channel(f finding.Finding) string
	// Ready returns a *BusyError if it is known that the group's channel takes
	// no message now, posted or rewritten: before anything is looked up for one.
	Ready(g Group) error
	// NotifyGroup shows a group of two or more on its surfaces, or on a new
	// one, and returns the surfaces as they are now, also with an error.
	// items are those of its findings that were looked up: all that had not
	// ended when they were last shown.
	NotifyGroup(ctx context.Context, g Group, items []finding.Finding) ([]finding.Surface, error)
}

// show brings what people see of the finding up to date, in the message of its
// group if it has one.
func (r *Remediator) show(ctx context.Context, f finding.Finding) (finding.Notice, error) {
	n, ok := r.Notifier.(GroupNotifier)
	if !ok || !groups(f) {
		s, err := r.Notifier.Notify(ctx, f)
		return finding.Notice{Group: f.Group, Surfaces: s}, err
	}
	channel := n.Channel(f)
	if channel == "" && f.Group == "" {
		s, err := n.Notify(ctx, f)
		return finding.Notice{Surfaces: s}, err
	}
	g, err := r.enter(ctx, f, channel)
	switch {
	case err != nil:
		return finding.Notice{Group: f.Group, Surfaces: f.Surfaces, Roundup: f.InRoundup}, err
	case g.ID == "": // no longer kept
		s, err := n.Notify(ctx, f)
		return finding.Notice{Group: f.Group, Surfaces: s}, err
	}
	switch covered, err := r.roundUp(ctx, n, g, f); {
	case err != nil:
		return finding.Notice{Group: g.ID, Surfaces: f.Surfaces, Roundup: f.InRoundup}, err
	case covered:
		return finding.Notice{Group: g.ID, Surfaces: f.Surfaces, Roundup: g.Cause.Channel}, nil
	}
	return r.showGroup(ctx, n, g, f)
}

// groups reports whether the finding shares a message: not one that has its
// own, nor an undo, which people ask for one by one.
func groups(f finding.Finding) bool {
	return f.Group != "" || f.UndoOf == "" && len(f.Surfaces) == 0
}

// enter returns the group that the finding is in, and puts it into one if it is
// in none: that of the window before, if its first finding was less than a
// window ago, or that of its own window.
func (r *Remediator) enter(ctx context.Context, f finding.Finding, channel string) (Group, error) {
	if f.Group != "" {
		return readGroup(ctx, r.Store, f.Group)
	}
	c := causeOf(f, channel)
	start := f.CreatedAt.Truncate(c.window())
	if before := start.Add(-c.window()); c.Limit == "" {
		g, err := readGroup(ctx, r.Store, c.group(before, 0))
		if err != nil {
			return Group{}, err
		}
		if g.ID != "" && f.CreatedAt.Sub(g.Since) < c.window() {
			start = before
		}
	}
	for n := 0; ; n++ {
		g, err := r.place(ctx, f, c, c.group(start, n))
		if err != nil || g.index(f.ID) >= 0 {
			return g, err
		}
	}
}

// place puts the finding into the group, unless that does not take it.
func (r *Remediator) place(ctx context.Context, f finding.Finding, c Cause, id string) (Group, error) {
	now := r.Now()
	return changeGroup(ctx, r.Store, id, now, func(g Group) (Group, bool, error) {
		switch {
		case g.index(f.ID) >= 0, len(g.Items) > 0 && !g.hasRoomFor(f):
			return g, false, nil
		case g.ID == "":
			g.ID, g.Cause, g.Since = id, c, f.CreatedAt
		}
		return g.with(f, now), true, nil
	})
}

// showGroup draws the group's message, unless somebody drew it since with all
// that there is to see of the finding: forty findings that change at once are
// one call.
func (r *Remediator) showGroup(ctx context.Context, n GroupNotifier, g Group, f finding.Finding) (finding.Notice, error) {
	if g.isCurrentFor(f) {
		return finding.Notice{Group: g.ID, Surfaces: g.surfacesOf(f)}, nil
	}
	if err := n.Ready(g); err != nil {
		return finding.Notice{Group: g.ID, Surfaces: f.Surfaces}, err
	}
	g, items, err := r.beginDrawing(ctx, g, f)
	if err != nil {
		return finding.Notice{Group: g.ID, Surfaces: f.Surfaces}, err
	}
	surfaces, failed := draw(ctx, n, g, items)
	at := g.Changes
	// What was posted is stored even when the request that began it has gone.
	g, err = changeGroup(context.WithoutCancel(ctx), r.Store, g.ID, r.Now(), func(g Group) (Group, bool, error) {
		return g.drawn(surfaces, at, failed), true, nil
	})
	return finding.Notice{Group: g.ID, Surfaces: g.surfacesOf(f)}, errors.Join(failed, err)
}

// beginDrawing looks up what there is to draw and takes the message for this
// process alone: two that post it would post it twice.
func (r *Remediator) beginDrawing(ctx context.Context, g Group, f finding.Finding) (Group, []finding.Finding, error) {
	now := r.Now()
	if err := g.free(now); err != nil {
		return g, nil, err
	}
	items, err := r.undrawn(ctx, g, f)
	if err != nil {
		return g, nil, err
	}
	next, err := changeGroup(ctx, r.Store, g.ID, now, func(g Group) (Group, bool, error) {
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

// free returns a *BusyError while another process draws the message.
func (g Group) free(now time.Time) error {
	if now.Before(g.DrawnBy) {
		return &fault.BusyError{Where: "one process a message", After: time.Second}
	}
	return nil
}

// undrawn are the group's findings, but for those that had ended when they were
// last shown: they show what they showed.
func (r *Remediator) undrawn(ctx context.Context, g Group, f finding.Finding) ([]finding.Finding, error) {
	var out []finding.Finding
	for _, i := range g.Items {
		switch {
		case i.Finding == f.ID:
			out = append(out, f)
			continue
		case i.State.Ended() && i.Seen > 0:
			continue
		}
		o, err := r.Store.Finding(ctx, i.Finding)
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
func draw(ctx context.Context, n GroupNotifier, g Group, items []finding.Finding) ([]finding.Surface, error) {
	if len(g.Items) > 1 || len(items) == 0 {
		return n.NotifyGroup(ctx, g, items)
	}
	f := items[0]
	f.Surfaces, f.Revision = g.Surfaces, g.Items[0].Seen
	return n.Notify(ctx, f)
}
