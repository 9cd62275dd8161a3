package firestore

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Handled implements remediate.ChangeStore.
func (s *Store) Handled(ctx context.Context, changeID string) (found bool, err error) {
	err = call(ctx, callTimeout, func(ctx context.Context) error {
		doc, err := read(ctx, s.doc(handled, changeID))
		found = err == nil && doc.Exists()
		return err
	})
	if err != nil {
		return false, fmt.Errorf("look up change %q: %w", changeID, err)
	}
	return found, nil
}

// MarkHandled implements remediate.ChangeStore. Firestore forgets the change
// 35 days after the time.
func (s *Store) MarkHandled(ctx context.Context, changeID string, at time.Time) error {
	err := call(ctx, callTimeout, func(ctx context.Context) error {
		if changeID == "" {
			return nil
		}
		_, err := s.doc(handled, changeID).Create(ctx, fields{layoutField: layout, expireField: at.Add(record.KeepHandled)})
		if status.Code(err) == codes.AlreadyExists {
			return nil
		}
		return err
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
	later := func(old *firestore.DocumentSnapshot) (fields, error) {
		if old.Exists() {
			known, err := sightingOf(old)
			if err != nil || !sighting.At.After(known.At) {
				return nil, err
			}
		}
		return fields{layoutField: layout, recordField: b}, nil
	}
	err = call(ctx, callTimeout, func(ctx context.Context) error {
		return swap(ctx, s.doc(identities, sighting.Email), later)
	})
	if err != nil {
		return fmt.Errorf("learn identity %s: %w", sighting.Email, err)
	}
	return nil
}

// Identity implements remediate.IdentityStore.
func (s *Store) Identity(ctx context.Context, email string) (found remediate.Sighting, err error) {
	err = call(ctx, callTimeout, func(ctx context.Context) error {
		doc, err := read(ctx, s.doc(identities, email))
		if err != nil {
			return err
		}
		if !doc.Exists() {
			return fault.ErrNotFound
		}
		found, err = sightingOf(doc)
		return err
	})
	if err != nil {
		return remediate.Sighting{}, fmt.Errorf("identity %s: %w", email, err)
	}
	return found, nil
}

func sightingOf(doc *firestore.DocumentSnapshot) (remediate.Sighting, error) {
	b, err := recordOf(doc)
	if err != nil {
		return remediate.Sighting{}, err
	}
	return record.ReadSighting(b)
}
