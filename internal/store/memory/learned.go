package memory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Handled implements remediate.ChangeStore.
func (s *Store) Handled(ctx context.Context, changeID string) (bool, error) {
	defer s.lock()()
	_, ok := s.handled[changeID]
	return ok, ctx.Err()
}

// MarkHandled implements remediate.ChangeStore.
func (s *Store) MarkHandled(ctx context.Context, changeID string, at time.Time) error {
	defer s.lock()()
	if err := ctx.Err(); err != nil || changeID == "" {
		return err
	}
	if _, ok := s.handled[changeID]; !ok {
		s.handled[changeID] = at.UTC()
	}
	return nil
}

// LearnIdentity implements remediate.IdentityStore.
func (s *Store) LearnIdentity(ctx context.Context, sighting remediate.Sighting) error {
	b, err := record.Sighting(sighting)
	if err != nil {
		return fmt.Errorf("learn identity %s: %w", sighting.Email, err)
	}
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return err
	}
	old, err := s.identity(sighting.Email)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	if err != nil || sighting.At.After(old.At) {
		s.identities[sighting.Email] = b
	}
	return nil
}

// Identity implements remediate.IdentityStore.
func (s *Store) Identity(ctx context.Context, email string) (remediate.Sighting, error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return remediate.Sighting{}, err
	}
	return s.identity(email)
}

func (s *Store) identity(email string) (remediate.Sighting, error) {
	b, ok := s.identities[email]
	if !ok {
		return remediate.Sighting{}, fmt.Errorf("identity %s: %w", email, fault.ErrNotFound)
	}
	return record.ReadSighting(b)
}
