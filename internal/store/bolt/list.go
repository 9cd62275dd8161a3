package bolt

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
)

// Findings implements remediate.FindingStore. A query for a resource reads the
// findings of that resource alone; any other reads from the newest back until
// Since or Limit is reached.
func (s *Store) Findings(ctx context.Context, q remediate.Query) ([]remediate.Finding, error) {
	in := walk{bucket: byCreated, limit: q.Limit, match: q.Matches}
	if q.Resource != (cloud.Resource{}) {
		in.bucket, in.prefix = byResource, resourcePrefix(q.Resource)
	}
	if !q.Since.IsZero() {
		in.last = newestFirst(q.Since)
	}
	out, err := s.list(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("list findings: %w", err)
	}
	return out, nil
}

// Due implements remediate.FindingStore. It reads what is due, and no more.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]remediate.Finding, error) {
	all := func(remediate.Finding) bool { return true }
	out, err := s.list(ctx, walk{bucket: byDue, last: earliestFirst(at), limit: limit, match: all})
	if err != nil {
		return nil, fmt.Errorf("list due findings: %w", err)
	}
	return out, nil
}

// walk is a way through an index: the keys with the prefix, in order, up to
// and with the time last (nil: to the end).
type walk struct {
	bucket, prefix, last []byte
	limit                int
	match                func(remediate.Finding) bool
}

// ended reports whether the walk does not reach the key.
func (w walk) ended(key []byte) bool {
	if key == nil || !bytes.HasPrefix(key, w.prefix) {
		return true
	}
	at := key[len(w.prefix):][:timeSize]
	return w.last != nil && bytes.Compare(at, w.last) > 0
}

func (s *Store) list(ctx context.Context, w walk) (out []remediate.Finding, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		c := tx.Bucket(w.bucket).Cursor()
		for key, id := c.Seek(w.prefix); !w.ended(key); key, id = c.Next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			f, err := get(tx, id)
			if err != nil {
				return fmt.Errorf("finding %s: %w", id, err)
			}
			if !w.match(f) {
				continue
			}
			out = append(out, f)
			if len(out) == w.limit {
				return nil
			}
		}
		return nil
	})
	return out, err
}
