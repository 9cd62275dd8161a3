package bolt

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Findings implements finding.Store. It reads what the query selects,
// and no more, however much there is besides.
func (s *Store) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	if q.Resource != (cloud.Resource{}) && q.Project != "" && q.Project != q.Resource.Project {
		return nil, ctx.Err() // the resource is of another project
	}
	out, leftOut, err := s.list(ctx, walkOf(q))
	if err != nil {
		return nil, fmt.Errorf("list findings: %w", err)
	}
	return out, fault.LeftOut(leftOut)
}

// Due implements finding.Store. It reads what is due, and no more.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]finding.Finding, error) {
	all := func(finding.Finding) bool { return true }
	out, leftOut, err := s.list(ctx, walk{bucket: byDue, prefixes: [][]byte{nil}, last: earliestFirst(at), limit: limit, match: all})
	if err != nil {
		return nil, fmt.Errorf("list due findings: %w", err)
	}
	return out, fault.LeftOut(leftOut)
}

// walk is a way through an index: the keys with one of the prefixes, in the
// order of what follows it, which is a time and an id; from first on, and up to
// and with the time last (nil: to the end).
type walk struct {
	bucket      []byte
	prefixes    [][]byte
	first, last []byte
	limit       int
	match       func(finding.Finding) bool
}

// walkOf is the way that leads past what the query selects, one run for each
// state.
func walkOf(q finding.Query) walk {
	w := walk{bucket: bySelection, limit: q.Limit, match: q.Matches}
	in := selection{policy: q.Policy, project: q.Project}
	if q.Resource != (cloud.Resource{}) {
		in.project, in.resource = "", q.Resource.String()
	}
	states := map[state.State]bool{}
	for _, s := range q.States {
		states[indexed(s)] = true
	}
	for _, s := range append(state.All(), "") {
		if len(states) == 0 || states[s] {
			in.state = s
			w.prefixes = append(w.prefixes, in.prefix())
		}
	}
	if !q.Since.IsZero() {
		w.last = newestFirst(q.Since)
	}
	if !q.Until.IsZero() {
		w.first = newestFirst(q.Until.Add(-1))
	}
	if q.After != (finding.Position{}) {
		after := append(newestFirst(q.After.CreatedAt), q.After.ID...)
		if bytes.Compare(after, w.first) > 0 {
			w.first = after
		}
	}
	return w
}

// run is one run of keys with the same prefix. What is left of it begins with
// place, a time and an id; nil at its end.
type run struct {
	cursor        *bbolt.Cursor
	prefix, place []byte
}

func (r *run) at(key, last []byte) {
	place, ok := bytes.CutPrefix(key, r.prefix)
	if !ok || key == nil || last != nil && bytes.Compare(place[:timeSize], last) > 0 {
		place = nil
	}
	r.place = place
}

func (w walk) runs(tx *bbolt.Tx) []*run {
	var out []*run
	for _, p := range w.prefixes {
		r := &run{cursor: tx.Bucket(w.bucket).Cursor(), prefix: p}
		key, _ := r.cursor.Seek(append(bytes.Clone(p), w.first...))
		r.at(key, w.last)
		out = append(out, r)
	}
	return out
}

// earliest is the run whose place comes before those of the others; nil when
// all have ended.
func earliest(runs []*run) (first *run) {
	for _, r := range runs {
		if r.place != nil && (first == nil || bytes.Compare(r.place, first.place) < 0) {
			first = r
		}
	}
	return first
}

// list returns what the walk comes past, and an error for each finding that cannot be
// read and so has no place in it.
func (s *Store) list(ctx context.Context, w walk) (out []finding.Finding, leftOut []error, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		runs := w.runs(tx)
		for r := earliest(runs); r != nil; r = earliest(runs) {
			if err := ctx.Err(); err != nil {
				return err
			}
			id := r.place[timeSize:]
			f, err := get(tx, id)
			if err != nil {
				leftOut = append(leftOut, &fault.UnreadError{Finding: string(id), Err: err})
			}
			key, _ := r.cursor.Next()
			r.at(key, w.last)
			if err != nil || !w.match(f) {
				continue
			}
			out = append(out, f)
			if len(out) == w.limit {
				return nil
			}
		}
		return nil
	})
	return out, leftOut, err
}
