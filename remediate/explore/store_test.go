package explore_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/internal/store/storetest"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// records is what a store holds, as a value: what is in it is never changed, only
// replaced, so that a copy is one of four small maps.
type records struct {
	findings   map[string]finding.Finding
	handled    map[string]time.Time
	identities map[string]remediate.Sighting
	cells      map[string]cells.Cell
	pause      desk.Pause
}

func newRecords() records {
	return records{map[string]finding.Finding{}, map[string]time.Time{}, map[string]remediate.Sighting{}, map[string]cells.Cell{}, desk.Pause{}}
}

func (r records) copy() records {
	return records{maps.Clone(r.findings), maps.Clone(r.handled), maps.Clone(r.identities), maps.Clone(r.cells), r.pause}
}

// store is a remediate.Store over records.
type store struct {
	mu *sync.Mutex
	*records
	owed.Store // nil: what the explorer tells of is judged at once
}

func newStore(r *records) store { return store{mu: &sync.Mutex{}, records: r} }

var _ remediate.Store = store{}

func TestTheStoreOfTheExplorerIsOne(t *testing.T) {
	storetest.Run(t, func(*testing.T) remediate.Store {
		r := newRecords()
		s := newStore(&r)
		s.Store = memory.New()
		return s
	})
}

// locked begins a call: the error is why it may not be made.
func (s store) locked(ctx context.Context) (unlock func(), err error) {
	s.mu.Lock()
	return s.mu.Unlock, ctx.Err()
}

// storable says why a store refuses the finding, or nil.
func storable(f finding.Finding) error {
	switch {
	case f.ID == "":
		return errors.New("its id is empty")
	case f.Misstep != "":
		return errors.New(f.Misstep)
	}
	return nil
}

func (s store) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	unlock, err := s.locked(ctx)
	defer unlock()
	if err = errors.Join(err, storable(f)); err != nil {
		return finding.Finding{}, err
	}
	if _, ok := s.findings[f.ID]; ok {
		return finding.Finding{}, fmt.Errorf("create finding %s: %w", f.ID, fault.ErrExists)
	}
	f, err = f.Sealed(finding.Finding{})
	if err != nil {
		return finding.Finding{}, err
	}
	f = cloned(f)
	f.Revision = 1
	s.findings[f.ID] = f
	return cloned(f), nil
}

func (s store) Finding(ctx context.Context, id string) (finding.Finding, error) {
	unlock, err := s.locked(ctx)
	defer unlock()
	f, ok := s.findings[id]
	switch {
	case err != nil:
		return finding.Finding{}, err
	case !ok:
		return finding.Finding{}, fmt.Errorf("finding %s: %w", id, fault.ErrNotFound)
	}
	return cloned(f), nil
}

func (s store) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	unlock, err := s.locked(ctx)
	defer unlock()
	old, ok := s.findings[f.ID]
	switch {
	case err != nil:
		return finding.Finding{}, err
	case !ok:
		return finding.Finding{}, fmt.Errorf("update finding %s: %w", f.ID, fault.ErrNotFound)
	case old.Revision != f.Revision:
		return finding.Finding{}, fmt.Errorf("update finding %s: %w", f.ID, fault.ErrConflict)
	}
	if err := errors.Join(f.Extends(old), storable(f)); err != nil {
		return finding.Finding{}, fmt.Errorf("update finding %s: %w", f.ID, err)
	}
	f, err = f.Sealed(old)
	if err != nil {
		return finding.Finding{}, err
	}
	f = cloned(f)
	f.Revision++
	s.findings[f.ID] = f
	return cloned(f), nil
}

func (s store) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	return s.list(ctx, q.Matches, q.Limit, func(a, b finding.Finding) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
}

func (s store) Due(ctx context.Context, at time.Time, limit int) ([]finding.Finding, error) {
	due := func(f finding.Finding) bool { return !f.DueAt.IsZero() && !f.DueAt.After(at) }
	return s.list(ctx, due, limit, func(a, b finding.Finding) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID))
	})
}

func (s store) list(ctx context.Context, match func(finding.Finding) bool, limit int, order func(a, b finding.Finding) int) ([]finding.Finding, error) {
	unlock, err := s.locked(ctx)
	defer unlock()
	if err != nil {
		return nil, err
	}
	var out []finding.Finding
	for _, f := range s.findings {
		if match(f) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, order)
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	for i := range out {
		out[i] = cloned(out[i])
	}
	return out, nil
}
