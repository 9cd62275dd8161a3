// Package alarm raises alarms: what people have to know of, whatever else happens. Each is
// owed from when it is raised until it was said in every way there is, and said once
// whoever raises it, and however often.
package alarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Config is what Alarms need.
type Config struct {
	Store  cells.Store
	Ledger *trail.Ledger // nil for none
	// Announce says the text to all people that were not told, and returns who are told
	// by now; nil where nobody can be told.
	Announce func(ctx context.Context, text string, told []string) ([]string, error)
	Now      func() time.Time
	Log      *slog.Logger
}

// Alarms are those of all processes on one store.
type Alarms struct{ cfg Config }

// New returns the alarms in the store.
func New(c Config) Alarms { return Alarms{c} }

// keepRaised is for how long it is known that an alarm was raised: longer than an event
// can come again.
const keepRaised = 90 * 24 * time.Hour

// leaseFor is for how long an alarm is one process's to say.
const leaseFor = 30 * time.Second

// owedCell holds the alarms that are owed to people. Like the outbox of a
// finding it is written before anything is done about them.
const owedCell = "alarms"

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

// Raise raises an alarm once for each name: it is owed from here on, and said at
// once if it can be.
func (s Alarms) Raise(ctx context.Context, id, text string) error {
	switch raised, err := s.raised(ctx, id); {
	case err != nil:
		return err
	case raised:
		return nil
	}
	err := s.change(ctx, func(as []alarm) []alarm {
		if len(as) >= maxAlarms {
			s.cfg.Log.ErrorContext(ctx, "alarm, and too many are owed to announce it", "said", text)
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
	s.Say(ctx)
	return nil
}

// Say says the alarms that are owed. What fails is logged, and stays owed.
func (s Alarms) Say(ctx context.Context) {
	as, err := s.owed(ctx)
	if err != nil {
		s.cfg.Log.ErrorContext(ctx, "alarms", "error", err.Error())
		return
	}
	for _, a := range as {
		if s.cfg.Now().Before(a.DueAt) { // another process is at it
			continue
		}
		if err := s.sayOne(ctx, a.ID); err != nil && !errors.Is(err, fault.ErrConflict) {
			s.cfg.Log.ErrorContext(ctx, "alarm not announced, will be tried again", "error", err.Error())
		}
	}
}

// sayOne claims one alarm, so that of two processes one says it, says it in every
// way there is, and has it owed no more.
func (s Alarms) sayOne(ctx context.Context, id string) error {
	a, err := s.claim(ctx, id)
	if err != nil {
		return err
	}
	// Whoever found it not raised may have added it after another said it.
	said, err := s.raised(ctx, id)
	if err != nil {
		return err
	}
	var failed error
	if !said {
		a.Told, failed = s.say(ctx, a)
	}
	if failed == nil {
		if err := s.markRaised(ctx, id); err != nil { // or a redelivered event would raise it anew
			return err
		}
	}
	err = s.change(ctx, func(as []alarm) []alarm {
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
func (s Alarms) say(ctx context.Context, a alarm) ([]string, error) {
	if !a.Said {
		s.cfg.Log.ErrorContext(ctx, "alarm", "said", a.Text)
		s.cfg.Ledger.Note(ctx, trail.Record{Kind: trail.Alarm, What: a.Text})
	}
	if s.cfg.Announce == nil {
		return nil, nil
	}
	return s.cfg.Announce(ctx, a.Text, a.Told)
}

// claim takes the alarm for as long as saying it takes; an error matching
// ErrConflict where another process has it, or it is said.
func (s Alarms) claim(ctx context.Context, id string) (claimed alarm, err error) {
	err = s.change(ctx, func(as []alarm) []alarm {
		claimed = alarm{}
		i := slices.IndexFunc(as, func(o alarm) bool { return o.ID == id })
		if i < 0 || s.cfg.Now().Before(as[i].DueAt) {
			return as
		}
		as[i].DueAt = s.cfg.Now().Add(leaseFor)
		claimed = as[i]
		return as
	})
	if err == nil && claimed.ID == "" {
		err = fault.ErrConflict
	}
	return claimed, err
}

func (s Alarms) owed(ctx context.Context) ([]alarm, error) {
	as, _, err := cells.Read[[]alarm](ctx, s.cfg.Store, owedCell)
	return as, err
}

func (s Alarms) change(ctx context.Context, to func([]alarm) []alarm) error {
	_, err := cells.Change(ctx, s.cfg.Store, owedCell, time.Time{}, func(as []alarm) ([]alarm, bool, error) {
		return to(as), true, nil
	})
	return err
}

// raised reports whether an alarm of that name was raised before.
func (s Alarms) raised(ctx context.Context, id string) (bool, error) {
	c, err := s.cfg.Store.Cell(ctx, raisedCell(id))
	if err != nil {
		return false, fmt.Errorf("look up alarm %s: %w", id, err)
	}
	return c.Revision > 0, nil
}

// markRaised remembers the alarm for longer than an event can come again.
func (s Alarms) markRaised(ctx context.Context, id string) error {
	raised, err := s.raised(ctx, id)
	if err != nil || raised {
		return err
	}
	c := cells.Cell{Name: raisedCell(id), Value: []byte("raised"), KeepUntil: s.cfg.Now().Add(keepRaised)}
	if _, err := s.cfg.Store.SetCell(ctx, c); err != nil && !errors.Is(err, fault.ErrConflict) {
		return fmt.Errorf("remember alarm %s: %w", id, err)
	}
	return nil
}

// raisedCell holds that the alarm was raised.
func raisedCell(id string) string { return "alarm/" + id }
