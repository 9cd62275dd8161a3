package bolt

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
)

// entry is one line of an index: in which bucket, under which key.
type entry struct{ bucket, key []byte }

// entries are the lines of the indexes that lead to the finding.
func entries(f remediate.Finding) []entry {
	created := append(newestFirst(f.CreatedAt), f.ID...)
	es := []entry{
		{byCreated, created},
		{byResource, append(resourcePrefix(f.Resource), created...)},
	}
	if !f.DueAt.IsZero() {
		es = append(es, entry{byDue, append(earliestFirst(f.DueAt), f.ID...)})
	}
	return es
}

func index(tx *bbolt.Tx, f remediate.Finding) error {
	for _, e := range entries(f) {
		if err := tx.Bucket(e.bucket).Put(e.key, []byte(f.ID)); err != nil {
			return err
		}
	}
	return nil
}

func unindex(tx *bbolt.Tx, f remediate.Finding) error {
	for _, e := range entries(f) {
		if err := tx.Bucket(e.bucket).Delete(e.key); err != nil {
			return err
		}
	}
	return nil
}

// digest makes a key of text that strangers write. It may be of any length,
// and bbolt refuses keys over 32 KiB: one long name would fail for ever.
func digest(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func resourcePrefix(r cloud.Resource) []byte { return digest(r.String()) }

// timeSize is the length of a time in a key.
const timeSize = 12

// earliestFirst is a time as bytes that sort as the time does, for every time
// that time.Time can hold; UnixNano would overflow for the zero time.
func earliestFirst(t time.Time) []byte {
	const sign = 1 << 63 // so that seconds before 1970 come first
	key := make([]byte, 0, timeSize+64)
	key = binary.BigEndian.AppendUint64(key, uint64(t.Unix())^sign)
	return binary.BigEndian.AppendUint32(key, uint32(t.Nanosecond()))
}

// newestFirst is likewise, the other way round.
func newestFirst(t time.Time) []byte {
	key := earliestFirst(t)
	for i := range key {
		key[i] = ^key[i]
	}
	return key
}
