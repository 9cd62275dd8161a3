package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// walkedAtOpen is how large a file may be for Open to walk all of it: some seconds on a
// slow disk. Of a larger one it looks at the size and at the first page of each bucket.
const walkedAtOpen = 256 << 20

// Sound describes a file that was walked and found to be as it was written.
type Sound struct {
	Findings, Owed, Cells, Handled int
	Bytes                          int64
	installation                   string // its marker
}

// Check walks the whole file, without writing to it. An error matching ErrDamaged says
// what is wrong with it. Another process must not have it open.
func Check(path string) (Sound, error) {
	if err := checkPrivate(path); err != nil {
		return Sound{}, err
	}
	return check(path, true)
}

// check walks the file, or looks at its size and at the first page of each bucket.
func check(path string, whole bool) (s Sound, err error) {
	err = guarded(func() error {
		db, err := openFile(path, true)
		if err != nil {
			return err
		}
		defer db.Close()
		return db.View(func(tx *bbolt.Tx) error {
			if err := longEnough(path, tx); err != nil {
				return err
			}
			s.Bytes = tx.Size()
			return s.walk(tx, whole)
		})
	})
	if err != nil {
		return Sound{}, named(path, err)
	}
	return s, nil
}

// longEnough reports, as an error, a file that ends before what it says it holds: to read
// behind its end would end the process.
func longEnough(path string, tx *bbolt.Tx) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("%w: it is cut off, as it has %d bytes and says it needs %d", ErrDamaged, info.Size(), tx.Size())
	}
	return nil
}

// walk goes through all buckets, or to the first key of each.
func (s *Sound) walk(tx *bbolt.Tx, whole bool) error {
	m := tx.Bucket(meta)
	if m == nil || string(m.Get([]byte("layout"))) != layout {
		return nil // new, or of an earlier release: Open makes what is missing
	}
	s.installation = string(m.Get(installationKey))
	for _, name := range buckets {
		b := tx.Bucket(name)
		if b == nil { // likewise
			continue
		}
		var last []byte
		counted := s.countOf(name)
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			if last != nil && bytes.Compare(last, k) >= 0 {
				return fmt.Errorf("%w: the keys of %s are not in their order", ErrDamaged, name)
			}
			if counted != nil {
				*counted++
				if err := sound(name, v); err != nil {
					return fmt.Errorf("%w: %s, key %q: %w", ErrDamaged, name, k, err)
				}
			}
			if last = k; !whole {
				break
			}
		}
	}
	return nil
}

// countOf is how many records the bucket has, nil for an index.
func (s *Sound) countOf(bucket []byte) *int {
	return map[string]*int{string(findings): &s.Findings, string(owedIn): &s.Owed, string(cellBucket): &s.Cells, string(handled): &s.Handled}[string(bucket)]
}

// sound returns an error for what is no record. What a later release wrote, or what
// somebody wrote into it, is no damage.
func sound(bucket, v []byte) error {
	if len(v) == 0 || v[0] == 0 {
		return errors.New("there is no record")
	}
	if bytes.Equal(bucket, handled) {
		if _, err := record.ReadTime(v); !errors.Is(err, fault.ErrLater) {
			return err
		}
	}
	return nil
}

// String says what is in it.
func (s Sound) String() string {
	return fmt.Sprintf("%d findings, %d changes that are owed, %d handled, %d cells; %d bytes", s.Findings, s.Owed, s.Handled, s.Cells, s.Bytes)
}
