package bolt

import (
	"bytes"

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
