package bolt

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

var _ remediate.Store = (*Store)(nil)

// Create implements finding.Store.
func (s *Store) Create(ctx context.Context, f finding.Finding) (stored finding.Finding, err error) {
	f.Revision = 1
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		if tx.Bucket(findings).Get([]byte(f.ID)) != nil {
			return fault.ErrExists
		}
		stored, err = put(tx, f, finding.Finding{})
		return err
	})
	if err != nil {
		return finding.Finding{}, fmt.Errorf("create finding %s: %w", f.ID, err)
	}
	return stored, nil
}

// Finding implements finding.Store.
func (s *Store) Finding(ctx context.Context, id string) (f finding.Finding, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		f, err = get(tx, []byte(id))
		return err
	})
	if err != nil {
		return finding.Finding{}, fmt.Errorf("finding %s: %w", id, err)
	}
	return f, nil
}

// Update implements finding.Store.
func (s *Store) Update(ctx context.Context, f finding.Finding) (stored finding.Finding, err error) {
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		old, err := get(tx, []byte(f.ID))
		if err != nil {
			return err
		}
		if old.Revision != f.Revision {
			return fmt.Errorf("at revision %d, stored is %d: %w", f.Revision, old.Revision, fault.ErrConflict)
		}
		if err := f.Extends(old); err != nil {
			return err
		}
		next := f // this may be done again
		next.Revision++
		stored, err = put(tx, next, old)
		return err
	})
	if err != nil {
		return finding.Finding{}, fmt.Errorf("update finding %s: %w", f.ID, err)
	}
	return stored, nil
}

func get(tx *bbolt.Tx, id []byte) (finding.Finding, error) {
	b := tx.Bucket(findings).Get(id)
	if b == nil {
		return finding.Finding{}, fault.ErrNotFound
	}
	return record.ReadFinding(b)
}

// put writes the finding in place of old, which is the zero Finding for one that is
// new.
func put(tx *bbolt.Tx, f, old finding.Finding) (finding.Finding, error) {
	b, stored, err := record.Successor(f, old)
	if err != nil {
		return finding.Finding{}, err
	}
	if err := tx.Bucket(findings).Put([]byte(f.ID), b); err != nil {
		return finding.Finding{}, err
	}
	var led []entry
	if old.ID != "" {
		led = entries(old)
	}
	return stored, reindex(tx, led, entries(stored))
}
