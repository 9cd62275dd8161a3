package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// placeSize is the length of a place in a key: that of its digest.
const placeSize = 16

func placeKey(place string) []byte { return digest(place)[:placeSize:placeSize] }

// owedEntries are the lines that lead to the owed change.
func owedEntries(c owed.Change) []entry {
	return []entry{
		{owedByPlace, append(append(placeKey(c.Place), earliestFirst(c.Since)...), c.ID...)},
		{owedBySince, append(earliestFirst(c.Since), c.ID...)},
	}
}

// Owe implements owed.Store.
func (s *Store) Owe(ctx context.Context, c owed.Change) (added bool, err error) {
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		if added = tx.Bucket(owedIn).Get([]byte(c.ID)) == nil; !added {
			return nil
		}
		b, stored, err := record.Owed(c)
		if err != nil {
			return err
		}
		if err := tx.Bucket(owedIn).Put([]byte(c.ID), b); err != nil {
			return err
		}
		if err := reindex(tx, nil, owedEntries(stored)); err != nil {
			return err
		}
		return countOwed(tx, 1)
	})
	if err != nil {
		return false, fmt.Errorf("owe change %s: %w", c.ID, err)
	}
	return added, nil
}

// Settle implements owed.Store.
func (s *Store) Settle(ctx context.Context, id string) error {
	err := s.update(ctx, func(tx *bbolt.Tx) error {
		if tx.Bucket(owedIn).Get([]byte(id)) == nil {
			return nil
		}
		old, err := getOwed(tx, []byte(id))
		if err != nil {
			return err
		}
		if err := reindex(tx, owedEntries(old), nil); err != nil {
			return err
		}
		if err := tx.Bucket(owedIn).Delete([]byte(id)); err != nil {
			return err
		}
		return countOwed(tx, -1)
	})
	if err != nil {
		return fmt.Errorf("settle owed change %s: %w", id, err)
	}
	return nil
}

func getOwed(tx *bbolt.Tx, id []byte) (owed.Change, error) {
	b := tx.Bucket(owedIn).Get(id)
	if b == nil {
		return owed.Change{}, fault.ErrNotFound
	}
	return record.ReadOwed(b)
}

// owedCount is the key of how many changes are owed, so that counting them reads no others.
var owedCount = []byte("owed")

func countOwed(tx *bbolt.Tx, more int64) error {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(int64(owedNow(tx))+more))
	return tx.Bucket(meta).Put(owedCount, b[:])
}

func owedNow(tx *bbolt.Tx) int {
	b := tx.Bucket(meta).Get(owedCount)
	if len(b) != 8 {
		return 0
	}
	return int(binary.BigEndian.Uint64(b))
}

// CountOwed implements owed.Store.
func (s *Store) CountOwed(ctx context.Context, place string) (n int, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		if place == "" {
			n = owedNow(tx)
			return nil
		}
		cursor, of := tx.Bucket(owedByPlace).Cursor(), placeKey(place)
		for key, _ := cursor.Seek(of); bytes.HasPrefix(key, of); key, _ = cursor.Next() {
			n++
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("count owed changes: %w", err)
	}
	return n, nil
}

// OwedPlaces implements owed.Store. It reads one record of each place, or more where a
// later release wrote the first.
func (s *Store) OwedPlaces(ctx context.Context, after string, limit int) (places []string, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(owedByPlace).Cursor()
		var from []byte
		if after != "" {
			from = behind(placeKey(after))
		}
		for key, _ := cursor.Seek(from); key != nil && len(places) < limit; {
			c, err := getOwed(tx, key[placeSize+timeSize:])
			if err != nil {
				key, _ = cursor.Next()
				continue
			}
			places = append(places, c.Place)
			key, _ = cursor.Seek(behind(key[:placeSize]))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list places that owe: %w", err)
	}
	return places, nil
}

// behind is the first key that no key with the prefix comes after.
func behind(prefix []byte) []byte {
	key := bytes.Clone(prefix)
	for i := len(key) - 1; i >= 0; i-- {
		if key[i]++; key[i] != 0 {
			return key
		}
	}
	return append(bytes.Repeat([]byte{0xff}, len(prefix)), 0xff)
}

// Owed implements owed.Store. It reads what the query selects, and no more.
func (s *Store) Owed(ctx context.Context, q owed.Query) (out []owed.Change, err error) {
	var leftOut []error
	w := walk{bucket: owedBySince, prefixes: [][]byte{nil}, limit: q.Limit}
	if q.Place != "" {
		w.bucket, w.prefixes = owedByPlace, [][]byte{placeKey(q.Place)}
	}
	if q.After != (owed.Position{}) {
		w.first = append(append(earliestFirst(q.After.Since), q.After.ID...), 0)
	}
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		r := w.runs(tx)[0]
		for r.place != nil && (w.limit == 0 || len(out) < w.limit) {
			id := r.place[timeSize:]
			c, err := getOwed(tx, id)
			if err != nil {
				leftOut = append(leftOut, fmt.Errorf("owed change %s: %w", id, err))
			} else {
				out = append(out, c)
			}
			key, _ := r.cursor.Next()
			r.at(key, w.last)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list owed changes: %w", err)
	}
	return out, fault.LeftOut(leftOut)
}
