package trail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// appendTries bounds how many others may be faster. Each of them has written a
// record, so nobody waits in vain.
const appendTries = 200

// Ledger is the audit trail of what is no finding's state: who was refused, who
// paused, what was started. Records are appended and never changed, in one chain
// of hashes a UTC day: one chain for all time would be what every process waits
// for, and could not be let go of after its time.
//
// A record is a cell that is set once. A further cell, the head, says how far a
// chain goes, so that nobody has to walk it; it is written after the record, and
// where a crash came in between the next append goes on behind the record all the
// same. A Ledger is safe for concurrent use, and several processes may have one
// over one store. The nil Ledger keeps nothing.
type Ledger struct {
	store    cells.Store
	now      func() time.Time
	log      *slog.Logger
	refusals refusalCount
}

// NewLedger returns the ledger in the store. What cannot be recorded is logged.
func NewLedger(store cells.Store, now func() time.Time, log *slog.Logger) *Ledger {
	return &Ledger{store: store, now: now, log: log}
}

// ledgerHead is how far a chain goes at least.
type ledgerHead struct {
	N    int    `json:"n"`
	Hash string `json:"hash"`
}

// Append adds the record to the chain of today and returns it as it is stored,
// with its time, number and hash.
func (l *Ledger) Append(ctx context.Context, e Record) (Record, error) {
	e = e.at(l.now())
	head, c, err := l.head(ctx, e.Day)
	if err != nil {
		return Record{}, err
	}
	for range appendTries {
		e.N = head.N + 1
		e.Hash = e.link(head.Hash)
		err := l.set(ctx, cells.Cell{Name: recordCell(e.Day, e.N)}, e.Day, e)
		if err == nil {
			head.N, head.Hash = e.N, e.Hash
			_ = l.set(ctx, c, e.Day, head) // the next append does without
			return e, nil
		}
		if !errors.Is(err, fault.ErrConflict) {
			return Record{}, fmt.Errorf("append to the ledger of %s: %w", e.Day, err)
		}
		faster, found, err := l.link(ctx, e.Day, e.N)
		if err != nil || !found {
			return Record{}, errors.Join(fmt.Errorf("append to the ledger of %s: record %d is in the way", e.Day, e.N), err)
		}
		head = faster
	}
	return Record{}, fmt.Errorf("append to the ledger of %s: %w", e.Day, fault.ErrConflict)
}

// Note is Append for who has something better to do than to fail: what cannot
// be recorded is logged as an error. It is recorded even when the request that
// it is about is gone.
func (l *Ledger) Note(ctx context.Context, e Record) {
	if l == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	if _, err := l.Append(ctx, e); err != nil {
		e = e.at(l.now())
		l.log.ErrorContext(ctx, "not recorded in the ledger", "kind", string(e.Kind), "who", e.Who, "via", e.Via, "finding", e.Finding,
			"class", e.Class, "what", e.What, "error", err.Error())
	}
}

// noteTimeout bounds what a note may cost whoever waits for an answer.
const noteTimeout = 2 * time.Second

func (l *Ledger) head(ctx context.Context, day string) (ledgerHead, cells.Cell, error) {
	c, err := l.store.Cell(ctx, "ledger/"+day+"/head")
	if err != nil {
		return ledgerHead{}, cells.Cell{}, fmt.Errorf("read the ledger of %s: %w", day, err)
	}
	var h ledgerHead
	if c.Revision == 0 {
		return h, c, nil
	}
	if err := cells.Decode(c.Value, &h); err != nil {
		return ledgerHead{}, cells.Cell{}, fmt.Errorf("read the head of the ledger of %s: %w", day, err)
	}
	return h, c, nil
}

// record returns the n-th record of a day, and whether there is one: with an
// *unreadError where there is, and it cannot be read.
func (l *Ledger) record(ctx context.Context, day string, n int) (Record, bool, error) {
	c, err := l.store.Cell(ctx, recordCell(day, n))
	if err != nil || c.Revision == 0 {
		return Record{}, false, err
	}
	var e Record
	if err := cells.Decode(c.Value, &e); err != nil {
		return Record{}, true, &unreadError{c.Value, fmt.Errorf("record %d of the ledger of %s cannot be read: %w", n, day, err)}
	}
	return e, true, nil
}

// unreadError says that a record is there and cannot be read.
type unreadError struct {
	value []byte
	error
}

func (e *unreadError) Unwrap() error { return e.error }

// link is how far the chain of a day goes with its n-th record, and whether there is
// one. Of what a later release wrote that takes the number and the hash alone, and
// nothing of it is stored again.
func (l *Ledger) link(ctx context.Context, day string, n int) (h ledgerHead, found bool, err error) {
	e, found, err := l.record(ctx, day, n)
	h = ledgerHead{N: e.N, Hash: e.Hash}
	var unread *unreadError
	if !errors.As(err, &unread) || !errors.Is(err, fault.ErrLater) {
		return h, found, err
	}
	if json.Unmarshal(unread.value, &h) != nil || h.N != n || h.Hash == "" {
		return ledgerHead{}, true, err
	}
	return h, true, nil
}

func recordCell(day string, n int) string { return fmt.Sprintf("ledger/%s/%d", day, n) }

// set stores a value of the day's chain. All of a chain is let go of together.
func (l *Ledger) set(ctx context.Context, c cells.Cell, day string, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	end, err := dayEnd(day)
	if err != nil {
		return err
	}
	c.Value, c.KeepUntil = b, end.Add(Keep)
	_, err = l.store.SetCell(ctx, c)
	return err
}

// dayEnd is when a UTC day is over.
func dayEnd(day string) (time.Time, error) {
	begin, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the day of a ledger: %w", err)
	}
	return begin.Add(24 * time.Hour), nil
}

// settled is how far the chain of that day goes, N being 0 for one without records. The
// head is brought there first: afterwards it never says less. Where a record cannot be
// read it goes as far as that, and the error is an *unreadError.
func (l *Ledger) settled(ctx context.Context, day string) (Head, error) {
	end, err := dayEnd(day)
	if err != nil {
		return Head{}, err
	}
	for range appendTries {
		head, c, err := l.head(ctx, day)
		if err != nil {
			return Head{}, err
		}
		at := head
		var unread *unreadError
		for {
			next, found, err := l.link(ctx, day, at.N+1)
			if err != nil && !errors.As(err, &unread) {
				return Head{}, err
			}
			if err != nil || !found {
				break
			}
			at = next
		}
		if at != head {
			err = l.set(ctx, c, day, at)
		}
		if err == nil && unread != nil {
			err = unread
		}
		if !errors.Is(err, fault.ErrConflict) {
			return NewHead("ledger/"+day, at.N, at.Hash, end.Add(Keep)), err
		}
	}
	return Head{}, fmt.Errorf("bring the head of the ledger of %s up to date: %w", day, fault.ErrConflict)
}
