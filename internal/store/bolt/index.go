package bolt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// entry is one line of an index: in which bucket, under which key.
type entry struct{ bucket, key []byte }

// entries are the lines of the indexes that lead to the finding.
func entries(f finding.Finding) []entry {
	created := append(newestFirst(f.CreatedAt), f.ID...)
	var es []entry
	for _, s := range selections(f) {
		es = append(es, entry{bySelection, append(s.prefix(), created...)})
	}
	if !f.DueAt.IsZero() {
		es = append(es, entry{byDue, append(earliestFirst(f.DueAt), f.ID...)})
	}
	if at := record.ForgetAt(f); !at.IsZero() {
		es = append(es, entry{findingsUntil, append(earliestFirst(at), f.ID...)})
	}
	return es
}

// selection is what a list can select by: each has a run of keys of its own in
// bySelection, so that a list reads what it selects and no more.
type selection struct {
	state           state.State
	policy, project string // empty: of any
	resource        string // likewise; implies the project
}

// selections are those that a finding is part of.
func selections(f finding.Finding) []selection {
	state, project, resource := indexed(f.State), f.Resource.Project, f.Resource.String()
	return []selection{
		{state: state},
		{state: state, policy: f.Policy},
		{state: state, project: project},
		{state: state, policy: f.Policy, project: project},
		{state: state, resource: resource},
		{state: state, policy: f.Policy, resource: resource},
	}
}

// indexed is the state in an index: one that this rescind does not know shares
// the empty one.
func indexed(s state.State) state.State {
	if slices.Contains(state.All(), s) {
		return s
	}
	return ""
}

// prefix is what the keys of the selection begin with, of one length for all.
func (s selection) prefix() []byte {
	return digest(fmt.Sprintf("%q %q %q %q", s.state, s.policy, s.project, s.resource))[:16:16]
}

// reindex makes the lines of the old finding those of the new one. What both
// have is left alone: most updates touch one or two.
func reindex(tx *bbolt.Tx, old, now []entry) error {
	has := func(es []entry, e entry) bool {
		return slices.ContainsFunc(es, func(o entry) bool { return bytes.Equal(o.bucket, e.bucket) && bytes.Equal(o.key, e.key) })
	}
	for _, e := range old {
		if has(now, e) {
			continue
		}
		if err := tx.Bucket(e.bucket).Delete(e.key); err != nil {
			return err
		}
	}
	for _, e := range now {
		if has(old, e) {
			continue
		}
		if err := tx.Bucket(e.bucket).Put(e.key, nil); err != nil {
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
