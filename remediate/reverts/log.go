package reverts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Window is for how long a revert counts.
const Window = time.Hour

// keep is how long a segment is kept: longer than the window, so that a clock that is
// late misses none.
const keep = 2 * time.Hour

// Log is what one process knows of the log that a store holds. It is safe for
// concurrent use.
type Log struct {
	store cells.Store
	now   func() time.Time

	mu    sync.Mutex // held throughout a change, so that only processes compete for the end of the log
	tally Tally
}

// NewLog returns the log that is in the store.
func NewLog(store cells.Store, now func() time.Time) *Log { return &Log{store: store, now: now} }

// Change reads what was added since this process looked last, and adds what add
// returns; nothing where that is nothing. Where another process was faster it starts
// over, so add may be called several times. The tally is add's for the time of the
// call. An error means that nothing was added, or that this is not known.
func (l *Log) Change(ctx context.Context, add func(*Tally) []Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := cells.Change(ctx, l.store, headCell, l.now().Add(keep), func(h head) (head, bool, error) {
		if err := l.catchUp(ctx, h.segment); err != nil {
			return h, false, err
		}
		added := add(&l.tally)
		if len(added) == 0 {
			return h, false, nil
		}
		next, err := l.roomIn(ctx, h.segment)
		if err != nil {
			return h, false, err
		}
		next.Entries = append(slices.Clip(next.Entries), added...)
		return head{next}, true, nil
	})
	if err != nil {
		return fmt.Errorf("count automatic reverts: %w", err)
	}
	return nil
}

// roomIn is the segment, or after a full one the next. The full one is stored under
// its number first; who finds it stored already finds it as it is, as it was full.
func (l *Log) roomIn(ctx context.Context, s segment) (segment, error) {
	if s.Number == 0 { // of no log before, in this millisecond or any earlier one
		s.Number = l.now().UnixMilli()
	}
	if len(s.Entries) < segmentSize {
		return s, nil
	}
	_, err := cells.Set(ctx, l.store, cells.Cell{Name: segmentCell(s.Number)}, s, l.now().Add(keep))
	if err != nil && !errors.Is(err, fault.ErrConflict) {
		return segment{}, err
	}
	return segment{Number: s.Number + 1, Before: s.latest()}, nil
}

// catchUp brings the tally to the end of the log, which is in s. It goes back to where
// this process left off, or to what no longer counts.
func (l *Log) catchUp(ctx context.Context, s segment) error {
	now := l.now()
	if now.Before(l.tally.at) { // the clock was set back: what it had passed counts again
		l.tally = Tally{}
	}
	news := []segment{s}
	for s.Number == 0 || s.Number != l.tally.number {
		if s.Before.Before(now.Add(-Window)) {
			l.tally = Tally{}
			break
		}
		var err error
		if s, err = l.segment(ctx, s.Number-1); err != nil {
			return err
		}
		news = append(news, s)
	}
	if l.tally.entries > len(s.Entries) { // the store is an earlier one than it was
		l.tally = Tally{}
		return l.catchUp(ctx, news[0])
	}
	slices.Reverse(news)
	for _, s := range news {
		l.tally.read(s)
	}
	l.tally.expire(now)
	return nil
}

// segment returns one that is full. What is missing may be any number of reverts.
func (l *Log) segment(ctx context.Context, number int64) (segment, error) {
	s, c, err := cells.Read[segment](ctx, l.store, segmentCell(number))
	switch {
	case err != nil:
		return segment{}, err
	case c.Revision == 0:
		return segment{}, fmt.Errorf("segment %d is missing", number)
	}
	return s, nil
}
