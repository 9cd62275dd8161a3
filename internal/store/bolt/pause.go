package bolt

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// pauseKey is where the pause stands in meta.
var pauseKey = []byte("pause")

// Pause implements desk.PauseStore.
func (s *Store) Pause(ctx context.Context) (p desk.Pause, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		p, err = pause(tx)
		return err
	})
	if err != nil {
		return desk.Pause{}, fmt.Errorf("read pause: %w", err)
	}
	return p, nil
}

func pause(tx *bbolt.Tx) (desk.Pause, error) {
	b := tx.Bucket(meta).Get(pauseKey)
	if b == nil {
		return desk.Pause{}, nil
	}
	return record.ReadPause(b)
}

// SetPause implements desk.PauseStore.
func (s *Store) SetPause(ctx context.Context, p desk.Pause) (stored desk.Pause, err error) {
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		old, err := pause(tx)
		if err != nil {
			return err
		}
		if old.Revision != p.Revision {
			return fmt.Errorf("at revision %d, stored is %d: %w", p.Revision, old.Revision, fault.ErrConflict)
		}
		set := p // this may be done again
		set.Revision++
		b, next, err := record.Pause(set)
		stored = next
		if err != nil {
			return err
		}
		return tx.Bucket(meta).Put(pauseKey, b)
	})
	if err != nil {
		return desk.Pause{}, fmt.Errorf("set pause: %w", err)
	}
	return stored, nil
}
