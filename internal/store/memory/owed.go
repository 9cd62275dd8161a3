package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// Owe implements owed.Store.
func (s *Store) Owe(ctx context.Context, c owed.Change) (added bool, _ error) {
	b, _, err := record.Owed(c)
	if err != nil {
		return false, err
	}
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if _, there := s.owed[c.ID]; there {
		return false, nil
	}
	s.owed[c.ID] = b
	return true, nil
}

// Settle implements owed.Store.
func (s *Store) Settle(ctx context.Context, id string) error {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return err
	}
	delete(s.owed, id)
	return nil
}

// Owed implements owed.Store.
func (s *Store) Owed(ctx context.Context, q owed.Query) (out []owed.Change, _ error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var leftOut []error
	for id, b := range s.owed {
		c, err := record.ReadOwed(b)
		switch {
		case err != nil:
			leftOut = append(leftOut, fmt.Errorf("owed change %s: %w", id, err))
		case q.Matches(c):
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b owed.Change) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, fault.LeftOut(leftOut)
}

// OwedPlaces implements owed.Store.
func (s *Store) OwedPlaces(ctx context.Context, after string, limit int) (places []string, _ error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, b := range s.owed {
		c, err := record.ReadOwed(b)
		if err == nil && c.Place > after && !slices.Contains(places, c.Place) {
			places = append(places, c.Place)
		}
	}
	slices.Sort(places)
	return places[:min(len(places), limit)], nil
}

// CountOwed implements owed.Store.
func (s *Store) CountOwed(ctx context.Context, place string) (n int, _ error) {
	defer s.lock()()
	if place == "" {
		return len(s.owed), ctx.Err()
	}
	for _, b := range s.owed {
		if c, err := record.ReadOwed(b); err == nil && c.Place == place {
			n++
		}
	}
	return n, ctx.Err()
}
