package memory

import (
	"context"
	"fmt"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Pause implements remediate.PauseStore.
func (s *Store) Pause(ctx context.Context) (remediate.Pause, error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return remediate.Pause{}, err
	}
	return s.paused()
}

func (s *Store) paused() (remediate.Pause, error) {
	if s.pause == nil {
		return remediate.Pause{}, nil
	}
	return record.ReadPause(s.pause)
}

// SetPause implements remediate.PauseStore.
func (s *Store) SetPause(ctx context.Context, p remediate.Pause) (remediate.Pause, error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return remediate.Pause{}, err
	}
	old, err := s.paused()
	if err != nil {
		return remediate.Pause{}, err
	}
	if old.Revision != p.Revision {
		return remediate.Pause{}, fmt.Errorf("set pause at revision %d, stored is %d: %w", p.Revision, old.Revision, fault.ErrConflict)
	}
	p.Revision++
	b, stored, err := record.Pause(p)
	if err != nil {
		return remediate.Pause{}, err
	}
	s.pause = b
	return stored, nil
}
