package remediate

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

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
