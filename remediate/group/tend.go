package group

import (
	"context"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// roundUp reports whether the channel's roundup speaks for the finding in place
// of a message of its group, and stores what the group is told by.
func (m *Notifier) roundUp(ctx context.Context, g Group, f finding.Finding) (covered bool, err error) {
	if m.roundups == nil || len(g.Surfaces) > 0 || g.Medium == ByMessage || m.cfg.RoundupAbove == 0 && g.Medium == "" {
		return false, nil
	}
	now := m.cfg.Now()
	d, err := changeRoundup(ctx, m.cfg.Store, g.Cause.Channel, now, func(d Roundup) (next Roundup, changed bool) {
		next, covered, changed = d.joined(g, f, now, m.cfg.RoundupAbove)
		return next, changed
	})
	if err != nil {
		return false, err
	}
	by := ByMessage
	if covered {
		by = ByRoundup
	}
	g, err = Change(ctx, m.cfg.Store, g.ID, now, func(g Group) (Group, bool, error) {
		if g.Medium == by || covered && g.Medium != "" {
			return g, false, nil
		}
		g.Medium = by
		return g, true, nil
	})
	if err != nil || g.Medium == ByMessage {
		return false, err
	}
	if d.due(now) {
		m.tendOne(ctx, g.Cause.Channel)
	}
	return true, nil
}

// An Unseen is told of a finding that nobody could be shown since then: it is to
// speak for all that a roundup should have spoken for.
type Unseen = func(ctx context.Context, id string, since time.Time) error

// Tend looks after the roundup of every channel that has one.
func (m *Notifier) Tend(ctx context.Context, unseen Unseen) {
	if m.roundups == nil {
		return
	}
	for _, channel := range m.roundups.EveryChannel() {
		m.tendOne(ctx, channel)
		if err := m.fallBack(ctx, channel, unseen); err != nil {
			m.cfg.Log.ErrorContext(ctx, "nobody was told of a roundup that cannot be shown, will be tried again", "channel", channel, "error", err.Error())
		}
	}
}

// fallBack has one finding speak for all that the channel's roundup should have
// spoken for and did not, as nobody can be told: it is marked, and pages on-call.
// That is no part of tending, which in a flood every notice does and no sweep.
func (m *Notifier) fallBack(ctx context.Context, channel string, unseen Unseen) error {
	d, err := readRoundup(ctx, m.cfg.Store, channel)
	if err != nil || !d.failing(m.cfg.Now(), m.cfg.FallbackAfter) {
		return err
	}
	covered, _, err := m.covered(ctx, d)
	if err != nil || len(covered) == 0 {
		return err
	}
	if err := unseen(ctx, covered[0].id, d.UnseenSince); err != nil {
		return err
	}
	_, err = changeRoundup(ctx, m.cfg.Store, channel, m.cfg.Now(), func(d Roundup) (Roundup, bool) {
		changed := !d.FellBack && !d.UnseenSince.IsZero()
		d.FellBack = changed || d.FellBack
		return d, changed
	})
	return err
}

// tendOne is tend where nothing else depends on it: the sweep comes back.
func (m *Notifier) tendOne(ctx context.Context, channel string) {
	err := m.tend(ctx, channel)
	switch _, limited := fault.NextTurn(err); {
	case err == nil:
	case limited:
		m.cfg.Log.DebugContext(ctx, "roundup waits for its turn", "channel", channel, "error", err.Error())
	default:
		m.cfg.Log.ErrorContext(ctx, "roundup not brought up to date, will be tried again", "channel", channel, "error", err.Error())
	}
}

// tend brings a channel's roundup up to date and, once the flood is over, has
// the findings that still ask told of one by one.
func (m *Notifier) tend(ctx context.Context, channel string) error {
	now, mine := m.cfg.Now(), false
	d, err := readRoundup(ctx, m.cfg.Store, channel)
	if err != nil || !d.due(now) {
		return err
	}
	d, err = changeRoundup(ctx, m.cfg.Store, channel, now, func(d Roundup) (Roundup, bool) {
		mine = d.due(now)
		return d.tended(now, m.cfg.RoundupAbove), mine
	})
	if err != nil || !mine {
		return err
	}
	s := RoundupContent{Above: m.cfg.RoundupAbove}
	switch {
	case d.Over.IsZero():
		s, err = m.contentOf(ctx, d)
	case d.releases(now):
		var left int
		left, err = m.release(ctx, d)
		s.Done = err == nil && left == 0 && d.quiet(now)
	}
	if err != nil {
		return err
	}
	return m.drawRoundup(ctx, d, s)
}
