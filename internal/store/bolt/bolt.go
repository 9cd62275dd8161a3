// Package bolt keeps findings in one file of this machine: for one process
// with a disk of its own. Several processes cannot share it; on Cloud Run,
// where instances share no disk, it is of no use.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long Open waits for another process to let go of the
// file: `rescind findings` must say within two seconds that a running serve
// has it.
const lockTimeout = time.Second

// Store is a remediate.Store in a bbolt file. Every write is on disk when the
// method returns. It is safe for concurrent use.
type Store struct {
	db     *bbolt.DB
	writes together
}

// The buckets. A record is found by its key alone; the others are indexes, keys
// without values that sort as they are read, written in the transaction of the
// record itself.
var (
	findings   = []byte("findings")   // id -> finding
	handled    = []byte("handled")    // digest of a change id -> when
	identities = []byte("identities") // digest of an e-mail -> sighting
	cellBucket = []byte("cells")      // digest of a name -> cell
	owedIn     = []byte("owed")       // id -> owed change
	meta       = []byte("meta")

	bySelection   = []byte("findings_by_selection") // selection, newest first, id
	byDue         = []byte("findings_by_due")       // earliest first, id
	findingsUntil = []byte("findings_until")        // may be forgotten, earliest first; id
	handledUntil  = []byte("handled_until")         // likewise; key in handled
	cellsUntil    = []byte("cells_until")           // likewise; key in cells
	owedByPlace   = []byte("owed_by_place")         // place, earliest first, id
	owedBySince   = []byte("owed_by_since")         // earliest first, id
)

var buckets = [][]byte{findings, handled, identities, cellBucket, meta, bySelection, byDue, findingsUntil, handledUntil, cellsUntil, owedIn, owedByPlace, owedBySince}

// layout names the buckets and keys above, in meta. A rescind that does not
// know the layout of a file refuses it rather than write half of its indexes.
const layout = "2"

// Open opens the store in the file, which it makes if need be, readable to the
// owner alone. The file is locked until Close; if another process holds it,
// Open waits for one second and then returns an error that says so.
//
// A file that is a link, or that everybody may read or write, is refused: who can
// write the store can decide anything, and who can read it knows what is open.
func Open(path string) (*Store, error) {
	if err := checkPrivate(path); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open store: %s is in use by another process (a running rescind serve?)", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	if err := db.Update(prepare); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), db.Close())
	}
	return &Store{db: db, writes: together{turn: make(chan struct{}, 1)}}, nil
}

// checkPrivate says what is wrong with a file that is there, and what mends it.
func checkPrivate(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // it is made, readable to the owner alone
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := filepath.EvalSymlinks(path)
		if err != nil {
			target = "the file itself"
		}
		return fmt.Errorf("%s is a link, which whoever may write its directory can lead elsewhere: name %s in the configuration", path, target)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is %s, want a file, or the name of one to be made", path, kindOf(info.Mode()))
	case info.Mode().Perm()&0o007 != 0:
		return fmt.Errorf("everybody on this machine may get at %s (mode %04o): chmod o-rwx %s", path, info.Mode().Perm(), path)
	}
	return nil
}

func kindOf(m fs.FileMode) string {
	if m.IsDir() {
		return "a directory"
	}
	return "no regular file"
}

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
	return s.db.View(do)
}
