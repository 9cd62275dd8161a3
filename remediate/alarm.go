package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// alarmsCell holds the alarms that are owed to people. Like the outbox of a
// finding it is written before anything is done about them.
const alarmsCell = "alarms"

// maxAlarms bounds how many are owed at once. Beyond it, whoever has the identity
// of rescind would write our store full; an alarm was raised by then.
const maxAlarms = 50

// alarm is something that people have to know of, whatever else happens.
type alarm struct {
	ID    string    `json:"id"`
	Text  string    `json:"text"`
	Said  bool      `json:"said,omitempty"` // in the log and the ledger
	Told  []string  `json:"told,omitempty"` // channels
	DueAt time.Time `json:"due_at,omitzero"`
}

// alarm raises an alarm once for each name: it is owed from here on, and said at
// once if it can be.
func (r *Remediator) alarm(ctx context.Context, id, text string) error {
	switch raised, err := r.raised(ctx, id); {
	case err != nil:
		return err
	case raised:
		return nil
	}
	err := r.changeAlarms(ctx, func(as []alarm) []alarm {
		if len(as) >= maxAlarms {
			r.Log.ErrorContext(ctx, "alarm, and too many are owed to announce it", "said", text)
			return as
		}
		if slices.ContainsFunc(as, func(a alarm) bool { return a.ID == id }) {
			return as
		}
		return append(as, alarm{ID: id, Text: text})
	})
	if err != nil {
		return fmt.Errorf("record alarm: %w", err)
	}
	r.raiseAlarms(ctx)
	return nil
}

// raiseAlarms says the alarms that are owed. What fails is tried again by the
// sweep.
func (r *Remediator) raiseAlarms(ctx context.Context) {
	as, err := r.alarms(ctx)
	if err != nil {
		r.Log.ErrorContext(ctx, "alarms", "error", err.Error())
		return
	}
	for _, a := range as {
		if r.Now().Before(a.DueAt) { // another process is at it
			continue
		}
		if err := r.sayAlarm(ctx, a.ID); err != nil && !errors.Is(err, fault.ErrConflict) {
			r.Log.ErrorContext(ctx, "alarm not announced, will be tried again", "error", err.Error())
		}
	}
}

// sayAlarm claims one alarm, so that of two processes one says it, says it in every
// way there is, and has it owed no more.
func (r *Remediator) sayAlarm(ctx context.Context, id string) error {
	a, err := r.claimAlarm(ctx, id)
	if err != nil {
		return err
	}
	// Whoever found it not raised may have added it after another said it.
	said, err := r.raised(ctx, id)
	if err != nil {
		return err
	}
	var failed error
	if !said {
		a.Told, failed = r.say(ctx, a)
	}
	if failed == nil {
		if err := r.markRaised(ctx, id); err != nil { // or a redelivered event would raise it anew
			return err
		}
	}
	err = r.changeAlarms(ctx, func(as []alarm) []alarm {
		i := slices.IndexFunc(as, func(o alarm) bool { return o.ID == id })
		switch {
		case i < 0:
			return as
		case failed == nil:
			return slices.Delete(as, i, i+1)
		}
		as[i].Said, as[i].Told = true, a.Told
		return as
	})
	return errors.Join(failed, err)
}

// say says the alarm in every way there is, and returns who was told by now.
func (r *Remediator) say(ctx context.Context, a alarm) ([]string, error) {
	if !a.Said {
		r.Log.ErrorContext(ctx, "alarm", "said", a.Text)
		r.Ledger.Note(ctx, trail.Record{Kind: trail.Alarm, What: a.Text})
	}
	if n, ok := r.Notifier.(Announcer); ok {
		return n.Announce(ctx, a.Text, a.Told)
	}
	return nil, nil
}

// claimAlarm takes the alarm for as long as saying it takes; an error matching
// ErrConflict where another process has it, or it is said.
func (r *Remediator) claimAlarm(ctx context.Context, id string) (claimed alarm, err error) {
	err = r.changeAlarms(ctx, func(as []alarm) []alarm {
		claimed = alarm{}
		i := slices.IndexFunc(as, func(o alarm) bool { return o.ID == id })
		if i < 0 || r.Now().Before(as[i].DueAt) {
			return as
		}
		as[i].DueAt = r.Now().Add(finding.NotifyLease)
		claimed = as[i]
		return as
	})
	if err == nil && claimed.ID == "" {
		err = fault.ErrConflict
	}
	return claimed, err
}

func (r *Remediator) alarms(ctx context.Context) ([]alarm, error) {
	as, _, err := cells.Read[[]alarm](ctx, r.Store, alarmsCell)
	return as, err
}

func (r *Remediator) changeAlarms(ctx context.Context, change func([]alarm) []alarm) error {
	_, err := cells.Change(ctx, r.Store, alarmsCell, time.Time{}, func(as []alarm) ([]alarm, bool, error) {
		return change(as), true, nil
	})
	return err
}
