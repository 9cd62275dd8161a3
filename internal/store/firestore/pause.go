package firestore

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Pause implements desk.PauseStore.
func (s *Store) Pause(ctx context.Context) (p desk.Pause, err error) {
	err = call(ctx, callTimeout, func(ctx context.Context) error {
		doc, err := read(ctx, s.pause())
		if err == nil {
			p, err = pauseOf(doc)
		}
		return err
	})
	if err != nil {
		return desk.Pause{}, fmt.Errorf("read pause: %w", err)
	}
	return p, nil
}

// SetPause implements desk.PauseStore.
func (s *Store) SetPause(ctx context.Context, p desk.Pause) (desk.Pause, error) {
	at := p.Revision
	p.Revision++
	b, stored, err := record.Pause(p)
	if err != nil {
		return desk.Pause{}, fmt.Errorf("set pause: %w", err)
	}
	err = call(ctx, callTimeout, func(ctx context.Context) error {
		return swap(ctx, s.pause(), func(old *firestore.DocumentSnapshot) (fields, error) {
			is, err := pauseOf(old)
			if err == nil && is.Revision != at {
				err = fmt.Errorf("at revision %d, stored is %d: %w", at, is.Revision, fault.ErrConflict)
			}
			return fields{layoutField: layout, recordField: b}, err
		})
	})
	if err != nil {
		return desk.Pause{}, fmt.Errorf("set pause: %w", err)
	}
	return stored, nil
}

func (s *Store) pause() *firestore.DocumentRef { return s.doc(switches, "pause") }

// pauseOf is the zero Pause for a document that does not exist: never set.
func pauseOf(doc *firestore.DocumentSnapshot) (desk.Pause, error) {
	if !doc.Exists() {
		return desk.Pause{}, nil
	}
	b, err := recordOf(doc)
	if err != nil {
		return desk.Pause{}, err
	}
	return record.ReadPause(b)
}
