package bolt

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// kept are the indexes of what may be forgotten, and of which bucket.
var kept = []struct{ until, of []byte }{{findingsUntil, findings}, {handledUntil, handled}, {cellsUntil, cellBucket}}

// Prune implements remediate.Pruner: ended findings are forgotten after 400
// days, handled changes after 35, cells when they say.
func (s *Store) Prune(ctx context.Context, now time.Time, limit int) (n int, err error) {
	due := 0
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		for _, k := range kept {
			due += len(over(tx, k.until, now, 1))
		}
		return nil
	})
	if err != nil || due == 0 { // and nothing is written to the disk
		return 0, err
	}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		n = 0 // this may be done again
		for _, k := range kept {
			keys := over(tx, k.until, now, limit)
			n += len(keys)
			for _, key := range keys {
				if err := forget(tx, k.until, k.of, key); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("forget what was kept long enough: %w", err)
	}
	return n, nil
}

// over are the first keys of the index whose time is not after now.
func over(tx *bbolt.Tx, until []byte, now time.Time, limit int) (keys [][]byte) {
	r := walk{bucket: until, prefixes: [][]byte{nil}, last: earliestFirst(now)}.runs(tx)[0]
	for r.place != nil && len(keys) < limit {
		keys = append(keys, bytes.Clone(r.place))
		key, _ := r.cursor.Next()
		r.at(key, earliestFirst(now))
	}
	return keys
}

// forget deletes the record that the key leads to, and what leads to it.
func forget(tx *bbolt.Tx, until, of, key []byte) error {
	id := key[timeSize:]
	if string(of) == string(findings) {
		f, err := get(tx, id)
		if err != nil {
			return err
		}
		if err := reindex(tx, entries(f), nil); err != nil {
			return err
		}
		return tx.Bucket(of).Delete([]byte(f.ID))
	}
	if err := tx.Bucket(of).Delete(id); err != nil {
		return err
	}
	return tx.Bucket(until).Delete(key)
}
