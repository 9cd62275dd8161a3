package group

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Plain shows one finding in a message of its own.
type Plain interface {
	// Notify shows f on every surface it belongs on and returns the surfaces as
	// they are now, also with an error. It may be called again with the same
	// finding.
	Notify(ctx context.Context, f finding.Finding) ([]finding.Surface, error)
}

// GroupNotifier is a Plain notifier that can show findings of one cause in one
// message.
type GroupNotifier interface {
	Plain
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

// Store is the part of a store that grouping needs.
type Store interface {
	finding.Store
	cells.Store
}

// Config is all that a Notifier needs.
type Config struct {
	// Plain shows the messages: findings of one cause in one where it is a
	// GroupNotifier, and a channel's roundup where it is a RoundupNotifier.
	Plain Plain
	Store Store
	// RoundupAbove is how many new messages a channel takes in ten minutes before
	// a roundup speaks for what comes; zero for any number.
	RoundupAbove int
	// FallbackAfter is for how long a roundup cannot be shown before one finding
	// counts as undelivered for all of them; zero for never.
	FallbackAfter time.Duration
	Now           func() time.Time
	Log           *slog.Logger
}

// Notifier shows findings of one cause in one message, and has a roundup speak for
// all of a channel in a flood. It is safe for concurrent use, and several
// processes may share one store.
type Notifier struct {
	cfg      Config
	groups   GroupNotifier   // nil: every finding has a message of its own
	roundups RoundupNotifier // nil: no roundups
}

// NewNotifier checks the configuration and returns a Notifier.
func NewNotifier(c Config) (*Notifier, error) {
	var errs []error
	for name, missing := range map[string]bool{"Plain": c.Plain == nil, "Store": c.Store == nil, "Now": c.Now == nil, "Log": c.Log == nil} {
		if missing {
			errs = append(errs, errors.New("group: "+name+" is missing"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	m := &Notifier{cfg: c}
	m.groups, _ = c.Plain.(GroupNotifier)
	m.roundups, _ = c.Plain.(RoundupNotifier)
	return m, nil
}

// Notify brings what people see of the finding up to date, in the message of its
// group if it has one.
func (m *Notifier) Notify(ctx context.Context, f finding.Finding) (finding.Notice, error) {
	if m.groups == nil || !groups(f) {
		s, err := m.cfg.Plain.Notify(ctx, f)
		return finding.Notice{Group: f.Group, Surfaces: s}, err
	}
	channel := m.groups.Channel(f)
	if channel == "" && f.Group == "" {
		s, err := m.groups.Notify(ctx, f)
		return finding.Notice{Surfaces: s}, err
	}
	g, err := m.enter(ctx, f, channel)
	switch {
	case err != nil:
		return finding.Notice{Group: f.Group, Surfaces: f.Surfaces, Roundup: f.InRoundup}, err
	case g.ID == "": // no longer kept
		s, err := m.groups.Notify(ctx, f)
		return finding.Notice{Group: f.Group, Surfaces: s}, err
	}
	switch covered, err := m.roundUp(ctx, g, f); {
	case err != nil:
		return finding.Notice{Group: g.ID, Surfaces: f.Surfaces, Roundup: f.InRoundup}, err
	case covered:
		return finding.Notice{Group: g.ID, Surfaces: f.Surfaces, Roundup: g.Cause.Channel}, nil
	}
	return m.showGroup(ctx, g, f)
}

// Announce says the text in every channel that the plain Notifier reaches, but for
// those that were told already, and returns all that are told now; also with an
// error. It tells nobody where the plain one cannot.
func (m *Notifier) Announce(ctx context.Context, text string, told []string) ([]string, error) {
	if a, ok := m.cfg.Plain.(announcer); ok {
		return a.Announce(ctx, text, told)
	}
	return nil, nil
}

type announcer interface {
	Announce(ctx context.Context, text string, told []string) ([]string, error)
}

// enter returns the group that the finding is in, and puts it into one if it is
// in none: that of the window before, if its first finding was less than a
// window ago, or that of its own window.
func (m *Notifier) enter(ctx context.Context, f finding.Finding, channel string) (Group, error) {
	if f.Group != "" {
		return Read(ctx, m.cfg.Store, f.Group)
	}
	c := causeOf(f, channel)
	start := f.CreatedAt.Truncate(c.window())
	if before := start.Add(-c.window()); c.Limit == "" {
		g, err := Read(ctx, m.cfg.Store, c.group(before, 0))
		if err != nil {
			return Group{}, err
		}
		if g.ID != "" && f.CreatedAt.Sub(g.Since) < c.window() {
			start = before
		}
	}
	for n := 0; ; n++ {
		g, err := m.place(ctx, f, c, c.group(start, n))
		if err != nil || g.index(f.ID) >= 0 {
			return g, err
		}
	}
}

// place puts the finding into the group, unless that does not take it.
func (m *Notifier) place(ctx context.Context, f finding.Finding, c Cause, id string) (Group, error) {
	now := m.cfg.Now()
	return Change(ctx, m.cfg.Store, id, now, func(g Group) (Group, bool, error) {
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
