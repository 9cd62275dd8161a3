package google

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// The turns of writes are shared with all processes that have the same store:
// Google counts by project and region, whoever asks. While rates differ between
// processes, as when they are changed, each keeps to its own among the writes of all. A write is rare and slow,
// so that one look into the store for each is nothing; reads, which are many,
// stay a matter of each process.
const (
	// sharedLate is how much later than its turn a write may be sent: the store
	// may have been slow to take it. What is later comes again.
	sharedLate = 2 * time.Second
	// sharedWindow is a minute, with room for what sharedLate and clocks that
	// differ by up to half a second take off the distance between two writes.
	sharedWindow = limitWindow + sharedLate + time.Second
	// sharedRetry is when to come again where the store does not give turns.
	sharedRetry = 5 * time.Second
	// sharedTries bounds how often a turn is asked for anew because another
	// process took one.
	sharedTries = 20
)

// sharedTurns are the turns of one project and region as the store has them.
type sharedTurns struct {
	At       []time.Time `json:"at,omitempty"`
	Promised time.Time   `json:"promised,omitzero"`
}

// reserveShared is reserve for a write where turns are shared. A store that
// gives none holds the write back: that others write is not known to be false.
func (l *limits) reserveShared(ctx context.Context, at place) (time.Duration, error) {
	mine := l.mine(at)
	mine.sharing.Lock() // so that only processes compete
	defer mine.sharing.Unlock()
	var err error
	for range sharedTries {
		var turn time.Time
		turn, err = l.takeShared(ctx, at)
		if errors.Is(err, fault.ErrConflict) {
			continue
		}
		if held := turn.Sub(l.now()); err == nil && held >= -sharedLate {
			return max(held, 0), nil
		}
		break
	}
	var busy *fault.BusyError
	switch {
	case ctx.Err() != nil:
		return 0, notSent(ctx.Err())
	case errors.As(err, &busy):
		return 0, err
	case err != nil:
		return 0, &fault.BusyError{Where: fmt.Sprintf("%s, of which the store gives no turn (%v)", l.rates.limiting(at), err), After: sharedRetry}
	}
	return 0, &fault.BusyError{Where: l.rates.limiting(at) + ", of which the store gave a turn too late", After: sharedRetry}
}

// takeShared takes the next turn, or a place in the line of those that are sent
// away.
func (l *limits) takeShared(ctx context.Context, at place) (time.Time, error) {
	cell, err := l.shared.Cell(ctx, "writes "+at.where())
	if err != nil {
		return time.Time{}, err
	}
	var s sharedTurns
	if cell.Revision > 0 {
		if err := cells.Decode(cell.Value, &s); err != nil {
			return time.Time{}, err
		}
	}
	now := l.now()
	t := &turns{at: since(now.Add(-sharedWindow), s.At), promised: s.Promised, closed: l.closedUntil(at)}
	turn := t.next(now, l.rates.of(at), sharedWindow)
	var away error
	if turn.Sub(now) > mostHeld(ctx) {
		away = &fault.BusyError{Where: l.rates.limiting(at), After: l.promise(t, at, turn, sharedWindow).Sub(now)}
	} else {
		t.at = append(t.at, turn)
		slices.SortFunc(t.at, time.Time.Compare) // clocks may differ
	}
	if cell.Value, err = json.Marshal(sharedTurns{t.at, t.promised}); err != nil {
		return time.Time{}, err
	}
	cell.KeepUntil = later(turn, t.promised).Add(sharedWindow)
	if _, err := l.shared.SetCell(ctx, cell); err != nil {
		return time.Time{}, err
	}
	return turn, away
}

// mine is what this process knows of a place by itself.
func (l *limits) mine(at place) *turns {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turns(at, l.now())
}

// closedUntil is until when Google wants no request there, as it told this
// process.
func (l *limits) closedUntil(at place) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turns(at, l.now()).closed
}

// since leaves out the times until t.
func since(t time.Time, times []time.Time) []time.Time {
	return slices.DeleteFunc(times, func(at time.Time) bool { return !at.After(t) })
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
