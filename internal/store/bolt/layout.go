package bolt

import (
	"errors"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/rescind-dev/rescind/internal/store/record"
)

// fromLayout1 makes the indexes anew. Layout 1 knew a finding by when it was
// created and by its resource alone, and forgot nothing.
func fromLayout1(tx *bbolt.Tx) error {
	for _, name := range []string{"findings_by_created", "findings_by_resource", "findings_by_due"} {
		if err := tx.DeleteBucket([]byte(name)); err != nil && !errors.Is(err, bolterrors.ErrBucketNotFound) {
			return err
		}
	}
	if _, err := tx.CreateBucket(byDue); err != nil {
		return err
	}
	return errors.Join(
		tx.Bucket(findings).ForEach(func(_, b []byte) error {
			f, err := record.ReadFinding(b)
			if err != nil {
				return err
			}
			return reindex(tx, nil, entries(f))
		}),
		tx.Bucket(cellBucket).ForEach(func(_, b []byte) error {
			c, err := record.ReadCell(b)
			if err != nil {
				return err
			}
			return reindex(tx, nil, untilOf(c))
		}),
		tx.Bucket(handled).ForEach(func(key, b []byte) error {
			at, err := record.ReadTime(b)
			if err != nil {
				return err
			}
			return reindex(tx, nil, []entry{{handledUntil, append(earliestFirst(at.Add(record.KeepHandled)), key...)}})
		}),
	)
}
