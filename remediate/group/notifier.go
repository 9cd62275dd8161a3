package group

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

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
	broken   fault.BrokenPath
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
