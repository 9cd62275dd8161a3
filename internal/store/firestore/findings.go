package firestore

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Create implements finding.Store.
func (s *Store) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	f.Revision = 1
	stored, err := s.put(ctx, f, func(old *firestore.DocumentSnapshot) (finding.Finding, error) {
		if old.Exists() {
			return finding.Finding{}, fault.ErrExists
		}
		return finding.Finding{}, nil
	})
	if err != nil {
		return finding.Finding{}, fmt.Errorf("create finding %s: %w", f.ID, err)
	}
	return stored, nil
}

// Finding implements finding.Store.
func (s *Store) Finding(ctx context.Context, id string) (f finding.Finding, err error) {
	err = call(ctx, callTimeout, func(ctx context.Context) error {
		doc, err := read(ctx, s.doc(findings, id))
		if err != nil {
			return err
		}
		if !doc.Exists() {
			return fault.ErrNotFound
		}
		f, err = findingOf(doc)
		return err
	})
	if err != nil {
		return finding.Finding{}, fmt.Errorf("finding %s: %w", id, err)
	}
	return f, nil
}

// Update implements finding.Store.
func (s *Store) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	at := f.Revision
	f.Revision++
	stored, err := s.put(ctx, f, func(old *firestore.DocumentSnapshot) (finding.Finding, error) {
		if !old.Exists() {
			return finding.Finding{}, fault.ErrNotFound
		}
		is, err := findingOf(old)
		if err != nil {
			return finding.Finding{}, err
		}
		if is.Revision != at {
			return finding.Finding{}, fmt.Errorf("at revision %d, stored is %d: %w", at, is.Revision, fault.ErrConflict)
		}
		return is, f.Extends(is)
	})
	if err != nil {
		return finding.Finding{}, fmt.Errorf("update finding %s: %w", f.ID, err)
	}
	return stored, nil
}

// put stores f, if what is there by then may be replaced, and returns it as it reads
// back.
func (s *Store) put(ctx context.Context, f finding.Finding, replaces func(*firestore.DocumentSnapshot) (finding.Finding, error)) (stored finding.Finding, err error) {
	err = call(ctx, callTimeout, func(ctx context.Context) error {
		return swap(ctx, s.doc(findings, f.ID), func(doc *firestore.DocumentSnapshot) (fields, error) {
			old, err := replaces(doc)
			if err != nil {
				return nil, err
			}
			next, is, err := findingFields(f, old)
			stored = is
			return next, err
		})
	})
	return stored, err
}
