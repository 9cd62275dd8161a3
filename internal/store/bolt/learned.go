package bolt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Handled implements remediate.ChangeStore.
func (s *Store) Handled(ctx context.Context, changeID string) (found bool, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		found = tx.Bucket(handled).Get(digest(changeID)) != nil
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("look up change %q: %w", changeID, err)
	}
	return found, nil
}

// MarkHandled implements remediate.ChangeStore.
func (s *Store) MarkHandled(ctx context.Context, changeID string, at time.Time) error {
	b, err := record.Time(at)
	if err != nil {
		return fmt.Errorf("mark change %q handled: %w", changeID, err)
	}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		bucket, key := tx.Bucket(handled), digest(changeID)
		if changeID == "" || bucket.Get(key) != nil {
			return nil
		}
		if err := bucket.Put(key, b); err != nil {
			return err
		}
		return tx.Bucket(handledUntil).Put(append(earliestFirst(at.Add(record.KeepHandled)), key...), nil)
	})
	if err != nil {
		return fmt.Errorf("mark change %q handled: %w", changeID, err)
	}
	return nil
}

// LearnIdentity implements remediate.IdentityStore.
func (s *Store) LearnIdentity(ctx context.Context, sighting remediate.Sighting) error {
	b, err := record.Sighting(sighting)
	if err != nil {
		return fmt.Errorf("learn identity %s: %w", sighting.Email, err)
	}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		old, err := identity(tx, sighting.Email)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return err
		}
		if err == nil && !sighting.At.After(old.At) {
			return nil
		}
		return tx.Bucket(identities).Put(digest(sighting.Email), b)
	})
	if err != nil {
		return fmt.Errorf("learn identity %s: %w", sighting.Email, err)
	}
	return nil
}

// Identity implements remediate.IdentityStore.
func (s *Store) Identity(ctx context.Context, email string) (found remediate.Sighting, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		found, err = identity(tx, email)
		return err
	})
	if err != nil {
		return remediate.Sighting{}, fmt.Errorf("identity %s: %w", email, err)
	}
	return found, nil
}

func identity(tx *bbolt.Tx, email string) (remediate.Sighting, error) {
	b := tx.Bucket(identities).Get(digest(email))
	if b == nil {
		return remediate.Sighting{}, fault.ErrNotFound
	}
	return record.ReadSighting(b)
}
