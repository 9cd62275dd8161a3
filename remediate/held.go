package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// stopped reports whether the plan must not be carried out now, and returns the
// finding as it is then stored. Whether rescind is paused has to be known:
// unknown is no reason to write.
func (r *Remediator) stopped(ctx context.Context, f finding.Finding) (finding.Finding, bool, error) {
	p, err := r.cfg.Store.Pause(ctx)
	if err != nil {
		return finding.Finding{}, true, fmt.Errorf("look up whether rescind is paused: %w", err)
	}
	switch now := r.cfg.Now(); {
	case p.Active(now):
		f, err = r.update(ctx, f.Stopped(p.String(), p.Until, now))
		return f, true, err
	case r.overdue(f, now):
		next, err := r.update(ctx, r.asking(f.Overdue(now, r.cfg.ExpiresIn)))
		if err == nil && f.Automatic {
			r.giveBack(ctx, f)
		}
		return next, true, err
	}
	return f, false, nil
}

// overdue reports whether the plan was approved too long ago to be begun now: by
// a pause or an outage in between, a policy's word is as stale as an old event,
// and a person's holds for a time.
func (r *Remediator) overdue(f finding.Finding, now time.Time) bool {
	return f.State == state.Approved && (f.Automatic && !f.WasAsked() && r.old(f, now) || !f.ExecuteBy.IsZero() && now.After(f.ExecuteBy))
}

func (r *Remediator) old(f finding.Finding, now time.Time) bool {
	return r.cfg.Judge.MaxEventAge > 0 && now.Sub(f.Change.Time) > r.cfg.Judge.MaxEventAge
}

// announce tells every channel of a pause that began or ended, where the
// Notifier can. Two processes that sweep at once tell it once.
func (r *Remediator) announce(ctx context.Context) error {
	p, err := r.cfg.Store.Pause(ctx)
	if err != nil {
		return fmt.Errorf("look up the pause: %w", err)
	}
	now := r.cfg.Now()
	lapsed := p.On && !p.Active(now)
	if lapsed {
		p = desk.Pause{Revision: p.Revision, At: now, Owed: true} // it ended by itself
	}
	if !p.Owed || now.Before(p.DueAt) {
		return nil
	}
	p.DueAt = now.Add(finding.NotifyLease)
	if p, err = r.cfg.Store.SetPause(ctx, p); err == nil {
		if lapsed {
			r.cfg.Ledger.Note(ctx, trail.Record{Kind: trail.Resumed, What: p.String()})
		}
		r.cfg.Log.WarnContext(ctx, "pause", "active", p.On, "said", p.String())
		var failed error
		p, failed = r.announcePause(ctx, p)
		if after, limited := fault.NextTurn(failed); limited {
			p.DueAt, failed = now.Add(after), nil // the channel has no turn for it yet
		}
		_, err = r.cfg.Store.SetPause(ctx, p)
		err = errors.Join(failed, err)
	}
	if errors.Is(err, fault.ErrConflict) { // another process is at it, or it was set anew
		return nil
	}
	return err
}

func (r *Remediator) announcePause(ctx context.Context, p desk.Pause) (desk.Pause, error) {
	a, ok := r.cfg.Notifier.(Announcer)
	if !ok {
		p.Owed = false
		return p, nil
	}
	told, err := a.Announce(ctx, p.String(), p.Told)
	p.Told, p.Owed = told, err != nil
	if err != nil {
		return p, fmt.Errorf("announce the pause: %w", err)
	}
	return p, nil
}
