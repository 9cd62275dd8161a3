package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

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

// lockTimeout is how long Open waits for another process to let go of the
// file: `rescind findings` must say within two seconds that a running serve
// has it.
const lockTimeout = time.Second

var errInUse = errors.New("in use by another process (a running rescind serve?)")

func openFile(path string, readOnly bool) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, ReadOnly: readOnly})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%s is %w", path, errInUse)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch),
		err != nil && strings.HasPrefix(err.Error(), "file size too small"): // for which there is no type
		return nil, fmt.Errorf("%w: it is no store, or its first pages are gone: %w", ErrDamaged, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return db, nil
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
