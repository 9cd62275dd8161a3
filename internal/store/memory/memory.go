// Package memory keeps findings in this process and nowhere else: for tests,
// for the demo, and for a replay, which must leave nothing behind.
//
// It keeps the encoded records that other stores keep, not the values: so what
// a caller holds and what is stored can never share memory, and a finding that
// another store would refuse is refused here as well. It has no indexes: a list
// looks at every finding there is.
package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Store is a remediate.Store. It is safe for concurrent use.
type Store struct {
	mu         sync.Mutex
	findings   map[string]kept
	handled    map[string]time.Time
	identities map[string][]byte
	pause      []byte // nil until it is first set
	cells      map[string][]byte
	owed       map[string][]byte
}

// kept is a record with what lists select by, so that they read no others.
type kept struct {
	record []byte
	key    finding.Finding
}

func keptAs(b []byte, f finding.Finding) kept {
	return kept{b, finding.Finding{ID: f.ID, Policy: f.Policy, State: f.State, Resource: f.Resource, CreatedAt: f.CreatedAt, DueAt: f.DueAt}}
}

var _ remediate.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{
		findings:   map[string]kept{},
		handled:    map[string]time.Time{},
		identities: map[string][]byte{},
		cells:      map[string][]byte{},
		owed:       map[string][]byte{},
	}
}

// Create implements finding.Store.
func (s *Store) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	f.Revision = 1
	b, stored, err := record.Finding(f)
	if err != nil {
		return finding.Finding{}, fmt.Errorf("create finding %s: %w", f.ID, err)
	}
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return finding.Finding{}, err
	}
	if _, ok := s.findings[f.ID]; ok {
		return finding.Finding{}, fmt.Errorf("create finding %s: %w", f.ID, fault.ErrExists)
	}
	s.findings[f.ID] = keptAs(b, stored)
	return stored, nil
}

// Finding implements finding.Store.
func (s *Store) Finding(ctx context.Context, id string) (finding.Finding, error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return finding.Finding{}, err
	}
	return s.finding(id)
}

func (s *Store) finding(id string) (finding.Finding, error) {
	k, ok := s.findings[id]
	if !ok {
		return finding.Finding{}, fmt.Errorf("finding %s: %w", id, fault.ErrNotFound)
	}
	return record.ReadFinding(k.record)
}

// Update implements finding.Store.
func (s *Store) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return finding.Finding{}, err
	}
	old, err := s.finding(f.ID)
	if err != nil {
		return finding.Finding{}, fmt.Errorf("update %w", err)
	}
	if old.Revision != f.Revision {
		return finding.Finding{}, fmt.Errorf("update finding %s at revision %d, stored is %d: %w",
			f.ID, f.Revision, old.Revision, fault.ErrConflict)
	}
	if err := f.Extends(old); err != nil {
		return finding.Finding{}, fmt.Errorf("update finding: %w", err)
	}
	f.Revision++
	b, stored, err := record.Successor(f, old)
	if err != nil {
		return finding.Finding{}, fmt.Errorf("update finding %s: %w", f.ID, err)
	}
	s.findings[f.ID] = keptAs(b, stored)
	return stored, nil
}

// Findings implements finding.Store.
func (s *Store) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	newestFirst := func(a, b finding.Finding) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	}
	return s.list(ctx, q.Matches, newestFirst, q.Limit)
}

// Due implements finding.Store.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]finding.Finding, error) {
	due := func(f finding.Finding) bool { return !f.DueAt.IsZero() && !f.DueAt.After(at) }
	earliestFirst := func(a, b finding.Finding) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID))
	}
	return s.list(ctx, due, earliestFirst, limit)
}

// list returns what matches and can be read, in that order, and names the rest.
func (s *Store) list(ctx context.Context, match func(finding.Finding) bool, order func(a, b finding.Finding) int, limit int) (out []finding.Finding, _ error) {
	selected, err := s.selected(ctx, match, order)
	if err != nil {
		return nil, err
	}
	var leftOut []error
	for _, k := range selected {
		if limit > 0 && len(out) == limit {
			break
		}
		f, err := record.ReadFinding(k.record)
		if err != nil {
			leftOut = append(leftOut, &fault.UnreadError{Finding: k.key.ID, Err: err})
			continue
		}
		out = append(out, f)
	}
	return out, fault.LeftOut(leftOut)
}

// selected are the records that match, in that order.
func (s *Store) selected(ctx context.Context, match func(finding.Finding) bool, order func(a, b finding.Finding) int) (out []kept, _ error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, k := range s.findings {
		if match(k.key) {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b kept) int { return order(a.key, b.key) })
	return out, nil
}

func (s *Store) lock() (unlock func()) {
	s.mu.Lock()
	return s.mu.Unlock
}
