package trail

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/state"
)

// What an excerpt of the trail is made of, and how it is verified where there is no
// store.

// Range returns the roots from the first made since then to the last made before until,
// in order, also with an error: one is missing before its time.
func (r *Roots) Range(ctx context.Context, since, until time.Time) (out []Root, err error) {
	at, _, err := cells.Read[rooted](ctx, r.store, rootedCell)
	if err != nil {
		return nil, err
	}
	last, err := r.last(ctx, at)
	if err != nil {
		return nil, err
	}
	after := last
	for n := last.N; n >= 1; n-- {
		root, found, err := r.root(ctx, n)
		if err != nil {
			return nil, err
		}
		if !found && (n == last.N || !after.forgotten(r.now())) {
			err = fmt.Errorf("root %d is missing: what it and earlier ones held is not known", n)
		}
		if !found || root.At.Before(since) {
			slices.Reverse(out)
			return out, err
		}
		if len(out) > 0 || root.At.Before(until) {
			out = append(out, root)
		}
		after = root
	}
	slices.Reverse(out)
	return out, nil
}

// VerifyRoots returns an error that names the first of the roots, which follow one
// another, that is not as it was written.
func VerifyRoots(roots []Root) error {
	for i, r := range roots {
		switch {
		case r.Hash != r.link():
			return fmt.Errorf("root %d is not as it was written: its hash does not fit what it says", r.N)
		case i > 0 && (r.N != roots[i-1].N+1 || r.Prev != roots[i-1].Hash):
			return fmt.Errorf("root %d does not follow root %d: one between them is missing or was changed", r.N, roots[i-1].N)
		}
	}
	return nil
}

// Holding is what the roots hold, with an error where they do not agree.
func Holding(roots []Root) (Coverage, error) {
	out := newCoverage()
	var errs []error
	for _, r := range slices.Backward(roots) {
		errs = append(errs, out.add(r))
		if r.At.After(out.Until) {
			out.Until = r.At
		}
	}
	return out, errors.Join(errs...)
}

// Days are the days of the ledger that there may be records of that time in.
func (l *Ledger) Days(since, until time.Time) []string { return l.days(since, until) }

// Day goes through the records of one day. It ends at the first error.
func (l *Ledger) Day(ctx context.Context, day string) iter.Seq2[Record, error] {
	return l.day(ctx, day)
}

// Event is the event that the line of a finding's trail tells of.
func (l Line) Event() Event {
	e := Event{At: l.At, State: state.State(l.Kind), Who: l.Who, Via: l.Via, What: l.What, Plan: l.Plan, N: l.N, Hash: l.Hash}
	if l.Hash == "" {
		e.N = 0 // as it is stored
	}
	return e
}

// Record is the record of the ledger that the line tells of, of that day.
func (l Line) Record(day string) Record {
	return Record{
		Day: day, N: l.N, At: l.At, Kind: Kind(l.Kind), Who: l.Who, Via: l.Via, Finding: l.Finding,
		Class: l.Class, What: l.What, Plan: l.Plan, Count: l.Count, Hash: l.Hash,
	}
}

// VerifyDay returns an error that names the first record of the day, which are all that
// there are, that is not as it was written. The head is one that a root holds, or the
// zero Head.
func VerifyDay(day string, records []Record, h Head) error {
	prev := ""
	for i, e := range records {
		if e.N != i+1 || e.Day != day || e.Hash != e.link(prev) {
			return fmt.Errorf("the ledger of %s breaks at record %d: its hash does not fit what it says and what is before it", day, i+1)
		}
		prev = e.Hash
	}
	switch {
	case len(records) < h.N:
		return fmt.Errorf("record %d of the ledger of %s is missing: a root holds %d of them", len(records)+1, day, h.N)
	case h.N > 0 && records[h.N-1].Hash != h.Hash:
		return fmt.Errorf("the ledger of %s breaks at record %d or before: a root holds another hash of it", day, h.N)
	}
	return nil
}
