package memory

import (
	"context"
	"fmt"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Pause implements desk.PauseStore.
func (s *Store) Pause(ctx context.Context) (desk.Pause, error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return desk.Pause{}, err
	}
	return s.paused()
}

func (s *Store) paused() (desk.Pause, error) {
	if s.pause == nil {
		return desk.Pause{}, nil
	}
	return record.ReadPause(s.pause)
}

// SetPause implements desk.PauseStore.
func (s *Store) SetPause(ctx context.Context, p desk.Pause) (desk.Pause, error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return desk.Pause{}, err
	}
	old, err := s.paused()
	if err != nil {
		return desk.Pause{}, err
	}
	if old.Revision != p.Revision {
		return desk.Pause{}, fmt.Errorf("set pause at revision %d, stored is %d: %w", p.Revision, old.Revision, fault.ErrConflict)
	}
	p.Revision++
	b, stored, err := record.Pause(p)
	if err != nil {
		return desk.Pause{}, err
	}
	s.pause = b
	return stored, nil
}
