package bolt

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// CreateAll stores many findings in a few writes: a million of them, each on
// disk by itself, would take an hour.
func (s *Store) CreateAll(fs []finding.Finding) error {
	const batch = 10_000
	for len(fs) > 0 {
		n := min(batch, len(fs))
		err := s.db.Update(func(tx *bbolt.Tx) error {
			for _, f := range fs[:n] {
				f.Revision = 1
				if _, err := put(tx, f, finding.Finding{}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		fs = fs[n:]
	}
	return nil
}

// ChangeStored changes the stored form of a finding.
func (s *Store) ChangeStored(id string, to func([]byte) []byte) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(findings)
		return b.Put([]byte(id), to(bytes.Clone(b.Get([]byte(id)))))
	})
}

// SeveralAtOnce has writes wait for each other, so that they share a transaction.
func (s *Store) SeveralAtOnce(writes ...func() error) error {
	s.writes.turn <- struct{}{}
	errs := make([]error, len(writes))
	var wg sync.WaitGroup
	for i, w := range writes {
		wg.Go(func() { errs[i] = w() })
	}
	for {
		s.writes.mu.Lock()
		n := len(s.writes.waiting)
		s.writes.mu.Unlock()
		if n == len(writes) {
			break
		}
		runtime.Gosched()
	}
	<-s.writes.turn
	wg.Wait()
	return errors.Join(errs...)
}

// Panicking is a write that panics.
func (s *Store) Panicking() error {
	return s.update(context.Background(), func(*bbolt.Tx) error { panic("told to") })
}
