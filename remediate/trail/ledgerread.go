package trail

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Records goes through the records from since on and before until, oldest
// first, as far back as the ledger is kept. A chain ends at its first error, and
// the one of the next day follows.
func (l *Ledger) Records(ctx context.Context, since, until time.Time) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, day := range l.days(since, until) {
			for e, err := range l.day(ctx, day) {
				if err == nil && (e.At.Before(since) || !e.At.Before(until)) {
					continue
				}
				if !yield(e, err) {
					return
				}
			}
		}
	}
}

// days are the chains there may be records of that time in.
func (l *Ledger) days(since, until time.Time) []string {
	now := l.now()
	if kept := now.Add(-Keep); since.Before(kept) {
		since = kept
	}
	if until.After(now) {
		until = now.Add(time.Hour) // clocks of others may be ahead
	}
	var out []string
	for at := since.UTC().Truncate(24 * time.Hour); at.Before(until); at = at.Add(24 * time.Hour) {
		out = append(out, dayOf(at))
	}
	return out
}

// day goes through one chain. The head may lag behind it; records that the head
// tells of and that are not there are an error.
func (l *Ledger) day(ctx context.Context, day string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		head, _, err := l.head(ctx, day)
		if err != nil {
			yield(Record{}, err)
			return
		}
		for n := 1; ; n++ {
			e, found, err := l.record(ctx, day, n)
			if err == nil && !found && n <= head.N {
				err = fmt.Errorf("record %d of the ledger of %s is missing: it has %d", n, day, head.N)
			}
			if err == nil && !found || !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Verify walks the chains of that time and returns how many records it saw. The
// error names, for each chain that is not as it was written, the first record
// that is not.
func (l *Ledger) Verify(ctx context.Context, since, until time.Time) (int, error) {
	var errs []error
	n := 0
	for _, day := range l.days(since, until) {
		seen, err := l.verifyDay(ctx, day)
		n += seen
		errs = append(errs, err)
	}
	return n, errors.Join(errs...)
}

func (l *Ledger) verifyDay(ctx context.Context, day string) (n int, err error) {
	head, _, err := l.head(ctx, day)
	if err != nil {
		return 0, err
	}
	prev := ""
	for e, err := range l.day(ctx, day) {
		if err != nil {
			return n, err
		}
		n++
		if e.N != n || e.Day != day || e.Hash != e.link(prev) || n == head.N && e.Hash != head.Hash {
			return n, fmt.Errorf("the ledger of %s breaks at record %d: its hash does not fit what it says and what is before it", day, n)
		}
		prev = e.Hash
	}
	return n, nil
}

// Line is the n-th record of a day as a line, and whether there is one.
func (l *Ledger) Line(ctx context.Context, day string, n int) (Line, bool, error) {
	e, found, err := l.record(ctx, day, n)
	return e.Line(), found, err
}
