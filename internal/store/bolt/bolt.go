// Package bolt keeps findings in one file of this machine: for one process
// with a disk of its own. Several processes cannot share it; on Cloud Run,
// where instances share no disk, it is of no use.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// Store is a remediate.Store in a bbolt file. Every write is on disk when the
// method returns. It is safe for concurrent use.
type Store struct {
	db     *bbolt.DB
	writes together
	lost   string
}

// Open opens the store in the file, which it makes if need be, readable to the
// owner alone. The file is locked until Close; if another process holds it,
// Open waits for one second and then returns an error that says so.
//
// A file that is a link, or that everybody may read or write, is refused: who can
// write the store can decide anything, and who can read it knows what is open. One that
// is damaged is refused with what to do, an error matching ErrDamaged.
func Open(path string) (*Store, error) {
	s, err := open(path)
	if errors.Is(err, ErrDamaged) {
		err = fmt.Errorf("%w; put a backup in its place: rescind store restore", err)
	}
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}

func open(path string) (s *Store, err error) {
	if err := checkPrivate(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	fresh := err != nil || info.Size() == 0
	if !fresh {
		if _, err := check(path, info.Size() <= walkedAtOpen); err != nil {
			return nil, err
		}
	}
	err = guarded(func() error {
		db, err := openFile(path, false)
		if err != nil {
			return err
		}
		s = &Store{db: db, writes: together{turn: make(chan struct{}, 1)}}
		if err := db.Update(prepare); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", path, err), db.Close())
		}
		if s.lost, err = marked(db, path, fresh); err != nil {
			return errors.Join(err, db.Close())
		}
		return nil
	})
	return s, named(path, err)
}

// Lost says that the file is not the one that was here before, "" where it is.
func (s *Store) Lost() string { return s.lost }

func prepare(tx *bbolt.Tx) error {
	for _, name := range buckets {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	key := []byte("layout")
	switch got := string(tx.Bucket(meta).Get(key)); got {
	case layout:
		return nil
	case "":
	case "1":
		if err := fromLayout1(tx); err != nil {
			return fmt.Errorf("bring layout 1 to layout %s: %w", layout, err)
		}
	default:
		return fmt.Errorf("the file has layout %s, this rescind reads %s", got, layout)
	}
	return tx.Bucket(meta).Put(key, []byte(layout))
}

// Close lets go of the file. It waits for transactions under way.
func (s *Store) Close() error { return s.db.Close() }

// update does something in a transaction, or in several: it may be done again.
func (s *Store) update(ctx context.Context, do func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.writes.update(s.db, do)
}

func (s *Store) view(ctx context.Context, do func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return guarded(func() error { return s.db.View(do) })
}
