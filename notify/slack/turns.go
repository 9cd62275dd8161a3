package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// pace is how far apart two messages in one channel are. Above about one a
// second Slack hides messages, and says nothing of it
// (https://docs.slack.dev/apis/web-api/rate-limits). Rewriting a message is
// counted with posting one: Slack lets an app do that some fifty times a minute
// in all, so a channel can have no more than its second either way.
const pace = time.Second

// turnTries is how often a turn is asked for that others took meanwhile.
const turnTries = 5

// Turns gives every channel one message a second, over all processes that share
// the cells. The turn is taken in the cell, since each instance that counted
// for itself would add its own message a second; what a process knows from
// there it keeps, so that a thousand findings in line cost no look-up each.
// Those that cannot have a turn are lined up a second apart, so that they do
// not all come again at once. A nil *Turns holds nobody back.
type Turns struct {
	cells cells.Store
	now   func() time.Time

	mu     sync.Mutex
	next   map[string]time.Time // no turn in the channel before
	shut   map[string]time.Time // Slack takes nothing in the channel before
	failed map[string]int       // how often in a row it did not answer there
	last   map[string]time.Time // when the last in a line was told to come again
	places map[string]time.Time // when each of those in line was
}

// NewTurns returns the turns that are kept in the cells.
func NewTurns(cells cells.Store, now func() time.Time) *Turns {
	return &Turns{
		cells: cells, now: now, next: map[string]time.Time{}, shut: map[string]time.Time{}, failed: map[string]int{},
		last: map[string]time.Time{}, places: map[string]time.Time{},
	}
}

// take takes the next turn in the channel, or returns a *fault.BusyError
// that says when to come again. Messages of one method wait in one line: what
// rewrites a card must not stand behind a thousand new ones. Who stands in it, a
// finding or a group, stands there once.
func (t *Turns) take(ctx context.Context, who, channel, method string) error {
	if t == nil {
		return nil
	}
	if err := t.ready(who, channel, method); err != nil {
		return err
	}
	now := t.now()
	for range turnTries {
		c, until, err := t.read(ctx, channel)
		switch {
		case err != nil:
			return err
		case until.After(now):
			t.learn(channel, until)
			if until.Sub(now) > 2*pace { // no process writes that for a message alone
				t.noteShut(channel, until)
			}
			return t.busy(who, channel, method, now, until)
		}
		err = t.write(ctx, c, channel, now.Add(pace))
		if !errors.Is(err, fault.ErrConflict) {
			return err
		}
	}
	return t.busy(who, channel, method, now, now.Add(pace))
}

// ready returns a *fault.BusyError if this process knows that there is no
// turn in the channel now.
func (t *Turns) ready(who, channel, method string) error {
	if t == nil {
		return nil
	}
	now := t.now()
	if until := t.known(channel); until.After(now) {
		return t.busy(who, channel, method, now, until)
	}
	return nil
}

// closeFor gives nobody a turn in the channel for that long.
func (t *Turns) closeFor(ctx context.Context, channel string, d time.Duration) {
	until := t.now().Add(d)
	t.learn(channel, until)
	t.noteShut(channel, until)
	if c, known, err := t.read(ctx, channel); err == nil && known.Before(until) {
		_ = t.write(ctx, c, channel, until) // other processes learn it from Slack themselves
	}
}

func (t *Turns) read(ctx context.Context, channel string) (cells.Cell, time.Time, error) {
	c, err := t.cells.Cell(ctx, "slack/turn/"+channel)
	if err != nil {
		return c, time.Time{}, fmt.Errorf("look up the next turn in %s: %w", channel, err)
	}
	var until time.Time
	if len(c.Value) > 0 {
		if err := cells.Decode(c.Value, &until); err != nil {
			return c, time.Time{}, fmt.Errorf("read the next turn in %s: %w", channel, err)
		}
	}
	return c, until, nil
}

func (t *Turns) write(ctx context.Context, c cells.Cell, channel string, until time.Time) error {
	value, err := json.Marshal(until)
	if err != nil {
		return fmt.Errorf("take a turn in %s: %w", channel, err)
	}
	c.Value = value
	if _, err := t.cells.SetCell(ctx, c); err != nil {
		return fmt.Errorf("take a turn in %s: %w", channel, err)
	}
	t.learn(channel, until)
	return nil
}

func (t *Turns) known(channel string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next[channel]
}

func (t *Turns) learn(channel string, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until.After(t.next[channel]) {
		t.next[channel] = until
	}
}

func (t *Turns) noteShut(channel string, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until.After(t.shut[channel]) {
		t.shut[channel] = until
	}
}

// busy lines the caller up. Whoever asks again before their time keeps their
// place: of sixty people who click on one card, each would else put it off by one
// more second.
func (t *Turns) busy(who, channel, method string, now, next time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	line := channel + " " + method
	at, waits := t.places[line+" "+who]
	if !waits || !at.After(now) {
		at = next
		if last := t.last[line].Add(pace); last.After(at) {
			at = last
		}
		t.last[line] = at
		t.remember(line+" "+who, at, now)
	}
	if t.shut[channel].After(now) { // whoever waits is not told of by Slack, whose place in line it is
		return &fault.BusyError{Where: "what Slack takes in " + channel, After: at.Sub(now), Theirs: true}
	}
	return &fault.BusyError{Where: "one message a second in " + channel, After: at.Sub(now)}
}

// maxPlaces is from how many on those in line are looked through for places that
// are past.
const maxPlaces = 4096

func (t *Turns) remember(place string, at, now time.Time) {
	if len(t.places) >= maxPlaces {
		maps.DeleteFunc(t.places, func(_ string, at time.Time) bool { return !at.After(now) })
	}
	t.places[place] = at
}
